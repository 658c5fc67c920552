"""Linkage of traces: who is in, which rows belong to whom, and what the adversary knows."""

from __future__ import annotations

import numpy as np
import pytest

from confide.attacks.linkage import UniquePoints
from confide.core.errors import DataError, KnowledgeError, PromiseError
from confide.core.nouns import Guess, Mechanism
from confide.core.play import play
from confide.data.twins_traces import wanderers
from confide.games.linkage.claims import NOBODY
from confide.games.linkage.traces import NO_ROW, EarlierKnown, PointsKnown, earlier
from confide.knowledge.traces import MobilityKnowledge
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.mechanisms.anonymize.split_traces import SplitTraces
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.views.traces import Traces


def rng(seed: int = 2) -> np.random.Generator:
    return np.random.default_rng(seed)


TRACES = wanderers(150, around=(40.0, -74.0), each=30, places=300, days=30, rng=rng())


def points(traces: Traces, person: int) -> set[tuple[int, int]]:
    own = traces.person == person
    return set(zip(traces.place[own].tolist(), traces.time[own].tolist(), strict=True))


def test_rows_points_and_absence_are_what_they_are_said_to_be() -> None:
    world = PointsKnown(traces=TRACES, mechanism=Published(), targets=100).deal(0, rng=rng())
    view, told = world.case.view, world.case.targets
    assert world.ids is not None and len(np.unique(world.ids)) == len(world.ids)
    for i, (person, exposed) in enumerate(zip(world.ids, world.exposed, strict=True)):
        known = points(told, i)
        assert len(known) == 4 and known <= points(TRACES, int(person))
        if exposed:
            assert points(view, int(world.secrets[i, 0])) == points(TRACES, int(person))
        else:
            assert (world.secrets[i] == NOBODY).all()
    assert view.people == TRACES.people - (~world.exposed).sum()
    assert 25 < world.exposed.sum() < 75, "a fair coin: outside once in a million"


def test_any_row_of_a_split_person_is_right() -> None:
    game = PointsKnown(traces=TRACES, mechanism=SplitTraces(hours=24), targets=60)
    world = game.deal(0, rng=rng())
    assert world.secrets.shape[1] > 1 and world.ids is not None
    for i in np.flatnonzero(world.exposed):
        rows = world.secrets[i][world.secrets[i] != NO_ROW]
        together = set().union(*(points(world.case.view, int(r)) for r in rows))
        assert together == points(TRACES, int(world.ids[i]))
        for r in rows:
            value = np.full(len(world.ids), NOBODY)
            value[i] = r
            hit = game.hits(Guess(value, np.ones(len(value))), world.secrets)
            assert hit[i] and not hit[world.exposed & (np.arange(len(hit)) != i)].any()
    nobody = game.hits(Guess(np.full(60, NOBODY), np.ones(60)), world.secrets)
    assert not nobody.any()
    everybody = game.hits(Guess(np.zeros(60, np.int64), np.ones(60)), world.secrets)
    assert everybody[~world.exposed].all()


def test_the_past_is_told_and_only_the_later_period_released() -> None:
    world = EarlierKnown(traces=TRACES, mechanism=Published(), targets=50).deal(0, rng=rng())
    past = world.case.known.need_earlier("a test")
    assert past.people == len(world.exposed) and past.time.max() < world.case.view.time.min()
    assert world.ids is not None
    before = earlier(TRACES, 0.5)
    for i in np.flatnonzero(world.exposed):
        person = int(world.ids[i])
        assert points(past, i) == points(TRACES.rows(before), person)
        assert points(world.case.view, int(world.secrets[i, 0])) == points(TRACES.rows(~before), person)


