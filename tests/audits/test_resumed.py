"""Evidence on models is kept by content: nothing is played twice, and another model is another key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import confide
from confide.attacks.membership import Loss
from confide.audits.progress import Stage
from confide.core.access import BlackBox
from confide.core.arrays import Rng
from confide.core.nouns import Case, Guess
from confide.knowledge.models import Background
from confide.views.records import Records

RNG = np.random.default_rng(0)
X = RNG.standard_normal((600, 4))
Y = (X[:, 0] + RNG.standard_normal(600) > 0).astype(np.int64)
IN, OUT = (X[:300], Y[:300]), (X[300:], Y[300:])
LINEAR = LogisticRegression().fit(*IN)
EVERY = {"loss", "rmia", "label-only"}

Kept = Callable[..., set[str]]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Audit, and name the attacks that were found finished."""

    def run(model: object = LINEAR, **options: object) -> set[str]:
        told: list[Stage] = []
        given: dict[str, object] = {
            "members": IN,
            "nonmembers": OUT,
            "references": 2,
            "sample": 200,
            "train": None,
        }
        record = {name: options.pop(name, value) for name, value in given.items()}
        settings = {"attacks": "loss,rmia,label-only", **options}
        held = confide.Model(model, **record)  # type: ignore[arg-type]
        confide.audit(held, cache=tmp_path / "cache", progress=told.append, **settings)  # type: ignore[arg-type]
        return {stage.what.split()[0] for stage in told if stage.kept}

    return run


def test_the_second_audit_plays_nothing_and_finds_the_same(kept: Kept) -> None:
    assert kept() == set()
    assert kept() == EVERY


@pytest.mark.parametrize(
    "other",
    [
        {"model": LogisticRegression(C=0.5).fit(*IN)},
        {"members": (IN[0][:299], IN[1][:299])},
        {"nonmembers": (OUT[0] + 1e-6, OUT[1])},
        {"references": 4},
        {"seed": 8},
    ],
    ids=lambda other: next(iter(other)),
)
def test_whatever_decides_a_score_is_in_its_key(kept: Kept, other: dict[str, object]) -> None:
    kept()
    assert kept(**other) == set()


def test_another_sample_is_another_key_for_those_who_ask_it_alone(kept: Kept) -> None:
    kept()
    assert kept(sample=100) == {"loss", "rmia"}


def test_of_a_function_only_what_its_answers_decide_is_kept(kept: Kept) -> None:
    def train(x: np.ndarray, y: np.ndarray, *, rng: Rng) -> object:
        return LogisticRegression().fit(x, y)

    assert kept(LINEAR.predict_proba, train=train) == set()
    assert kept(LINEAR.predict_proba, train=train) == {"loss", "rmia"}


def test_a_function_that_answers_otherwise_now_is_asked_again(kept: Kept) -> None:
    other = LogisticRegression(C=0.9).fit(*IN)
    model = LINEAR

    def train(x: np.ndarray, y: np.ndarray, *, rng: Rng) -> object:
        return LogisticRegression().fit(x, y)

    def predict(x: np.ndarray) -> np.ndarray:
        return model.predict_proba(x)

    kept(predict, train=train)
    model = other
    assert kept(predict, train=train) == set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """An attack of the user's own, of which nobody knows what it looks at."""

    name: ClassVar[str] = "own"

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        return Guess(None, case.view.predict(case.targets.x)[:, 0])


def test_an_attack_of_the_users_own_is_played_again(kept: Kept) -> None:
    kept(attacks=[Own(), Loss()])
    assert kept(attacks=[Own(), Loss()]) == {"loss"}


@pytest.mark.slow
def test_a_network_and_its_references_are_kept_inside_too(kept: Kept) -> None:
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    optimiser = torch.optim.Adam(net.parameters(), 0.05)
    for _ in range(60):
        optimiser.zero_grad()
        x, y = torch.tensor(IN[0], dtype=torch.float32), torch.tensor(IN[1])
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimiser.step()
    attacks = "loss,gradient-norm,label-only"
    assert kept(net, attacks=attacks) == set()
    assert kept(net, attacks=attacks) == {"loss", "gradient-norm", "label-only"}
    with torch.no_grad():
        list(net.parameters())[-1].add_(torch.tensor([1e-4, -1e-4]))
    assert kept(net, attacks=attacks) == set()


def test_what_is_rebuilt_of_a_model_is_kept_by_its_content(tmp_path: Path) -> None:
    def kept(model: object) -> list[str]:
        told: list[Stage] = []
        held = confide.Rebuild(model=model, members=IN, nonmembers=OUT, targets=50)  # type: ignore[arg-type]
        confide.audit(held, cache=tmp_path / "cache", progress=told.append)
        return [stage.what.split()[0] for stage in told if stage.kept]

    exact = LogisticRegression(tol=1e-10).fit(*IN)
    assert not kept(exact)
    assert kept(exact)
    assert not kept(LogisticRegression(tol=1e-10, C=0.7).fit(*IN))
