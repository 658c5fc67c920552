"""A function or method as a model: what it is called, what else to hand in, and which task it cannot have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import confide
from confide.audits.model import SPEC
from confide.audits.settings import Settings
from confide.core.errors import AccessError, ConfideError, DataError, ModelError
from confide.inputs.methods import name_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
Y = (X[:, 0] + RNG.normal(size=200) > 0).astype(int)
FITTED = LogisticRegression().fit(X[:100], Y[:100])


class Own:
    """A classifier of nobody's library."""

    def predict(self, x: Any) -> Any:
        return FITTED.predict(x)

    def predict_proba(self, x: Any) -> Any:
        return FITTED.predict_proba(x)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))


def audit(model: object, *, attacks: Any = ("loss",), **options: Any) -> confide.Audit:
    sides: dict[str, Any] = {"members": (X[:100], Y[:100]), "nonmembers": (X[100:], Y[100:])}
    return confide.audit(confide.Model(model, **sides, references=0, **options), attacks=attacks)


def test_a_method_is_called_by_its_object_and_a_function_by_its_name() -> None:
    def own(x: object) -> object:
        return x

    assert [name_of(m) for m in (FITTED.predict, Own().predict, own, np.sort, FITTED, Own.predict)] == [
        "LogisticRegression.predict", "Own.predict", "own", "sort", "LogisticRegression", "Own.predict",
    ]  # fmt: skip
    assert audit(FITTED.predict_proba).sections[0].release == "LogisticRegression.predict_proba"


@pytest.mark.parametrize("model", [FITTED, Own()])
def test_a_method_that_shows_labels_alone_says_what_to_hand_in(model: Any) -> None:
    kind = type(model).__name__
    with pytest.raises(AccessError) as refused:
        audit(model.predict)
    assert str(refused.value) == (
        f"no attack could run on {kind}.predict: it gives label-only access, and loss needs black-box "
        f"access: hand in the {kind} itself, which has predict_proba."
    )
    told = (
        f"`{kind}.predict` answers with labels alone, and the scores may give away more: hand in the {kind}"
    )
    for access, said in ((None, True), ("label-only", False)):
        done = audit(model.predict, attacks=("label-only",), access=access)
        assert any(told in w for w in done.sections[0].warnings) == said


def test_a_function_of_labels_says_that_it_shows_too_little() -> None:
    with pytest.raises(
        AccessError, match="it gives label-only access, and loss, rmia need black-box access: "
    ):
        audit(lambda x: FITTED.predict(x), attacks="loss,rmia")


@pytest.mark.parametrize("model", [FITTED, FITTED.predict, FITTED.predict_proba, Own(), Own().predict])
def test_a_regression_by_a_classifier_is_refused(model: object) -> None:
    with pytest.raises(ModelError, match="is a classifier, which does not fit --task regression: leave the"):
        audit(model, task="regression")


def test_other_tasks_that_do_not_fit_are_refused_and_those_that_do_run() -> None:
    line = LinearRegression().fit(X[:100], X[:100, 0])
    for model in (line, line.predict):
        with pytest.raises(
            ModelError, match="LinearRegression is a regressor, which does not fit --task class"
        ):
            audit(model, task="classification")
    with pytest.raises(
        DataError, match="a regression has no classes: leave out --class, or --task regression"
    ):
        audit(line.predict, task="regression", classes=["a", "b"])
    values: dict[str, Any] = {"members": (X[:100], X[:100, 0]), "nonmembers": (X[100:], X[100:, 0])}
    held = confide.Model(line.predict, **values, references=0, task="regression")
    assert confide.audit(held, attacks="loss").sections[0].release == "LinearRegression.predict"


def test_an_attack_that_is_named_twice_is_played_once() -> None:
    for asked in ("loss,loss", ["loss", "loss"], "loss, rmia,loss"):
        names = [attack.name for attack in SPEC.choose(Settings(attacks=asked))]
        assert len(names) == len(set(names))
    with pytest.raises(ConfideError, match="no attack on model is called 'lossy'"):
        SPEC.choose(Settings(attacks="loss,lossy"))
