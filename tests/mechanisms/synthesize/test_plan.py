"""Plans come from the columns and a number alone, and are near what a synthesis takes."""

from __future__ import annotations

import os
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.mechanisms.synthesize.test_aim import TABLE, aim, people, rng

from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.data import adult
from confide.mechanisms.synthesize.aim import AIM
from confide.mechanisms.synthesize.mst import MST
from confide.mechanisms.synthesize.plan import made_up, plan
from confide.views.table import Domain, Table

ADULT = Path(os.environ.get("CONFIDE_DATA", "")) / "tabular" / "adult.parquet"


def binned(frame: pl.DataFrame) -> Table:
    """Numbers in 16 even bins."""
    codes, domains = [], []
    for column in frame:
        if column.dtype.is_numeric():
            values = column.to_numpy().astype(float)
            code, size = np.clip((values - values.min()) / np.ptp(values) * 16, 0, 15).astype(int), 16
        else:
            labels, code = np.unique(column.fill_null("?").to_numpy().astype(str), return_inverse=True)
            size = len(labels)
        codes.append(code)
        domains.append(Domain(column.name, tuple(map(str, range(size)))))
    return Table.of(domains, np.stack(codes, 1))


def held_to_truth(made: AIM | MST, table: Table, factor: float) -> None:
    """One processor, its own seconds: other work on the machine does not count."""
    made(table.take(np.arange(50)), rng=rng())  # what is loaded once takes no time later
    foretold = plan(made, table.domains, rows=len(table), rng=rng())
    began = time.process_time()
    release = made(table, rng=rng(1))
    seconds = time.process_time() - began
    tracemalloc.start()
    made(table, rng=rng(1))
    megabytes = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    for name, said, true in (
        ("seconds", foretold.seconds, seconds),
        ("megabytes", foretold.megabytes, megabytes),
        ("measurements", foretold.measurements, len(release.margins)),
    ):
        assert true / factor <= said <= true * factor, (name, said, true)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [20_000, 100_000])
def test_time_and_memory_of_mst_are_foretold(rows: int) -> None:
    held_to_truth(
        MST(budget=Budget(1.0, 1e-9), noise="rehearsal"), binned(adult.twin(rows, rng=rng(9)).x), 2.0
    )


@pytest.mark.slow
@pytest.mark.skipif(not ADULT.exists(), reason="adult.parquet is not under $CONFIDE_DATA")
def test_time_and_memory_of_aim_are_foretold() -> None:
    """On real people within a factor of two; on columns that are independent it takes less than is said."""
    held_to_truth(AIM(budget=Budget(1.0, 1e-9), noise="rehearsal"), binned(adult.load().x), 2.0)


def test_a_plan_needs_no_record_and_is_the_same_for_all_tables_of_its_columns() -> None:
    one, two = (plan(aim(), people(2_000, seed).domains, rows=2_000, rng=rng(5)) for seed in (0, 1))
    assert replace(one, seconds=0.0) == replace(two, seconds=0.0)
    assert one.measurements >= 5 and one.seconds > 0 and one.megabytes > 0
    assert "of one processor" in str(one)


def test_more_budget_or_more_rows_mean_less_noise() -> None:
    noise = [
        plan(aim(e), TABLE.domains, rows=n, rng=rng()).noise
        for e, n in ((0.5, 2_000), (4, 2_000), (4, 9_000))
    ]
    assert noise[0] > 2 * noise[1] > 2 * noise[2]


def test_many_rows_are_planned_with_fewer() -> None:
    """A million rows are planned with 40,000; the deviation is that of the real noise."""
    made = MST(budget=Budget(1.0, 1e-9), noise="rehearsal")
    large = plan(made, TABLE.domains, rows=1_000_000, rng=rng())
    small = plan(made, TABLE.domains, rows=40_000, rng=rng())
    assert large.deviation == pytest.approx(small.deviation, rel=0.25)
    assert large.noise < small.noise / 5 and large.megabytes > 10 * small.megabytes


def test_made_up_records_depend_on_each_other() -> None:
    made = made_up(TABLE.domains, 5_000, rng=rng())
    assert made.names == TABLE.names and len(made) == 5_000
    with pytest.raises(DataError, match="rows is 0"):
        plan(aim(), TABLE.domains, rows=0, rng=rng())
