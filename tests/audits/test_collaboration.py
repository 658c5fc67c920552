"""Auditing a collaboration: what each party sees, what it learns, and against whom a promise holds."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import confide
from confide.attacks.membership.updates import UpdateDecoder
from confide.audits import Audit
from confide.audits.collaboration.promise import of_one_record
from confide.collaboration import DPFedAvg, FedAvg, LocalTraining, Run, SecureSum
from confide.core.budget import Budget, Unit
from confide.core.errors import AccessError, DataError
from confide.inputs.collaboration import Collaboration
from confide.inputs.collaboration_data import read_collaboration
from confide.report import Table
from confide.report.renders.brief import to_brief

WIDTH, EACH = 40, 30
LEARNER = LocalTraining(model="mlp", hidden=[64], epochs=10, batch=8, rate=0.2)


def coins(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Records whose labels are coins: what a model learns of them is learned by heart."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, WIDTH)).astype(np.float32), rng.integers(0, 2, n)


@cache
def learner() -> Any:
    return LEARNER.learner(features=WIDTH, classes=2)


@cache
def run(secure: bool = False, noise: float | None = None) -> Run:
    """Four clients, two rounds."""
    clients = {name: coins(EACH, seed) for seed, name in enumerate("abcd")}
    protocol = FedAvg(weights="equal")
    if noise is not None:
        budget = Budget(1e6, 0.1, Unit.client())
        protocol = DPFedAvg(budget=budget, clip=2.0, sample=1.0, multiplier=noise, noise="rehearsal")
    how = {"secure": SecureSum(), "limit": 100.0} if secure else {}
    return confide.collaborate(learner(), clients, protocol, rounds=2, rng=np.random.default_rng(7), **how)


def audit(transcript: Run, seen_by: str, **given: Any) -> Audit:
    held = Collaboration(transcript, seen_by=seen_by, controls=coins(120, 9), model=learner())
    return confide.audit(held, attacks=[UpdateDecoder(rounds=(1,))], seed=1, **given)


def auc(done: Audit) -> float:
    return done.sections[0].headline.risk.auc.value


def parties(done: Audit) -> Table:
    return next(e for e in done.sections[0].exhibits if e.title == "Who sees what, and what it learned")


def test_the_server_finds_a_client_s_records_in_its_update_and_in_the_sum_of_all() -> None:
    alone, total = audit(run(), "server"), audit(run(secure=True), "server")
    assert auc(alone) > 0.95 and auc(total) > 0.8
    (server, client, listener) = parties(alone).rows
    assert server[2] == pytest.approx(alone.sections[0].headline.risk.auc)
    assert [row[0][0] for row in (server, client, listener)] == [
        "the server",
        "each other client (",
        "an eavesdropper",
    ]
    assert server[3] == client[3] == "nothing" and client[2] == "not asked here"
    assert "each by itself" in str(server[1]) and "not who sent what" in str(parties(total).rows[0][1])
    assert read(run(), "server").asked == (("a",), ("b",), ("c",), ("d",))
    assert read(run(secure=True), "server").asked == ((),)


def test_the_report_begins_with_the_table_of_parties() -> None:
    """Directly after the verdict, before anything that was found; on a terminal, in HTML and in JSON."""
    shown = audit(run(), "server").report
    (table,) = shown.page["opening"]
    title = "Who sees what, and what it learned"
    assert table["title"] == title and table["rows"][0][0] == "the server"
    assert title not in [e["title"] for s in shown.page["sections"] for e in s["exhibits"]]
    keys = list(shown.page)
    assert keys.index("verdict_sentence") < keys.index("opening") < keys.index("findings")
    for text in (shown.text(), shown.html(), to_brief(shown.page, width=100)):
        assert text.index(title) < text.index(shown.page["sections"][0]["headline"][:30])
    assert parties(audit(run(), "server", audience="public")).opens


def test_a_client_finds_the_others_in_the_models_that_it_was_sent() -> None:
    """With a secure sum or without it, a client sees the same: its own update is not what it looks at."""
    plain, secure = audit(run(), "client:a"), audit(run(secure=True), "client:a")
    assert auc(plain) > 0.7
    assert abs(auc(plain) - auc(secure)) < 0.02


def test_noise_hides_records_from_those_who_see_models_and_not_from_the_server() -> None:
    """The server knows the sum before it adds noise, with secure aggregation too."""
    noisy = run(secure=True, noise=20.0)
    server, client = audit(noisy, "server"), audit(noisy, "client:a")
    assert auc(server) > 0.75
    # 90 against 120: the deviation of the AUC of a coin is 0.04.
    assert abs(auc(client) - 0.5) < 0.2
    assert parties(server).rows[0][3] == "nothing: the protocol trusts it"
    assert "hiding everything any one client holds" in str(parties(client).rows[0][3])
    assert server.sections[0].promise is None and client.sections[0].promise is not None
    assert any("does not hold against this party" in w for w in server.sections[0].warnings)


def test_a_promise_whose_noise_was_forgotten_is_refuted_and_one_that_is_kept_is_not() -> None:
    """The broken twin says that it has the noise. One audit in a thousand refutes a promise that is kept."""
    promise = Budget(0.5, 1e-6, Unit.client())
    bare, kept = run(secure=True), run(noise=20.0)
    twin = replace(bare, released=replace(kept.released, budget=promise))
    refuted = audit(twin, "server")
    (section,) = refuted.sections
    assert section.broken == ("what the promise allows (update-decoder)",)
    assert (refuted.verdict, refuted.exit_code) == ("exceeded", 1) and "promise is broken" in " ".join(
        map(str, section.warnings)
    )
    honest = replace(kept, released=replace(kept.released, budget=promise))
    assert audit(honest, "client:a").sections[0].broken == ()
    assert of_one_record(promise) == pytest.approx((1.0, 1e-6 * (1 + np.exp(0.5))))


def test_an_eavesdropper_is_no_all_clear() -> None:
    done = audit(run(), "eavesdropper")
    assert done.sections[0].unsettled == ("sizes and times",)
    assert {k.attack for k in done.sections[0].skipped} == {"update-decoder"}
    (parties,) = [one for one in done.sections[0].exhibits if isinstance(one, Table) and one.opens]
    assert parties.rows[0][2] == "no attack ran"
    limited = confide.audit(
        Collaboration(run(), seen_by="eavesdropper", controls=coins(120, 9), model=learner()),
        limits=["auc=0.9"],
    )
    assert limited.exit_code == 1 and limited.verdict == "not settled"


def read(transcript: Run, seen_by: str, **given: Any) -> Any:
    held = {"controls": coins(120, 9), "model": learner(), **given}
    return read_collaboration(
        Collaboration(transcript, seen_by=seen_by, **held), rng=np.random.default_rng(0)
    )


def test_targets_are_records_of_the_clients_in_question_and_records_that_nobody_had() -> None:
    data = read(run(), "server", about="c")
    x, _ = coins(EACH, 2)
    assert sorted(map(tuple, data.targets.take(data.member).x.tolist())) == sorted(map(tuple, x.tolist()))
    assert (data.member.sum(), len(data.targets)) == (EACH, EACH + 120)
    assert set(data.who.filter(data.member)["file"]) == {"c"}
    everyone = read(run(), "client:a")
    assert everyone.asked == ((),) and everyone.member.sum() == 3 * EACH, "not its own"


def test_records_of_others_and_controls_that_were_used_are_left_out_and_counted() -> None:
    x, y = (np.concatenate(pair) for pair in zip(coins(120, 9), coins(EACH, 3), strict=True))
    data = read(run(), "server", about="c", controls=(x, y))
    assert len(data.targets) == EACH + 120 and "30 controls are records of a client" in data.left_out[0]
    x, y = (np.concatenate(pair) for pair in zip(coins(EACH, 2), coins(EACH, 3), strict=True))
    data = read(run(), "server", about="c", records=(x, y))
    assert data.member.sum() == EACH and "30 records are of no client in question" in data.left_out[0]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"seen_by": "z"}, "no party 'z'"),
        ({"about": "z"}, "asked about 'z'"),
        ({"controls": coins(EACH, 1)}, "every control is a record"),
        ({"controls": (np.zeros((5, 3)), np.zeros(5))}, "has the shape"),
        ({"controls": "holdout.csv"}, "does not say how a table is encoded"),
        ({"records": coins(5, 77)}, "none of the 5 records"),
        ({"model": None}, "how its model is made"),
        ({"model": 3}, "give the learner"),
        ({"seen_by": " , "}, "nobody looks"),
        ({"seen_by": "server,eavesdropper"}, "look alone"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(given: dict[str, Any], says: str) -> None:
    with pytest.raises((DataError, AccessError), match=says):
        read(run(), **{"seen_by": "server", **given})


def test_the_public_sees_no_name_of_a_client() -> None:
    """Clients may be people: a phone has one owner."""
    clients = {f"phone-of-{who}": coins(EACH, seed) for seed, who in enumerate(("ada", "ben", "cy"))}
    done = confide.collaborate(learner(), clients, FedAvg(), rounds=1, rng=np.random.default_rng(1))
    for seen_by in ("server", "client:phone-of-ada", "eavesdropper"):
        shown = audit(done, seen_by, audience="public").report
        assert "phone-of" not in shown.text() + shown.html() + shown.json()
    assert "phone-of" in audit(done, "server").report.json()
