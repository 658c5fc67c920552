"""Linkage of ratings: facts are as true as the settings say, and the release is what was published."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from confide.core.errors import DataError
from confide.core.nouns import Guess
from confide.data.ratings_like import ratings_like
from confide.games.linkage.claims import NOBODY
from confide.games.linkage.ratings import FewerFacts, RatingsLinkage
from confide.knowledge.ratings import Knowing
from confide.mechanisms.anchors.published import Published
from confide.views.interactions import Interactions

PEOPLE, ITEMS = 200, 300


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def records() -> Interactions:
    return ratings_like(people=PEOPLE, items=ITEMS, each=40, rng=rng(3))


def table(data: Interactions) -> dict[tuple[int, int], tuple[float, float]]:
    assert data.rating is not None and data.day is not None
    keys = zip(data.person.tolist(), data.item.tolist(), strict=True)
    return dict(zip(keys, zip(data.rating.tolist(), data.day.tolist(), strict=True), strict=True))


@pytest.mark.parametrize("off_by", [0.0, 1.0])
def test_facts_are_as_true_as_they_are_said_to_be(records: Interactions, off_by: float):
    knowing = Knowing(facts=8, wrong=3, within_days=5.0, off_by=off_by, beyond=20)
    people = np.flatnonzero(knowing.eligible(records))[::-3]
    facts = knowing.about(records, people, rng=rng())
    assert (facts.counts() == 8).all(), "as many different items as asked"
    truth = table(records)
    common = np.argsort(-records.raters(), kind="stable")[:20]
    true = np.zeros(len(people), np.int64)
    apart: list[float] = []
    for (target, item), (rating, day) in table(facts).items():
        if (people[target], item) not in truth:
            continue
        said, when = truth[people[target], item]
        true[target] += 1
        apart.append(day - when)
        assert item not in common
        assert abs(rating - said) == off_by or (off_by and said in (1.0, 5.0) and rating == said)
    assert (true == 5).all()
    assert max(map(abs, apart)) <= 5.01 and np.std(apart) == pytest.approx(5 / np.sqrt(3), rel=0.1)


def test_every_item_of_a_person_is_as_likely_to_be_known(records: Interactions):
    """2,000 draws of 2 of one person's items: none is off by five standard errors (1 in 30,000 runs)."""
    person = int(records.counts().argmax())
    own = records.item[records.person == person]
    seen = np.zeros(ITEMS)
    for child in rng(1).spawn(2000):
        facts = Knowing(facts=2, wrong=0).about(records, np.array([person]), rng=child)
        seen[facts.item] += 1
    share = 2 / len(own)
    assert np.abs(seen[own] - 2000 * share).max() < 5 * np.sqrt(2000 * share)


def test_who_has_too_few_items_is_not_asked_about():
    few = Interactions.of(np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 1, 2]), people=3, items=9)
    assert Knowing(facts=3, wrong=0).eligible(few).tolist() == [False, True, False]
    assert Knowing(facts=3, wrong=1).eligible(few).tolist() == [True, True, False]
    packed = Interactions.of(np.zeros(4, np.int64), np.arange(4), items=5)
    assert (
        Knowing(facts=2, wrong=1).eligible(packed).all()
        and not Knowing(facts=3, wrong=2).eligible(packed).any()
    )
    with pytest.raises(DataError, match="4 of 4 facts are wrong"):
        Knowing(facts=4, wrong=4)


def test_the_release_holds_everybody_but_those_held_out(records: Interactions):
    game = RatingsLinkage(
        mechanism=Published(), records=records, targets=rng().permutation(PEOPLE)[:120], parts=3
    )
    world = game.deal(1, rng=rng(5))
    assert world.ids is not None and world.ids.tolist() == game.targets[1::3].tolist()
    assert world.case.view.people == PEOPLE - (~world.exposed).sum()
    assert ((world.secrets == NOBODY) == ~world.exposed).all()
    mine, theirs = table(records), table(world.case.view)
    for row, code in zip(world.secrets[world.exposed], world.ids[world.exposed], strict=True):
        own = {item: v for (p, item), v in mine.items() if p == code}
        assert {item: v for (p, item), v in theirs.items() if p == row} == own
    hits = game.hits(Guess(world.secrets, np.zeros(40)), world.secrets)
    assert (hits == world.exposed).all(), "right about everybody, and no claim about those who are not there"
    assert game.hits(Guess(np.zeros(40, np.int64), np.zeros(40)), world.secrets)[~world.exposed].all()


def test_the_coin_is_fair_and_worlds_are_repeatable(records: Interactions):
    game = RatingsLinkage(mechanism=Published(), records=records, targets=np.arange(PEOPLE))
    exposed = np.concatenate([game.deal(0, rng=child).exposed for child in rng(2).spawn(20)])
    assert binomtest(int(exposed.sum()), len(exposed)).pvalue > 1e-6 and game.randomised
    one, other = (game.deal(0, rng=rng(9)) for _ in range(2))
    assert one.case.view.digest() == other.case.view.digest()
    assert one.case.targets.digest() == other.case.targets.digest()


def test_a_release_that_is_already_decided(records: Interactions):
    absent = np.arange(PEOPLE) % 4 == 0
    released = records.rows(~absent[records.person] & (records.item % 2 == 0))
    game = RatingsLinkage(
        mechanism=Published(),
        records=records,
        targets=np.arange(60),
        released=released,
        absent=absent,
        coin=False,
    )
    world = game.deal(0, rng=rng())
    assert (world.exposed == ~absent[:60]).all() and not game.randomised
    assert len(world.case.view) == len(released) and world.case.view.people == (~absent).sum()
    assert (world.case.targets.item % 2 == 1).any(), "facts come from the originals"


def test_fewer_facts_are_the_first_of_the_same(records: Interactions):
    game = RatingsLinkage(mechanism=Published(), records=records, targets=np.arange(50))
    world = game.deal(0, rng=rng())
    rank = np.arange(len(world.case.targets)) % 8
    rank[:8] = -1
    shown = FewerFacts(worlds=(world,), rank=(rank,), first=3).deal(0, rng=rng(1)).case.targets
    assert shown.counts().tolist() == [0] + [3] * 49
    assert set(table(shown)) <= set(table(world.case.targets))
