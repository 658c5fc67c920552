"""The ledger of a budget: every question is charged before it is answered, in one transaction.

The order is the promise. A charge is on the disk before the answer is computed, so a crash in between loses
budget and never privacy. A charge without an answer is not given back, and its question asked again is paid
again: an answer that was computed may have been seen. A question that was answered is answered again from the
history, at no cost, because the same answer twice shows nothing new. Two who ask the same at the same moment
both pay.

Open one by `confide.account.opening.open_ledger`; ask through `confide.account.charge.answered`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import Connection

from confide.account.costs import Amount, Cost
from confide.account.database import Database
from confide.account.filters import Left
from confide.account.history import Entry, Standing, canonical
from confide.account.refusals import no_answer, no_room, not_granted
from confide.account.terms import EVERYBODY, Terms, checked_name, share_of
from confide.account.verifying import verified_history
from confide.account.writing import (
    admit,
    amounts,
    append,
    change_part,
    cost_of,
    entries_of,
    locked,
    row_of,
    standing_of,
)
from confide.core.errors import BudgetError, LedgerError
from confide.core.foreign import escaped


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A question that may be answered.

    Args:
        number: of the charge in the history.
        question: its digest.
        cost: what was charged now; nothing for an answer that is known.
        answer: the stored answer, as JSON; None if it has to be computed.
    """

    number: int
    question: str
    cost: Cost
    answer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """An open ledger; several processes and threads may have the same one open.

    Args:
        database: where it is.
        terms: what it is bound to.
        created: whether it was made just now, with the whole budget left.
    """

    database: Database
    terms: Terms
    created: bool

    def charge(self, question: str, cost: Cost, *, analyst: str | None = None, asked: str = "") -> Granted:
        """Charge a question before it is answered, or find its answer.

        Groups that no person can be in twice are one question with the largest of their costs (parallel
        composition); the caller decides that, and charges once.

        Args:
            question: the digest of everything that the answer depends on, by `charge.digest_of`.
            cost: of the answer.
            analyst: whose part pays; None if no analysts are named.
            asked: the question in words, for the history.

        Raises:
            BudgetError: if the part or the whole does not pay for it: what is left, and what would pay.
            LedgerError: if the ledger cannot be used; no answer may be given then.
        """
        if (cost.epsilon is None or cost.epsilon == 0) and not (cost.rho or cost.delta):
            raise BudgetError("the question costs nothing: give an epsilon or a rho above 0.")
        if cost.epsilon is not None and bool(cost.epsilon) != bool(cost.rho):
            raise BudgetError(
                f"the question costs {cost.epsilon} units of epsilon and {cost.rho} of rho, so it would be "
                "free by one of both: make its cost by Cost.pure or Cost.concentrated."
            )
        name, token = analyst or EVERYBODY, secrets.token_hex(16)
        words = escaped(asked)

        def work(base: Connection) -> Granted:
            book, part = locked(base), part_of(standing_of(base), name, active=True)
            spent = cost_of(book)
            entries = entries_of(base, question)
            for entry in entries:
                if entry.kind == "answered":
                    return Granted(
                        number=entry.charge, question=question, cost=Cost.nothing(), answer=entry.payload
                    )
                if entry.token == token:  # the server went away after it had charged
                    return Granted(number=entry.number, question=question, cost=cost)
            need_granted(self.terms, name, part, spent=spent, cost=cost)
            change_part(base, name, **amounts(part.spent + cost))
            number = append(
                base, book=book, kind="charged", analyst=name, question=question, asked=words, token=token,
                total=spent + cost, **amounts(cost),
            )  # fmt: skip
            return Granted(number=number, question=question, cost=cost)

        return self.database.write(work)

    def answer(self, granted: Granted, value: object) -> str:
        """Store the answer to a charged question, before anybody sees it.

        Args:
            granted: what `charge` returned.
            value: the answer, of what JSON can say.

        Returns:
            The answer as JSON, as it will be given to everybody who asks the same.

        Raises:
            LedgerError: if it is no JSON, no charge paid for it, or another answer was stored.
        """
        try:
            payload = canonical(value)
        except (TypeError, ValueError) as error:
            raise LedgerError(no_answer(error)) from error

        def work(base: Connection) -> str:
            book = locked(base)
            entries = entries_of(base, granted.question)
            paid = next((e for e in entries if e.number == granted.number and e.kind == "charged"), None)
            if paid is None:
                raise LedgerError("no charge paid for this answer: charge the question first.")
            stored = [e.payload for e in entries if e.kind == "answered" and e.charge == granted.number]
            if stored and stored[0] != payload:
                raise LedgerError("this charge has another answer already: charge the question again.")
            if not stored:
                append(
                    base,
                    book=book,
                    kind="answered",
                    analyst=paid.analyst,
                    question=paid.question,
                    charge=paid.number,
                    payload=payload,
                )
            return payload

        return self.database.write(work)

    def admit(self, analyst: str, share: Amount) -> None:
        """Give a new analyst a part of the budget.

        Raises:
            BudgetError: if the name is taken, the share is none, or too little is left to give.
        """
        name, part = checked_name(analyst), share_of(analyst, share)

        def work(base: Connection) -> None:
            locked(base)
            standing = standing_of(base)
            if name in standing:
                if standing[name] == Standing(share=part, spent=Cost.nothing()):
                    return  # the server went away after it had admitted them
                raise BudgetError(f"there is an analyst {name} already: choose another name.")
            given = sum((s.share for s in standing.values()), Fraction(0))
            if self.terms.composition == "either" or (given + part > 1 and not self.terms.overcommitted):
                raise BudgetError(no_room(name, part, standing, self.terms))
            admit(base, name, part)

        self.database.write(work)

    def revoke(self, analyst: str) -> None:
        """Let an analyst ask no more; their part, spent or not, is given to nobody else.

        Raises:
            BudgetError: if there is no such analyst.
        """

        def work(base: Connection) -> None:
            locked(base)
            if not part_of(standing_of(base), analyst, active=False).revoked:
                change_part(base, analyst, revoked=1)
                append(base, kind="revoked", analyst=analyst)

        self.database.write(work)

    @property
    def spent(self) -> Cost:
        """The cost of all questions together."""
        return self.database.read(lambda base: cost_of(row_of(base)))

    @property
    def parts(self) -> dict[str, Standing]:
        """The parts of all analysts, by name."""
        return self.database.read(standing_of)

    @property
    def head(self) -> str:
        """The hash of the last entry: keep it elsewhere, and a ledger that was set back is noticed."""
        return self.database.read(lambda base: str(row_of(base)["hash"]))

    def left(self, analyst: str | None = None) -> Left:
        """The most that the next question of an analyst may cost."""
        name = analyst or EVERYBODY
        return self.database.read(
            lambda base: left_of(
                self.terms, part_of(standing_of(base), name, active=True), cost_of(row_of(base))
            )
        )

    def history(self) -> list[Entry]:
        """All entries in their order, with the chain verified.

        Raises:
            LedgerError: if it is broken.
        """
        return self.database.read(verified_history)

    def close(self) -> None:
        """Close the connections to the database."""
        self.database.close()


