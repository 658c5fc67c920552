"""Exchanges of predictions by a plan: the protocol, made for the public records of its parties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confide.core.arrays import Array
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.inputs.domain_columns import refuse_unknown
from confide.inputs.plan_files import placed_in
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.cronus import Cronus
from confide.mechanisms.federate.cronus_exchange import CronusExchange
from confide.mechanisms.federate.one_shot_votes import OneShotVotes
from confide.mechanisms.federate.protocol import AnyCollaboration
from confide.mechanisms.federate.vote_exchange import VoteExchange
from confide.mechanisms.noise.source import Noise
from confide.releases.collaboration.means import mean_of
from confide.releases.collaboration.parties import Parties
from confide.releases.collaboration.pate import pate_of
from confide.releases.collaboration.plan import PlanFile
from confide.releases.collaboration.protocols import EXCHANGES


def exchange_of(plan: PlanFile, parties: Parties, noise: Noise) -> AnyCollaboration:
    """The protocol of a plan whose parties exchange predictions on public records.

    Args:
        plan: that names one of `EXCHANGES`.
        parties: with the public records.
        noise: "secure", or "rehearsal" from the run's generator.

    Raises:
        ConfideError: with the place in the file, for settings that cannot be, or cannot keep the promise.
    """
    name, public = str(plan.protocol["name"]), parties.asked
    assert public is not None, "a plan of an exchange names public records"
    student = plan.student.learner(features=parties.features, classes=parties.classes)
    with placed_in(plan.path, "protocol"):
        refuse_unknown(plan.protocol, ("name", *EXCHANGES[name].takes), name)
        if name == "cronus":
            return _cronus(plan, public, parties.classes, student)
        if name == "pate":
            return pate_of(plan.protocol, _spending(plan, name), parties, student, noise)
        budget = Budget(*_spending(plan, name), Unit.client())
        votes = OneShotVotes(budget=budget, public=len(public), classes=parties.classes, noise=noise)
        return VoteExchange(votes=votes, student=student, public=public)


def _cronus(plan: PlanFile, public: Array, classes: int, student: LocalLearner) -> CronusExchange:
    said: Mapping[str, Any] = plan.protocol
    if plan.paying.epsilon is not None:
        raise PromiseError(
            "cronus promises nothing, so that no budget can be kept: leave epsilon and delta out, or choose "
            f"{' or '.join(key for key, one in EXCHANGES.items() if one.promises)}."
        )
    if "mean" not in said:
        raise DataError(
            'cronus needs mean: "plain", "median", or a table such as { name = "krum", poisoned = 2 }.'
        )
    cronus = Cronus(mean=mean_of(said.get("mean"), plain=True), classes=classes, rounds=plan.rounds)
    return CronusExchange(cronus=cronus, student=student, public=public)


def _spending(plan: PlanFile, name: str) -> tuple[float, float]:
    if plan.paying.epsilon is None or plan.paying.delta is None:
        raise PromiseError(
            f"{name} keeps a budget, and there is none: write [budget] with epsilon and delta, such as 1 and "
            f"1e-4; delta below one over the {'records' if name == 'pate' else 'clients'}."
        )
    return plan.paying.epsilon, plan.paying.delta
