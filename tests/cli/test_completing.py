"""Shell completion proposes what a command takes, and never fails in the middle of a line."""

from pathlib import Path

import polars as pl
import pytest
from click.shell_completion import BashComplete

from confide.audits import spec_of
from confide.cli import main


def proposed(*words: object, begun: str = "") -> list[str]:
    shell = BashComplete(main, {}, "confide", "_CONFIDE_COMPLETE")
    return [item.value for item in shell.get_completions([str(word) for word in words], begun)]


@pytest.fixture(params=["people.csv", "people.parquet"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path, frame = tmp_path / request.param, pl.DataFrame({"age": [1], "zip code": [2], "ill": [3]})
    frame.write_csv(path, separator=";") if path.suffix == ".csv" else frame.write_parquet(path)
    return path


def test_commands_and_kinds_are_proposed() -> None:
    assert "audit" in proposed(begun="au")
    assert proposed("audit", begun="ra") == ["ratings"]


def test_attacks_are_proposed_one_after_another() -> None:
    assert proposed("audit", "model", "--attacks", begun="lir") == ["lira"]
    assert proposed("audit", "model", "--attacks", begun="loss,lir") == ["loss,lira"]
    assert "loss,loss" not in proposed("audit", "model", "--attacks", begun="loss,l")


def test_protections_of_the_kind_are_proposed() -> None:
    examples = sorted(p.example for p in spec_of("images").protections.values())
    assert sorted(proposed("audit", "images", "faces", "--protect")) == examples
    assert sorted(proposed("protect", "images", "faces", "--with")) == examples


def test_columns_of_the_named_table_are_proposed(table: Path) -> None:
    assert proposed("audit", "table", table, "--secret") == ["age", "zip code", "ill"]
    assert proposed("audit", "table", table, "--known", begun="age,i") == ["age,ill"]


def test_limits_are_proposed() -> None:
    assert "tpr@0.01=" in proposed("audit", "model", "--limit", begun="tpr")
    assert proposed("audit", "model", "--limit", begun="au") == ["auc="]


def test_what_cannot_be_read_proposes_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"no table")
    assert proposed("audit", "table", tmp_path / "broken.parquet", "--secret") == []
    assert proposed("audit", "table", "--secret") == []