def left_of(terms: Terms, part: Standing, spent: Cost) -> Left:
    """The most that the next question of an analyst may cost, of their part and of the whole.

    Args:
        terms: of the ledger.
        part: of the analyst.
        spent: by everybody.
    """
    whole = terms.filter
    own, all_ = whole.part(part.share).left(part.spent), whole.left(spent)
    return Left(
        epsilon=min(own.epsilon, all_.epsilon),
        rho=min(own.rho, all_.rho),
        delta=min(own.delta, all_.delta),
    )


def need_granted(terms: Terms, name: str, part: Standing, *, spent: Cost, cost: Cost) -> None:
    """Check that the part and the whole pay for a question.

    Args:
        terms: of the ledger.
        name: of the analyst.
        part: of this analyst.
        spent: by everybody.
        cost: of the question.

    Raises:
        BudgetError: if they do not: what is left, and what would pay.
    """
    whole = terms.filter
    if not (whole.part(part.share).grants(part.spent + cost) and whole.grants(spent + cost)):
        left = left_of(terms, part, spent)
        raise BudgetError(not_granted(terms, name, part, cost=cost, spent=spent, left=left))


def part_of(standing: Mapping[str, Standing], name: str, *, active: bool) -> Standing:
    """The part of an analyst.

    Raises:
        BudgetError: if there is none such, or an active one is asked for and theirs was revoked.
    """
    if name not in standing:
        named = ", ".join(standing)
        if name == EVERYBODY:
            raise BudgetError(
                f"this budget is divided: say who asks ({named:.200}), by --analyst, in Python analyst=."
            )
        raise BudgetError(f"there is no analyst {name!r:.60} in this ledger: name one of {named:.200}.")
    if active and standing[name].revoked:
        raise BudgetError(f"the part of {name} was revoked: ask the owner of the data.")
    return standing[name]
