"""No mutant of a listed estimator ends the process that asks it."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

from . import zoo
from .mutants import mutants

# Their native code reads arrays by what other attributes say; `forms` has an entry for each.
NATIVE = (
    *("GradientBoostingClassifier", "boosting from zero", "HistGradientBoostingClassifier"),
    *("DecisionTreeClassifier", "RandomForestRegressor", "OneHotEncoder", "one-hot, rare and dropped"),
    *("KNeighborsClassifier", "neighbours, brute", "neighbours, radius, brute", "SVC", "SVR", "sparse SVC"),
    *("CountVectorizer", "TfidfVectorizer", "KMeans"),
)


def ask(*names: str) -> str:
    """What a process says that meets the mutants of these entries."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.models.skops.mutants", *names],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stderr[-400:]}"
    return done.stdout


@pytest.mark.slow
def test_no_mutant_of_native_code_ends_the_process() -> None:
    said = ask(*NATIVE)
    assert len(said.splitlines()) == len(NATIVE)
    # The mutants are real: most attributes matter, and some do not.
    assert "refused" in said and "answered" in said


@pytest.mark.slow
def test_no_mutant_of_a_listed_estimator_ends_the_process() -> None:
    # Every second entry, and a few of each attribute; `make fuzz` meets all.
    every = {entry.name for entry in chain(zoo.each_listed_class(), zoo.others())} - set(NATIVE)
    names = sorted(every)[::2]
    assert len(ask("--few", *names).splitlines()) == len(names)


@pytest.mark.slow
def test_a_few_mutants_change_each_attribute() -> None:
    for name in ("GradientBoostingClassifier", "SVC", "OneHotEncoder"):
        model = next(entry.model for entry in zoo.each_listed_class() if entry.name == name)
        all_of = [said.partition(" #") for said, _, _ in mutants(model)]
        few = [said.partition(" #") for said, _, _ in mutants(model, few=True)]
        assert {owner for owner, _, _ in all_of} <= {owner for owner, _, _ in few}
