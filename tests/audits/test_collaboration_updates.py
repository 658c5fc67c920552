"""Auditing a collaboration: records rebuilt from updates, and which client is worst off."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import confide
from confide.attacks.membership.updates import UpdateDecoder
from confide.attacks.reconstruction.updates import AnalyticInversion, LastLayerLabels
from confide.audits import Audit
from confide.audits.collaboration.attacks import COUNTED, GOAL, REBUILT
from confide.audits.collaboration.updates import read_updates
from confide.collaboration import FedAvg, FedSGD, LocalTraining, Run, SecureSum
from confide.inputs.collaboration import Collaboration
from confide.inputs.collaboration_data import CollaborationData, read_collaboration
from confide.views.shared_gradient import SharedGradient

WIDTH = 12


def coins(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Records whose labels are coins."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (n, WIDTH)).astype(np.float32), rng.integers(0, 2, n)


@cache
def learner(epochs: int = 1, batch: int = 64) -> Any:
    training = LocalTraining(model="mlp", hidden=[40], epochs=epochs, batch=batch, rate=0.5)
    return training.learner(features=WIDTH, classes=2)


def run(sizes: tuple[int, ...], protocol: Any, how: Any = None, **more: Any) -> Run:
    clients = {chr(97 + k): coins(n, k) for k, n in enumerate(sizes)}
    rng = np.random.default_rng(7)
    return confide.collaborate(how or learner(), clients, protocol, rounds=2, rng=rng, **more)


def held(done: Run, seen_by: str = "server", how: Any = None, **given: Any) -> Collaboration:
    given = {"controls": coins(100, 99), "model": how or learner(), **given}
    return Collaboration(done, seen_by=seen_by, **given)


def audit(done: Run, seen_by: str = "server", *, attacks: Any, how: Any = None, **given: Any) -> Audit:
    about = {"about": given.pop("about")} if "about" in given else {}
    return confide.audit(held(done, seen_by, how, **about), attacks=attacks, seed=1, **given)


def read(done: Run, how: Any = None) -> CollaborationData:
    return read_collaboration(held(done, how=how), rng=np.random.default_rng(0))


def gradient(view: SharedGradient, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of the mean cross-entropy of a network with one hidden layer of ReLU units, by hand."""
    (w, b), (v, c) = ((one.weight.astype(float), one.bias.astype(float)) for one in view.layers)  # type: ignore
    z = x @ w.T + b
    h = np.maximum(z, 0)
    logits = h @ v.T + c
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    e = (p / p.sum(axis=1, keepdims=True) - np.eye(2)[y]) / len(x)
    d = (e @ v) * (z > 0)
    return np.concatenate([part.ravel() for part in (d.T @ x, d.sum(axis=0), e.T @ h, e.sum(axis=0))])


@pytest.mark.parametrize("protocol", [FedSGD(), FedAvg(), FedAvg(weights="equal")])
def test_an_update_is_read_as_the_gradient_of_the_records_behind_it(protocol: Any) -> None:
    found = read_updates(read(run((25, 30), protocol)))
    assert [one.client for one in found.each] == ["a", "b"]
    for one in found.each:
        wanted = gradient(one.view, np.asarray(one.batch.x, np.float64), one.batch.y)
        assert np.abs(one.view.vector - wanted).max() < 1e-5


def test_records_that_are_alone_behind_an_update_are_rebuilt_and_no_control_is() -> None:
    done = audit(run((1,) * 10, FedSGD()), attacks=[AnalyticInversion(), LastLayerLabels()])
    sections = {s.goal: s for s in done.sections}
    assert set(sections) == {REBUILT, COUNTED}
    (table,) = sections[REBUILT].exhibits
    (_, inside, best), (_, outside, chance) = table.rows  # type: ignore
    assert inside.value == 1 and best.value > 60
    assert outside.value == 0 and chance.value < 25
    evidence = sections[REBUILT].evidence["analytic-inversion"]
    # Eight updates of ten, those of two rounds of the first clients not needed twice.
    assert evidence.exposed.sum() == 8 and evidence.table["hit"].to_list() == evidence.exposed.tolist()
    labels = sections[COUNTED].evidence["last-layer-labels"]
    assert labels.table["hit"].to_numpy()[labels.exposed].all(), "exact for one record"


