"""How often a party has taken part in a match: each run is counted before its first message, for good."""

from __future__ import annotations

from pathlib import Path

from confide.core.errors import BudgetError
from confide.mechanisms.share.matching.match_plan import MatchPlan


def counted(plan: MatchPlan, folder: Path) -> int:
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
            (folder / f"{plan.digest.hex()[:32]}-{number}").touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            continue
        return number
    raise BudgetError(
        f"the match {plan.name!r:.60} was run {plan.times} times here, as often as its plan allows: each run "
        "answers whether people are in the other's list. Agree on another plan if you need more."
    )
