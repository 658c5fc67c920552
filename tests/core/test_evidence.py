"""Evidence: one tidy table that survives the disk, and refuses what cannot be read."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from confide.core import kept_evidence as kept
from confide.core.atomic import atomic_write
from confide.core.errors import DataError, EvidenceError
from confide.core.evidence import Evidence


def some(attack: str = "a") -> Evidence:
    rng = np.random.default_rng(0)
    return Evidence.of(rng.random(30) < 0.5, rng.standard_normal(30), attack=attack, randomised=True)


def test_evidence_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    parts = [some("a"), some("b")]
    kept.save(parts, tmp_path / "e.parquet")
    again = kept.load(tmp_path / "e.parquet")
    assert [e.attack for e in again] == ["a", "b"]
    assert all(e.randomised for e in again)
    assert_frame_equal(again[0].table, parts[0].table)


def test_evidence_made_elsewhere_needs_two_columns(tmp_path: Path) -> None:
    pl.DataFrame({"exposed": [1, 0, 1], "score": [3, 2, 1]}).write_parquet(tmp_path / "e.parquet")
    (found,) = kept.load(tmp_path / "e.parquet")
    assert found.table["target"].to_list() == [0, 1, 2]
    assert found.table["hit"].all()
    assert found.exposed.tolist() == [True, False, True]


def test_a_wrong_claim_never_counts() -> None:
    found = Evidence.of(np.array([True, False]), np.array([2.0, 3.0]), hit=np.array([True, False]))
    assert found.claims.tolist() == [2.0, -np.inf]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (pl.DataFrame({"score": [1.0]}), "exposed and score"),
        (pl.DataFrame({"exposed": [True], "score": [float("nan")]}), "NaN"),
        (pl.DataFrame({"exposed": [True, None], "score": [0.0, 1.0]}), "empty"),
        (pl.DataFrame({"exposed": ["yes"], "score": [0.0]}), r"holds yes in row 1: give 1 \(or true\)"),
        (pl.DataFrame({"exposed": [True], "score": ["high"]}), "cannot be read as its type"),
    ],
)
def test_evidence_that_cannot_be_read_says_why(table: pl.DataFrame, says: str, tmp_path: Path) -> None:
    table.write_parquet(tmp_path / "e.parquet")
    with pytest.raises(EvidenceError, match=says):
        kept.load(tmp_path / "e.parquet")


def test_a_column_of_rows_that_a_table_has_already_is_not_its_place(tmp_path: Path) -> None:
    path = tmp_path / "e.parquet"
    made = pl.DataFrame({"exposed": [True, False], "score": [1.0, 2.0], "row of the file": [7, 8]})
    made.write_parquet(path)
    ((_, where),) = kept.load_with_rows(path)
    assert where["row"].to_list() == [1, 2]


def test_a_corrupt_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "e.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match=r"e\.parquet cannot be read as parquet"):
        kept.load(tmp_path / "e.parquet")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_write(path) as draft:
        draft.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_who_the_targets_are_stands_beside_the_rows_and_means_nothing_to_load(tmp_path: Path) -> None:
    parts = [
        Evidence.of(np.array([True, False]), np.array([2.0, 1.0]), attack=name) for name in ("one", "other")
    ]
    who = {"one": pl.DataFrame({"target": [1, 0], "person": ["b", "a"]})}
    kept.save(parts, tmp_path / "e.parquet", who=who)
    assert pl.read_parquet(tmp_path / "e.parquet")["person"].to_list() == ["a", "b", None, None]
    again = kept.load(tmp_path / "e.parquet")
    assert all(e.table.equals(p.table) for e, p in zip(again, parts, strict=True))


def test_whose_each_row_is_goes_with_the_file(tmp_path: Path) -> None:
    """Several targets of one person, such as pictures, are still one person when the file is read again."""
    table = Evidence.of(np.array([True, True, False]), np.array([0.9, 0.8, 0.1]), attack="a")
    kept.save([table.about(np.array([4, 4, 7]))], tmp_path / "e.parquet")
    (again,) = kept.load(tmp_path / "e.parquet")
    assert again.person.tolist() == [4, 4, 7]
    pl.DataFrame({"exposed": [1, 0], "score": [2.0, 1.0], "person": [5, 5]}).write_csv(tmp_path / "e.csv")
    (other,) = kept.load(tmp_path / "e.csv")
    assert other.person.tolist() == [0, 1], "a column of the user's own is taken only where it is named"
