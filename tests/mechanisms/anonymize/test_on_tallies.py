"""Recodings of distinct rows and their numbers are those of all rows, and so are k, l and t."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.arrays import Ints
from confide.core.errors import DataError
from confide.measure.anonymity import anonymity, k_of_subsets, recursive
from confide.measure.class_secrets import Diversity
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.full_domain import FullDomain
from confide.mechanisms.anonymize.local_recoding import LocalRecoding
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.mechanisms.anonymize.on_tallies import OnTallies
from confide.views.table import Domain, Table
from confide.views.tally import Tally

KNOWN = ("age", "town", "ok")


def table(seed: int) -> Table:
    rng = np.random.default_rng(seed)
    age = Domain("age", tuple(map(str, range(12))), np.arange(12.0))
    town = Domain("town", ("a", "b", "c", "(missing)"), missing=True)
    domains = (age, town, Domain("ok", ("no", "yes")), Domain("ill", ("x", "y", "z")))
    return Table.of(domains, rng.integers(0, [len(d) for d in domains], (300, 4)) // [1, 1, 2, 1])


def tallied(people: Table, rng: np.random.Generator) -> tuple[Tally, Ints]:
    """Its distinct rows in any order, some of them twice, and the row of each person."""
    rows, row = np.unique(people.low, axis=0, return_inverse=True)
    # What is one row after coding may be two in a database, such as NaN and null.
    row = row + len(rows) * (rng.random(len(row)) < 0.5)
    place = np.full(2 * len(rows), -1)
    there = rng.permutation(np.unique(row))
    place[there] = np.arange(len(there))
    codes = np.concatenate([rows, rows])[there]
    return Tally(Table.of(people.domains, codes), np.bincount(place[row])), place[row]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "rules",
    [Rules(k=4), Rules(k=3, l=Diversity.of("2"), secret="ill"), Rules(k=5, t=0.4, secret="ill"),
     Rules(k=3, l=Diversity.of("recursive:3,2"), secret="ill")],
    ids=["k", "l", "t", "recursive"],
)  # fmt: skip
@pytest.mark.parametrize("of", [Mondrian, LocalRecoding, FullDomain])
def test_each_person_gets_the_cells_that_they_get_among_all_rows(
    of: type[Mondrian | LocalRecoding | FullDomain], rules: Rules, seed: int
) -> None:
    people, rng = table(seed), np.random.default_rng(seed)
    tally, row = tallied(people, rng)
    step = of(known=KNOWN, rules=rules)
    found = OnTallies(step=step)(tally, rng=None).view
    whole = step(people, rng=None).view
    assert np.array_equal(found.rows.low[row], whole.low) and np.array_equal(found.rows.high[row], whole.high)
    assert all(claim.holds for claim in OnTallies(step=step).claims(found))


@pytest.mark.parametrize("seed", range(4))
def test_k_l_and_t_of_numbers_of_rows_are_those_of_the_rows(seed: int) -> None:
    people = table(seed)
    tally, row = tallied(people, np.random.default_rng(seed))
    view = LocalRecoding(known=KNOWN, rules=Rules(k=7), suppress=0.2)(people, rng=None).view
    low, high = np.empty_like(tally.rows.low), np.empty_like(tally.rows.low)
    low[row], high[row] = view.low, view.high
    short = Table(view.domains, low, high)
    assert anonymity(short, KNOWN, secret="ill", count=tally.count) == anonymity(view, KNOWN, secret="ill")
    assert k_of_subsets(short, KNOWN, 2, count=tally.count) == k_of_subsets(view, KNOWN, 2)
    kept = recursive(short, KNOWN, secret="ill", l=2, count=tally.count)
    assert kept == recursive(view, KNOWN, secret="ill", l=2)
    # Counting each distinct row once would say another k.
    assert anonymity(short, KNOWN).k != anonymity(view, KNOWN).k


def test_a_class_of_too_few_people_is_found_in_the_numbers() -> None:
    sex = Domain("sex", ("f", "m"))
    view = Tally(Table.of([sex], np.array([[0], [1], [0]])), np.array([2, 3, 2]))
    step = OnTallies(step=Mondrian(known=("sex",), rules=Rules(k=4)))
    assert [claim.holds for claim in step.claims(view)] == [False]
    three = OnTallies(step=Mondrian(known=("sex",), rules=Rules(k=3)))
    assert [claim.holds for claim in three.claims(view)] == [True]


def test_tallies_say_the_same_in_any_order_and_only_with_the_same_numbers() -> None:
    domain = Domain("x", ("a", "b"))
    one = Tally(Table.of([domain], np.array([[0], [1], [0]])), np.array([2, 3, 1]))
    assert one.says_same(Tally(Table.of([domain], np.array([[1], [0]])), np.array([3, 3])))
    assert not one.says_same(Tally(Table.of([domain], np.array([[1], [0]])), np.array([3, 4])))
    ranges = Table((domain,), np.array([[1], [0]], np.int32), np.array([[1], [1]], np.int32))
    assert not one.says_same(Tally(ranges, np.array([3, 3])))
    with pytest.raises(DataError, match="at least 1"):
        Tally(one.rows, np.array([1, 1, 0]))
