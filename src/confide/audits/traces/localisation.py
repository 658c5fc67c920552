"""Localisation of people in a release of traces: the expected error, in metres, and who met whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.attacks.reconstruction.traces._mobility_profile import learned
from confide.attacks.reconstruction.traces._observation import Regions, laid_out, sequences, shown_as, steps
from confide.attacks.reconstruction.traces.localisation import habits, located, met
from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.core.estimate import Estimate
from confide.games.linkage.traces import TracesSource, TracesWorld, earlier
from confide.measure.distortion import expected_error, over_people, per_person, uncertainty
from confide.measure.roc import auc
from confide.report.exhibits import Exhibit, Table
from confide.views.traces import Traces

LEAST = 5
"""Visits that a person must have in each of the two periods: fewer teach no habit."""
FORGET = 24
"""Steps after which a chain has forgotten where it was: a longer gap is shortened to this."""
LONGEST, OWN = 1_000, 30
"""Steps of each trace, and regions of each person, that are modelled: they bound the time to minutes."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Each true visit, and what is believed about it with the release and without.

    Args:
        person, region, slot: int64[k], whose, where and in which step of the common clock.
        distance: float64[R, R], metres; 0 and 1 where the positions of places are not known.
        habit, belief: float64[k, R], without the release, and with it.
        path: int64[k], the region on the likeliest path.
    """

    person: Ints
    region: Ints
    slot: Ints
    distance: Floats
    habit: Floats
    belief: Floats
    path: Ints


def localisation_exhibits(
    original: Traces,
    world: TracesWorld,
    *,
    rng: Rng,
    people: int = 50,
    regions: int = 100,
    step_s: int = 3_600,
) -> tuple[Exhibit, ...]:
    """Expected localisation error of an adversary who knows people's habits, and which trace is whose.

    It learns the habits of random people in the release from the first half of the time. The second half is
    released, and it says where each of them was at each visit.

    Args:
        original: everybody's traces, as they are.
        world: of the game of an earlier period: the release, and what it was made of.
        rng: for the choice of people and the sampling.
        people: at most this number; those with fewer than 5 visits in either half are left out.
        regions: this number of most visited places; every place counts as the nearest of them.
        step_s: seconds from one step of the chains to the next.

    Returns:
        a table of errors and one of meetings; nothing where fewer than two people have enough visits.
    """
    placed = place(original, world, people=people, regions=regions, step_s=step_s, rng=rng)
    if placed is None:
        return ()
    return _errors(placed, metric=original.where is not None), _meetings(placed)


def place(
    original: Traces, world: TracesWorld, *, people: int, regions: int, step_s: int, rng: Rng
) -> Placed | None:
    """Learn and locate; None where fewer than two people in the release have enough visits."""
    choosing, learning, trying = rng.spawn(3)
    source: TracesSource = world.source
    before = earlier(original, 0.5)
    first, later = original.rows(before), original.rows(~before)
    enough = np.minimum(first.counts(), later.counts()) >= LEAST
    able = np.intersect1d(np.flatnonzero(enough), source.owner)
    if len(able) < 2:
        return None
    chosen = np.sort(choosing.permutation(able)[:people])
    known, truth = first.take(chosen), later.take(chosen)
    released = _released(world, chosen, everybody=original.people)
    areas = Regions.most_visited(first, regions)
    table = sequences(known, areas.of, step=step_s, forget=FORGET, longest=LONGEST)
    profiles = learned(table, regions=len(areas), own=OWN, rng=learning)
    shows = shown_as(world.case.known.mechanism, first, areas, rng=trying)
    symbol, _ = areas.symbols(released)
    person = np.concatenate([truth.person, released.person])
    at = steps(person, np.concatenate([truth.time, released.time]), step=step_s, forget=FORGET)
    length = min(int(at.max()) + 1, LONGEST)
    shown, true = at[len(truth) :], at[: len(truth)]
    observed = laid_out(released.person, shown, symbol[released.place], people=len(chosen), length=length)
    found = located(profiles, observed, shows)
    visit = _one_a_step(truth.person, true) & (true < length)
    whose, when = truth.person[visit].astype(np.int64), true[visit]
    return Placed(
        whose,
        areas.of[truth.place[visit]],
        truth.time[visit] // step_s,
        areas.distances(),
        habits(profiles)[whose],
        found.belief[whose, when],
        found.path[whose, when],
    )


def _released(world: TracesWorld, chosen: Ints, *, everybody: int) -> Traces:
    """The chosen people's visits in the release, each person whole, under their place among the chosen."""
    view, source = world.case.view, world.source
    whose = np.full(everybody, -1)
    whose[chosen] = np.arange(len(chosen))
    person = whose[source.owner[view.person]]
    mine = person >= 0
    return Traces.of(
        person[mine],
        view.time[mine],
        view.place[mine],
        people=len(chosen),
        places=view.places,
        where=view.where,
    )