def test_few_records_are_measured_over_rounds_and_too_few_are_not_played() -> None:
    found = read_updates(read(run((2, 3), FedSGD())))
    assert [(one.client, one.round) for one in found.each] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert [n.tolist() for n in found.numbers] == [[0, 1], [2, 3, 4], [0, 1], [2, 3, 4]]
    few = audit(run((1, 2), FedSGD()), attacks="analytic-inversion,update-decoder", about="a,b")
    assert "fewer than 8 records" in str(few.sections[0].skipped[0].why)


@pytest.mark.parametrize(
    ("done", "seen_by", "says"),
    [
        (
            lambda: run((25, 25, 25), FedAvg(), secure=SecureSum(), limit=100.0),
            "server",
            "no update of a client",
        ),
        (lambda: run((25, 25), FedSGD()), "client:a", "no update of a client"),
        (lambda: run((25, 25), FedSGD()), "eavesdropper", "sizes and times"),
        (lambda: run((70, 70), FedSGD()), "server", "70 records are behind an update"),
    ],
)
def test_what_a_party_cannot_try_is_named_with_the_reason(done: Any, seen_by: str, says: str) -> None:
    (section,) = audit(done(), seen_by, attacks=["analytic-inversion", "update-loss"]).sections
    why = next(str(k.why) for k in section.skipped if k.attack == "analytic-inversion")
    assert section.goal == GOAL and "not played" in why and says in why


def test_several_local_steps_are_named_as_the_reason() -> None:
    how = learner(3, 10)
    (section,) = audit(run((25, 25), FedAvg(), how), attacks="spear,update-loss", how=how).sections
    assert [str(k.why) for k in section.skipped if k.attack == "spear"] == [
        "not played: an update sums up 9 local steps, and these attacks solve one. That is no sign that "
        "records are safe"
    ]


def test_the_audit_reports_the_client_that_is_worst_off() -> None:
    """Its numbers are those of that client asked about alone, with a wider interval."""
    done, attack = run((30, 60, 25), FedAvg(), learner(6, 10)), [UpdateDecoder(rounds=(1,))]
    every = audit(done, attacks=attack, how=learner(6, 10))
    alone = {one: audit(done, attacks=attack, how=learner(6, 10), about=one) for one in "abc"}
    risk = every.sections[0].headline.risk.auc
    each = {name: one.sections[0].headline.risk.auc for name, one in alone.items()}
    table = next(e for e in every.sections[0].exhibits if e.title == "Which client's records are found")
    assert [(row[0], row[1]) for row in table.rows] == [("b", "60"), ("a", "30"), ("c", "25")]
    shown = {row[0]: row[2] for row in table.rows}
    for name, own in each.items():
        assert shown[name].value == own.value and shown[name].low <= own.low
    worst = max(shown, key=lambda name: shown[name].low)
    assert risk == shown[worst]
    assert any(worst in note for note in every.sections[0].notes if note.startswith("Asked about"))
    assert risk.confidence == pytest.approx(1 - 0.05 / every.sections[0].among)


def test_a_limit_that_one_client_exceeds_is_exceeded() -> None:
    """About the client with most records nothing is settled; the other one decides."""
    done, how = run((60, 25), FedAvg(), learner(6, 10)), learner(6, 10)
    given: dict[str, Any] = {"attacks": [UpdateDecoder(rounds=(1,))], "how": how, "limits": ["auc=0.6"]}
    assert [audit(done, about=one, **given).verdict for one in "ab"] == ["not settled", "exceeded"]
    assert audit(done, **given).verdict == "exceeded"


def test_the_public_sees_no_name_of_a_client_in_any_section() -> None:
    clients = {f"phone-of-{who}": coins(25, k) for k, who in enumerate(("ada", "ben", "cy"))}
    done = confide.collaborate(learner(), clients, FedSGD(), rounds=1, rng=np.random.default_rng(1))
    attacks = "analytic-inversion,last-layer-labels,update-loss"
    shown = audit(done, attacks=attacks, audience="public").report
    assert "phone-of" not in shown.text() + shown.html() + shown.json()
    assert "phone-of" in audit(done, attacks=attacks).report.json()
