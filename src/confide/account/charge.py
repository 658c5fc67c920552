"""The one gate: a question is charged, then answered, then its answer is stored, then it is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from confide.account.costs import Cost
from confide.account.history import canonical
from confide.core.errors import BudgetError

if TYPE_CHECKING:
    from confide.account.awaited import AwaitedLedger
    from confide.account.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer that may be shown.

    Args:
        value: the answer, of what JSON can say.
        cost: what was charged for it now; nothing if it was known.
    """

    value: Any
    cost: Cost

    @property
    def known(self) -> bool:
        """Whether it was asked and answered before."""
        return self.cost == Cost.nothing()


def answered(
    ledger: Ledger | AwaitedLedger,
    question: str,
    cost: Cost,
    *,
    speak: Callable[[], object],
    analyst: str | None = None,
    asked: str = "",
) -> Answered:
    """Answer a question under the ledger's budget; nothing leaves before it is charged and stored.

    Args:
        ledger: that pays.
        question: by `digest_of`.
        cost: of the answer that `speak` gives.
        speak: runs the mechanism, and shows nothing to anybody. An error in it costs what was charged.
        analyst: whose part pays; None if no analysts are named.
        asked: the question in words.

    Raises:
        BudgetError: if it is not granted; `speak` is not called then.
        LedgerError: if the ledger cannot be used; the answer is shown to nobody then.
    """
    granted = ledger.charge(question, cost, analyst=analyst, asked=asked)
    text = granted.answer
    if text is None:
        text = ledger.answer(granted, speak())
    return Answered(value=json.loads(text), cost=granted.cost)


def digest_of(*, data: str, text: str, parameters: Mapping[str, object]) -> str:
    """The digest of a question: two questions with the same digest have the same answer.

    Args:
        data: the digest of the data set.
        text: what is asked, SQL for example.
        parameters: everything else that the answer depends on: epsilon, keys, bounds. Their order does not
            matter.

    Raises:
        BudgetError: if a parameter is nothing that JSON can say.

    >>> digest_of(data="0" * 64, text="count", parameters={"a": 1, "b": 2})[:8]
    '...'
    """
    try:
        said = canonical([data, text, dict(parameters)])
    except (TypeError, ValueError) as error:
        raise BudgetError(
            f"the parameters of the question cannot be written down ({error!s:.100}): give numbers, texts "
            "and lists."
        ) from error
    return sha256(said.encode()).hexdigest()
