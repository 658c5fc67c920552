"""Plausible deniability: plausible seeds, the generator, and what the whole mechanism shows."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Release
from confide.mechanisms.noise.words import rehearsal_words
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.mechanisms.synthesize.plausible import entropies as measuring
from confide.mechanisms.synthesize.plausible.entropies import noisy_entropies
from confide.mechanisms.synthesize.plausible.mechanism import PlausibleDeniability
from confide.mechanisms.synthesize.plausible.network import Network, learnt, nearest
from confide.mechanisms.synthesize.plausible.privacy_test import PrivacyTest, plausible_by_group
from confide.mechanisms.synthesize.plausible.structure import Structure, merit, selected
from confide.views.table import Domain, Table

LARGE = Budget(500.0, 1e-9)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def table(n: int = 4_000, *, seed: int = 0) -> Table:
    """a is three values, b follows a, c follows b, and d nobody."""
    a = rng(seed).integers(3, size=n)
    b = np.where(rng(seed + 1).random(n) < 0.8, a, rng(seed + 2).integers(3, size=n))
    c = np.where(rng(seed + 3).random(n) < 0.8, b % 2, rng(seed + 4).integers(2, size=n))
    d = rng(seed + 5).integers(4, size=n)
    sizes = {"a": 3, "b": 3, "c": 2, "d": 4}
    domains = [Domain(name, tuple(map(str, range(size)))) for name, size in sizes.items()]
    return Table.of(domains, np.column_stack([a, b, c, d]))


def network(data: Table, *, keep: int) -> Network:
    spends = Concentrated(budget=LARGE, noise="rehearsal")
    structure = Structure((0, 1, 2, 3), ((), (0,), (0, 1), ()))
    return learnt(data, structure, keep=keep, spends=spends, rho=spends.rho, rng=rng())[0]


@pytest.mark.parametrize(("keep", "gamma"), [(0, 2.0), (1, 1.1), (2, 4.0), (3, 4.0)])
def test_plausible_seeds_are_those_of_a_loop_over_all_pairs(keep: int, gamma: float) -> None:
    """P[y = M(d)] of every record with every seed, term by term: the same count, for any gamma."""
    data = table(120)
    made, test = network(table(), keep=keep), PrivacyTest(k=2, gamma=gamma, epsilon0=None)
    records = made.drawn(data.low, rehearsal_words(rng(9)))
    grouped = plausible_by_group(data.low[:, list(made.kept)], data.sizes[list(made.kept)], np.arange(120))
    tables = {c.column: (c, c.chances()) for c in made.conditionals}
    for i, record in enumerate(records):
        chances = []
        for seed in data.low:
            chance = float(all(record[k] == seed[k] for k in made.kept))
            for column, (conditional, given) in tables.items():
                at = 0
                for parent, size in zip(conditional.parents, conditional.sizes, strict=True):
                    at = at * size + int(record[parent])
                chance *= given[at, record[column]]
            chances.append(chance)
        assert made.probabilities(record, data.low) == pytest.approx(chances, rel=1e-9)
        own = math.floor(-math.log(chances[i]) / math.log(gamma))
        plausible = sum(p > 0 and math.floor(-math.log(p) / math.log(gamma)) == own for p in chances)
        assert grouped[i] == plausible == test.plausible(np.array(chances), own=i)


def test_a_record_that_its_seed_cannot_make_fails() -> None:
    test = PrivacyTest(k=1, gamma=2.0, epsilon0=None)
    assert test.plausible(np.array([0.0, 0.3, 0.0]), own=0) == 0
    noised = PrivacyTest(k=1, gamma=2.0, epsilon0=0.01)
    for one in (test, noised):
        assert not one.passes(np.zeros(500, np.int64), noise="rehearsal", rng=rng()).any()


def test_many_kept_columns_of_many_values_are_grouped_too() -> None:
    kept = rng().integers(2, size=(300, 70)).astype(np.int32)
    kept[200:] = kept[:100]
    kept[:, 1:] *= 1000
    found = plausible_by_group(kept, np.full(70, 1001), np.arange(300))
    assert found[:100].tolist() == [2] * 100 and found[100:200].tolist() == [1] * 100


def test_of_seeds_only_some_are_looked_at() -> None:
    test = PrivacyTest(k=5, checked=40)
    looked_at = test.looked_at(100, noise="rehearsal", rng=rng())
    assert len(set(looked_at.tolist())) == 40 and looked_at.max() < 100
    kept = np.zeros((100, 1), np.int32)
    assert plausible_by_group(kept, np.array([2]), looked_at).tolist() == [40] * 100
    assert len(test.looked_at(30, noise="rehearsal", rng=rng())) == 30


@pytest.mark.parametrize("n", [*range(40), 100, 1_000, 100_000])
def test_a_row_moves_an_entropy_by_no_more_than_is_said(n: int) -> None:
    """Cells of every size that a row may be added to, beside all kinds of others."""
    domain = Domain("a", tuple(map(str, range(5))))
    half = (math.log2((n + 1) / 16) + 1 / math.log(2)) / 2 if n >= 15 else 0.0
    cells = [
        cell
        for cell in product(*(sorted({0, 1, n // 4, n // 2, n - 1, n}) for _ in range(4)))
        if min(cell) >= 0 and sum(cell) <= n
    ]
    for cell in cells[:: max(len(cells) // 40, 1)]:
        counts = [*cell, n - sum(cell)]
        codes = np.repeat(np.arange(5), counts)[:, None]
        before = measuring._entropy(Table.of([domain], codes), (0,))
        for j in range(5):
            after = measuring._entropy(Table.of([domain], np.vstack([codes, [[j]]])), (0,))
            assert -1e-6 <= after - before <= 2 * half + 1e-6


def test_with_little_noise_entropies_are_those_of_the_table() -> None:
    data = table(20_000)
    spends = Concentrated(budget=Budget(500.0, 0.5), noise="rehearsal")
    rows = spends.measure(data, (), rho=100.0, rng=rng())
    found = noisy_entropies(data, rows=rows, cells=100, spends=spends, rho=100.0, rng=rng())
    for a, b in product(range(4), repeat=2):
        shares = np.unique(data.low[:, [a, b]], axis=0, return_counts=True)[1] / len(data)
        assert found.bits[a, b] == pytest.approx(-(shares * np.log2(shares)).sum(), abs=0.02)
    spread = [
        noisy_entropies(data, rows=rows, cells=100, spends=spends, rho=0.001, rng=rng(i)) for i in range(200)
    ]
    # 2,000 numbers: the deviation's own is 1.6 %, five of which.
    errors = np.concatenate([(one.bits - found.bits)[np.triu_indices(4)] for one in spread])
    assert errors.std() == pytest.approx(spread[0].sigma, rel=0.08)
    assert all(one.rho <= 0.001 for one in spread)


def test_pairs_too_large_for_child_and_parent_cost_nothing() -> None:
    data = table()
    spends = Concentrated(budget=LARGE, noise="rehearsal")
    rows = spends.measure(data, (), rho=1.0, rng=rng())
    found = noisy_entropies(data, rows=rows, cells=8, spends=spends, rho=1.0, rng=rng())
    unknown = {(a, b) for a, b in product(range(4), repeat=2) if a != b and np.isnan(found.bits[a, b])}
    assert unknown == {(0, 1), (1, 0), (0, 3), (3, 0), (1, 3), (3, 1)}
    assert found.correlations()[0, 1] == 0


def test_merit_is_halls_formula() -> None:
    su = np.array([[1, 0.5, 0.4], [0.5, 1, 0.2], [0.4, 0.2, 1]])
    assert merit(su, 0, (1, 2)) == pytest.approx((0.5 + 0.4) / math.sqrt(2 + 2 * 0.2))
    assert merit(su, 0, ()) == 0


def test_a_structure_has_no_circle_and_keeps_to_its_cells() -> None:
    d, sizes = 9, (2, 3, 4, 5, 6, 7, 8, 9, 10)
    for i in range(30):
        su = rng(i).random((d, d))
        found = selected((su + su.T) / 2, sizes, keep=3, groups=30, cells=60, target=4 if i % 2 else None)
        assert sorted(found.order) == list(range(d))
        assert math.prod(sizes[c] for c in found.order[:3]) <= (36 if i % 2 else 30)
        assert i % 2 == 0 or found.order[0] == 4
        for at, (column, parents) in enumerate(zip(found.order, found.parents, strict=True)):
            assert set(parents) <= set(found.order[:at])
            assert math.prod(sizes[p] for p in parents) * sizes[column] <= 60
            assert at >= 3 or not parents


def test_nearest_counts_are_the_projection() -> None:
    counts = rng().normal(2, 5, size=(4, 6))
    found = nearest(counts)
    assert found.min() >= 0 and found.sum() == pytest.approx(counts.sum())
    away = ((found - counts) ** 2).sum()
    for i in range(200):
        other = rng(i).dirichlet(np.ones(24)).reshape(4, 6) * counts.sum()
        assert ((other - counts) ** 2).sum() >= away


def test_records_follow_the_network() -> None:
    """60,000 records: each share of a pair within five deviations of what it is in the table."""
    data = table(200_000)
    made = network(data, keep=1)
    rows = made.drawn(data.low[:60_000], rehearsal_words(rng(3)))
    assert (rows[:, 0] == data.low[:60_000, 0]).all()
    for a, b in ((0, 1), (0, 2), (1, 2), (0, 3)):
        at = [np.bincount(x[:, a] * 4 + x[:, b], minlength=16) / len(x) for x in (rows, data.low)]
        assert np.abs(at[0] - at[1]).max() < 5 * 0.5 / math.sqrt(60_000) + 5 * 0.5 / math.sqrt(200_000)


MADE = PlausibleDeniability(keep=2, test=PrivacyTest(k=30), noise="rehearsal", tries=5)


def test_the_same_seed_gives_the_same_rows_and_a_release_is_no_rehearsal() -> None:
    one, again = (MADE(table(), rng=rng(4)) for _ in range(2))
    assert (one.view.low == again.view.low).all() and len(one.view) > 2_000
    assert not isinstance(one, Release)
    secret = PlausibleDeniability(keep=2, test=PrivacyTest(k=30))(table(), rng=rng(4))
    assert isinstance(secret, Release) and secret.budget is None
    assert secret.promises is not None and secret.promises.record is not None
    assert secret.promises.record.epsilon < 2 and 0.5 < secret.pass_rate < 1.3


def test_groups_below_k_are_not_released_and_the_twin_without_a_test_releases_them() -> None:
    """Two values of the kept column are common and one is rare: 8 rows, some 2 of which are seeds."""
    data = table(6_000)
    codes = data.low.copy()
    codes[:, 0] %= 2
    codes[:8, 0] = 2
    rare = Table.of(data.domains, codes)
    tested = PlausibleDeniability(keep=1, target="a", noise="rehearsal", tries=50.0)
    made = tested(rare, rng=rng())
    assert made.network is not None and made.network.kept == (0,)
    assert not (made.view.low[:, 0] == 2).any()
    untested = replace(tested, test=PrivacyTest(k=1, epsilon0=None))(rare, rng=rng(2))
    assert (untested.view.low[:, 0] == 2).any() and untested.budget is None


@pytest.mark.slow
def test_what_is_released_of_a_group_has_the_law_that_is_accounted_for() -> None:
    """3,000 releases from seeds of 7, 8 and 30 in a group: means and variances within five deviations."""
    counts = [7, 8, 30]
    codes = np.zeros((45, 4))
    codes[:, 0] = np.repeat(np.arange(3), counts)
    seeds, made = Table.of(table().domains, codes), network(table(), keep=1)
    mechanism = PlausibleDeniability(keep=1, tries=1.5, test=PrivacyTest(k=8), delta=1e-2, noise="rehearsal")
    found = []
    for i in range(3_000):
        source = rng(i)
        passed = mechanism._passing(seeds, made, rehearsal_words(source), source)
        found.append(np.bincount(seeds.low[passed, 0], minlength=3))
    slots, z = 32, np.arange(-60, 61)
    noise = np.exp(-np.abs(z)) * math.tanh(0.5)
    for c, seen in zip(counts, np.array(found).T, strict=True):
        chance = 1.5 / slots * noise[z <= c - 8].sum()
        mean, spread = slots * c * chance, slots * c * chance * (1 - chance)
        assert abs(seen.mean() - mean) < 5 * math.sqrt(spread / 3_000)
        assert abs(seen.var() - spread) < 5 * spread * math.sqrt(2 / 3_000) + 0.2 * spread / mean


def test_a_budget_is_stated_only_where_all_records_together_keep_it() -> None:
    strong = PlausibleDeniability(test=PrivacyTest(k=1_000, epsilon0=0.03), tries=0.25)
    assert strong.budget is not None and strong.budget.epsilon == pytest.approx(2.148, abs=0.01)
    assert strong.budget.delta == 1e-9
    costly = PlausibleDeniability(
        generator=Budget(4.0, 1e-6), test=PrivacyTest(k=1_000, epsilon0=0.03), tries=0.25
    )
    assert costly.budget == Budget(4.0, 1e-6)
    assert PlausibleDeniability().budget is None
    assert PlausibleDeniability(test=PrivacyTest(epsilon0=None)).budget is None
    assert PlausibleDeniability(test=PrivacyTest(k=1_000, epsilon0=0.03, checked=5_000)).budget is None


def test_each_row_is_in_one_part_and_rows_are_released_in_random_order() -> None:
    made = PlausibleDeniability(keep=1, target="d", test=PrivacyTest(k=30), noise="rehearsal")
    data = table()
    ordered = data.take(np.argsort(data.low[:, 3], kind="stable"))
    shown = made(ordered, rng=rng()).view.low[:, 3]
    # Of a random order the steps up are 3 / 8 of all; 4,000 steps have a deviation of .008.
    assert 0.3 < (np.diff(shown) > 0).mean() < 0.45


def test_no_more_rows_than_asked_for() -> None:
    made = PlausibleDeniability(keep=2, test=PrivacyTest(k=30), noise="rehearsal", rows=100)
    assert len(made(table(), rng=rng()).view) == 100


@pytest.mark.parametrize("n", [0, 1, 3, 40])
def test_tables_of_few_rows_give_few_or_none(n: int) -> None:
    assert len(MADE(table().take(np.arange(n)), rng=rng()).view) <= 12 * n


def test_one_column_one_value_and_nothing_kept() -> None:
    one = Table.of([Domain("a", ("x",))], np.zeros((500, 1)))
    made = PlausibleDeniability(keep=0, test=PrivacyTest(k=30), noise="rehearsal")
    assert set(made(one, rng=rng()).view.low[:, 0].tolist()) <= {0}


def test_what_cannot_be_kept_is_refused() -> None:
    data = table(100)
    with pytest.raises(DataError, match="4 columns are kept of 4"):
        PlausibleDeniability(keep=4)(data, rng=rng())
    with pytest.raises(DataError, match="no column 'x'"):
        PlausibleDeniability(keep=1, target="x", noise="rehearsal")(data, rng=rng())
    with pytest.raises(DataError, match="belong to people"):
        MADE(Table.of(data.domains, data.low, people=np.arange(100)), rng=rng())
    ranges = Table(data.domains, data.low * 0, data.low)
    with pytest.raises(DataError, match="several values"):
        MADE(ranges, rng=rng())
    for settings, says in (
        ({"generator": Budget(1.0, 1e-9, Unit.person("who", at_most=5))}, "a seed is one record"),
        ({"generator": Budget(1.0)}, "delta above 0"),
        ({"tries": 0.0}, "tried 0"),
        ({"rows": 0}, "0 rows"),
        ({"keep": -1}, "-1 columns"),
        ({"keep": 0, "target": "a"}, "no column is"),
        ({"delta": 0.0}, "delta is 0"),
        ({"cells": 0}, "0 cells"),
        ({"test": PrivacyTest(k=10)}, "k of 23 or more"),
    ):
        with pytest.raises(PromiseError, match=says):
            PlausibleDeniability(**settings)  # pyright: ignore[reportArgumentType]
