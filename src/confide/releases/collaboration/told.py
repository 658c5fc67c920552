"""What a run says of itself: the card of its model, its promise in words, and who was left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from confide.core.version import VERSION
from confide.mechanisms.federate.exchange import Exchange
from confide.mechanisms.federate.gathered import DROPPED
from confide.mechanisms.federate.protocol import AnyCollaboration, Plan
from confide.mechanisms.federate.rounds import Run
from confide.mechanisms.share.refusals import listed
from confide.releases.collaboration.parties import Parties
from confide.releases.collaboration.plan import PlanFile
from confide.releases.collaboration.protocols import exchange_in
from confide.releases.collaboration.saved import SCHEMA

if TYPE_CHECKING:
    from confide.core.budget import Budget

REASONS = {DROPPED: f"{DROPPED}, or too few took part for one"}
"""What else a reason of the round loop stands for here."""


def card_of(
    plan: PlanFile, parties: Parties, protocol: AnyCollaboration, run: Run, *, rehearsal: bool
) -> dict[str, Any]:
    """What the model's file says of it: plain types, and nothing of the records."""
    promise = run.released.budget
    return {
        "schema": SCHEMA,
        "confide": VERSION,
        "plan": plan.sha256,
        "rounds": plan.rounds,
        "clients": len(parties.records),
        "label": plan.label,
        "client": plan.client,
        "columns": parties.schema,
        "features": parties.features,
        "learner": plan.student.said,
        **(_of_exchange(plan, protocol) if isinstance(protocol, Exchange) else {}),
        "protocol": protocol.name,
        "secure": plan.adding is not None,
        "trusted": list(protocol.trusted),
        "colluding": run.colluding,
        "rehearsal": rehearsal,
        "promise": {
            "epsilon": None if rehearsal or promise is None else promise.epsilon,
            "delta": None if rehearsal or promise is None else promise.delta,
            "unit": None if promise is None else promise.unit.kind,
            "sentence": _sentence(promise, protocol, plan, parties, run, rehearsal=rehearsal),
        },
    }


def _sentence(
    promise: Budget | None,
    protocol: AnyCollaboration,
    plan: PlanFile,
    parties: Parties,
    run: Run,
    *,
    rehearsal: bool,
) -> str:
    """The promise of the whole run in words, and against whom it does not hold."""
    remark = f" {protocol.remark(run.released.view)}" if isinstance(protocol, Exchange) else ""
    if promise is None:
        return f"It promises nothing: {protocol.name} adds no noise.{remark}{_of_sum(plan)}"
    exchange = exchange_in(plan.protocol)
    once = exchange is not None and exchange.once
    kept = f"{promise}, {run.assumed}" if run.assumed else str(promise)
    whole = "the one exchange" if once else f"the whole run of {plan.rounds:,} rounds"
    said = f"It promises {kept}, for {whole}"
    if rehearsal:
        said = f"It promises nothing, as its noise came from a seed; with secure noise it would be {kept}"
    published = _as_published(protocol, plan, parties, run)
    trusted = " and the ".join(protocol.trusted)
    against = f" It does not hold against the {trusted}, who must be trusted." if trusted else ""
    return f"{said}.{published}{remark}{against}{_of_sum(plan)}"


def _of_exchange(plan: PlanFile, protocol: Exchange) -> dict[str, Any]:
    """The public records that parties were asked about, and what these trained."""
    return {"public": protocol.asked, "trained": plan.learner.said}


def _as_published(protocol: AnyCollaboration, plan: PlanFile, parties: Parties, run: Run) -> str:
    """The epsilon of one number beside that of the run, where a protocol's paper states the former."""
    epsilons: Any = getattr(protocol, "epsilons", None)
    if epsilons is None:
        return ""
    whole = Plan(len(parties.records), plan.rounds, np.zeros(len(run.parameters), np.float32))
    return f" As published, and composed: {epsilons(whole)}."


def _of_sum(plan: PlanFile) -> str:
    if plan.adding is None:
        return ""
    return " The secure sum hides which client sent what from the server; it does not hide the people."


def left_out_lines(run: Run) -> tuple[str, ...]:
    """Who was left out, a sentence for each reason; for the owner of the records alone."""
    return tuple(
        f"Left out, {REASONS.get(reason, reason)}: {_counted(by_client)}."
        for reason, by_client in sorted(run.left_out.items())
    )


def _counted(by_client: Mapping[str, int]) -> str:
    times = sum(by_client.values())
    return f"{times:,} uploads of {len(by_client):,} clients ({listed(by_client)})"


def run_text(card: Mapping[str, Any], run: Run, *, recorded_by: str) -> str:
    """What stands beside a transcript, for an audit: the promise, even of a rehearsal, and who recorded."""
    promise = run.released.budget
    numbers = None if promise is None else {"epsilon": promise.epsilon, "delta": promise.delta}
    said = {**card, "promise": {**card["promise"], **(numbers or {})}, "left_out": run.left_out}
    said |= {"recorded_by": recorded_by} if recorded_by else {}
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"
