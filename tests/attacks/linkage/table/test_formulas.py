"""Linkage of tables against plain loops, written from the formulas and not from our code."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from confide.attacks.linkage.table import ClassPredicate, FellegiSunter, Nearest
from confide.attacks.linkage.table import fellegi_sunter as fs
from confide.attacks.linkage.table._cells import Cells, mass
from confide.attacks.linkage.table._patterns import Patterns
from confide.core.nouns import Case
from confide.knowledge.table import TableKnowledge
from confide.views.table import Domain, Table
from confide.views.table_nearest import Packed
from confide.views.table_words import _counted_by_halves

SIZES = (3, 9, 4, 2)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def domains(*, missing: bool = False) -> list[Domain]:
    """Categories, and a number (column 1) with uneven gaps."""
    number = np.arange(9.0) ** 1.5
    if missing:
        number[-1] = np.nan
    return [
        Domain(f"c{i}", tuple(map(str, range(m))), number if i == 1 else None, missing and i == 1)
        for i, m in enumerate(SIZES)
    ]


def table(n: int, seed: int, *, ranges: bool = False, missing: bool = False) -> Table:
    draw = rng(seed)
    low = (draw.random((n, 4)) ** 1.3 * SIZES).astype(np.int32)
    if not ranges:
        return Table.of(domains(missing=missing), low)
    high = np.minimum(low + draw.integers(0, 3, low.shape), np.array(SIZES) - 1).astype(np.int32)
    return Table(tuple(domains(missing=missing)), low, high)


def case(release: Table, facts: Table, wrong: float = 0.1) -> Case[Table, TableKnowledge, Table]:
    return Case(release, TableKnowledge(wrong=wrong), facts)


def naive_law(release: Table, column: int) -> list[float]:
    """EM over ranges, row by row."""
    m, n = SIZES[column], len(release)
    law = [1 / m] * m
    for _ in range(1 if release.precise else 5):
        new = [1 / m] * m
        for row in range(n):
            inside = range(release.low[row, column], release.high[row, column] + 1)
            total = sum(law[v] for v in inside)
            for v in inside:
                new[v] += law[v] / total
        law = [x / sum(new) for x in new]
    return law


@pytest.mark.parametrize("ranges", [False, True])
def test_the_law_of_a_column_is_em_over_the_ranges_that_cover_it(ranges: bool) -> None:
    release = table(60, 1, ranges=ranges)
    cells = Cells.of(release)
    for column, size in enumerate(SIZES):
        assert cells.law(column, size) == pytest.approx(naive_law(release, column), abs=1e-9)


@pytest.mark.parametrize("ranges", [False, True])
def test_fellegi_sunter_is_the_posterior_of_the_one_to_one_mixture(
    ranges: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After two rounds of EM over all targets, row by row, column by column."""
    monkeypatch.setattr(fs, "TURNS", 2)
    monkeypatch.setattr(fs, "SETTLED", 0.0)
    monkeypatch.setattr(fs, "SURE", 7.0)
    release, facts, wrong = table(50, 2, ranges=ranges), table(12, 3), 0.1
    n, d = len(release), 4
    law = [naive_law(release, c) for c in range(d)]

    def ratio(fact: int, row: int, c: int, m: float) -> tuple[float, float]:
        """The ratio, and the chance that the fact is true if the row is the person's."""
        low, high, v = release.low[row, c], release.high[row, c], facts.low[fact, c]
        if not low <= v <= high:
            return 1 - m, 0.0
        true = m / sum(law[c][low : high + 1])
        return true + 1 - m, true / (true + 1 - m)

    m, s = [1 - wrong] * d, 0.5
    for _ in range(2):
        linked, true = 0.0, [0.0] * d
        for i in range(len(facts)):
            weight = [np.prod([ratio(i, j, c, m[c])[0] for c in range(d)]) * s / n for j in range(n)]
            for j in range(n):
                share = weight[j] / (sum(weight) + 1 - s)
                linked += share
                for c in range(d):
                    true[c] += share * ratio(i, j, c, m[c])[1]
        m = [min(max((t + 7 * (1 - wrong)) / (linked + 7), 0.02), 0.98) for t in true]
        s = min(max(linked / len(facts), 0.02), 0.98)
    guess = FellegiSunter()(case(release, facts, wrong), rng=rng())
    for i in range(len(facts)):
        weight = [s / n * np.prod([ratio(i, j, c, m[c])[0] for c in range(d)]) for j in range(n)]
        posterior = max(weight) / (sum(weight) + 1 - s)
        assert guess.score[i] == pytest.approx(log(posterior / (1 - posterior)), abs=2e-4)
        assert weight[int(guess.value[i])] == pytest.approx(max(weight))


