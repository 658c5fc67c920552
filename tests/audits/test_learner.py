"""Training compared under budgets: what is found, what a promise allows, and which budget a limit picks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from scipy.stats import norm

import confide
from confide.cli import main
from confide.core.errors import ConfideError

SCHEMA = """
[columns.label]
values = ["no", "yes"]
"""


def people(folder: Path, *, n: int = 500, columns: int = 60) -> Path:
    """Labels at random on many columns: a plain regression learns single people by heart."""
    rng = np.random.default_rng(3)
    made = {f"c{i}": rng.uniform(0, 1, n) for i in range(columns)}
    frame = pl.DataFrame({**made, "label": rng.choice(["no", "yes"], n)})
    frame.write_parquet(folder / "people.parquet")
    more = "".join(f"[columns.c{i}]\nlow = 0\nhigh = 1\nknots = 4\n" for i in range(columns))
    (folder / "schema.toml").write_text(SCHEMA + more)
    return folder / "people.parquet"


def audited(folder: Path, **settings: Any) -> confide.Audit:
    held = confide.Learner(people(folder), label="label", schema=folder / "schema.toml", references=4)
    return confide.audit(held, cache=folder / "cache", **settings)


@pytest.mark.slow
def test_a_plain_regression_gives_members_away_and_a_private_one_does_not(tmp_path: Path) -> None:
    done = audited(tmp_path, protect=["gradient:0.5"])
    (before,), (after,) = done.before, done.sections
    assert before.headline.risk.auc.low > 0.6
    assert after.headline.risk.auc.low < 0.55
    assert after.promise is not None and after.promise.epsilon == 0.5
    # What any attack may find is the curve of the Gaussian mechanism that keeps the promise.
    table = next(e for e in after.exhibits if e.title.startswith("Members found"))
    row = next(r for r in table.rows if "1 in 10 others" in str(r[0]))  # pyright: ignore[reportAttributeAccessIssue]
    most = float(str(row[2]).split()[0]) / 100
    mu = norm.ppf(most) - norm.ppf(0.1)
    delta = norm.cdf(-0.5 / mu + mu / 2) - np.exp(0.5) * norm.cdf(-0.5 / mu - mu / 2)
    assert 1e-7 < delta < 1e-5  # the promised 1e-6, to the digits that are printed


@pytest.mark.slow
def test_no_attack_lies_above_what_the_promise_allows(tmp_path: Path) -> None:
    """Corrected intervals of three attacks at three rates and four budgets: above in one of 20 such runs."""
    done = audited(tmp_path, protect=[f"gradient:{e}" for e in (0.3, 1, 3, 8)])
    for section in done.sections:
        table = next(e for e in section.exhibits if e.title.startswith("Members found"))
        for row in table.rows:  # pyright: ignore[reportAttributeAccessIssue]
            assert row[1].low <= float(str(row[2]).split()[0]) / 100 + 1e-9


@pytest.mark.slow
def test_a_limit_picks_the_largest_budget_within_it(tmp_path: Path, monkeypatch: Any) -> None:
    people(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = ["frontier", "model", "people.parquet", "--label", "label", "--schema", "schema.toml"]
    words += ["--references", "4", "--epsilon", "8,0.3", "--cache", "cache", "--out", "out"]
    done = CliRunner().invoke(main, [*words, "--limit", "auc=0.7"])
    assert done.exit_code == 0 and "largest budget within all limits: gradient:0.3,1e-6" in done.output
    # An interval on 200 people cannot end this near to one half.
    done = CliRunner().invoke(main, [*words, "--limit", "auc=0.51"])
    assert done.exit_code == 1 and "No budget is within all limits" in done.output


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--epsilon", "1,1"], "names a budget twice"),
        (["--epsilon", "x"], "'x' is no number"),
        (["--epsilon", "0"], "epsilon"),
        (["--epsilon", "1", "--delta", "2"], "delta is 2"),
        (["--epsilon", "1", "--label", "c0"], "no values for the label 'c0'"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, monkeypatch: Any, more: list[str], says: str) -> None:
    people(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = ["frontier", "model", "people.parquet", "--label", "label", "--schema", "schema.toml", *more]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2 and says in done.output and not (tmp_path / "confide-report").exists()


def test_records_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    file = people(tmp_path, n=150)
    with pytest.raises(ConfideError, match="has 150 records: give 200 or more"):
        confide.audit(confide.Learner(file, label="label", schema=tmp_path / "schema.toml"))
    frame = pl.read_parquet(people(tmp_path)).with_columns(label=pl.lit("secret"))
    with pytest.raises(ConfideError, match="500 labels of data are not among") as refused:
        confide.audit(confide.Learner(frame, label="label", schema=tmp_path / "schema.toml"))
    assert "secret" not in str(refused.value)
