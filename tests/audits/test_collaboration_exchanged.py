"""Auditing an exchange of predictions: the published model is asked, and nothing else counts as safe."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

import confide
from confide.audits import Audit
from confide.collaboration import Cronus, KernelRidge, OneShotVotes, PlainMean, Run, SecureSum
from confide.core.arrays import Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.nouns import Outcome, Rehearsal
from confide.inputs.collaboration import Collaboration
from confide.mechanisms.federate.cronus_exchange import CronusExchange
from confide.mechanisms.federate.fitted import Fitted
from confide.mechanisms.federate.one_shot_votes import NoisyVotes
from confide.mechanisms.federate.protocol import AnyCollaboration
from confide.mechanisms.federate.vote_exchange import VoteExchange
from confide.report import Table

WIDTH, EACH, CLASSES = 12, 90, 10
LEARNER = Fitted(recipe=KernelRidge(width=0.5, ridge=1e-3), features=WIDTH, classes=CLASSES)


def dice(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Records whose labels are dice: what a model learns of them is learned by heart."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, WIDTH)).astype(np.float32), rng.integers(0, CLASSES, n)


MEMBERS, CONTROLS = dice(EACH, 0), dice(EACH, 9)
PUBLIC = np.concatenate([MEMBERS[0], CONTROLS[0]])
"""The worst there can be: everybody's features are public, so that a voted label gives a record away."""
PROMISE = Budget(0.5, 1e-6, Unit.client())


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent(OneShotVotes):
    """The broken twin: it says what its noise would promise, and adds none."""

    def noised(self, counts: Ints, *, rng: Rng) -> Outcome[NoisyVotes]:
        return Rehearsal(NoisyVotes(counts, self.sigma), self.budget, "OneShotVotes")


@cache
def run(kind: str, summed: bool = False) -> Run:
    """One party has records; its own model knows them by heart, and so do its answers."""
    clients = {"a": MEMBERS, **dict.fromkeys("bc", (MEMBERS[0][:0], MEMBERS[1][:0]))}
    if summed:
        clients = {name: tuple(part[k::3] for part in MEMBERS) for k, name in enumerate("abc")}
    made = Silent if kind == "silent" else OneShotVotes
    votes = made(budget=PROMISE, public=len(PUBLIC), classes=CLASSES, noise="rehearsal")
    protocol: AnyCollaboration = VoteExchange(votes=votes, student=LEARNER, public=PUBLIC)
    if kind == "cronus":
        cronus = Cronus(mean=PlainMean(), classes=CLASSES, rounds=1)
        protocol = CronusExchange(cronus=cronus, student=LEARNER, public=PUBLIC)
    how: dict[str, Any] = {"secure": SecureSum()} if summed else {}
    return confide.collaborate(LEARNER, clients, protocol, rounds=1, rng=np.random.default_rng(7), **how)


def audit(done: Run, seen_by: str, attacks: str = "update-loss,update-decoder,spear", **given: Any) -> Audit:
    held = Collaboration(done, seen_by=seen_by, controls=CONTROLS, model=LEARNER, records=MEMBERS)
    return confide.audit(held, attacks=attacks, seed=1, **given)


def saw(done: Audit) -> list[str]:
    (table,) = [e for e in done.sections[0].exhibits if isinstance(e, Table) and e.opens]
    return [str(row[1]) for row in table.rows]


def test_the_published_model_is_asked_and_what_reads_updates_is_not_played() -> None:
    done = audit(run("cronus"), "client:b", limits=["auc=0.99"])
    (section,) = done.sections
    assert [found["attack"] for found in done.report.page["findings"]] == ["update-loss"]
    assert section.headline.risk.auc.value > 0.9, "labels are dice: the student knows them from the mean"
    reasons = {one.attack: str(one.why) for one in section.skipped}
    assert set(reasons) == {"update-decoder", "spear"}
    assert all("exchanged predictions or votes" in reason for reason in reasons.values())
    assert section.unsettled == ("predictions and votes",)
    (own, server, other, listener) = saw(done)
    assert "what all parties said together" in own and "what all parties said together" in other
    assert "what each of" in server and "predicted for the public records" in server
    assert "how many bytes" in listener


@pytest.mark.parametrize("seen_by", ["server", "client:b", "eavesdropper"])
@pytest.mark.parametrize("attacks", ["update-loss", "update-decoder"])
def test_no_limit_counts_as_kept(seen_by: str, attacks: str) -> None:
    """With noise nothing is found; whether an attack ran or none did, that is no all-clear."""
    done = audit(run("votes"), seen_by, attacks, limits=["auc=0.9"])
    assert (done.verdict, done.exit_code) == ("not settled", 1)
    (table,) = [e for e in done.sections[0].exhibits if isinstance(e, Table) and e.opens]
    played = attacks == "update-loss" and seen_by != "eavesdropper"
    assert (table.rows[0][2] == "no attack ran") is not played


def test_who_saw_the_votes_is_said() -> None:
    pytest.importorskip("cryptography")
    (server, *_), (summed, *_) = (saw(audit(run("votes", summed=k), "server")) for k in (False, True))
    assert "the votes of" in server and "each by itself" in server
    assert "sum of the votes on the public records, not who cast which" in summed


def test_votes_whose_noise_was_forgotten_break_their_promise_and_those_with_noise_do_not() -> None:
    """One audit in a thousand refutes a promise that is kept."""
    refuted = audit(run("silent"), "client:b")
    assert refuted.sections[0].promise == PROMISE
    assert refuted.sections[0].broken == ("what the promise allows (update-loss)",)
    assert (refuted.verdict, refuted.exit_code) == ("exceeded", 1)
    honest = audit(run("votes"), "client:b")
    assert honest.sections[0].broken == () and honest.sections[0].promise == PROMISE
    assert audit(run("silent"), "server").sections[0].broken == (), "the server is trusted with every vote"
