"""The ledger that pays for a plan: tried before it is made, and open while the run lasts."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from confide.core.budget import Budget, Unit
from confide.mechanisms.federate.paying import pay
from confide.mechanisms.federate.protocol import AnyCollaboration, Plan
from confide.releases.collaboration.plan import PlanFile

if TYPE_CHECKING:
    from confide.account.ledger import Ledger


def refuse_new_ledger(
    plan: PlanFile, protocol: AnyCollaboration, whole: Plan, promise: Budget | None
) -> None:
    """Refuse a ledger that is still to be made and would not pay, before it is there: one is tried elsewhere.

    Args:
        plan: that names it; nothing is done where the ledger is there already.
        protocol, whole: what is run.
        promise: of the whole run.

    Raises:
        ConfideError: as the ledger itself would.
    """
    if plan.paying.ledger is None or plan.paying.of_ledger is None:
        return
    from confide.account.opening import PATIENCE
    from confide.account.places import place_of

    if place_of(plan.paying.ledger).is_taken(PATIENCE):
        return
    with TemporaryDirectory() as folder, ExitStack() as open_while:
        trial = replace(plan, paying=replace(plan.paying, ledger=f"{folder}/trial"))
        unit = Unit.client() if promise is None else promise.unit
        ledger = ledger_of(trial, sha256(b"trial").hexdigest(), open_while, unit=unit)
        assert ledger is not None
        pay(ledger, protocol, whole, promise, analyst=plan.paying.analyst)


def ledger_of(plan: PlanFile, data: str, open_while: ExitStack, *, unit: Unit | None = None) -> Ledger | None:
    """The ledger that pays for a plan, open for a while; None where the plan names none.

    Args:
        plan: that names it.
        data: the SHA-256 to which a new ledger is bound.
        open_while: closes it.
        unit: what a new one hides; a client by itself.
    """
    if plan.paying.ledger is None:
        return None
    from confide.account.opening import open_ledger

    budget, unit = plan.paying.of_ledger, unit or Unit.client()
    whole = None if budget is None else replace(budget, unit=unit)
    made = open_ledger(plan.paying.ledger, data=data, budget=whole, unit=unit)
    open_while.callback(made.close)
    return made
