"""Ledgers that are made with the first charge: a price, or a refused question, leaves nothing on the disk."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from confide.account.costs import Amount, Cost
from confide.account.filters import Composition, Left
from confide.account.history import Entry, Standing
from confide.account.ledger import Granted, Ledger, left_of, need_granted, part_of
from confide.account.opening import PATIENCE, open_ledger
from confide.account.places import absolute, place_of
from confide.account.terms import EVERYBODY, Terms, checked_name, share_of, shares_of, with_parts
from confide.core.budget import Budget
from confide.core.errors import BudgetError, LedgerError


class AwaitedLedger:
    """A new ledger, with the whole budget left; its place stays empty until something is charged.

    Another process may make a ledger there first. Then that one pays, if its data, unit and budget are these.

    Args:
        address: of its place, as `open_ledger` takes it.
        data: SHA-256 of the data set.
        budget: of the whole, with its unit.
        composition: how costs add up.
        shares: of analysts, as `open_ledger` takes them; None for everybody.

    Raises:
        BudgetError: if the budget pays for nothing, or the parts cannot be.
        DataError: if the address cannot be.
    """

    def __init__(
        self,
        address: str,
        *,
        data: str,
        budget: Budget,
        composition: Composition | None,
        shares: Mapping[str, Amount] | None = None,
    ) -> None:
        self._address, self._budget = absolute(address), budget
        self._composition: Composition | None = composition
        self._lock, self._made = Lock(), list[Ledger]()
        self._shares, parts = shares, shares_of(shares)
        self._parts = {n: Standing(share=share, spent=Cost.nothing()) for n, share in parts.items()}
        self._terms = Terms.of(data, budget, shares=parts, composition=composition, overcommitted=False)

    @property
    def terms(self) -> Terms:
        """What it is or will be bound to."""
        return self._made[0].terms if self._made else self._terms

    @property
    def created(self) -> bool:
        """Whether it was made, by a charge of this one."""
        return bool(self._made) and self._made[0].created

    def charge(self, question: str, cost: Cost, *, analyst: str | None = None, asked: str = "") -> Granted:
        """Charge a question, as `Ledger.charge`; one that is not granted makes no ledger.

        Raises:
            BudgetError, LedgerError: as `Ledger.charge` and `open_ledger` do.
        """
        with self._lock:
            if not self._made:
                name = analyst or EVERYBODY
                # A ledger that somebody else made meanwhile may know the answer: it decides itself.
                if not place_of(self._address).is_taken(PATIENCE):
                    part = part_of(self._parts, name, active=True)
                    need_granted(self._terms, name, part, spent=Cost.nothing(), cost=cost)
                self._made.append(
                    open_ledger(
                        self._address,
                        data=self._terms.data,
                        budget=self._budget,
                        unit=self._budget.unit,
                        parts=self._shares,
                        composition=self._composition,
                    )
                )
        return self._made[0].charge(question, cost, analyst=analyst, asked=asked)

    def answer(self, granted: Granted, value: object) -> str:
        """Store an answer, as `Ledger.answer`."""
        return self._made[0].answer(granted, value)

    @property
    def spent(self) -> Cost:
        """The cost of all questions together."""
        return self._made[0].spent if self._made else Cost.nothing()

    def left(self, analyst: str | None = None) -> Left:
        """The most that the next question of an analyst may cost."""
        if self._made:
            return self._made[0].left(analyst)
        return left_of(self._terms, part_of(self._parts, analyst or EVERYBODY, active=True), Cost.nothing())

    @property
    def parts(self) -> dict[str, Standing]:
        """The parts of all analysts, by name; before the first charge those that it will be made with."""
        return self._made[0].parts if self._made else dict(self._parts)

    @property
    def head(self) -> str:
        """The hash of the last entry, as `Ledger.head`.

        Raises:
            LedgerError: before the first charge, when there is no entry.
        """
        if not self._made:
            raise LedgerError(
                "there is no ledger yet, and so no hash: it is made with the first question that is charged."
            )
        return self._made[0].head

    def admit(self, analyst: str, share: Amount) -> None:
        """Give a new analyst a part, as `Ledger.admit`.

        Raises:
            BudgetError: as there, and before the first charge, when no ledger is there to give a part of.
        """
        name, part = checked_name(analyst), share_of(analyst, share)
        if self._made:
            self._made[0].admit(name, part)
            return
        raise BudgetError(
            f"{name} cannot have a part: this ledger is not made yet. Name all parts when it is made, "
            f"{with_parts(name, part)}."
        )

    def revoke(self, analyst: str) -> None:
        """Let an analyst ask no more, as `Ledger.revoke`.

        Raises:
            BudgetError: if there is no such analyst.
            LedgerError: before the first charge, when nothing can be revoked.
        """
        if self._made:
            self._made[0].revoke(analyst)
            return
        part_of(self._parts, analyst, active=False)
        raise LedgerError(
            "there is no ledger yet, and so no part to revoke: it is made with the first question that is "
            "charged."
        )

    def history(self) -> list[Entry]:
        """All entries in their order; none before the first charge."""
        return self._made[0].history() if self._made else []

    def close(self) -> None:
        """Close the connections to the database."""
        for made in self._made:
            made.close()


def awaited_ledger(
    address: str,
    *,
    data: str,
    budget: Budget | None,
    composition: Composition | None,
    parts: Mapping[str, Amount] | None = None,
) -> AwaitedLedger | None:
    """The ledger that a budget will make; None if there is one already, or no budget to make it with.

    Args:
        address, data, budget, composition, parts: as `open_ledger` takes them.

    Raises:
        BudgetError, LedgerError, DataError: as `open_ledger` does.
    """
    if budget is None or place_of(address).is_taken(PATIENCE):
        return None
    return AwaitedLedger(address, data=data, budget=budget, composition=composition, shares=parts)