@pytest.mark.parametrize(("ranges", "columns"), [(False, 4), (True, 4), (False, 13), (True, 3)])
def test_rows_of_one_pattern_are_those_about_which_the_facts_say_the_same(ranges: bool, columns: int) -> None:
    """In every column both hold the fact, at the same mass, or neither does; 13 columns take two bytes."""
    draw, sizes = rng(11), [3, 9, 4, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3][:columns]
    parts = [Domain(f"c{i}", tuple(map(str, range(m)))) for i, m in enumerate(sizes)]
    low = (draw.random((9_000, columns)) * sizes).astype(np.int32)
    wide = draw.integers(0, 2, low.shape) if ranges else 0
    release = Table(tuple(parts), low, np.minimum(low + wide, np.array(sizes) - 1).astype(np.int32))
    cells = Cells.of(release)
    shares = [mass(cells.law(c, m), cells.low[c], cells.high[c]) for c, m in enumerate(sizes)]
    patterns = Patterns.of(cells, shares)
    together = 0
    for fact in (draw.random((3, columns)) * sizes).astype(np.int32):
        said = [
            tuple(
                float(shares[c][at]) if cells.low[c][at] <= fact[c] <= cells.high[c][at] else None
                for c, at in enumerate(row)
            )
            for row in cells.at.tolist()
        ]
        rows: dict[tuple[float | None, ...], list[int]] = {}
        for i, one in enumerate(said):
            rows.setdefault(one, []).append(i)
        found = patterns.about(fact)
        together += found.row is not None
        for i in range(len(found.count)):
            standing = tuple(
                float(shares[c][at]) if cells.low[c][at] <= fact[c] <= cells.high[c][at] else None
                for c, at in enumerate(found.at[:, i].tolist())
            )
            here = rows[standing] if found.row is not None else [i]
            assert found.count[i] == cells.count[here].sum() and said[here[0]] == standing
            assert found.first(np.array([i])) == here[0]
        assert found.count.sum() == 9_000
    assert together == 3 or (ranges and columns == 4)


def test_a_cell_that_says_nothing_counts_nothing() -> None:
    """Of two rows, one suppressed: the other one is named if it agrees, and the suppressed one if not."""
    whole = [0] * 4
    release = Table(
        tuple(domains()),
        np.array([[1, 1, 1, 1], whole], np.int32),
        np.array([[1, 1, 1, 1], [m - 1 for m in SIZES]], np.int32),
    )
    facts = Table.of(domains(), np.array([[1, 1, 1, 1], [2, 5, 3, 0]]))
    for attack in (FellegiSunter(), Nearest()):
        assert attack(case(release, facts), rng=rng()).value.tolist() == [0, 1]


def naive_distance(release: Table, facts: Table) -> np.ndarray:
    """Category: differs or not; number: deviations, at most 1; a range: the mean over its values."""
    found = np.zeros((len(facts), len(release)))
    for c, domain in enumerate(release.domains):
        numbers = domain.numbers
        if numbers is not None:
            middles = (numbers[release.low[:, c]] + numbers[release.high[:, c]]) / 2
            unit = np.nanstd(middles)
        for i in range(len(facts)):
            v = facts.low[i, c]
            for j in range(len(release)):
                apart: list[float] = []
                for u in range(release.low[j, c], release.high[j, c] + 1):
                    if numbers is None or np.isnan(numbers[[u, v]]).any():
                        apart.append(float(u != v))
                    else:
                        apart.append(min(abs(numbers[u] - numbers[v]) / unit, 1.0))
                found[i, j] += sum(apart) / len(apart)
    return found


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("ranges", [False, True])
def test_nearest_is_the_smallest_mean_distance(ranges: bool, missing: bool) -> None:
    release, facts = table(80, 4, ranges=ranges, missing=missing), table(40, 5, missing=missing)
    apart = naive_distance(release, facts)
    guess = Nearest()(case(release, facts), rng=rng())
    two = np.sort(apart, axis=1)[:, :2]
    assert apart[np.arange(40), guess.value] == pytest.approx(two[:, 0], abs=1e-5)
    assert guess.score == pytest.approx(two[:, 1] - two[:, 0], abs=1e-5)


