"""The terms of a ledger: the data set, unit and budget that it is bound to, and how costs add up in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction

from confide.account.costs import DELTA_UNITS, MILLIONTH, Amount, decimal, exact, floored
from confide.account.filters import Composition, Filter
from confide.account.history import canonical
from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, LedgerError
from confide.core.foreign import escaped

EVERYBODY = "everybody"
"""Whose part the whole budget is where no analysts are named."""
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is fixed when a ledger is made.

    Args:
        data: SHA-256 of the data set, 64 hexadecimal digits.
        unit: what the promise hides, in words.
        epsilon: of the budget, in 1e-6.
        delta: of the budget, in 1e-15.
        composition: how costs add up.
        most_rho: the sum of rhos that the budget allows, in 1e-12; None where rhos are not summed. It is
            kept, so that another machine's logarithms cannot move it.
        overcommitted: whether the parts may add up to more than the whole.
    """

    data: str
    unit: str
    epsilon: int
    delta: int
    composition: Composition
    most_rho: int | None
    overcommitted: bool

    @classmethod
    def of(
        cls,
        data: str,
        budget: Budget,
        *,
        shares: Mapping[str, Fraction],
        composition: Composition | None,
        overcommitted: bool,
    ) -> Terms:
        """The terms as a user asks for them.

        Raises:
            LedgerError: if the digest is none.
            BudgetError: if the budget pays for no question, or the parts do not fit in it.
        """
        if not re.fullmatch("[0-9a-f]{64}", data):
            raise LedgerError(
                f"the digest of the data is {data!r:.40}: give its SHA-256, 64 hexadecimal digits."
            )
        several = len(shares) > 1 or any(share != 1 for share in shares.values())
        way = composition or ("basic" if not budget.delta else "zcdp" if several else "either")
        if several and way == "either":
            raise BudgetError(
                "parts of a budget add up in one way only, either epsilons or rhos: give composition 'zcdp' "
                "(many small questions) or 'basic' (few large ones)."
            )
        total = sum(shares.values(), Fraction(0))
        if total > 1 and not overcommitted:
            raise BudgetError(
                f"the parts add up to {float(total):g} of the budget: make them smaller, or say that they "
                "may (overcommitted=True); who asks first then gets the budget."
            )
        found = Filter.of(budget, composition=way)
        return cls(
            data=data,
            unit=str(budget.unit),
            epsilon=floored("epsilon", budget.epsilon, MILLIONTH),
            delta=floored("delta", budget.delta, DELTA_UNITS),
            composition=way,
            most_rho=found.most_rho,
            overcommitted=overcommitted,
        )

    @classmethod
    def read(cls, text: str) -> Terms:
        """From the JSON in a ledger."""
        return cls(**json.loads(text))

    @property
    def text(self) -> str:
        """As JSON."""
        return canonical(asdict(self))

    @property
    def filter(self) -> Filter:
        """The filter of the whole."""
        return Filter(
            most_epsilon=None if self.composition == "zcdp" else self.epsilon,
            most_rho=self.most_rho,
            most_delta=self.delta if self.composition == "basic" else self.delta // 2,
        )

    def __str__(self) -> str:
        return f"epsilon {decimal(self.epsilon, MILLIONTH)}, delta {self.delta / DELTA_UNITS:g}"

    def check(
        self, *, data: str, budget: Budget | None, unit: Unit | None, composition: Composition | None
    ) -> None:
        """Check that a ledger with these terms is the one that is asked for; None takes it as it is.

        Args:
            data: SHA-256 of the data set.
            budget: of the whole, with its unit.
            unit: that the noise of questions hides.
            composition: how costs add up.

        Raises:
            LedgerError: if it is not.
        """
        if self.data != data:
            raise LedgerError(
                f"the ledger is of another data set ({self.data[:12]}..., not {data[:12]}...): a ledger is "
                "bound to every byte of its data. Use the data that it was made for. New data about the same "
                "people need a ledger of their own, and what both give away adds up."
            )
        if composition is not None and composition != self.composition:
            raise LedgerError(
                f"costs add up by {self.composition!r} in this ledger, not by {composition!r}: "
                "give the same, or none."
            )
        hidden = {str(unit)} if unit is not None else set[str]()
        hidden |= {str(budget.unit)} if budget is not None else set[str]()
        if other := hidden - {self.unit}:
            raise LedgerError(
                f"the ledger hides {self.unit}, not {min(other)}: use the unit that it was made for; costs "
                "in different units do not add up."
            )
        if budget is None:
            return
        asked = floored("epsilon", budget.epsilon, MILLIONTH), floored("delta", budget.delta, DELTA_UNITS)
        if asked != (self.epsilon, self.delta):
            raise LedgerError(
                f"the ledger's budget is {self}, not epsilon {budget.epsilon:g}, delta {budget.delta:g}: a "
                "budget is fixed when its ledger is made. Give the same, or none to go on with it."
            )


def shares_of(parts: Mapping[str, Amount] | None) -> dict[str, Fraction]:
    """The parts as fractions of the whole; one part for everybody where there are none.

    Raises:
        BudgetError: for a share outside ]0, 1], or a name that is none.

    >>> shares_of({"ada": 0.1, "ben": "1/4"})
    {'ada': Fraction(1, 10), 'ben': Fraction(1, 4)}
    """
    return {checked_name(name): share_of(name, part) for name, part in (parts or {EVERYBODY: 1}).items()}


def share_of(name: str, part: Amount) -> Fraction:
    """One share as a fraction: 0.25, "1/4" or 1.

    Raises:
        BudgetError: if it is not above 0 and at most 1.
    """
    try:
        share = Fraction(part) if isinstance(part, str) and "/" in part else exact("the part", part)
    except (ValueError, ZeroDivisionError):
        share = Fraction(0)
    if not 0 < share <= 1:
        raise BudgetError(
            f"the part of {name} is {part!s:.40}: give a share above 0 and at most 1, such as 0.25."
        )
    return share


def with_parts(name: str, share: Fraction) -> str:
    """How a ledger with a part is made, in words."""
    return (
        f"by --part {name}={share} of confide query, in Python "
        f"confide.private(..., parts={{{name!r}: {str(share)!r}}})"
    )


def checked_name(name: str) -> str:
    """The name of an analyst, if it can be one.

    Raises:
        BudgetError: if it is empty, too long, or has signs that do not show.
    """
    if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME or escaped(name, keep=()) != name:
        raise BudgetError(
            f"{name!r:.60} is no name of an analyst: give 1 to {LONGEST_NAME} signs that show, without "
            "blanks at its ends."
        )
    return name
