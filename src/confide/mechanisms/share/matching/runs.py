"""How often a party has taken part in a match: each run is counted before its first message, for good."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from confide.core.errors import BudgetError


class Counted(Protocol):
    """A plan whose runs are counted, by exactly its terms."""

    @property
    def name(self) -> str: ...
    @property
    def times(self) -> int: ...
    @property
    def digest(self) -> bytes: ...


def refuse_spent(plan: Counted, folder: Path) -> None:
    """Refuse a plan whose runs are used up, before anybody is waited for; nothing is counted.

    Raises:
        BudgetError: if they are.
    """
    if all(_place(plan, folder, number).exists() for number in range(1, plan.times + 1)):
        raise _spent(plan)


def counted(plan: Counted, folder: Path) -> int:
    """Count a run, and give its number; a run that is lost later stays counted.

    A party that may match again with another list learns the difference of the two: each party counts for
    itself, in a folder of its own. Two processes cannot take the same number, because a file is made only
    where there is none.

    Args:
        plan: of the match; the count is that of exactly these terms.
        folder: where this party counts.

    Raises:
        BudgetError: if the plan's runs are used up; nothing was written then.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for number in range(1, plan.times + 1):
        try:
            _place(plan, folder, number).touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            continue
        return number
    raise _spent(plan)


def _place(plan: Counted, folder: Path, number: int) -> Path:
    return folder / f"{plan.digest.hex()[:32]}-{number}"


def _spent(plan: Counted) -> BudgetError:
    return BudgetError(
        f"the match {plan.name!r:.60} was run {plan.times} times here, as often as its plan allows: each run "
        "answers whether people are in the other's list. Agree on another plan if you need more."
    )
