"""Singling out: predicates are counted as a loop counts them, and k-anonymity does not stop the attack."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from confide.attacks.linkage import ClassPredicate, ManyColumns
from confide.core.errors import DataError
from confide.core.nouns import Guess, Release
from confide.core.play import play
from confide.games.linkage.singling_out import Judged, SinglingOut
from confide.mechanisms.anchors.published import Published
from confide.views import predicates
from confide.views.predicates import NOTHING, BitSets, Predicate
from confide.views.table import Domain, Table


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def table(n: int, sizes: tuple[int, ...], seed: int = 1) -> Table:
    domains = [Domain(f"c{i}", tuple(map(str, range(m)))) for i, m in enumerate(sizes)]
    return Table.of(domains, (rng(seed).random((n, len(sizes))) * sizes).astype(np.int32))


@dataclass(frozen=True)
class Grouped:
    """k-anonymity in the simplest way: people in the order of their codes, in groups of m."""

    m: int

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Any) -> Release[Table]:
        low, high = data.low.copy(), data.low.copy()
        order = np.lexsort(data.low.T[::-1])
        for group in np.split(order, np.arange(self.m, len(order) - self.m + 1, self.m)):
            low[group], high[group] = data.low[group].min(axis=0), data.low[group].max(axis=0)
        return Release(Table(data.domains, low, high), None, "Grouped")


@pytest.mark.parametrize("instruction", [True, False])
def test_matches_are_those_of_a_loop(instruction: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not instruction:
        monkeypatch.setattr(predicates, "_ones", predicates._by_bytes)
    data = table(203, (9, 5, 3))
    draw, claims = rng(2), [NOTHING, Predicate(())]
    for _ in range(40):
        low = draw.integers(0, 3, 3)
        claims.append(Predicate(tuple((c, int(low[c]), int(low[c] + draw.integers(0, 3))) for c in (0, 2))))
    for claim, count in zip(claims, BitSets(data).counts(claims), strict=True):
        inside = [all(lo <= row[c] <= hi for c, lo, hi in claim.ranges) for row in data.low]
        assert count == (0 if claim is NOTHING else sum(inside))


def test_a_cell_that_is_a_range_counts_where_it_may_have_the_value() -> None:
    data = table(3, (9,))
    ranges = Table(data.domains, np.array([[0], [2], [5]], np.int32), np.array([[3], [2], [8]], np.int32))
    claims = [Predicate(((0, low, high),)) for low, high in ((3, 4), (2, 2), (4, 4), (0, 8))]
    assert BitSets(ranges).counts(claims).tolist() == [1, 2, 0, 3]


def test_a_random_share_is_as_large_as_it_says_and_equal_records_get_the_same_answer() -> None:
    """20,000 people and 1 in 8: five standard errors are 234: exceeded once in 1.7 million runs."""
    data = table(20_000, (10_000, 1_000))
    counts = BitSets(data).counts([Predicate((), 8.0, salt) for salt in range(20)])
    assert np.abs(counts - 2_500).max() < 234 and len(set(counts.tolist())) > 10
    twice = data.take(np.repeat(np.arange(500), 2))
    assert (BitSets(twice).counts([Predicate((), 3.0, salt) for salt in range(20)]) % 2 == 0).all()


def test_a_claim_hits_if_it_holds_for_exactly_one_and_for_few_outside() -> None:
    domains = [Domain("a", tuple("01234"))]
    inside = Table.of(domains, np.array([[0], [0], [1], [2], [3]]))
    outside = Table.of(domains, np.array([[0], [2], [2], [3], [4]]))
    claims = [Predicate(((0, code, code),)) for code in range(5)]
    game = SinglingOut(mechanism=Published(), records=inside)
    guess = Guess(np.array([*claims, NOTHING], object), np.zeros(6))

    def hits(exposed: bool, most: float) -> list[bool]:
        judged = Judged(inside, outside, np.full(6, exposed), most)
        return game.hits(guess, judged).tolist()

    assert hits(True, 1.0) == [False, True, True, True, False, False]
    assert hits(True, 0.2) == [False, True, False, True, False, False], "code 2 has .4 of those outside"
    assert hits(False, 1.0) == [True, False, False, True, True, False]


def test_the_people_released_and_those_outside_are_two_halves() -> None:
    data = table(401, (401, 3))
    data = Table.of(data.domains, np.stack([np.arange(401), np.arange(401) % 3], axis=1))
    world = SinglingOut(mechanism=Published(), records=data, claims=500).deal(0, rng=rng())
    inside, outside = world.secrets.inside.low[:, 0], world.secrets.outside.low[:, 0]
    assert sorted([*inside, *outside]) == list(range(401)) and len(outside) == 200
    assert world.case.view.low[:, 0].tolist() == inside.tolist()
    named = np.arange(401) < 100
    chosen = SinglingOut(mechanism=Published(), records=data, outside=named).deal(0, rng=rng())
    assert (chosen.secrets.outside.low[:, 0] < 100).all() and len(chosen.secrets.inside) == 301


def test_what_cannot_be_played_is_refused() -> None:
    data = table(10, (3,))
    with pytest.raises(DataError, match="9 people are in the release and 1 outside"):
        SinglingOut(mechanism=Published(), records=data, outside=np.arange(10) == 0)
    with pytest.raises(DataError, match="matches outside"):
        SinglingOut(mechanism=Published(), records=data, matches=0.5)
    with pytest.raises(DataError, match="hold ranges"):
        SinglingOut(mechanism=Published(), records=replace(data, high=np.full_like(data.low, 2)))


@pytest.mark.slow
@pytest.mark.parametrize("m", [2, 5, 20])
def test_a_class_of_m_is_singled_out_with_the_chance_of_the_theorem(m: int) -> None:
    """(1 - 1/m)^(m-1), Cohen and Nissim; of 1,500 claims, 4.5 standard errors: once in 150,000 runs."""
    data = table(8_000, (4_000, 500, 50), seed=m)
    game = SinglingOut(mechanism=Grouped(m), records=data, claims=3_000)
    evidence = play(game, ClassPredicate(), worlds=1, rng=rng(m)).table
    found = evidence.filter("exposed")["hit"].mean()
    wanted = (1 - 1 / m) ** (m - 1)
    assert abs(found - wanted) < 4.5 * np.sqrt(wanted * (1 - wanted) / 1_450)


def test_of_raw_rows_each_claim_is_right_and_few_hold_for_one_person_outside() -> None:
    game = SinglingOut(mechanism=Published(), records=table(4_000, (40, 30, 20, 9, 5)), claims=1_000)
    world = game.deal(0, rng=rng())
    guess = ManyColumns()(world.case, rng=rng(1))
    assert (BitSets(world.secrets.inside).counts(guess.value.tolist()) == 1).all()
    hits = game.hits(guess, world.secrets)
    # A few are too heavy to count: more than five people have it outside.
    assert hits[world.exposed].mean() > 0.98
    assert 0 < hits[~world.exposed].mean() < 0.4
