"""People with several rows: by loops over rows, and each row of a person drawn with the same chance."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.core.keys import key_of_value
from confide.views.table import Domain, Table
from confide.views.table_keys import Keys
from confide.views.table_people import (
    all_rows_of,
    mean_of_people,
    number_of_people,
    one_row_each,
    rows_beside,
    whose,
)


def table(people: list[int] | None, *, seed: int = 0, n: int | None = None) -> Table:
    rng = np.random.default_rng(seed)
    rows = len(people) if people is not None else (n or 0)
    domains = [Domain(name, tuple("xyz")) for name in "ab"]
    codes = rng.integers(0, 3, (rows, 2))
    return Table.of(domains, codes, people=None if people is None else np.array(people, np.int64))


PEOPLE = st.lists(st.integers(0, 9), min_size=1, max_size=25)


@settings(max_examples=40)
@given(PEOPLE, st.integers(0, 99))
def test_people_are_counted_as_a_loop_counts_them(people: list[int], seed: int):
    made = table(people, seed=seed)
    rows = np.flatnonzero(np.random.default_rng(seed).random(len(people)) < 0.5)
    assert number_of_people(made) == len(set(people))
    assert number_of_people(made, rows) == len({people[row] for row in rows})
    chosen = {people[row] for row in rows}
    assert all_rows_of(made, rows).tolist() == [who in chosen for who in people]
    one = whose(made).tolist()
    assert [one[i] == one[0] for i in range(len(one))] == [who == people[0] for who in people]
    keys = Keys.of(made.low, made.sizes, people=made.people)
    for code, count in zip(keys.codes.tolist(), keys.count.tolist(), strict=True):
        assert count == len({who for who, row in zip(people, made.low.tolist(), strict=True) if row == code})


@settings(max_examples=40)
@given(PEOPLE, st.integers(0, 99))
def test_the_rows_of_a_person_are_all_there_and_nobody_elses(people: list[int], seed: int):
    made = table(people)
    place = np.random.default_rng(seed).permutation(len(people))
    rows = np.arange(len(people))
    found = rows_beside(made, rows, place, none=-1)
    for row in rows.tolist():
        theirs = sorted(int(place[i]) for i, who in enumerate(people) if who == people[row])
        assert sorted(x for x in found[row].tolist() if x != -1) == theirs


def test_where_a_row_is_a_person_people_are_rows():
    made = table(None, n=5)
    rows = np.array([3, 1])
    assert whose(made).tolist() == [0, 1, 2, 3, 4] and number_of_people(made) == 5
    assert all_rows_of(made, rows).tolist() == [False, True, False, True, False]
    assert rows_beside(made, rows, np.arange(5) + 10, none=-1).tolist() == [13, 11]
    drawn = one_row_each(made, np.arange(5), rng=np.random.default_rng(3))
    assert drawn.tolist() == np.random.default_rng(3).permutation(5).tolist()
    each = np.array([0.1, 0.7, 0.2])
    assert float(mean_of_people(each, None)) == float(each.mean())


def test_of_each_person_one_row_is_drawn_evenly_and_people_come_in_any_order():
    """Error rate: each share is held to 5 standard deviations, one in a million and a half of each."""
    made, times = table([0, 0, 0, 1, 2, 2]), 3_000
    rng = np.random.default_rng(0)
    drawn = [one_row_each(made, np.arange(6), rng=rng).tolist() for _ in range(times)]
    assert all(sorted(whose(made)[one].tolist()) == [0, 1, 2] for one in drawn)
    of = Counter(row for one in drawn for row in one)
    first = Counter(int(whose(made)[one[0]]) for one in drawn)
    third = dict.fromkeys(range(3), 1 / 3)
    for counts, chances in ((of, {**third, 4: 0.5, 5: 0.5}), (first, third)):
        for at, chance in chances.items():
            assert abs(counts[at] / times - chance) < 5 * (chance * (1 - chance) / times) ** 0.5
    # Broken twin: the first row of a random order, in that order, lets people with many rows come first.
    order = [rng.permutation(6) for _ in range(times)]
    wrong = Counter(int(whose(made)[one[0]]) for one in order)
    assert abs(wrong[0] / times - 1 / 3) > 5 * (2 / 9 / times) ** 0.5


def test_whose_a_row_is_goes_with_it_and_is_not_published():
    made = table([4, 7, 4])
    assert made.take(np.array([2, 1])).people.tolist() == [4, 7]
    assert made.only(["b"]).people.tolist() == [4, 7, 4]
    plain = made.published
    assert plain.people is None and plain.published is plain
    assert np.array_equal(made.published.low, made.low)
    assert made.digest() != made.published.digest() and key_of_value(made) != key_of_value(made.published)