def test_every_other_week_alternates() -> None:
    week = earlier(TRACES, None)
    assert set(TRACES.time[week] // (7 * 86_400) % 2) == {0} and 0.2 < week.mean() < 0.8


def test_a_given_release_is_shown_instead() -> None:
    released = TRACES.rows(np.arange(len(TRACES)) % 2 == 0)
    game = PointsKnown(traces=TRACES, mechanism=Published(), targets=40, released=released)
    world = game.deal(0, rng=rng())
    assert world.ids is not None
    i = int(np.flatnonzero(world.exposed)[0])
    assert points(world.case.view, int(world.secrets[i, 0])) == points(released, int(world.ids[i]))
    later = EarlierKnown(traces=TRACES, mechanism=Published(), released=released).deal(0, rng=rng())
    assert later.case.view.time.min() >= TRACES.time[~earlier(TRACES, 0.5)].min()


def test_a_mechanism_is_applied_to_what_will_be_published() -> None:
    """Half of the visits are to be published: the mechanism splits these, and the whole traces never show."""
    released = TRACES.rows(np.arange(len(TRACES)) % 2 == 0)
    split = SplitTraces(hours=24)
    for game in (
        PointsKnown(traces=TRACES, mechanism=split, targets=40, released=released),
        EarlierKnown(traces=TRACES, mechanism=split, targets=40, released=released),
    ):
        world = game.deal(0, rng=rng())
        later = released.time >= world.case.view.time.min()
        assert world.ids is not None and world.case.view.people > TRACES.people
        for i in np.flatnonzero(world.exposed):
            rows = world.secrets[i][world.secrets[i] != NO_ROW]
            together = set().union(*(points(world.case.view, int(r)) for r in rows))
            assert together == points(released.rows(later), int(world.ids[i]))


def test_who_is_missing_from_what_will_be_published_is_never_named_rightly() -> None:
    """A person may have traces, and none in the file to publish: they count as held out."""
    gone = TRACES.rows(TRACES.person >= 75)
    game = PointsKnown(traces=TRACES, mechanism=SplitTraces(hours=24), targets=60, released=gone)
    world = game.deal(0, rng=rng())
    claims = Guess(np.zeros(60, np.int64), np.ones(60))
    assert world.ids is not None
    missing = world.ids < 75
    assert missing.sum() > 10 and not world.exposed[missing].any()
    assert (world.secrets[missing] == NOBODY).all() and world.exposed[~missing].any()
    hits = game.hits(claims, world.secrets)
    assert hits[~world.exposed].all(), "every claim about them is false"


@pytest.mark.parametrize("mechanism", [Published(), SplitTraces(hours=24), CoarseTraces(seconds=50_000)])
def test_the_source_is_what_the_release_was_made_of_visit_for_visit(mechanism: Mechanism[Traces]) -> None:
    for game in (
        PointsKnown(traces=TRACES, mechanism=mechanism, targets=60),
        EarlierKnown(traces=TRACES, mechanism=mechanism, targets=60),
    ):
        world = game.deal(0, rng=rng())
        view, source = world.case.view, world.source
        made = mechanism(source.traces, rng=rng()).view
        shown = np.stack([view.person, view.time, view.place])
        assert (np.lexsort(shown[::-1]) == np.arange(len(view))).all(), "nothing else tells visits apart"
        back = source.in_order(view)
        for one, other in ((made.person, back.person), (made.time, back.time), (made.place, back.place)):
            assert np.array_equal(one, other)
        held_out = set(world.ids[~world.exposed].tolist())
        assert held_out.isdisjoint(source.owner.tolist()) and len(source.owner) == view.people


def test_a_promise_about_a_visit_is_told_to_the_referee() -> None:
    game = PointsKnown(traces=TRACES, mechanism=PlanarLaplace(noise="rehearsal"), targets=60)
    with pytest.raises(PromiseError, match="the game tells apart"):
        play(game, UniquePoints(), worlds=1, rng=rng())
    assert len(play(game, UniquePoints(), worlds=1, rng=rng(), across_units=True)) == 60


def test_too_few_people_and_missing_knowledge_are_said() -> None:
    with pytest.raises(DataError, match="nobody has 5000 points"):
        PointsKnown(traces=TRACES, mechanism=Published(), points=5_000).deal(0, rng=rng())
    with pytest.raises(KnowledgeError, match="needs points"):
        MobilityKnowledge(mechanism=Published()).need_points("it")
    with pytest.raises(KnowledgeError, match="needs earlier traces"):
        MobilityKnowledge(mechanism=Published()).need_earlier("it")
