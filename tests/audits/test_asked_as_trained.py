"""The model is asked as it was trained: one model in every form gives one result, and a wrong form stops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from torch import nn

import confide
from confide.core.errors import ConfideError, DataError

from .door import call

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
X = RNG.standard_normal((800, 60)).astype(np.float32)
Y = (X[:, 0] + RNG.standard_normal(800) > 0).astype(int)
W = np.linalg.lstsq(X[:400], 2.0 * Y[:400] - 1, rcond=None)[0].astype(np.float32)[:, None] * 4  # overfits


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))


def audit(model: object, x: Any = X, y: Any = Y, half: int = 400, **options: object) -> confide.Audit:
    sides = {"members": (x[:half], y[:half]), "nonmembers": (x[half:], y[half:])}
    given = {**sides, "seed": 7, "references": 0, "attacks": "loss", **options}
    return call(confide.Model, model, **given)


def auc(done: confide.Audit) -> float:
    return done.sections[0].headline.risk.auc.value


def true_auc() -> float:
    """The AUC of the margin of the true class, by ranks: members against others."""
    margin = (X @ W)[:, 0] * (2 * Y - 1)
    ranks = margin.argsort().argsort()
    return float(ranks[:400].sum() - 400 * 399 / 2) / 160_000


def chances(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(x @ W)))


def one_logit(path: Path) -> str:
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["z"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 60])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(W, "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return str(path)


def module(*end: nn.Module) -> nn.Module:
    linear = nn.Linear(60, 1, bias=False)
    linear.weight.data = torch.tensor(W.T)
    return nn.Sequential(linear, *end)


class Inside(nn.Module):
    """A module whose last step is no layer."""

    def __init__(self, net: nn.Module, *, two: bool) -> None:
        super().__init__()
        self.net, self.two = net, two

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = self.net(x)
        return torch.softmax(torch.cat([0 * z, z], 1), 1) if self.two else torch.sigmoid(z)


FORMS = {
    "probabilities [n, 1]": chances,
    "probabilities [n]": lambda x: chances(x)[:, 0],
    "logits": lambda x: x @ W,
    "probabilities [n, 2]": lambda x: np.hstack([1 - chances(x), chances(x)]),
    "percent": lambda x: 100 * np.hstack([1 - chances(x), chances(x)]),
    "log-probabilities": lambda x: np.log(np.hstack([1 - chances(x), chances(x)])),
    "costs": lambda x: -np.log(np.hstack([1 - chances(x), chances(x)])),
    "module": module(),
    "sigmoid": module(nn.Sigmoid()),
    "sigmoid in forward": Inside(module(), two=False),
    "softmax in forward": Inside(module(), two=True),
}


@pytest.mark.parametrize("task", ["classification", None])
@pytest.mark.parametrize("form", FORMS)
def test_one_model_has_one_result_in_every_form(form: str, task: str | None) -> None:
    done = audit(FORMS[form], task=task)
    assert auc(done) == pytest.approx(true_auc(), abs=0.002)
    page = " ".join(done.report.text().split())
    assert "The model itself is right on 79.0 %" in page


@pytest.mark.parametrize("task", ["classification", None])
def test_one_output_of_an_onnx_file_too(task: str | None, tmp_path: Path) -> None:
    done = audit(one_logit(tmp_path / "logit.onnx"), task=task)
    assert auc(done) == pytest.approx(true_auc(), abs=0.002)
    assert "one of 2 classes" in done.sections[0].about["release"]


@pytest.mark.parametrize("access", ["white-box", "black-box", "label-only"])
def test_the_models_accuracy_is_shown_for_every_access(access: str) -> None:
    page = " ".join(audit(module(), access=access, attacks="loss,label-only").report.text().split())
    assert "right on 79.0 %" in page


def test_named_columns_are_matched_and_unnamed_ones_in_another_order_stop() -> None:
    r = np.random.default_rng(3)
    x = r.standard_normal((800, 10))
    y = np.where(x[:, 0] + r.standard_normal(800) > 0, "well", "sick")
    forest = RandomForestClassifier(50, random_state=0).fit(x[:400], y[:400])

    def own(x: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(forest.predict_proba(x), columns=forest.classes_)

    def swapped(x: np.ndarray) -> pd.DataFrame:
        return own(x)[["well", "sick"]]

    done = [audit(f, x, y, limits=["auc=0.7"]) for f in (own, swapped)]
    assert auc(done[0]) == auc(done[1]) > 0.8
    assert [d.exit_code for d in done] == [1, 1]
    with pytest.raises(ConfideError, match=r"right about 0% of its members.*say theirs with --class"):
        audit(lambda x: swapped(x).to_numpy(), x, y)
    assert auc(audit(lambda x: swapped(x).to_numpy(), x, y, classes=["well", "sick"])) == auc(done[0])
    with pytest.raises(DataError, match=r"--class gives well, ill, and sick is missing"):
        audit(own, x, y, classes=["well", "ill"])


@pytest.mark.parametrize(
    "model",
    [
        module(nn.Sigmoid()),
        lambda x: (x @ W)[:, 0] > 0,
        LogisticRegression().fit(X[:400], 1 - Y[:400]),
    ],
)
def test_a_model_of_the_other_class_stops_in_every_view(model: object) -> None:
    # an estimator knows its classes by name, so its labels must be swapped
    y = Y if isinstance(model, LogisticRegression) else 1 - Y
    with pytest.raises(ConfideError, match=r"fewer than guessing .50%.*Likely causes"):
        audit(model, X, y)


def test_answers_that_the_user_names_are_read_so() -> None:
    def best(x: np.ndarray) -> np.ndarray:
        return np.round(100 * chances(x)[:, 0] * 0.99 + 0.003, 1)

    with pytest.raises(ConfideError, match="percent or logits: say which with --answers"):
        audit(best)
    done = audit(best, answers="percent")
    assert auc(done) == pytest.approx(true_auc(), abs=0.01)
    with pytest.raises(DataError, match="there is no kind of answers 'odds'"):
        audit(best, answers="odds")


def test_one_number_for_many_whole_numbers_asks_for_the_task() -> None:
    ages = np.clip(np.round(40 + 8 * X[:, 0]), 18, 80).astype(int)

    def guess(x: np.ndarray) -> np.ndarray:
        return 40 + 8 * x[:, 0] + 0.3

    for model in (guess, nn.Sequential(nn.Linear(60, 1))):
        with pytest.raises(ConfideError, match="say --task regression if it predicts a number"):
            audit(model, X, ages)
    assert "R2" in audit(guess, X, ages, task="regression").report.text()


def test_a_task_that_the_estimator_does_not_do_is_refused() -> None:
    fitted = LogisticRegression().fit(X[:400], Y[:400])
    with pytest.raises(ConfideError, match="is a classifier, which does not fit --task regression"):
        audit(fitted, task="regression")


def test_a_model_that_changes_its_answers_is_warned_about() -> None:
    draw = np.random.default_rng(1)
    done = audit(lambda x: chances(x) * draw.uniform(0.8, 1.0, (len(x), 1)))
    assert any("change from call to call" in w for w in done.sections[0].warnings)


def test_what_predict_does_besides_is_contained_and_said(capfd: pytest.CaptureFixture[str]) -> None:
    def talks(x: np.ndarray) -> np.ndarray:
        print("asked")
        np.random.seed(3)  # noqa: NPY002
        return chances(x)

    state = np.random.get_state()[1].tolist()  # noqa: NPY002  # pyright: ignore
    done = audit(talks)
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002  # pyright: ignore
    warnings = " ".join(done.sections[0].warnings)
    assert "global random state" in warnings
    assert "prints" in warnings
    assert "asked" not in capfd.readouterr().out
