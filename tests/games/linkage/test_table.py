"""Linkage of tables: the coin, the order, the facts, and tables that were released before."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from confide.core.errors import DataError
from confide.games.linkage.claims import NOBODY
from confide.games.linkage.table import TableLinkage
from confide.knowledge.table import Knowing
from confide.mechanisms.anchors.published import Published
from confide.views.table import Domain, Table

N = 2_000


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def records() -> Table:
    """The first column is a person's number."""
    domains = [Domain(name, tuple(map(str, range(m)))) for name, m in (("id", N), ("a", 7), ("b", 5))]
    return Table.of(domains, np.stack([np.arange(N), np.arange(N) % 7, np.arange(N) % 5], axis=1))


def game(records: Table, **settings: object) -> TableLinkage:
    how = {"mechanism": Published(), "known": ("b", "a"), "targets": np.arange(0, N, 2), **settings}
    return TableLinkage(records=records, **how)  # type: ignore[arg-type]


def test_a_fair_coin_holds_targets_out_and_all_others_are_in(records: Table) -> None:
    world = game(records).deal(0, rng=rng())
    released = world.case.view.low[:, 0]
    asked = np.arange(0, N, 2)
    assert np.isin(asked, released).tolist() == world.exposed.tolist()
    assert np.isin(np.arange(1, N, 2), released).all()
    assert binomtest(int(world.exposed.sum()), len(asked)).pvalue > 1e-6
    assert (world.secrets[~world.exposed] == NOBODY).all()
    assert released[world.secrets[world.exposed]].tolist() == asked[world.exposed].tolist()
    # In random order: neighbours in the file are not neighbours in the release.
    assert np.mean(np.abs(np.diff(released)) <= 2) < 0.02


def test_facts_are_the_known_columns_and_as_wrong_as_they_are_said_to_be(records: Table) -> None:
    world = game(records, knowing=Knowing(wrong=0.3)).deal(0, rng=rng())
    facts, truth = world.case.targets, records.only(["b", "a"]).take(np.arange(0, N, 2))
    assert facts.names == ("b", "a") and facts.precise
    # A wrong cell takes another row's value, which is the same by chance in 1 of 5, and 1 of 7.
    share = np.mean(facts.low != truth.low, axis=0)
    assert share == pytest.approx([0.3 * 4 / 5, 0.3 * 6 / 7], abs=0.06)
    assert world.case.known.wrong == 0.3


def test_parts_ask_each_target_once(records: Table) -> None:
    ids = [game(records, parts=3).deal(i, rng=rng(i)).ids for i in range(3)]
    assert sorted(np.concatenate([i for i in ids if i is not None]).tolist()) == list(range(0, N, 2))


def test_a_released_table_with_ranges_keeps_its_rows_and_says_that_no_coin_counts(records: Table) -> None:
    high = records.low.copy()
    high[:, 1:] = np.array([6, 4])
    low = records.low.copy()
    low[:, 1:] = 0
    released = Table(records.domains, low, high)
    absent = np.arange(N) < 100
    dealt = game(records, released=released, absent=absent, coin=False)
    world = dealt.deal(0, rng=rng())
    assert world.exposed.tolist() == (np.arange(0, N, 2) >= 100).tolist()
    assert world.case.view.suppressed[:, 1:].all() and not dealt.randomised and not dealt.no_coin
    assert world.case.view.low[world.secrets[world.exposed], 0].tolist() == list(range(100, N, 2))
    assert world.source.precise, "what is lost is lost of the original"
    assert game(records, released=released).no_coin and not game(records, released=released).randomised
    assert game(records).randomised


def test_what_cannot_be_played_is_refused(records: Table) -> None:
    with pytest.raises(DataError, match="no column 'c'"):
        game(records, known=("a", "c"))
    with pytest.raises(DataError, match="knows no column"):
        game(records, known=())
    with pytest.raises(DataError, match="5 rows are released of 2000"):
        game(records, released=records.take(np.arange(5)))
    with pytest.raises(DataError, match="hold ranges"):
        game(Table(records.domains, records.low, np.maximum(records.low, 1)))
