"""Belief and truth are of the same visit: by hand, without noise, and for a release in no known order."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from confide.audits.traces.localisation import localisation_exhibits
from confide.audits.traces.meetings import Meetings, meetings, told_apart
from confide.audits.traces.pairing import NONE, Shown, matched, shown_visits
from confide.core.nouns import Mechanism
from confide.games.linkage.traces import EarlierKnown, TracesWorld, earlier
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.mechanisms.anonymize.split_traces import SplitTraces
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.views.traces import Traces, metres

HOUR = 3_600
STREET = np.array([[45.0, 5.0], [45.0, 5.01], [45.0, 5.02], [45.0, 5.03], [45.1, 5.0]])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def dense(people: int = 8, hours: int = 24, visits: int = 4, *, seed: int = 0) -> Traces:
    """Several visits an hour, in any order of their places."""
    draw = rng(seed)
    person, hour, _ = (part.ravel() for part in np.indices((people, hours, visits)))
    time = HOUR * hour + draw.integers(0, HOUR, len(hour))
    return Traces.of(person, time, draw.integers(len(STREET), size=len(hour)), where=STREET)


def dealt(traces: Traces, mechanism: Mechanism[Traces], released: Traces | None = None) -> TracesWorld:
    made = None if released is None else mechanism
    through = mechanism if released is None else Published()
    game = EarlierKnown(traces=traces, mechanism=through, targets=2, released=released, made_by=made)
    return game.deal(0, rng=rng(1))


def test_three_visits_in_one_hour_by_hand():
    """Each of three people walks down the street within an hour; who pairs by the hour compares other visits.

    In the order of the table of places the first visit of the second hour is place 0; in time it is place 2.
    With bins of an hour nothing tells which came first, and every visit is still found where it was.
    """
    once = np.array([2, 0, 1, 3])
    at = np.array([10, 700, 1_500, 3_000])
    hours = 4
    time = np.concatenate([HOUR * h + at for h in range(hours)] * 3)
    person, place = np.repeat(np.arange(3), 4 * hours), np.tile(once, 3 * hours)
    traces = Traces.of(person, time, place, where=STREET)
    game = EarlierKnown(traces=traces, mechanism=CoarseTraces(seconds=HOUR), targets=2)
    for seed in range(20):  # until the coins hold nobody out
        world = game.deal(0, rng=rng(seed))
        if world.exposed.all():
            break
    view = world.case.view
    assert view.place[:4].tolist() == [0, 1, 2, 3], "a release does not show which came first"
    later = traces.rows(~earlier(traces, 0.5))
    shown = shown_visits(later, world, np.arange(3))
    assert shown.truth.place[shown.true].tolist() == shown.place.tolist()
    errors, met = localisation_exhibits(traces, world, rng=rng())
    assert [row[1].value for row in errors.rows[1:]] == pytest.approx([0.0, 0.0], abs=0.01)
    assert [row[2].value for row in errors.rows[1:]] == pytest.approx([1.0, 1.0], abs=1e-4)
    # Two hours of 4 visits each are released: three pairs of people in each hour, all of whom met.
    assert met.reading[1] == 6 and met.reading[3] == 6
    # Habits: two visits to each of four places, and half a visit for every place that there is.
    weight = np.array([2.5, 2.5, 2.5, 2.5, 0.5]) / 10.5
    apart = weight @ metres(STREET[:, None], STREET[None, :4]).mean(axis=1)
    assert errors.rows[0][1].value == pytest.approx(apart)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "mechanism",
    [
        Published(),
        CoarseTraces(seconds=HOUR),
        CoarseTraces(seconds=4 * HOUR),
        CoarseTraces(metres=10.0, seconds=HOUR),
        SplitTraces(hours=3),
        PlanarLaplace(level=1e6, within_m=1, noise="rehearsal"),
    ],
)
def test_no_noise_is_no_error(mechanism: Mechanism[Traces], seed: int):
    traces = dense(seed=seed)
    errors, met = localisation_exhibits(traces, dealt(traces, mechanism), rng=rng(seed))
    assert errors.rows[0][1].value > 1_000
    for row in errors.rows[1:]:
        assert row[1].value < 0.1 and row[2].value == pytest.approx(1.0, abs=1e-4)
    assert met.rows[1][1] > 0.999 and met.rows[1][2] < 1e-3 and met.rows[1][3].value == 1.0


@pytest.mark.parametrize("seconds", [HOUR, 4 * HOUR])
def test_no_noise_is_no_error_in_a_file_in_another_order(seconds: int):
    traces, mechanism = dense(), CoarseTraces(seconds=seconds)
    made = mechanism(traces, rng=None).view
    mixed = rng(5).permutation(len(made))  # a file is in any order, and its reader sorts it
    file = Traces.of(
        made.person[mixed], made.time[mixed], made.place[mixed], places=len(STREET), where=STREET
    )
    errors, met = localisation_exhibits(traces, dealt(traces, mechanism, file), rng=rng())
    for row in errors.rows[1:]:
        assert row[1].value < 0.1 and row[2].value == pytest.approx(1.0, abs=1e-4)
    assert met.rows[1][3].value == 1.0


def test_a_file_gives_the_error_of_the_release_that_it_holds():
    """A third of the visits are moved, and their order within the hour is lost: the same within 6 %, which is
    three standard errors of the difference (40 people, interval of 4 % over people, two draws of noise)."""
    traces = CoarseTraces(seconds=HOUR)(dense(people=40, hours=60), rng=None).view
    mechanism = PlanarLaplace(level=1.0, within_m=400, noise="rehearsal")
    exact = localisation_exhibits(traces, dealt(traces, mechanism), rng=rng())[0]
    file = Traces.of(*_columns(mechanism(traces, rng=rng(3)).view), places=len(STREET), where=STREET)
    found = localisation_exhibits(traces, dealt(traces, mechanism, file), rng=rng())[0]
    for one, other in zip(exact.rows[1:], found.rows[1:], strict=True):
        assert one[1].value > 250 and other[1].value == pytest.approx(one[1].value, rel=0.06)


def test_released_visits_without_a_true_one_are_counted_and_not_judged():
    traces = dense()
    more = traces.rows(np.arange(7) + len(traces) - 7)
    made = [np.concatenate(pair) for pair in zip(_columns(traces), _columns(more), strict=True)]
    file = Traces.of(*made, places=len(STREET), where=STREET)
    world = dealt(traces, Published(), file)
    errors, _ = localisation_exhibits(traces, world, rng=rng())
    assert 7 in errors.reading and errors.rows[2][1].value == 0


def test_orders_are_drawn_by_their_chance():
    """Two visits at one time: P(as they stand) = s00 s11 / (s00 s11 + s10 s01), over 4,000 people; the exact
    binomial test errs once in 10^4 runs. The likeliest order alone would be right every time."""
    shows = np.array([[0.6, 0.4], [0.3, 0.7]])
    people = 4_000
    twice = np.repeat(np.arange(people), 2)
    visits = Traces.of(twice, np.zeros(2 * people, int), np.tile([0, 1], people))
    shown = Shown(twice, visits.time, np.tile([0, 1], people), np.full(2 * people, NONE), visits)
    region, symbol = visits.place.astype(np.int64), shown.place
    true = matched(shown, visits.time, region, symbol, shows, rng=rng())
    assert sorted(true.tolist()) == list(range(2 * people)) and (true // 2 == twice).all()
    expected = 0.6 * 0.7 / (0.6 * 0.7 + 0.3 * 0.4)
    stands = int((true[::2] % 2 == 0).sum())
    assert binomtest(stands, people, expected).pvalue > 1e-4
    sure = np.array([[1 - 1e-9, 1e-9], [1e-9, 1 - 1e-9]])
    assert (matched(shown, visits.time, region, symbol, sure, rng=rng()) == np.arange(2 * people)).all()


def test_meetings_by_hand():
    """Step 0: person 0 is at a, then at b; 1 is at b; 2 at c. Step 1: 0 alone. Step 2: 1 and 2 at a."""
    person, slot = np.array([0, 0, 1, 2, 0, 1, 2]), np.array([0, 0, 0, 0, 1, 2, 2])
    region = np.array([0, 1, 1, 2, 0, 0, 0])
    belief = np.array(
        [
            [1.0, 0.0, 0.0],
            [0.5, 0.5, 0.0],
            [0.0, 0.8, 0.2],
            [0.1, 0.1, 0.8],
            [1.0, 0.0, 0.0],
            [0.5, 0.5, 0.0],
            [0.2, 0.0, 0.8],
        ]
    )
    usual = np.array([[1.0, 0.1, 0.2], [0.1, 1.0, 0.3], [0.2, 0.3, 1.0]])
    found = meetings(person, slot, region, usual, belief)
    assert found.one.tolist() == [0, 0, 1, 1] and found.other.tolist() == [1, 2, 2, 2]
    assert found.together.tolist() == [True, False, False, True]
    assert found.without.tolist() == [0.1, 0.2, 0.3, 0.3]
    # 0 and 1 miss each other with 1 x (1 - .4); 0 and 2 with (1 - .1)(1 - .1); 1 and 2: .08 + .16, then .1.
    assert found.with_release == pytest.approx([0.4, 1 - 0.9 * 0.9, 0.24, 0.1])


def test_the_interval_of_meetings_knows_that_pairs_share_people():
    """Chances that rise with one person say nothing sure, although there are thousands of pairs.

    Naively: leave out each person and recompute; the interval is that of the jackknife.
    """
    draw, people = rng(4), 12
    one, other = np.triu_indices(people, 1)
    one, other = np.tile(one, 50), np.tile(other, 50)
    outgoing = draw.normal(size=people)
    together = draw.random(len(one)) < 1 / (1 + np.exp(1 - outgoing[one] - outgoing[other]))
    liking = draw.normal(size=people)
    chance = liking[one] + liking[other]
    pairs = Meetings(one, other, together, np.zeros(len(one)), chance)
    found = told_apart(chance, pairs)

    def share(rows: np.ndarray) -> float:
        yes, no = chance[rows & together], chance[rows & ~together]
        return float(((yes[:, None] > no).mean() + (yes[:, None] >= no).mean()) / 2)

    assert found.value == pytest.approx(share(one >= 0))
    left_out = np.array([share((one != p) & (other != p)) for p in range(people)])
    error = np.sqrt((people - 1) / people * ((left_out - left_out.mean()) ** 2).sum())
    assert found.high - found.value == pytest.approx(2.201 * error, rel=1e-3)  # t with 11 degrees
    assert found.low < 0.5 < found.high


def _columns(traces: Traces) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return traces.person, traces.time, traces.place
