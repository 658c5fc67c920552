"""A model whose answers change from call to call is never within a limit: what was not found may be there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import confide

from .door import call

RNG = np.random.default_rng(0)
X = RNG.standard_normal((800, 5)).astype(np.float32)
Y = (X[:, 0] + RNG.standard_normal(800) > 0).astype(int)
LIMIT = "auc=0.7"
"""What a model that never saw a record keeps, with 400 people on either side."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))


def audit(model: object, **options: Any) -> confide.Audit:
    given = {"members": (X[:400], Y[:400]), "nonmembers": (X[400:], Y[400:]), "references": 0}
    return call(confide.Model, model, **{**given, "attacks": "loss", "limits": [LIMIT], **options})


def chances(x: np.ndarray) -> np.ndarray:
    """The law of the labels: nobody's record is in it."""
    return 1 / (1 + np.exp(-1.7 * x[:, 0]))


class Drops(nn.Module):
    """A linear model with dropout that no mode turns off, or with that which `eval` does."""

    def __init__(self, *, always: bool) -> None:
        super().__init__()
        self.linear, self.drop, self.always = nn.Linear(5, 2), nn.Dropout(0.3), always
        self.linear.weight.data = torch.tensor([[0.0] * 5, [1.7, 0.0, 0.0, 0.0, 0.0]])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = self.linear(x)
        return nn.functional.dropout(z, 0.3, training=True) if self.always else self.drop(z)


def left_on(x: np.ndarray) -> torch.Tensor:
    """A function that asks a network in the mode of its training."""
    with torch.random.fork_rng():
        torch.seed()
        return Drops(always=False).train()(torch.tensor(x))


def noisy() -> Callable[[np.ndarray], np.ndarray]:
    draw = np.random.default_rng(1)
    return lambda x: np.clip(chances(x) + draw.normal(0, 0.05, len(x)), 0.001, 0.999)


def sampled() -> Callable[[np.ndarray], np.ndarray]:
    draw = np.random.default_rng(1)
    return lambda x: draw.random(len(x)) < chances(x)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "options"),
    [
        (Drops(always=True), {}),
        (left_on, {}),
        (noisy(), {}),
        (sampled(), {"attacks": "label-only"}),
    ],
    ids=["dropout", "dropout left on", "noise", "sampled labels"],
)
def test_a_limit_that_seems_kept_is_not_settled(model: object, options: dict[str, Any]) -> None:
    done = audit(model, **options)
    (judged,) = done.report.page["limits"]
    assert done.verdict == "not settled"
    assert "does not reach above" in str(judged) and "answers that change from call to call" in str(judged)
    assert any("averages that away" in w for w in done.sections[0].warnings)
    assert "answers that change from call to call" in done.report.page["verdict_sentence"]


def test_the_public_is_told_too() -> None:
    done = audit(noisy(), audience="public")
    assert done.verdict == "not settled" and "averages that away" in done.report.text()
    assert "answers that change from call to call" in done.report.page["verdict_sentence"]


def test_the_same_limit_is_kept_by_models_that_answer_twice_the_same() -> None:
    for model in (chances, Drops(always=False).train()):
        done = audit(model)
        assert done.verdict == "within", done.report.text()
        assert "from call to call" not in done.report.text()


def test_what_is_found_all_the_same_is_exceeded() -> None:
    shown = {tuple(x): y for x, y in zip(X[:400].tolist(), Y[:400].tolist(), strict=True)}
    draw = np.random.default_rng(1)

    def knows(x: np.ndarray) -> np.ndarray:
        sure = np.array([shown.get(tuple(row), 0.5) for row in x.tolist()])
        return np.clip(0.8 * sure + 0.1 + draw.normal(0, 0.01, len(x)), 0.01, 0.99)

    assert audit(knows).verdict == "exceeded"
