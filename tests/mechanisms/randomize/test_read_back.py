"""Reading a release back in the values of its original."""

from __future__ import annotations

import numpy as np
import pytest

from confide.mechanisms.anonymize.pseudonyms import Pseudonyms, SecretKey
from confide.mechanisms.randomize.rappor import Rappor
from confide.mechanisms.randomize.read_back import ReadBack
from confide.mechanisms.randomize.unary_encoding import UnaryEncoding
from confide.views.table import Domain, Table

AGE = Domain("age", ("30", "40", "60", ""), np.array([30.0, 40.0, 60.0, np.nan]), missing=True)
PLACE = Domain("place", ("a", "b", "c"))


def original(n: int = 600) -> Table:
    rng = np.random.default_rng(0)
    return Table.of(
        [AGE, PLACE], np.column_stack([rng.integers(0, 4, n), rng.choice(3, n, p=[0.5, 0.3, 0.2])])
    )


def one(domain: Domain, codes: list[int], high: list[int] | None = None) -> Table:
    low = np.array(codes, np.int32)[:, None]
    return Table((domain,), low, low if high is None else np.array(high, np.int32)[:, None])


def test_a_number_is_read_as_the_nearest_and_a_missing_one_as_missing() -> None:
    noisy = Domain("age", ("-9", "34", "51", "99", ""), np.array([-9, 34, 51, 99, np.nan]), missing=True)
    read = ReadBack.to(original()).read(one(noisy, [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]))
    assert read.low[:, 0].tolist() == read.high[:, 0].tolist() == [0, 0, 2, 2, 3]


def test_a_range_is_read_as_the_range_around_what_it_may_stand_for() -> None:
    noisy = Domain("age", ("28", "41", "70"), np.array([28.0, 41.0, 70.0]))
    read = ReadBack.to(original()).read(one(noisy, [0, 1], [1, 2]))
    assert read.low[:, 0].tolist() == [0, 1] and read.high[:, 0].tolist() == [1, 2]


def test_what_is_not_there_may_be_everything_and_the_order_of_codes_says_nothing() -> None:
    read = ReadBack.to(original()).read(one(Domain("place", ("c", "a", "new")), [0, 1, 2]))
    assert read.low.tolist() == [[0, 2], [0, 0], [0, 0]]
    assert read.high.tolist() == [[3, 2], [3, 0], [3, 2]]


def test_pseudonyms_are_read_by_how_often_they_occur() -> None:
    table = original()
    hidden = Pseudonyms(column="place", key=SecretKey.new())(table, rng=None).view
    assert np.array_equal(ReadBack.to(table).read(hidden).low, table.low)


def test_pseudonyms_that_are_equally_common_may_be_everything() -> None:
    table = Table.of([PLACE], np.array([[0], [1], [2]]))
    hidden = Pseudonyms(column="place", key=SecretKey.new())(table, rng=None).view
    assert ReadBack.to(table).read(hidden).suppressed.all()


@pytest.mark.parametrize("kind", [UnaryEncoding, Rappor])
def test_bits_that_hide_little_are_read_as_the_value(kind: type[UnaryEncoding] | type[Rappor]) -> None:
    table, part = original(), kind(column="place", epsilon=40.0)
    if isinstance(part, Rappor):
        part = Rappor(column="place", epsilon=80.0, one=1.0, zero=0.0)
    read = ReadBack.to(table, (part,)).read(part(table, rng=None).view)
    said = read.low[:, 1] == read.high[:, 1]
    assert (read.low[said, 1] == table.low[said, 1]).all()
    # A true bit of unary encoding is shown with chance 1/2: 600 coins, 5 deviations.
    least = 0.99 if isinstance(part, Rappor) else 0.5 - 5 * 0.5 / np.sqrt(600)
    assert said.mean() > least and read.suppressed[~said, 1].all()


def test_bits_that_say_nothing_are_not_read_as_a_value() -> None:
    table, part = original(), UnaryEncoding(column="place", epsilon=0.01)
    read = ReadBack.to(table, (part,)).read(part(table, rng=None).view)
    right = (read.low[:, 1] == table.low[:, 1]) & (read.high[:, 1] == table.low[:, 1])
    assert right.mean() < 0.5


def test_a_release_under_the_same_domains_is_itself() -> None:
    table = original()
    assert ReadBack.to(table).read(table) is table
