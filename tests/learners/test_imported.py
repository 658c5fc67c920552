"""What a cached training depends on: the sources of all own modules that its function imports."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from confide.learners.imported import imported_text
from confide.learners.recipe import recipe_text

TRAIN = """
from sklearn.tree import DecisionTreeClassifier
{imports}
def train(X, y, *, rng):
    {inside}
    return DecisionTreeClassifier(max_depth=D, random_state=int(rng.integers(2**31))).fit(X, y)
"""
WAYS = {
    "module": ("import helper", "D = helper.D"),
    "name": ("from helper import D", "pass"),
    "inside": ("", "from helper import D"),
    "through another": ("import between", "D = between.D"),
    "held": ("import importlib\nother = importlib.import_module('helper')", "D = other.D"),
    "package": ("from kit.deep import settings", "D = settings.D"),
    "init": ("from kit import deep", "D = deep.depth()"),
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "helper.py").write_text("D = 3\n")
    (tmp_path / "between.py").write_text("from helper import *\n")
    (tmp_path / "kit" / "deep").mkdir(parents=True)
    (tmp_path / "kit" / "__init__.py").write_text("from . import deep\n")
    (tmp_path / "kit" / "deep" / "__init__.py").write_text(
        "def depth():\n    from .settings import D\n    return D\n"
    )
    (tmp_path / "kit" / "deep" / "settings.py").write_text("from helper import D\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def recipes(folder: Path, *, before: str = "pass") -> dict[str, str]:
    """For each way the recipe of its train as a process of its own sees it, which may have imported more."""
    code = f"""
import os, sys
import sklearn.tree  # once for all: installed, and none of the user's own
from confide.learners import callable_learner
for name in sys.argv[1:]:
    sys.stdout.flush()
    if os.fork():  # what is imported for one way must not be there for the next
        assert os.wait()[1] == 0
        continue
    {before}
    print(name, callable_learner(__import__(name).train).recipe())
    sys.stdout.flush()
    os._exit(0)
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *(p for p in sys.path if p)])}
    names = [f"trm{at}" for at, _ in enumerate(WAYS)]
    run = [sys.executable, "-c", code, *names]
    said = subprocess.run(run, capture_output=True, check=True, env=env, text=True).stdout
    starts = [said.index(f"{name} ") for name in names]
    return {
        way: said[start:end] for way, start, end in zip(WAYS, starts, [*starts[1:], len(said)], strict=True)
    }


@pytest.mark.slow
def test_a_change_in_an_own_module_is_another_recipe(desk: Path) -> None:
    for at, (imports, inside) in enumerate(WAYS.values()):
        (desk / f"trm{at}.py").write_text(TRAIN.format(imports=imports, inside=inside))
    (desk / "unrelated.py").write_text("D = 1\n")
    first = recipes(desk)
    (desk / "unrelated.py").write_text("D = 2\n")
    # Loaded already or not yet: an import that stands in a function is found either way.
    assert recipes(desk, before="import helper, unrelated") == first
    (desk / "helper.py").write_text("D = 1\n")
    assert not [way for way, now in recipes(desk).items() if now == first[way]]


def test_what_is_installed_or_confide_itself_is_left_out(desk: Path) -> None:
    (desk / "own.py").write_text(
        "import json, numpy, torch\nfrom confide.learners import pool\nimport between\n"
    )
    assert [line.split()[0] for line in imported_text(["own"]).split(", ")] == ["between", "helper", "own"]
    assert imported_text(["torch.nn", "sklearn.tree", "confide.learners", "builtins", "no_such_module"]) == ""


def test_own_estimators_are_described_by_their_source(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = "from sklearn.base import BaseEstimator\nimport helper\n\nclass Half(BaseEstimator):\n    pass\n"
    (desk / "steps_of_mine.py").write_text(own)
    step = importlib.import_module("steps_of_mine").Half()
    monkeypatch.delitem(sys.modules, "helper")
    before = recipe_text(step)
    (desk / "helper.py").write_text("D = 100\n")
    assert recipe_text(step) != before
    monkeypatch.delitem(sys.modules, "steps_of_mine")


@pytest.mark.slow
def test_references_are_trained_again_after_a_change_in_an_imported_module(desk: Path) -> None:
    """Two audits with one cache, in two processes: the second must not meet the trees of the first."""
    (desk / "trm.py").write_text(TRAIN.format(imports="import helper", inside="D = helper.D"))
    script = """
import sys
import numpy as np
from confide.learners import callable_learner, fit_many
from confide.views.records import Records
from sklearn.tree import DecisionTreeClassifier
import trm
rng = np.random.default_rng(0)
records = Records(rng.normal(size=(80, 3)), rng.integers(2, size=80))
learner = callable_learner(trm.train, classes=2, like=DecisionTreeClassifier().fit(records.x, records.y))
models = fit_many(learner, records, [np.arange(60)], rng=rng, cache=sys.argv[1])
print(models[0].estimator.get_depth())
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(desk), *(p for p in sys.path if p)])}
    depths: list[int] = []
    for depth in (3, 1, 1):
        (desk / "helper.py").write_text(f"D = {depth}\n")
        run = [sys.executable, "-c", script, str(desk / "cache")]
        depths.append(int(subprocess.run(run, capture_output=True, check=True, env=env, text=True).stdout))
    assert depths == [3, 1, 1]
    assert len([f for f in (desk / "cache").rglob("*") if f.is_file() and f.stat().st_size]) >= 2
