"""Control people who are in the table too are refused, also where no ids say who they are."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.inputs.control_table import refuse_shared
from confide.inputs.table import Table, read_data


def people(n: int, rng: np.random.Generator, *, values: tuple[int, ...] = (5, 8, 12)) -> np.ndarray:
    """Rows of which some are common and some rare."""
    return np.column_stack([np.minimum(rng.geometric(2 / m, n), m) - 1 for m in values])


def refused(inside: np.ndarray, outside: np.ndarray, *, size: int = 12) -> bool:
    sizes = np.full(inside.shape[1], size)
    frame = pl.DataFrame({str(i): outside[:, i] for i in range(outside.shape[1])})
    try:
        refuse_shared(np.concatenate([inside, outside]), sizes, frame)
    except DataError as error:
        assert "more than chance explains" in str(error)
        return True
    return False


@pytest.mark.parametrize("values", [(5, 8, 12), (3, 4), (12, 12, 12, 12, 12)])
def test_other_people_of_the_same_kind_are_taken(values: tuple[int, ...]) -> None:
    """One in a million is refused: none of 200, whether rows are mostly shared or hardly ever."""
    rng = np.random.default_rng(0)
    drawn = [people(800, rng, values=values) for _ in range(200)]
    assert not any(refused(both[:500], both[500:]) for both in drawn)


@pytest.mark.parametrize("shared", [300, 60])
def test_people_of_the_table_are_refused(shared: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        inside, other = (people(500, rng, values=(12,) * 6) for _ in range(2))
        assert refused(inside, np.concatenate([inside[:shared], other[: 300 - shared]]))


def test_rows_that_many_people_have_are_seen_by_the_rare_ones() -> None:
    rng = np.random.default_rng(2)
    inside = people(2_000, rng)
    assert refused(inside, inside[:1_000])


def test_a_control_file_is_compared_and_ids_settle_it() -> None:
    rng = np.random.default_rng(3)
    rows = people(400, rng, values=(40, 12, 12, 12))
    frame = pl.DataFrame({c: rows[:, i] for i, c in enumerate(["age", "zip", "sex", "job"])})
    held = {"known": ["age", "zip"], "secret": "job"}
    with pytest.raises(DataError, match=r"100 of 100 control rows.*--id column in both tables"):
        read_data(Table(frame, control=frame.head(100), **held))
    inside, outside = (frame.with_columns(id=pl.Series(range(at, at + 400))) for at in (0, 1_000))
    assert read_data(Table(inside, control=outside, id="id", **held)).absent is not None
    with pytest.raises(DataError, match="100 of 100 control rows"):
        read_data(Table(inside, control=outside.head(100).drop("id"), id="id", **held))
