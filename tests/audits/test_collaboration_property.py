"""Auditing a collaboration: whether people with a property stand behind an update."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import confide
from confide.attacks.attribute.updates import PropertyForest
from confide.audits import Audit
from confide.audits.collaboration.attacks import PROPERTY
from confide.audits.collaboration.property_rounds import property_rounds
from confide.collaboration import DPFedAvg, FedAvg, FedSGD, LocalTraining, Run, SecureSum
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.inputs.collaboration import Collaboration
from confide.inputs.collaboration_data import CollaborationData, read_collaboration
from confide.report import Table

WIDTH, SIZE = 8, 12
FOREST = PropertyForest(made=100, trees=40)


def people(n: int, seed: int, *, told: bool = True, inside: float = 0.5) -> tuple[Any, Any, Any]:
    """Two features are 0 without the property, so that their weights do not move; labels are coins.

    The second one goes with the label of those who have it: their gradients point one way.
    """
    rng = np.random.default_rng(seed)
    has = np.arange(n) < round(inside * n)
    x = rng.normal(size=(n, WIDTH)).astype(np.float32)
    y = rng.integers(0, 2, n)
    if told:
        x[:, 0], x[:, 1] = 2.0 * has, 2.0 * has * (2 * y - 1)
    return x, y, has


@cache
def learner() -> Any:
    training = LocalTraining(model="logistic", epochs=2, batch=6, rate=0.3)
    return training.learner(features=WIDTH, classes=2)


@cache
def clients(count: int, told: bool = True, half: float = 0.5) -> dict[str, tuple[Any, Any, Any]]:
    """Every other client has people with the property."""
    return {f"c{k:02}": people(SIZE, k, told=told, inside=half * (k % 2 == 0)) for k in range(count)}


@cache
def run(count: int, protocol: Any = None, told: bool = True, **how: Any) -> Run:
    own = {name: one[:2] for name, one in clients(count, told).items()}
    rng = np.random.default_rng(7)
    return confide.collaborate(learner(), own, protocol or FedAvg(), rounds=2, rng=rng, **how)


def truths(count: int, told: bool = True) -> tuple[Any, ...]:
    each = clients(count, told).values()
    return tuple(np.concatenate(parts) for parts in zip(*each, strict=True))


def held(done: Run, seen_by: str = "server", n: int = 1_200, told: bool = True, **given: Any) -> Any:
    given = {"auxiliary": people(n, 1_000, told=told), "trait": "sex=F", **given}
    return Collaboration(done, seen_by=seen_by, controls=people(100, 99)[:2], model=learner(), **given)


def read(done: Run, **given: Any) -> CollaborationData:
    return read_collaboration(held(done, **given), rng=np.random.default_rng(0))


def audit(done: Run, seen_by: str = "server", **given: Any) -> Audit:
    record, rest = dict[str, Any](), dict[str, Any]()
    for name, value in given.items():
        (rest if name in ("limits", "audience") else record)[name] = value
    return confide.audit(held(done, seen_by, **record), attacks=[FOREST], seed=1, **rest)


def table(done: Audit, title: str) -> Table:
    return next(e for e in done.sections[0].exhibits if isinstance(e, Table) and e.title.startswith(title))


def test_updates_made_of_other_people_are_told_apart_where_truths_are_missing() -> None:
    done = audit(run(4))
    (section,) = done.sections
    auc = section.headline.risk.auc
    # 1,200 records fill 16 pairs of updates: half of them are learned from, and a pair takes 6 and 18.
    assert section.goal == PROPERTY and auc.value == 1 and 0.5 < auc.low < 0.8
    assert section.evidence["property-forest"].exposed.sum() == 16
    assert "one half of the auxiliary records" in str(section.notes)
    sent = table(done, "What property-forest says")
    assert [row[0] for row in sent.rows] == ["c00", "c01", "c02", "c03"] and sent.internal
    assert {row[3] for row in sent.rows} == {"not known"}
    scores = [row[1] for row in sent.rows]
    assert min(scores[::2]) > max(scores[1::2]), "every other client has the property"  # type: ignore
    assert [len(row) for row in table(done, "In which round").rows] == [2, 2]


def test_clients_of_whom_it_is_known_are_the_cases_where_they_are_enough() -> None:
    done = audit(run(20), records=truths(20))
    (section,) = done.sections
    evidence = section.evidence["property-forest"]
    assert section.headline.risk.auc.value == 1 and len(evidence.exposed) == 20
    assert evidence.exposed.sum() == 10 and "a client counts once" in str(section.notes)
    rows = table(done, "What property-forest says").rows
    assert [row[3] for row in rows] == ["yes", "no"] * 10 and all(row[2] is None for row in rows)
    fewer = audit(run(18), records=truths(18))
    assert "one half of the auxiliary records" in str(fewer.sections[0].notes)
    assert {row[3] for row in table(fewer, "What property-forest says").rows} == {"yes", "no"}


def test_all_clients_are_asked_however_many_records_they_have() -> None:
    """Membership is asked of 8 clients of 20 records or more; a property of all, or of those named."""
    own = {f"c{k:02}": people(25, k)[:2] for k in range(12)}
    done = confide.collaborate(learner(), own, FedAvg(), rounds=1, rng=np.random.default_rng(7))
    assert [len(one.clients) for one in property_rounds(read(done))] == [12]
    assert [one.clients for one in property_rounds(read(done, about="c09,c03"))] == [("c03", "c09")]


def test_who_has_it_is_known_of_clients_all_of_whose_records_are_there() -> None:
    x, y, has = truths(4)
    whole, part = read(run(4), records=(x, y, has)), read(run(4), records=(x[6:15], y[6:15], has[6:15]))
    assert whole.trait is not None and whole.trait.truth == {f"c0{k}": k % 2 == 0 for k in range(4)}
    # Of c00 those who have it are missing, and of c01 most.
    assert part.trait is not None and part.trait.truth == {}
    assert read(run(4), records=(x, y)).trait.truth == {}  # type: ignore[union-attr]
    one = (x[:3], y[:3], has[:3])
    assert read(run(4), records=one).trait.truth == {"c00": True}  # type: ignore[union-attr]


def test_auxiliary_records_of_a_client_are_left_out_and_counted() -> None:
    more = [np.concatenate(pair) for pair in zip(people(1_200, 1_000), clients(4)["c01"], strict=True)]
    data = read(run(4), auxiliary=tuple(more))
    assert data.trait is not None and len(data.trait.people) == 1_200
    assert any("12 auxiliary records are records of a client" in note for note in data.trait.notes)


@pytest.mark.parametrize(
    ("done", "seen_by", "sees"),
    [
        (lambda: run(4, secure=SecureSum(), limit=100.0), "server", "4 clients together"),
        (lambda: run(4, FedSGD()), "client:c00", "4 clients together"),
        (lambda: run(4, dp()), "server", "4 clients made of it"),
    ],
)
def test_sums_models_gradients_and_clipped_updates_are_read(done: Any, seen_by: str, sees: str) -> None:
    # Of others one in twenty has the property: in a sum they hide it little.
    (section,) = audit(done(), seen_by, auxiliary=people(4_000, 1_000, inside=0.05)).sections
    assert section.goal == PROPERTY and sees in str(section.adversary)
    # 12 pairs or more: the AUC of a coin is above .75 with probability .02.
    assert section.headline.risk.auc.value > 0.75


def dp() -> Any:
    budget = Budget(1e6, 0.1, Unit.client())
    return DPFedAvg(budget=budget, clip=0.1, sample=1.0, multiplier=0.1, noise="rehearsal")


def test_an_update_that_is_made_of_a_client_s_own_records_is_the_one_it_sent() -> None:
    """Of a gradient: it draws nothing. Of a sum of clients too, where they are the same."""
    for protocol in (FedSGD(), FedAvg()):
        data = read(run(4, protocol))
        for one in property_rounds(data):
            own = [data.records_of([name])[name] for name in one.clients]
            made, labels = one.training.shared(own, None, rng=np.random.default_rng(0))
            gap = np.abs(made.gradients - one.updates.gradients).max()
            # Local training of FedAvg takes its records in another order.
            assert gap < (1e-4 if isinstance(protocol, FedSGD) else 0.4)
            assert one.labels is not None and np.array_equal(labels, one.labels)


@pytest.mark.parametrize(
    ("done", "given", "says"),
    [
        (lambda: run(4), {"seen_by": "eavesdropper"}, "sizes and times"),
        (lambda: run(4), {"n": 600}, "at least 120 auxiliary records with the property and 360 without"),
        (lambda: run(4), {"trait": None, "auxiliary": None}, "--auxiliary FILE"),
        (lambda: run(4, dp()), {"seen_by": "client:c00"}, "noise is added before this party"),
    ],
)
def test_what_is_not_played_is_named_with_the_reason(done: Any, given: dict[str, Any], says: str) -> None:
    # Beside an attack that plays: without any there is no report.
    given = {"seen_by": "server", **given}
    audited = confide.audit(held(done(), **given), attacks=[FOREST, "update-loss"], seed=1)
    (section,) = audited.sections
    assert says in next(str(k.why) for k in section.skipped if k.attack == "property-forest")
    tried = "Which properties the people behind an update have was not tried."
    assert (tried in section.notes) == ("trait" in given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"auxiliary": None}, "give both --property"),
        ({"trait": None}, "give both --property"),
        ({"trait": "sex"}, "COLUMN=VALUE"),
        ({"trait": "=F"}, "COLUMN=VALUE"),
        ({"inside": 0.0}, "a share above 0"),
        ({"auxiliary": people(50, 1)[:2]}, "do not say who has the property"),
        ({"auxiliary": (*people(50, 1)[:2], np.ones(50))}, "True or False"),
        ({"auxiliary": (*people(50, 1)[:2], np.ones(50, np.bool_))}, "some with the property and some"),
        ({"auxiliary": "people.csv"}, "does not say how a table is encoded"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(given: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        read(run(4), **given)


def test_a_limit_is_not_kept_because_the_attack_found_little_and_the_public_sees_no_client() -> None:
    done = audit(run(4, told=False), told=False, limits=["auc=0.99"], audience="public")
    assert done.verdict == "not settled" and done.exit_code == 1
    shown = done.report
    assert "c00" not in shown.text() + shown.html() + shown.json()
    assert "sex=F" not in shown.text() + shown.html() + shown.json(), "nor the column"
    assert "c00" in audit(run(4)).report.json()
