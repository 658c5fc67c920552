"""`confide domain`: what is written, what is charged, and that bad input changes nothing on disk."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from confide.account.opening import examine_ledger
from confide.cli import main
from confide.core.budget import Unit
from confide.core.errors import BudgetError, DataError, LedgerError
from confide.inputs.domain import read_domain
from confide.releases.synthesis.domain_file import write_domain
from confide.releases.synthesis.domain_settings import DomainSettings

pytest.importorskip("opendp")
N = 20_000


@pytest.fixture
def people(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "person_id": np.arange(N) // 2,
            "age": rng.integers(17, 91, N),
            "pay": np.where(rng.random(N) < 0.9, 0.0, rng.uniform(0, 90_000, N)),
            "town": rng.choice(["Aachen", "Bonn", "Cologne"], N),
            "born": pl.Series(rng.integers(-10_000, 10_000, N)).cast(pl.Int32).cast(pl.Date),
            "smokes": rng.random(N) < 0.5,
        }
    )
    rare = frame.with_row_index("i").with_columns(
        pl.when(pl.col("i") == 7).then(pl.lit("Hof")).otherwise(pl.col("town")).alias("town")
    )
    path = tmp_path / "people.parquet"
    rare.drop("i").write_parquet(path)
    return path


def settings(people: Path, **more: object) -> DomainSettings:
    return DomainSettings(people, **{"out": people.parent / "domain.toml", **more})  # type: ignore[arg-type]


def test_a_template_holds_no_value_of_the_data(people: Path) -> None:
    """Two files with the same names and types give the same bytes."""
    first = write_domain(settings(people)).path.read_bytes()
    other = people.parent / "other.parquet"
    pl.read_parquet(people).with_columns(
        pl.col("age") * 3, pl.col("pay") - 1e6, town=pl.lit("Zwickau"), smokes=pl.lit(True)
    ).head(3).write_parquet(other)
    assert write_domain(settings(other, force=True)).path.read_bytes() == first
    said = tomllib.loads(first.decode())["columns"]
    assert said["person_id"]["kind"] == "key" and "values" not in said["town"] and "low" not in said["age"]
    with pytest.raises(DataError, match="fill it in"):
        read_domain(people.parent / "domain.toml")


def test_bounds_and_categories_under_noise(people: Path) -> None:
    made = write_domain(settings(people, private=8.0, delta=1e-6, rehearse=1))
    domain = read_domain(made.path, schema=pl.read_parquet_schema(people))
    age, pay, town = (domain.named[name] for name in ("age", "pay", "town"))
    assert (age.low, age.high) == (10, 99) and age.outside == "clip"  # type: ignore[union-attr]
    assert (pay.low, pay.high) == (0, 100_000)  # type: ignore[union-attr]
    assert town.values == ("Aachen", "Bonn", "Cologne", "other")  # type: ignore[union-attr]
    assert "Hof" not in made.path.read_text()
    again = write_domain(settings(people, private=8.0, delta=1e-6, rehearse=1, force=True))
    assert again.path.read_bytes() == made.path.read_bytes()


def test_few_people_leave_the_blanks_blank(people: Path) -> None:
    few = people.parent / "few.parquet"
    pl.read_parquet(people).head(5).write_parquet(few)
    made = write_domain(settings(few, private=0.1, delta=1e-9))
    assert "fill in bounds or categories of age, pay, town, born" in str(made)


def test_the_ledger_is_charged_once_and_the_same_question_is_free(people: Path) -> None:
    address = f"sqlite:///{people.parent}/ledger.db"
    spending = {"private": 1.0, "delta": 1e-7, "ledger": address, "unit": Unit.person("person_id", at_most=1)}
    from confide.core.budget import Budget

    first = write_domain(settings(people, **spending, budget=Budget(2, 1e-6)))
    assert first.created
    again = write_domain(settings(people, **spending, force=True))
    assert again.path.read_bytes() == first.path.read_bytes()
    ledger = examine_ledger(address)
    assert (ledger.spent.epsilon, ledger.spent.delta) == (1_000_000, 10**8)
    ledger.close()
    with pytest.raises(BudgetError):
        write_domain(settings(people, **{**spending, "private": 1.5}, force=True))
    with pytest.raises(LedgerError):
        write_domain(settings(people, **{**spending, "unit": Unit.record()}, force=True))
    assert first.path.read_bytes() == again.path.read_bytes()


def test_nothing_is_looked_at_before_it_is_paid(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from confide.core.budget import Budget

    def looked(*_: object, **__: object) -> None:
        raise AssertionError("looked")

    monkeypatch.setattr("confide.releases.synthesis.domain_search.DomainSearch.__call__", looked)
    address = f"sqlite:///{people.parent}/ledger.db"
    with pytest.raises(BudgetError):
        write_domain(settings(people, private=1.0, delta=1e-7, ledger=address, budget=Budget(0.5, 1e-6)))
    assert not (people.parent / "domain.toml").exists()


def test_the_parts_add_up_to_the_promise(people: Path) -> None:
    from confide.inputs.domain_text import drafts
    from confide.releases.synthesis.domain_search import DomainSearch

    search = DomainSearch.of(
        drafts(pl.read_parquet_schema(people)), epsilon=0.1, delta=1e-9, at_most=None, noise="secure"
    )
    assert dict(search.bounds) == {"age": "integer", "pay": "real", "born": "date"}
    assert search.categories == ["town"]
    assert 4 * search.each <= 0.1 < 4.0001 * search.each


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"out": "domain.txt"}, "is no .toml"),
        ({"delta": 1e-9}, "give --private"),
        ({"ledger": "sqlite:///x"}, "give --private"),
        ({"rehearse": 0}, "give --private"),
        ({"private": 0.0}, "above 0"),
        ({"private": 1.0, "delta": 1.0}, "delta is 1.0"),
        ({"private": 1.0, "ledger": "sqlite:///x", "rehearse": 1}, "leave out --ledger"),
        ({"private": 1.0, "unit": Unit.person("nobody", at_most=2)}, "no column 'nobody'"),
    ],
)
def test_settings_that_cannot_be(people: Path, more: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        write_domain(settings(people, **more))
    assert sorted(p.name for p in people.parent.iterdir()) == ["people.parquet"]


def test_nothing_to_search_for(tmp_path: Path) -> None:
    pl.DataFrame({"smokes": [True, False]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="nothing to spend --private on"):
        write_domain(DomainSettings(tmp_path / "t.parquet", out=tmp_path / "d.toml", private=1.0))


@pytest.mark.parametrize("unit", [Unit.record(), Unit.person("person_id", at_most=1)])
def test_categories_of_very_many_people_need_no_delta(people: Path, unit: Unit) -> None:
    domain = read_domain(write_domain(settings(people, private=8.0, unit=unit)).path)
    assert domain.named["town"].values == ("Aachen", "Bonn", "Cologne", "other")  # type: ignore[union-attr]


def test_an_older_file_stays_unless_it_is_forced(people: Path) -> None:
    (people.parent / "domain.toml").write_text("mine")
    with pytest.raises(DataError, match="--force"):
        write_domain(settings(people))
    assert (people.parent / "domain.toml").read_text() == "mine"


def test_the_command(people: Path) -> None:
    out = people.parent / "d.toml"
    done = CliRunner().invoke(main, ["domain", str(people), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "a domain of 6 columns" in done.output and out.exists()
    spent = ["--private", "0.5", "--delta", "1e-8", "--force"]
    done = CliRunner().invoke(main, ["domain", str(people), "--out", str(out), *spent])
    assert done.exit_code == 0 and "charged to no budget" in done.stderr
    ledger = ["--ledger", f"sqlite:///{people.parent}/l.db", "--budget", "1,1e-6"]
    done = CliRunner().invoke(main, ["domain", str(people), "--out", str(out), *spent, *ledger])
    assert done.exit_code == 0 and "Spent epsilon 0.5" in done.output, done.output
    done = CliRunner().invoke(main, ["domain", str(people.parent / "none.csv"), "--out", str(out)])
    assert done.exit_code == 2