def _one_a_step(person: Array, at: Ints) -> Bools:
    """The first of each person's visits in each step; visits come by person and time."""
    new = np.ones(len(at), np.bool_)
    new[1:] = (person[1:] != person[:-1]) | (at[1:] != at[:-1])
    return new


def _errors(placed: Placed, *, metric: bool) -> Table:
    unit = "metres off" if metric else "share of visits in the wrong region"
    tracked = np.eye(len(placed.distance))[placed.path]
    rows = [
        _error_row(name, placed, belief, sure)
        for name, belief, sure in (
            ("their habits alone, no release", placed.habit, True),
            ("habits and release, each moment by itself (localisation)", placed.belief, True),
            ("habits and release, the likeliest path (tracking)", tracked, False),
        )
    ]
    error = per_person(expected_error(placed.belief, placed.region, placed.distance), placed.person)
    bits = per_person(uncertainty(placed.belief), placed.person)
    link = _correlation(error, bits)
    return Table(
        title="How far off an adversary is who looks for where people were",
        reading=(
            "The adversary knows the habits of ",
            len(error),
            " people from the first half of the time, and which released trace is whose. "
            f"Places are the {len(placed.distance)} most visited; all others count as the "
            "nearest of them. The expected error is the measure of what is left of location privacy; "
            f"uncertainty in bits is not, because a belief can be sure and wrong{link}.",
        ),
        head=(
            "the adversary knows",
            f"expected error ({unit})",
            "visits put in the right region",
            "uncertainty (bits)",
        ),
        rows=tuple(rows),
        of=len(error),
    )


def _error_row(
    name: str, placed: Placed, belief: Floats, unsure: bool
) -> tuple[str, Estimate, Estimate, Estimate | None]:
    person = placed.person
    right = np.take_along_axis(belief, placed.region[:, None], axis=1)[:, 0]
    return (
        name,
        over_people(expected_error(belief, placed.region, placed.distance), person),
        over_people(right, person, within=(0.0, 1.0)),
        over_people(uncertainty(belief), person) if unsure else None,
    )


def _correlation(error: Floats, bits: Floats) -> str:
    if len(error) < 10 or not (error.std() and bits.std()):
        return ""
    return f" (over these people the two correlate by {np.corrcoef(error, bits)[0, 1]:.2f})"


def _meetings(placed: Placed) -> Table:
    """Pairs of people seen in the same step: is the chance of a meeting higher where they did meet?"""
    order = np.argsort(placed.slot, kind="stable")
    together: list[Bools] = []
    with_release: list[Floats] = []
    without: list[Floats] = []
    for apart in range(1, len(order)):
        one, other = order[:-apart], order[apart:]
        same = placed.slot[one] == placed.slot[other]
        if not same.any():
            break
        one, other = one[same], other[same]
        together.append(placed.region[one] == placed.region[other])
        with_release.append(met(placed.belief[one], placed.belief[other]))
        without.append(met(placed.habit[one], placed.habit[other]))
    truth = np.concatenate([*together, np.zeros(0, np.bool_)])
    rows = [
        _meeting_row(name, np.concatenate([*chance, np.zeros(0)]), truth)
        for name, chance in (("their habits alone", without), ("habits and release", with_release))
    ]
    return Table(
        title="Who met whom",
        reading=(
            "Of ",
            len(truth),
            " times that two of these people made visits in the same step, ",
            int(truth.sum()),
            " were in the same region. The table gives the chance of a meeting as the adversary sees it, "
            "where there was one and where there was none, and how well it tells the two apart (AUC; 0.5 is "
            "chance).",
        ),
        head=("the adversary knows", "chance given to a meeting", "chance given to none", "AUC"),
        rows=tuple(rows),
    )


def _meeting_row(
    name: str, chance: Floats, truth: Bools
) -> tuple[str, float | None, float | None, Estimate | None]:
    if not truth.any() or truth.all():
        return name, None, None, None
    yes, no = chance[truth], chance[~truth]
    return name, float(yes.mean()), float(no.mean()), auc(yes, no)
