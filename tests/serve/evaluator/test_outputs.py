"""Encryption hides inputs and not outputs: an audit finds the same through it, and scores are the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tenseal")

from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression
from tests.releases.outsourcing.plans import write_plan
from tests.serve.evaluator.served import certify, running

import confide
from confide.core.errors import DataError
from confide.releases.outsourcing.key_files import make_keys
from confide.releases.outsourcing.reading import read_arithmetic
from confide.serve.evaluator.asking import Outsourced

INPUTS, PEOPLE = 91, 150


def prepare(folder: Path, model: LogisticRegression) -> None:
    certify(folder)
    weights = {"weight": model.coef_, "bias": model.intercept_}
    save_file(weights, folder / "net.safetensors", metadata={"link": "sigmoid"})
    made = write_plan(
        read_arithmetic(folder / "net.safetensors"), folder / "plan.json", bound=6.0, precision=1e-6
    )
    make_keys(made, folder / "client")


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    x = np.clip(rng.normal(size=(2 * PEOPLE, INPUTS)), -6, 6)
    return x, (x[:, 0] + 2 * rng.normal(size=2 * PEOPLE) > 0).astype(int)


def test_a_linear_model_is_rebuilt_from_one_score_more_than_it_has_inputs(
    tmp_path: Path, drawn: tuple[np.ndarray, np.ndarray]
) -> None:
    x, y = drawn
    model = LogisticRegression().fit(x[:PEOPLE], y[:PEOPLE])
    prepare(tmp_path, model)
    rows = np.vstack([np.zeros(INPUTS), 2 * np.eye(INPUTS)])
    with running(tmp_path) as url:
        p = Outsourced(url, keys=tmp_path / "client", ca=tmp_path / "cert.pem").scores(rows)[:, 0]
    logits = np.log(p / (1 - p))
    assert np.abs((logits[1:] - logits[0]) / 2 - model.coef_[0]).max() < 1e-5
    assert abs(logits[0] - model.intercept_[0]) < 1e-5


@pytest.mark.slow
def test_an_audit_through_the_encrypted_endpoint_finds_the_same(
    tmp_path: Path, drawn: tuple[np.ndarray, np.ndarray]
) -> None:
    x, y = drawn
    model = LogisticRegression().fit(x[:PEOPLE], y[:PEOPLE])
    prepare(tmp_path, model)
    members, others = (x[:PEOPLE], y[:PEOPLE]), (x[PEOPLE:], y[PEOPLE:])
    with running(tmp_path) as url:
        asked = Outsourced(url, keys=tmp_path / "client", ca=tmp_path / "cert.pem").predict_proba
        found = []
        for ask in (asked, model.predict_proba):
            held = confide.Model(ask, members=members, nonmembers=others, references=0)
            audit = confide.audit(held, seed=7, attacks=["loss", "entropy"], cache=tmp_path / "cache")
            (risks,) = audit.risks.values()
            numbers = {name: (risk.auc.value, risk.tpr_at[0].rate) for name, risk in risks.items()}
            found.append({name: (auc, tpr.value) for name, (auc, tpr) in numbers.items() if tpr})
    assert set(found[0]) == set(found[1]) and len(found[0]) >= 2
    for name, numbers in found[0].items():
        assert np.allclose(numbers, found[1][name], atol=0.005), name
    assert found[0]["loss"][0] > 0.6  # guessing gives .5, with a standard error of .033


def test_a_model_without_classes_has_no_probabilities(
    tmp_path: Path, drawn: tuple[np.ndarray, np.ndarray]
) -> None:
    save_file({"weight": np.ones((1, 2))}, tmp_path / "net.safetensors")
    made = write_plan(read_arithmetic(tmp_path / "net.safetensors"), tmp_path / "plan.json", bound=1.0)
    make_keys(made, tmp_path / "client")
    with pytest.raises(DataError, match="has no classes"):
        Outsourced("https://localhost:1", keys=tmp_path / "client").predict_proba(np.zeros((1, 2)))
