"""A party's ledger in a joint computation: looked at before anybody connects, charged before the opening."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from confide.account.charge import digest_of
from confide.account.costs import Cost
from confide.account.terms import EVERYBODY
from confide.core.budget import Budget, Unit
from confide.core.drafts import try_place
from confide.core.errors import DataError
from confide.mechanisms.share.joint.noise import PartsOfNoise
from confide.mechanisms.share.joint.plan import JointPlan
from confide.releases.join.settings import JoinSettings

if TYPE_CHECKING:
    from confide.account.ledger import Ledger

PATIENCE = 4
"""A ledger that others hold is waited for this part of the time that a party may be silent."""


@dataclass(slots=True)
class Purse:
    """A party's ledger. A new one is made when it is charged: a run that is lost before leaves none.

    Args:
        opened: opens it, and makes a new one.
        spent: what it holds as spent.
        ledger: once it is open.
    """

    opened: Callable[[], Ledger]
    spent: Cost
    ledger: Ledger | None = None

    def charge(self, question: str, cost: Cost, *, analyst: str | None, asked: str) -> None:
        """Charge it.

        Raises:
            ConfideError: if it does not pay.
        """
        if self.ledger is None:
            self.ledger = self.opened()
        self.ledger.charge(question, cost, analyst=analyst, asked=asked)
        self.spent = self.ledger.spent


def check_paying(settings: JoinSettings, plan: JointPlan) -> None:
    """Refuse a plan with noise for which an owner's ledger is missing, and a ledger that pays for nothing.

    Raises:
        DataError: what to add, or to leave out.
    """
    owner = plan.party(settings.party).role == "owner"
    if plan.epsilon is None and settings.ledger is not None:
        raise DataError("the plan adds no noise, so that no ledger pays for it: leave out --ledger.")
    if not owner and settings.ledger is not None:
        raise DataError("a helper has no records, so that no ledger of its own pays: leave out --ledger.")
    if plan.epsilon is not None and owner and settings.ledger is None:
        raise DataError(
            "the result spends of what your records may give away: name a ledger by --ledger FILE, and of a "
            "new one the whole budget by --budget EPSILON,DELTA."
        )


def purse_of(
    settings: JoinSettings, plan: JointPlan, noise: PartsOfNoise | None, *, data: str, open_while: ExitStack
) -> Purse | None:
    """The ledger of this party, which can pay as it stands; None for a party without one.

    Args:
        settings: that name it.
        plan, noise: of the run.
        data: the SHA-256 of the records.
        open_while: closes it.

    Raises:
        ConfideError: if it cannot be used, or would not pay; a new one is tried elsewhere, and not made yet.
    """
    if settings.ledger is None or noise is None:
        return None
    from confide.account.opening import open_ledger
    from confide.account.places import File, place_of

    unit, patience = Unit.record(), plan.silence / PATIENCE
    budget = None if settings.budget is None else replace(settings.budget, unit=unit)

    def opened(address: str, stack: ExitStack) -> Ledger:
        found = open_ledger(address, data=data, budget=budget, unit=unit, patience=patience)
        stack.callback(found.close)
        _need_room(found, noise, settings.analyst)
        return found

    address, place = settings.ledger, place_of(settings.ledger)
    if budget is None or place.is_taken(patience):
        ledger = opened(address, open_while)
        return Purse(lambda: ledger, ledger.spent, ledger)
    if isinstance(place, File):
        try_place(place.path)
    with TemporaryDirectory() as folder, ExitStack() as trial:
        nothing = opened(f"{folder}/trial", trial).spent
    return Purse(lambda: opened(address, open_while), nothing)


def charging(
    purse: Purse | None, plan: JointPlan, noise: PartsOfNoise | None, *, analyst: str | None, data: str
) -> Callable[[float], None]:
    """What charges the ledger for a rho; nothing for a party without one."""

    def charge(rho: float) -> None:
        if purse is None or noise is None:
            return
        # A number drawn now: each run draws noise of its own, and shows something new.
        settings = {"plan": sha256(plan.text.encode()).hexdigest(), "run": secrets.token_hex(16)}
        question = digest_of(data=data, text="join", parameters=settings)
        asked = (
            f"{plan.computation} of {len(plan.parties)} parties, {noise.budget}, while at most "
            f"{noise.colluding} of them share what they saw"
        )
        purse.charge(question, Cost.concentrated(rho, delta=noise.lost), analyst=analyst, asked=asked)

    return charge


def promise_of(noise: PartsOfNoise | None) -> Budget:
    """What is charged, for sentences."""
    return Budget(0.0) if noise is None else noise.budget


def _need_room(ledger: Ledger, noise: PartsOfNoise, analyst: str | None) -> None:
    from confide.account.ledger import need_granted, part_of

    name = analyst or EVERYBODY
    part = part_of(ledger.parts, name, active=True)
    need_granted(
        ledger.terms, name, part, spent=ledger.spent, cost=Cost.concentrated(noise.rho, delta=noise.lost)
    )
