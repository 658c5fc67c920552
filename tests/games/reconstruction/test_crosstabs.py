"""The game on contingency tables: who is counted, what the adversary is given, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from tests.contracts.cases.reconstruction_crosstabs import PAIRS, records

from confide.core.errors import DataError
from confide.games.reconstruction.crosstabs import BlockTables, HeldOut
from confide.mechanisms.statistics.crosstabs import Tabulated
from confide.views.crosstabs import Crosstabs

RNG = np.random.default_rng


def game(**settings: int) -> BlockTables:
    return BlockTables(
        records=records(), mechanism=Tabulated(sets=PAIRS), **{"block": 15, "targets": 30} | settings
    )


def test_tables_count_the_exposed_and_the_others() -> None:
    world = game(targets=20).deal(0, rng=RNG(0))
    assert world.source is not None and len(world.source) == world.exposed.sum() + 5
    assert world.case.view.digest() == Crosstabs.of(world.source, PAIRS).digest()
    rows = list(map(tuple, world.source.low.tolist()))
    for target, exposed in zip(map(tuple, world.case.targets.low.tolist()), world.exposed, strict=True):
        assert not exposed or target in rows


def test_nobody_is_known_who_is_counted_or_asked_about() -> None:
    world = game(known=2_000).deal(0, rng=RNG(0))
    assert len(world.case.known.people) == 2_000 - 30
    assert len(game(known=7).deal(0, rng=RNG(0)).case.known.people) == 7


def test_a_fair_coin_decides() -> None:
    """600 coins: within 61 of 300 with probability 1 - 5e-7."""
    heads = sum(int(game().deal(i, rng=RNG(i)).exposed.sum()) for i in range(20))
    assert abs(heads - 300) < 61


def test_small_counts_are_hidden_as_a_range() -> None:
    people = records().take(np.arange(40))
    view = Tabulated(sets=PAIRS, hidden_below=5)(people, rng=RNG(0)).view
    for shown, full in zip(view.tables, Crosstabs.of(people, PAIRS).tables, strict=True):
        small = (full.low >= 1) & (full.low < 5)
        assert small.any() and (shown.hidden == small).all()
        assert (shown.low[small] == 1).all() and (shown.high[small] == 4).all()


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"targets": 31}, "31 targets for blocks of 15"), ({"block": 3_000}, "but there are 2000")],
)
def test_too_few_people_are_refused(settings: dict[str, int], says: str) -> None:
    with pytest.raises(DataError, match=says):
        game(**settings)


def test_held_out_people_are_counted_by_a_coin_and_all_others_always() -> None:
    some = records().take(np.arange(60))
    area = np.repeat([0, 1, 2], [25, 32, 3])
    game = HeldOut(records=some, blocks=area, mechanism=Tabulated(sets=PAIRS), targets=10)
    assert game.sizes.tolist() == [10, 10], "nobody can be held out of three people"
    heads = 0
    for world in range(40):
        dealt = game.deal(world, rng=RNG(world))
        assert dealt.ids is not None and dealt.source is not None
        inside = np.flatnonzero(area == world % 2)
        assert set(dealt.ids.tolist()) <= set(inside.tolist())
        assert len(dealt.source) == len(inside) - 10 + dealt.exposed.sum()
        assert dealt.case.view.digest() == Crosstabs.of(dealt.source, PAIRS).digest()
        assert dealt.case.targets.digest() == some.take(dealt.ids).digest() and not len(
            dealt.case.known.people
        )
        heads += int(dealt.exposed.sum())
    assert abs(heads - 200) < 51, "400 fair coins, with probability 1 - 4e-7"


def test_blocks_that_are_too_small_are_refused() -> None:
    some = records().take(np.arange(6))
    with pytest.raises(DataError, match="no block has 4 people"):
        HeldOut(records=some, blocks=np.repeat([0, 1], 3), mechanism=Tabulated(sets=PAIRS))
    with pytest.raises(DataError, match="2 blocks for 6 people"):
        HeldOut(records=some, blocks=np.array([0, 1]), mechanism=Tabulated(sets=PAIRS))
