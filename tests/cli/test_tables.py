"""`confide identifiers`, `confide estimate`, and `confide protect table` with recipes of columns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from confide.cli import main


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    rng, n = np.random.default_rng(0), 240
    table = pl.DataFrame(
        {
            "person_id": [f"P{i:05d}" for i in range(n)],
            "mail": [f"someone{i}@example.org" for i in range(n)],
            "age": rng.integers(18, 90, n),
            "region": rng.choice(["north", "south", "east"], n),
            "note": [f"came on day {i} and left again on the day after it" for i in range(n)],
            "level": rng.choice(["a", "b"], n),
        }
    )
    table.write_parquet("p.parquet")
    table.write_csv("p.csv", separator=";")
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def protect(*words: str) -> Result:
    given = ["p.parquet", "--known", "age,region", "--targets", "120", "--attacks", "nearest"]
    return run("protect", "table", *given, "--out", "s.parquet", *words)


@pytest.mark.parametrize("file", ["p.parquet", "p.csv"])
def test_identifiers_are_named_and_no_value_is(desk: Path, file: str) -> None:
    done = run("identifiers", file)
    assert done.exit_code == 0, done.output
    assert "  mail: 100% of its values look like an e-mail address" in done.output
    assert "  person_id: " in done.output.partition("Others may know")[0]
    assert "  note: " in done.output.partition("Others may know")[0]
    assert "Proposed: --known age,region" in done.output
    assert not any(word in done.output for word in ("P00001", "someone1", "north", "came on"))


def test_a_file_that_is_not_there_is_one_sentence(desk: Path) -> None:
    for words in (("identifiers", "no.parquet"), ("estimate", "no.parquet", "region")):
        done = run(*words)
        assert done.exit_code == 2 and "Traceback" not in done.output
        assert len(done.output.strip().splitlines()) == 1 and "no.parquet" in done.output


def test_a_randomised_column_is_estimated(desk: Path) -> None:
    done = protect("--with", "k-ary(region)", "--with", "laplace(age, 18..90)", "--epsilon", "8")
    assert done.exit_code == 0, done.output
    assert "Promised: epsilon 8" in done.output
    told = run("estimate", "s.parquet", "region")
    assert told.exit_code == 0, told.output
    head, *rows = told.output.strip().splitlines()
    assert head.startswith("region: estimated from 240 rows, randomised by columns:8,k-ary(region)")
    assert sorted(row.split()[0] for row in rows) == ["east", "north", "south", "value"]
    shares = [float(row.split()[-1]) for row in rows[1:]]
    assert sum(shares) == pytest.approx(1, abs=0.002)
    assert "mean " in run("estimate", "s.parquet", "age").output
    wider = run("estimate", "s.parquet", "region", "--confidence", "0.99").output
    assert "at 99%" in wider


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("estimate", "s.parquet", "level"), "column 'level' was not randomised: name one that was (region)"),
        (("estimate", "p.parquet", "region"), "has no sidecar beside it"),
        (("estimate", "s.parquet", "region", "--confidence", "2"), "2"),
    ],
)
def test_what_cannot_be_estimated_is_said(desk: Path, words: tuple[str, ...], says: str) -> None:
    assert protect("--with", "k-ary(region)", "--epsilon", "2").exit_code == 0
    done = run(*words)
    assert done.exit_code == 2 and says in done.output and "Traceback" not in done.output


def test_a_file_that_changed_is_not_estimated_from(desk: Path) -> None:
    assert protect("--with", "k-ary(region)", "--epsilon", "2").exit_code == 0
    pl.read_parquet("s.parquet").reverse().head(100).write_parquet("s.parquet")
    done = run("estimate", "s.parquet", "region")
    assert done.exit_code == 2 and "it has changed since" in done.output


def test_rappor_is_asked_for_values(desk: Path) -> None:
    assert protect("--with", "rappor(region)", "--epsilon", "40").exit_code == 0
    assert "--values a,b,c" in run("estimate", "s.parquet", "region").output
    told = run("estimate", "s.parquet", "region", "--values", "north,south,east,moon")
    assert told.exit_code == 0, told.output
    assert float(told.output.strip().splitlines()[-1].split()[-1]) < 0.2  # nobody is on the moon


def test_next_month_by_the_recipe(desk: Path) -> None:
    assert protect("--with", "mondrian:5").exit_code == 0
    words = ("--known", "age,region", "--targets", "120", "--attacks", "nearest", "--out", "t.parquet")
    done = run("protect", "table", "p.parquet", *words, "--recipe", "s.parquet.confide.json")
    assert done.exit_code == 0, done.output
    assert json.loads(Path("t.parquet.confide.json").read_text())["protections"] == ["mondrian:5"]


def test_settings_of_tables_are_not_offered_elsewhere(desk: Path) -> None:
    assert "--epsilon" in run("protect", "table", "--help").output
    assert "--key-file" not in run("protect", "ratings", "--help").output
