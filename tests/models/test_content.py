"""Content of a model: the same in another process, other for another model, none where it is not told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from confide.models.content import content_of
from confide.models.remote import Line, remote
from confide.models.sklearn.inside import sklearn_view
from confide.models.torch.model import TorchModel

RNG = np.random.default_rng(0)
X = RNG.standard_normal((200, 4))
Y = (X[:, 0] + RNG.standard_normal(200) > 0).astype(np.int64)
MADE = {
    "linear": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "forest": lambda: RandomForestClassifier(5, random_state=0),
    "boosted": lambda: HistGradientBoostingClassifier(max_iter=5, random_state=0),
}


def fitted(name: str, y: np.ndarray = Y) -> Any:
    return sklearn_view(MADE[name]().fit(X, y))


@pytest.mark.parametrize("name", MADE)
def test_a_model_that_learnt_something_else_has_other_content(name: str) -> None:
    other = Y.copy()
    other[:20] = 1 - other[:20]
    assert content_of(fitted(name)) != content_of(fitted(name, other))


@pytest.mark.slow
@pytest.mark.parametrize("name", MADE)
def test_content_is_the_same_in_another_process(name: str) -> None:
    code = f"from tests.models.test_content import *; print(content_of(fitted({name!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == content_of(fitted(name)) != ""


def test_a_network_is_its_kind_and_its_state() -> None:
    def net(shift: float = 0.0, activation: type[torch.nn.Module] = torch.nn.ReLU) -> TorchModel:
        torch.manual_seed(0)
        module = torch.nn.Sequential(torch.nn.Linear(4, 3), activation(), torch.nn.Linear(3, 2))
        with torch.no_grad():
            module[0].bias[0] += shift
        return TorchModel(module, task="classification")

    assert content_of(net()) == content_of(net()) != ""
    assert content_of(net()) != content_of(net(1e-6))
    assert content_of(net()) != content_of(net(activation=torch.nn.Tanh))


def test_what_answers_from_elsewhere_or_cannot_be_written_down_has_none() -> None:
    assert content_of(remote(Line(lambda x: np.full((len(x), 2), 0.5)), answers="probabilities")) == ""
    odd = make_pipeline(FunctionTransformer(lambda x: x), LogisticRegression()).fit(X, Y)
    assert content_of(sklearn_view(odd)) == ""