@pytest.mark.parametrize("columns", [3, 40])
def test_the_nearest_of_packed_rows_are_those_of_a_sort(columns: int) -> None:
    """Forty columns take more than one word."""
    sizes = rng(6).integers(1, 70, columns)
    number = Domain("number", tuple(map(str, range(50))), np.arange(50.0))
    parts = [*(Domain(f"c{i}", tuple(map(str, range(m)))) for i, m in enumerate(sizes)), number]
    codes = (rng(7).random((230, columns + 1)) * [*sizes, 50] / [*([8] * columns), 1]).astype(np.int32)
    release, queries = Table.of(parts, codes[:200]), Table.of(parts, codes[200:])
    rows, apart = Packed.of(release).nearest(queries, count=5)
    unit = codes[:200, -1].std()
    for i in range(30):
        far = (codes[:200, :-1] != codes[200 + i, :-1]).sum(axis=1)
        far = far + np.minimum(np.abs(codes[:200, -1] - codes[200 + i, -1]) / unit, 1)
        assert apart[i] == pytest.approx(np.sort(far)[:5], abs=1e-5)
        assert far[rows[i]] == pytest.approx(apart[i], abs=1e-5)


def test_bits_are_counted_without_the_instruction_too() -> None:
    words = rng(8).integers(0, 2**64, 500, dtype=np.uint64)
    assert _counted_by_halves(words).tolist() == [int(w).bit_count() for w in words]


def test_an_empty_release_links_nobody() -> None:
    for attack in (FellegiSunter(), Nearest()):
        guess = attack(case(table(0, 1), table(3, 2)), rng=rng())
        assert guess.value.tolist() == [-1, -1, -1] and guess.score.tolist() == [0, 0, 0]


def test_classes_are_claimed_in_which_the_fewest_people_are_equal_by_luck() -> None:
    """(m - 1) times the chance that two of a class agree in all ranges, class by class in plain loops."""
    release = table(60, 9, ranges=True)
    release = release.take(np.repeat(np.arange(60), rng(10).integers(1, 4, 60)))
    boxes: dict[tuple[tuple[int, int], ...], int] = {}
    for low, high in zip(release.low.tolist(), release.high.tolist(), strict=True):
        box = tuple(zip(low, high, strict=True))
        boxes[box] = boxes.get(box, 0) + 1
    law = [[0.0] * m for m in SIZES]
    for box, people in boxes.items():
        for c, (low, high) in enumerate(box):
            for v in range(low, high + 1):
                law[c][v] += people / (high + 1 - low)
    equals: dict[tuple[tuple[int, int], ...], float] = {}
    for box, people in boxes.items():
        equals[box] = people - 1.0
        for c, (low, high) in enumerate(box):
            inside = np.array(law[c][low : high + 1])
            equals[box] *= (inside**2).sum() / inside.sum() ** 2
    asked = -(-len(boxes) // 2)
    claims = ClassPredicate()(Case(release, TableKnowledge(wrong=0.0), np.arange(asked)), rng=rng()).value
    assert claims is not None
    claimed = {tuple((low, high) for _, low, high in one.ranges): one.one_in for one in claims}
    assert len(claimed) == asked and all(boxes[box] == people for box, people in claimed.items())
    worst = max(equals[box] for box in claimed)
    assert all(equals[box] >= worst - 1e-12 for box in boxes if box not in claimed)
