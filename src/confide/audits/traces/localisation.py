"""Localisation of people in a release of traces: the expected error, in metres, and who met whom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from confide.attacks.reconstruction.traces._mobility_profile import learned
from confide.attacks.reconstruction.traces._observation import (
    Regions,
    laid_out,
    nearest,
    on_its_clock,
    sequences,
    shown_as,
    steps,
)
from confide.attacks.reconstruction.traces.localisation import habits, located
from confide.audits.traces.meetings import meetings_table
from confide.audits.traces.pairing import NONE, matched, shown_visits
from confide.audits.traces.placed import Placed, Scored, Visits, judged
from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.estimate import Estimate
from confide.core.language import parts, t
from confide.games.linkage.traces import TracesSource, TracesWorld, earlier
from confide.measure.distortion import over_people, per_person
from confide.report.exhibits import Exhibit, Table
from confide.views.traces import Traces

LEAST = 5
"""Visits that a person must have in each of the two periods: fewer teach no habit."""
FORGET = 24
"""Steps after which a chain has forgotten where it was: a longer gap is shortened to this."""
LONGEST, OWN = 1_000, 30
"""Steps of each trace, and regions of each person, that are modelled: they bound the time to minutes."""
MOST_REGIONS = 4_000
"""Places that are told apart, each as a region. Of more places only the most visited are."""
DRAWS = 2_000_000
"""Made-up visits that go through the mechanism, over all regions, and at most 2,000 to each."""


def localisation_exhibits(
    original: Traces,
    world: TracesWorld,
    *,
    rng: Rng,
    on_grid: Traces | None = None,
    people: int = 50,
    regions: int = MOST_REGIONS,
    step_s: int = 3_600,
) -> tuple[Exhibit, ...]:
    """Expected localisation error of an adversary who knows people's habits, and which trace is whose.

    It learns the habits of random people in the release from the first half of the time. The second half is
    released, and it says where each of them was at each visit.

    Args:
        original: everybody's traces, as they are.
        world: of the game of an earlier period: the release, and what it was made of.
        rng: for the choice of people and the sampling.
        on_grid: the same visits, row for row, at the places at which a released file was read; None where
            `original` has these.
        people: at most this number; those with fewer than 5 visits in either half are left out.
        regions: this number of most visited places; every place counts as the nearest of them.
        step_s: seconds from one step of the chains to the next; visits within that time are a step each.

    Returns:
        a table of errors and one of meetings; nothing where fewer than two people have enough visits.
    """
    found = place(original, world, on_grid=on_grid, people=people, regions=regions, step_s=step_s, rng=rng)
    if found is None:
        return ()
    placed, words = found
    return _errors(placed, words, metric=original.where is not None), meetings_table(placed.meetings)


def place(
    original: Traces,
    world: TracesWorld,
    *,
    on_grid: Traces | None = None,
    people: int,
    regions: int,
    step_s: int,
    rng: Rng,
) -> tuple[Placed, tuple[str | int, ...]] | None:
    """Learn and locate; and what was compared, in words. None where fewer than two people can be judged."""
    choosing, learning, trying, pairing = rng.spawn(4)
    source: TracesSource = world.source
    mechanism = world.case.known.mechanism
    before = earlier(original, 0.5)
    first, later = original.rows(before), original.rows(~before)
    enough = np.minimum(first.counts(), later.counts()) >= LEAST
    able = np.intersect1d(np.flatnonzero(enough), source.owner)
    if len(able) < 2:
        return None
    chosen = np.sort(choosing.permutation(able)[:people])
    areas = _regions(original, before, regions, on_grid)
    timing, trying = trying.spawn(2)
    known = on_its_clock(mechanism, first.take(chosen), rng=timing)
    table = sequences(known, areas.of, step=step_s, forget=FORGET, longest=LONGEST)
    profiles = learned(table, regions=len(areas), own=OWN, rng=learning)
    draws = min(max(DRAWS // len(areas), 1), 2_000)
    shows = shown_as(mechanism, first, areas, draws=draws, rng=trying)
    shown = shown_visits(later, world, chosen)
    symbol = areas.symbols(world.case.view)[0][shown.place]
    region, true = areas.of[shown.truth.place], shown.true
    if (true == NONE).all():
        when = on_its_clock(mechanism, shown.truth, rng=timing).time
        true = matched(shown, when, region, symbol, shows, rng=pairing)
    at = steps(shown.person, shown.time, symbol, step=step_s, forget=FORGET)
    length = min(int(at.max(initial=0)) + 1, LONGEST)
    observed = laid_out(shown.person, at, symbol, people=len(chosen), length=length)
    kept = np.flatnonzero((true != NONE) & (at < length))
    if len(np.unique(shown.person[kept])) < 2:
        return None
    slot = shown.truth.time[true[kept]] // step_s
    visits = Visits(shown.person[kept], at[kept], slot, region[true[kept]])
    placed = judged(located(profiles, observed, shows), habits(profiles), visits, areas.distances())
    every = len(areas) == (original if on_grid is None else on_grid).places
    return placed, (*_regions_told(len(areas), every), *_lost(int((true == NONE).sum())))


def _regions(original: Traces, before: Bools, regions: int, on_grid: Traces | None) -> Regions:
    """The regions, and the region of each place of `original`."""
    if on_grid is None:
        return Regions.most_visited(original.rows(before), regions)
    areas = Regions.most_visited(on_grid.rows(before), regions)
    of = np.full(original.places, NONE)
    of[original.place] = areas.of[on_grid.place]
    nobody = np.flatnonzero(of == NONE)  # places that only the release has
    if areas.where is not None and original.where is not None:
        of[nobody] = nearest(original.where[nobody], areas.where)
    else:
        of[nobody] = areas.of[nobody]  # without cells, places keep their codes
    return replace(areas, of=of)


def _errors(placed: Placed, words: tuple[str | int, ...], *, metric: bool) -> Table:

    rows = [
        _error_row(name, placed.person, scored, unsure)
        for name, scored, unsure in (
            (t("their habits alone, no release"), placed.habit, True),
            (t("habits and release, each moment by itself (localisation)"), placed.belief, True),
            (t("habits and release, the likeliest path (tracking)"), placed.path, False),
        )
    ]
    error = per_person(placed.belief.error, placed.person)
    link = _correlation(error, per_person(placed.belief.bits, placed.person))
    return Table(
        title=t("How far off an adversary is who looks for where people were"),
        reading=(
            *parts(
                "The adversary knows the habits of {n} people from the first half of the time, and which "
                "released trace is whose. Each released visit is compared with the true visit behind it. ",
                n=len(error),
            ),
            *words,
            t(
                "The expected error is the measure of what is left of location privacy; uncertainty in bits "
                "is not, because a belief can be sure and wrong{link}.",
                link=link,
            ),
        ),
        head=(
            t("the adversary knows"),
            t("expected error (metres off)")
            if metric
            else t("expected error (share of visits in the wrong region)"),
            t("visits put in the right region"),
            t("uncertainty (bits)"),
        ),
        rows=tuple(rows),
        of=len(error),
    )


def _regions_told(regions: int, every: bool) -> tuple[str, ...]:
    if every:
        return (t("All places are told apart. "),)
    return (
        t(
            "Places are the {n:,} most visited; all others count as the nearest of them, and to be off "
            "within one of these counts as no error. ",
            n=regions,
        ),
    )


def _lost(lost: int) -> tuple[str | int, ...]:
    if not lost:
        return ()
    return parts("Of their released visits {n} stand for none that they made, and are not judged. ", n=lost)


def _error_row(
    name: str, person: Ints, scored: Scored, unsure: bool
) -> tuple[str, Estimate, Estimate, Estimate | None]:
    return (
        name,
        over_people(scored.error, person),
        over_people(scored.right, person, within=(0.0, 1.0)),
        over_people(scored.bits, person) if unsure else None,
    )


def _correlation(error: Floats, bits: Floats) -> str:
    if len(error) < 10 or not (error.std() and bits.std()):
        return ""
    r = float(np.corrcoef(error, bits)[0, 1])
    return t(" (over these people the two correlate by {r:.2f})", r=r)
