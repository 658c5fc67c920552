"""Nothing about how a file is read, and nothing of its types, follows from a single row."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from tests.releases.synthesis.test_synthesize import desk, people, read_domain_of, rng, run

from confide import Budget
from confide.cli import main
from confide.inputs.domain_cells import prepared, read_rows
from confide.mechanisms.synthesize.columns.encoding import encode
from confide.synthesize import MST

pytest.importorskip("opendp")
__all__ = ["desk"]


TRUTHS = """
[columns.smokes]
kind = "category"
values = ["true", "false"]
other = "false"
[columns.age]
kind = "integer"
low = 0
high = 99
outside = "clip"
"""


@pytest.mark.parametrize("odd", ["unknown,40", "NA,40", "False,33.0", " True,007", "1,1e1"])
def test_one_row_more_changes_the_reading_of_no_other(desk: Path, odd: str) -> None:
    """The types of a csv file must not follow from its values: one row would move every count."""
    rows = [f"{bool(i % 2)},{i % 100}" for i in range(1_000)]
    for name, more in (("a", []), ("b", [odd])):
        (desk / f"{name}.csv").write_text("\n".join(["smokes,age", *rows, *more]) + "\n")
    domain = read_domain_of(TRUTHS.replace('other = "false"', 'other = "false"\nnulls = true'))
    one, other = (encode(prepared(read_rows(desk / f"{n}.csv"), domain), domain).table for n in "ab")
    assert (other.low[:1_000] == one.low).all() and len(other) == 1_001
    files = [
        MST(domain, budget=Budget(1.0, 1e-9), noise="rehearsal")(read_rows(desk / f"{n}.csv"), rng=rng())
        for n in "ab"
    ]
    assert files[0].frame.schema == files[1].frame.schema
    assert files[0].frame.schema["age"] == pl.Int64


def test_types_and_categories_of_the_file_are_not_published() -> None:
    ages = pl.DataFrame({"smokes": ["true", "rare"] * 300, "age": [1.0, 2.0] * 300}).with_columns(
        pl.col("smokes").cast(pl.Enum(["true", "false", "rare"]))
    )
    made = MST(read_domain_of(TRUTHS), budget=Budget(5.0, 1e-9), noise="rehearsal")(ages, rng=rng())
    assert made.frame.schema == {"smokes": pl.String, "age": pl.Int64}


def test_days_of_a_csv_file_are_read_by_themselves(desk: Path) -> None:
    text = '[columns.d]\nkind = "date"\nlow = 2020-01-01\nhigh = 2020-12-31\n'
    (desk / "domain.toml").write_text(text)
    (desk / "d.csv").write_text("d\n" + "2020-03-04\n" * 500)
    done = run("--mechanism", "independent", "--out", "s.csv", data="d.csv")
    assert done.exit_code == 0, done.output
    assert pl.read_csv("s.csv", try_parse_dates=True)["d"].dtype == pl.Date
    (desk / "e.csv").write_text("d\n" + "2020-03-04\n" * 500 + "03/04/2020\n")
    paid = ("--ledger", "sqlite:///l.db", "--budget", "3,1e-6")
    refused = run("--mechanism", "independent", *paid, "--out", "t.csv", data="e.csv")
    assert refused.exit_code == 2 and "no day as 2020-12-31 in 1 cells (row 501)" in refused.output
    assert not Path("l.db").exists()


def test_bounds_are_not_searched_in_a_csv_file(desk: Path) -> None:
    people().write_csv("people.csv")
    words = ["domain", "people.csv", "--private", "0.5", "--delta", "1e-7", "--out", "found.toml"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2 and "write the table as .parquet" in done.output
