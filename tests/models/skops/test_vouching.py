"""Types that a user trusts by name: read where they are in the file, and nothing else with them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from confide.core.errors import ModelError
from confide.models.loading import load_object
from confide.models.skops.reading import load_skops

STEPS = """
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

class Halve(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.seen_ = len(X)
        return self

    def transform(self, X):
        return np.asarray(X) / 2

class Other(Halve):
    pass
"""
X, Y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module of the user's own and model.skops, which holds a step of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "ownsteps", raising=False)
    (tmp_path / "ownsteps.py").write_text(STEPS)
    import ownsteps  # pyright: ignore[reportMissingImports]

    skops.io.dump(make_pipeline(ownsteps.Halve(), LogisticRegression()).fit(X, Y), "model.skops")
    skops.io.dump(LogisticRegression().fit(X, Y), "plain.skops")
    bomb = make_pipeline(FunctionTransformer(os.system), LogisticRegression())
    bomb.steps[1] = ("last", LogisticRegression().fit(X, Y))
    skops.io.dump(bomb, "bomb.skops")
    yield tmp_path
    sys.modules.pop("ownsteps", None)


def test_a_trusted_step_is_built_and_computes_what_it_says(desk: Path) -> None:
    found: Any = load_object("model.skops", trust=("ownsteps.Halve",))
    np.testing.assert_array_equal(found[0].transform(X), X / 2)
    with pytest.raises(
        ModelError,
        match=r"types that cannot be trusted: .*If you know what it does, say so: --trust ownsteps.Halve",
    ):
        load_object("model.skops")


@pytest.mark.parametrize(
    ("file", "trust", "words"),
    [
        ("model.skops", "ownsteps.Other", "does not hold ownsteps.Other, .* always read is ownsteps.Halve"),
        ("model.skops", "ownsteps", "'ownsteps' is no full name: write it like mypkg.steps.MyStep"),
        ("model.skops", "ownsteps.*", "is no full name"),
        ("model.skops", "", "is no full name"),
        ("plain.skops", "ownsteps.Halve", "holds no type that needs trust: leave out --trust ownsteps.Halve"),
        ("bomb.skops", f"{os.system.__module__}.system", "is Python's own, of which no model is made"),
        ("own:net", "ownsteps.Halve", "speaks of types in a .skops file, and the model is none"),
        ("model.onnx", "ownsteps.Halve", "speaks of types in a .skops file"),
    ],
)
def test_trust_in_what_is_not_there_is_refused(file: str, trust: str, words: str, desk: Path) -> None:
    with pytest.raises(ModelError, match=words):
        load_object(file, trust=(trust,))


def test_a_bomb_is_not_offered_to_be_trusted(desk: Path) -> None:
    with pytest.raises(ModelError, match="cannot be trusted") as refused:
        load_object("bomb.skops")
    assert "--trust" not in str(refused.value)


def test_a_module_that_is_gone_is_named(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk / "ownsteps.py").unlink()
    sys.modules.pop("ownsteps")
    with pytest.raises(
        ModelError, match=r"holds ownsteps.Halve, .* cannot be imported: there is no module 'ownsteps'"
    ):
        load_skops(Path("model.skops"), trusted=("ownsteps.Halve",))
