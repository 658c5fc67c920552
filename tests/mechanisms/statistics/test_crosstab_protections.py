"""Protections of contingency tables: what each shows, its noise, and what it promises."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import chisquare

from confide.core.errors import PromiseError
from confide.core.evidence import Evidence
from confide.core.nouns import Rehearsal, Release
from confide.measure import measure
from confide.mechanisms.statistics.crosstab_noise import NoisyCrosstabs
from confide.mechanisms.statistics.crosstab_rounding import RoundedCounts
from confide.mechanisms.statistics.crosstab_suppression import SuppressedCells
from confide.mechanisms.statistics.crosstabs import TabulatedAgain, recounted
from confide.views.crosstabs import ALL, Crosstab, Crosstabs
from confide.views.table import Domain, Table

RNG = np.random.default_rng
SIZES = (3, 4, 2)
DOMAINS = tuple(Domain(f"c{i}", tuple(map(str, range(m)))) for i, m in enumerate(SIZES))


def people(n: int, seed: int = 0) -> Table:
    draw = RNG(seed)
    return Table.of(DOMAINS, np.column_stack([draw.integers(m, size=n) for m in SIZES]))


def with_totals(records: Table, columns: tuple[int, ...], name: str) -> Crosstab:
    """A table with all its totals, counted by a loop."""
    codes = list(product(*([*range(SIZES[i]), ALL] for i in columns)))
    count = np.array(
        [
            sum(
                all(code in (ALL, row[i]) for i, code in zip(columns, cell, strict=True))
                for row in records.low.tolist()
            )
            for cell in codes
        ]
    )
    return Crosstab(name, columns, np.array(codes, np.int32), count, count)


def tables(records: Table) -> Crosstabs:
    return Crosstabs(DOMAINS, (with_totals(records, (0, 1), "a"), with_totals(records, (1, 2), "b")))


def test_counting_again_gives_the_counts_of_a_loop() -> None:
    some, others = people(40), people(25, seed=1)
    assert recounted(tables(some), others).digest() == tables(others).digest()
    again = TabulatedAgain(tables=tables(some), hidden=(1, 3))(others, rng=RNG(0)).view
    for shown, true in zip(again.tables, tables(others).tables, strict=True):
        small = (true.low >= 1) & (true.low <= 3)
        assert small.any() and (shown.hidden == small).all()
        assert (shown.low[small] == 1).all() and (shown.high[small] == 3).all()


@pytest.mark.parametrize("base", [2, 3, 5, 10])
def test_rounding_to_the_nearest_shows_the_counts_that_round_to_it(base: int) -> None:
    """The range that is shown holds exactly the counts with the same nearest multiple, the higher of two."""
    count = np.arange(60)
    one = Crosstab("a", (0,), count[:, None].astype(np.int32), count, count)
    view = Crosstabs((Domain("c", tuple(map(str, range(60)))),), (one,))
    shown = RoundedCounts(base=base)(view, rng=RNG(0)).view.tables[0]
    nearest = np.floor(count / base + 0.5)
    for c in range(60 - base):
        same = count[nearest == nearest[c]]
        assert (shown.low[c], shown.high[c]) == (same.min(), same.max())


def test_rounding_at_random_keeps_the_mean() -> None:
    """Of 40,000 counts of 7 rounded to base 5, 40 % go up: within .01 with probability 1 - 5e-5."""
    n, c = 40_000, 7
    count = np.full(n, c)
    one = Crosstab("a", (0,), np.arange(n, dtype=np.int32)[:, None], count, count)
    view = Crosstabs((Domain("c", tuple(map(str, range(n)))),), (one,))
    made = RoundedCounts(base=5, at_random=True, noise="rehearsal")(view, rng=RNG(0))
    assert isinstance(made, Rehearsal)
    shown = made.view.tables[0]
    up = shown.high == 14
    assert abs(up.mean() - 0.4) < 0.01 and set(shown.high.tolist()) == {9, 14}
    assert (shown.low[up] == 6).all() and (shown.low[~up] == 1).all(), "10 and 5 are less than one base away"
    multiples = Crosstab("a", (0,), one.codes[:3], np.array([0, 5, 10]), np.array([0, 5, 10]))
    stays = RoundedCounts(base=5, at_random=True)(Crosstabs(view.domains, (multiples,)), rng=RNG(0))
    assert stays.view.tables[0].high.tolist() == [4, 9, 14] and isinstance(stays, Release)


def unknown_in_each_sum(view: Crosstabs) -> list[int]:
    """How many hidden cells each row and column of each table has, its total included."""
    found: list[int] = []
    for table in view.tables:
        hidden = dict(zip(map(tuple, table.codes.tolist()), table.hidden.tolist(), strict=True))
        for axis, other in ((0, 1), (1, 0)):
            for fixed in (*range(SIZES[table.columns[other]]), ALL):
                line = [
                    (v, fixed) if axis == 0 else (fixed, v) for v in (*range(SIZES[table.columns[axis]]), ALL)
                ]
                found.append(sum(hidden[cell] for cell in line))
    return found


def test_secondary_suppression_leaves_no_sum_with_one_unknown() -> None:
    for seed in range(20):
        data = tables(people(30, seed))
        alone = SuppressedCells(under=3)(data, rng=RNG(0)).view
        both = SuppressedCells(under=3, secondary=True)(data, rng=RNG(0)).view
        assert 1 in unknown_in_each_sum(alone) and 1 not in unknown_in_each_sum(both)
        for first, second, true in zip(alone.tables, both.tables, data.tables, strict=True):
            assert (second.hidden | ~first.hidden).all(), "what is small stays hidden"
            assert (true.low[second.hidden] > 0).all(), "a zero hides nothing"
            assert (second.low <= true.low).all() and (true.low <= second.high).all()
            assert set(second.high[second.hidden].tolist()) <= {30}, "a mark does not say which cell is small"


def test_the_same_cell_is_hidden_in_every_table() -> None:
    data = tables(people(30, 3))
    view = SuppressedCells(under=4, secondary=True)(data, rng=RNG(0)).view
    first, second = view.tables
    one = {c[1]: h for c, h in zip(first.codes.tolist(), first.hidden, strict=True) if c[0] == ALL}
    other = {c[0]: h for c, h in zip(second.codes.tolist(), second.hidden, strict=True) if c[1] == ALL}
    assert one == other


def test_one_person_changes_the_counts_by_no_more_than_the_noise_is_made_for() -> None:
    """Each of two tables has four kinds of cells, and a person is in one of each kind: 8 counts change."""
    some, more = tables(people(31).take(np.arange(30))), tables(people(31))
    change = [abs(b.low - a.low).sum() for a, b in zip(some.tables, more.tables, strict=True)]
    assert change == [4, 4]


def test_noise_has_the_law_of_epsilon_over_the_cells_of_a_person() -> None:
    """8 counts of a person: P(k) in proportion to exp(-|k| / 8) for epsilon 1; one false alarm in 10,000."""
    data = tables(people(30))
    draws = [NoisyCrosstabs(epsilon=1.0, noise="rehearsal")(data, rng=RNG([1, i])).view for i in range(300)]
    noise = np.concatenate([t.low - u.low for v in draws for t, u in zip(v.tables, data.tables, strict=True)])
    ends = np.arange(-20, 21)
    seen = np.array(
        [(noise <= ends[0]).sum(), *((noise == k).sum() for k in ends[1:-1]), (noise >= ends[-1]).sum()]
    )
    law = np.exp(-np.abs(np.arange(-2_000, 2_001)) / 8)
    law /= law.sum()
    at = np.arange(-2_000, 2_001)
    expected = np.array(
        [law[at <= ends[0]].sum(), *(law[at == k].sum() for k in ends[1:-1]), law[at >= ends[-1]].sum()]
    )
    assert chisquare(seen, expected * len(noise)).pvalue > 1e-4
    # With power: noise of twice the rate would be noticed.
    twice = np.exp(-np.abs(at) / 4)
    twice /= twice.sum()
    other = np.array(
        [twice[at <= ends[0]].sum(), *(twice[at == k].sum() for k in ends[1:-1]), twice[at >= ends[-1]].sum()]
    )
    assert chisquare(seen, other * len(noise)).pvalue < 1e-12


def shown_epsilon(factor: float, *, epsilon: float = 1.0, worlds: int = 1_500) -> tuple[float, float]:
    """The bound that an adversary shows who knows everybody but one, and adds up that person's cells."""
    with_, without = tables(people(31)), tables(people(31).take(np.arange(30)))
    person = np.concatenate([b.low - a.low for a, b in zip(without.tables, with_.tables, strict=True)])
    mechanism = NoisyCrosstabs(epsilon=epsilon * factor, noise="rehearsal")
    coins = RNG(5).random(worlds) < 0.5
    before = np.concatenate([t.low for t in without.tables])
    scores = [
        float(
            (
                np.concatenate(
                    [t.low for t in mechanism(with_ if c else without, rng=RNG([6, i])).view.tables]
                )
                - before
            )
            @ person
        )
        for i, c in enumerate(coins)
    ]
    found = list(measure(Evidence.of(exposed=coins, score=np.array(scores), randomised=True)).epsilon)
    return max(b.low for b in found), max(b.ceiling for b in found)


@pytest.mark.slow
def test_the_audit_stays_below_the_promise_and_catches_a_broken_twin() -> None:
    """The noise of four times epsilon shows more than the promise; at 95 % each, one seed."""
    honest, could = shown_epsilon(1.0)
    assert honest <= 1.0 < could
    assert shown_epsilon(4.0)[0] > 1.0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: RoundedCounts(base=1), "the base is 1"),
        (lambda: SuppressedCells(under=1), "give 2 or more"),
        (lambda: NoisyCrosstabs(epsilon=0), "epsilon is 0"),
        (lambda: NoisyCrosstabs(epsilon=float("inf")), "epsilon is inf"),
    ],
)
def test_settings_that_cannot_be_are_refused(make, says: str) -> None:
    with pytest.raises(PromiseError, match=says):
        make()


@pytest.mark.parametrize(
    "mechanism", [RoundedCounts(base=3), SuppressedCells(under=3), NoisyCrosstabs(epsilon=1)]
)
def test_counts_that_are_hidden_cannot_be_protected(mechanism) -> None:
    with pytest.raises(PromiseError, match="some counts are hidden"):
        mechanism(tables(people(30)).hiding(3), rng=RNG(0))
