"""A small audit that a user could run: a sensitive table, a model in their own module, and the command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from confide.cli import main

MODULE = """
import numpy as np
import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

table = pl.read_parquet("members.parquet")
encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["job"]), remainder="passthrough")
pipeline = make_pipeline(encode, RandomForestClassifier(20, random_state=0))
pipeline.fit(table.drop("income"), table["income"].to_list())

def predict(X):
    return pipeline.predict_proba(X)

def labels(X):
    return pipeline.predict(X)

def broken(X):
    answers = pipeline.predict_proba(X)
    answers[len(answers) // 2] = np.nan
    return answers

def three(X):
    return np.full((len(X), 3), 1 / 3)

def one(X):
    return np.full((len(X), 1), 0.5)

def train(X, y, *, rng):
    forest = RandomForestClassifier(20, random_state=int(rng.integers(2**31)))
    return make_pipeline(encode, forest).fit(X, y)

def stump(X, y, *, rng):
    forest = RandomForestClassifier(20, max_depth=1, random_state=int(rng.integers(2**31)))
    return make_pipeline(encode, forest).fit(X, y)

def failing(X, y, *, rng):
    raise RuntimeError("no GPU")
"""


def people(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    age, hours = rng.integers(18, 80, n), rng.normal(40, 10, n)
    job = rng.choice(["nurse", "clerk", "farmer"], n)
    rich = age / 40 + hours / 40 + (job == "nurse") + rng.normal(0, 1.2, n) > 3
    income = np.where(rich, "high", "low")
    return pl.DataFrame({"age": age, "hours": hours, "job": job, "income": income})


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with members.parquet, holdout.parquet, public.parquet and mymodel.py."""
    for name, n, seed in (("members", 300, 1), ("holdout", 300, 2), ("public", 200, 3)):
        people(n, seed).write_parquet(tmp_path / f"{name}.parquet")
    (tmp_path / "mymodel.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delitem(sys.modules, "mymodel", raising=False)
    return tmp_path


Run = Callable[..., Result]


@pytest.fixture
def run(desk: Path) -> Run:
    """`confide` with these words, in the working folder."""

    def command(*words: str) -> Result:
        return CliRunner().invoke(main, [str(w) for w in words])

    return command


@pytest.fixture
def audit(run: Run) -> Run:
    """`confide audit model` on the desk's model and records; later words override."""

    def command(
        *words: str,
        model: str = "mymodel:pipeline",
        members: str = "members.parquet",
        nonmembers: str = "holdout.parquet",
        label: str = "income",
        references: int = 2,
    ) -> Result:
        return run(
            "audit",
            "model",
            model,
            "--members",
            members,
            "--nonmembers",
            nonmembers,
            "--label",
            label,
            "--references",
            str(references),
            *words,
        )

    return command
