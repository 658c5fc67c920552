"""Measures and mechanisms on tables in which somebody has several rows, each against a loop over people."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.attacks.linkage.table._unique_sets import unique_sets
from confide.core.errors import DataError
from confide.measure.anonymity import classes, k_of_subsets
from confide.measure.best_suppression import best_suppression
from confide.measure.class_risk import class_risk
from confide.measure.individual_risk import individual_risk, mean_of_reciprocal
from confide.mechanisms.anonymize.microaggregation import Microaggregation, mdav
from confide.mechanisms.anonymize.single_cells import SingleCells
from confide.mechanisms.anonymize.suppression import WithoutRareRows, WithoutRareValues
from confide.views.predicates import BitSets, Predicate, digests
from confide.views.table import Domain, Table

EXAMPLES = 40


@st.composite
def tables(draw: st.DrawFn, *, ranges: bool = True) -> Table:
    """Few values, so that rows are equal, and people with one to many rows; some cells are ranges."""
    n = draw(st.integers(2, 18))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    domains = [Domain(name, tuple(map(str, range(m)))) for name, m in zip("abc", (3, 2, 4), strict=True)]
    low = rng.integers(0, [3, 2, 4], (n, 3)).astype(np.int32)
    high = low.copy()
    if ranges and draw(st.booleans()):
        wide = rng.random((n, 3)) < 0.4
        low, high = np.where(wide, 0, low).astype(np.int32), np.where(wide, [2, 1, 3], high).astype(np.int32)
    people = rng.integers(0, max(n // draw(st.integers(1, 4)), 1), n)
    return Table(tuple(domains), low, high, people)


def cells(table: Table) -> list[tuple[tuple[int, int], ...]]:
    return [
        tuple(zip(low, high, strict=True))
        for low, high in zip(table.low.tolist(), table.high.tolist(), strict=True)
    ]


def people_with(table: Table, row: int, columns: tuple[int, ...]) -> set[int]:
    """Who has a row that looks like this one in these columns."""
    rows = cells(table)
    assert table.people is not None
    return {
        int(table.people[i]) for i in range(len(table)) if all(rows[i][c] == rows[row][c] for c in columns)
    }


@settings(max_examples=EXAMPLES)
@given(tables())
def test_classes_and_their_subsets_count_people(table: Table):
    found = classes(table, ["a", "b", "c"])
    for row, at in enumerate(found.row.tolist()):
        if at >= 0:
            assert found.size[at] == len(people_with(table, row, (0, 1, 2)))
    for names, k in k_of_subsets(table, ["a", "b", "c"], 2).items():
        columns = tuple("abc".index(name) for name in names)
        said = [r for r in range(len(table)) if not table.suppressed[r, list(columns)].all()]
        assert k == min((len(people_with(table, r, columns)) for r in said), default=0)


@settings(max_examples=EXAMPLES)
@given(tables())
def test_the_prosecutor_finds_a_person_by_any_of_their_rows(table: Table):
    risk = class_risk(table)
    rows, whose = cells(table), table.people
    assert whose is not None
    expected = []
    for i in range(len(table)):
        alike = [j for j in range(len(table)) if rows[j] == rows[i]]
        if table.suppressed[i].all():
            alike = list(range(len(table)))
        expected.append(sum(whose[j] == whose[i] for j in alike) / len(alike))
    assert risk.each.tolist() == pytest.approx(expected)
    means = [
        np.mean([e for e, w in zip(expected, whose, strict=True) if w == one]) for one in set(whose.tolist())
    ]
    assert risk.marketer == pytest.approx(np.mean(means))


@settings(max_examples=EXAMPLES)
@given(tables(ranges=False), st.integers(0, 999))
def test_the_journalist_counts_the_rows_of_a_person_in_the_population(population: Table, seed: int):
    rng = np.random.default_rng(seed)
    kept = np.flatnonzero(rng.random(len(population)) < 0.7)
    part = population.take(kept)
    wide = rng.random(part.low.shape) < 0.3
    release = Table(
        part.domains,
        np.where(wide, 0, part.low).astype(np.int32),
        np.where(wide, part.sizes - 1, part.high).astype(np.int32),
        part.people,
    )
    outside = class_risk(release, population=population).outside
    assert outside is not None and release.people is not None and population.people is not None
    for i, found in enumerate(outside.tolist()):
        fits = [
            j
            for j in range(len(population))
            if ((release.low[i] <= population.low[j]) & (population.low[j] <= release.high[i])).all()
        ]
        own = sum(population.people[j] == release.people[i] for j in fits)
        assert found == pytest.approx(own / len(fits))


def test_somebody_with_nine_of_ten_rows_is_found_nine_times_in_ten():
    both = Table.of([Domain("a", ("x", "y"))], np.zeros((10, 1)), people=np.array([0] * 9 + [1]))
    risk = class_risk(both)
    assert classes(both, ["a"]).k == 2
    assert risk.prosecutor == pytest.approx(0.9) and risk.marketer == pytest.approx(0.5)


@settings(max_examples=EXAMPLES)
@given(tables())
def test_the_best_cell_is_the_one_that_a_loop_over_people_finds(table: Table):
    found = best_suppression(table)
    for row in range(len(table)):
        assert found.now[row] == len(people_with(table, row, (0, 1, 2)))
        for j in range(3):
            left = tuple(i for i in range(3) if i != j)
            assert found.without[row, j] == len(people_with(table, row, left))


@settings(max_examples=EXAMPLES)
@given(tables(ranges=False), st.sampled_from([None, 1, 2]))
def test_a_set_is_a_key_of_a_row_if_nobody_elses_row_looks_the_same(table: Table, most: int | None):
    found = unique_sets(table.low, table.sizes, most=most, people=table.people)
    for row in range(len(table)):
        alone = [
            columns
            for size in range(1, (most or 3) + 1)
            for columns in itertools.combinations(range(3), size)
            if len(people_with(table, row, columns)) == 1
        ]
        minimal = [s for s in alone if not any(set(other) < set(s) for other in alone)]
        assert sorted(found.of(row, smallest=False)) == sorted(minimal)
        assert found.smallest[row] == min(map(len, minimal), default=0)


@settings(max_examples=EXAMPLES)
@given(tables(ranges=False))
def test_individual_risk_counts_people_and_their_mean_weight(table: Table):
    weight = 1.0 + np.arange(len(table)) % 3
    assert table.people is not None
    for row, risk in enumerate(individual_risk(table, weight).tolist()):
        alike = [j for j in range(len(table)) if (table.low[j] == table.low[row]).all()]
        people = {int(table.people[j]) for j in alike}
        total = sum(np.mean([weight[j] for j in alike if table.people[j] == who]) for who in people)
        f = float(len(people))
        assert risk == pytest.approx(
            float(mean_of_reciprocal(np.array([f]), np.array([min(f / total, 1.0)]))[0])
        )


@settings(max_examples=EXAMPLES)
@given(tables())
def test_a_predicate_holds_for_people(table: Table):
    asked = [
        Predicate(()),
        Predicate(((0, 0, 0),)),
        Predicate(((0, 1, 2), (2, 0, 1))),
        Predicate(((1, 1, 1),), one_in=2.0, salt=5),
    ]
    assert table.people is not None
    counts, alone = BitSets(table).counts(asked), BitSets(table.published)
    hashed = {tuple(row): i for i, row in enumerate(table.low.tolist())}
    assert len(set(digests(table.low).tolist())) == len(hashed)
    for one, count in zip(asked, counts.tolist(), strict=True):
        whose: set[int] = set()
        for row in range(len(table)):
            # A table of this one row says whether it holds for it.
            if BitSets(table.published.take(np.array([row]))).counts([one])[0]:
                whose.add(int(table.people[row]))
        assert count == len(whose) <= alone.counts([one])[0]


@settings(max_examples=EXAMPLES)
@given(tables(ranges=False), st.integers(2, 4))
def test_rare_rows_and_values_are_those_of_few_people(table: Table, k: int):
    known = ("a", "b", "c")
    for mechanism in (
        WithoutRareRows(known=known, k=k, how="blank"),
        WithoutRareValues(columns=known, people=k),
    ):
        try:
            view = mechanism(table, rng=None).view
        except DataError:
            continue
        assert view.people is not None and all(claim.holds for claim in mechanism.claims(view))
        assert (
            "people" in mechanism.claims(view)[0].text and "rows" in mechanism.claims(view.published)[0].text
        )
        for row in range(len(table)):
            if isinstance(mechanism, WithoutRareRows):
                assert view.suppressed[row].all() == (len(people_with(table, row, (0, 1, 2))) < k)
            else:
                few = [len(people_with(table, row, (i,))) < k for i in range(3)]
                assert view.suppressed[row].tolist() == few


@settings(max_examples=EXAMPLES)
@given(tables(ranges=False), st.integers(2, 4))
def test_single_cells_makes_no_class_of_people_smaller(table: Table, k: int):
    known = ("a", "b", "c")
    view = SingleCells(known=known, k=k)(table, rng=None).view
    for row in range(len(table)):
        before, after = people_with(table, row, (0, 1, 2)), people_with(view, row, (0, 1, 2))
        assert before <= after and (len(before) < k or not view.suppressed[row].any())


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 999), st.integers(2, 5), st.integers(1, 6))
def test_groups_of_microaggregation_have_k_people(seed: int, k: int, most: int):
    rng = np.random.default_rng(seed)
    people = np.concatenate(
        [np.full(rng.integers(1, most + 1), who) for who in range(int(rng.integers(k, 25)))]
    )
    people = rng.permutation(people)
    x = rng.integers(0, 6, (len(people), 2)).astype(np.float64)
    group = mdav(x, k, people=people)
    sizes = [len(set(people[group == g].tolist())) for g in range(int(group.max()) + 1)]
    assert group.min() == 0 and min(sizes) >= k
    # With one row each, whatever the people's numbers are, it is what it is without them.
    far = rng.random((len(people), 2))
    assert mdav(far, k, people=rng.permutation(len(far))).tolist() == mdav(far, k).tolist()


def test_microaggregation_verifies_people_and_catches_what_counted_rows():
    numbers = Domain("x", tuple(map(str, range(12))), np.arange(12.0))
    people = np.repeat(np.arange(6), 2)
    table = Table.of([numbers], np.arange(12)[:, None], people=people)
    mechanism = Microaggregation(columns=("x",), k=2)
    view = mechanism(table, rng=None).view
    assert mechanism.claims(view)[0].holds
    by_rows = mechanism(table.published, rng=None).view
    assert mechanism.claims(by_rows)[0].holds
    twin = Table(by_rows.domains, by_rows.low, by_rows.high, people)
    assert not mechanism.claims(twin)[0].holds
    with pytest.raises(DataError, match="6 people and a group 7"):
        Microaggregation(columns=("x",), k=7)(table, rng=None)
