"""Facts: what somebody who would link a person to ratings knows besides the ratings themselves."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.nouns import Mechanism
from confide.views.interactions import Interactions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """How good the adversary's facts are, and by what mechanism the release was made.

    The facts themselves are the targets: an `Interactions` with a person for each target, who "has" the items
    that the adversary believes he rated, with the rating and the day that he believes in.

    Args:
        mechanism: `data -> Release` (Kerckhoffs).
        facts: so many are known of each person in the end; he may be shown fewer.
        wrong: so many of these are wrong.
        within_days: the dates of the others are off by at most so many days.
        off_by: their ratings are off by so many stars.
    """

    mechanism: Mechanism[Interactions] | None = None
    facts: int = 8
    wrong: int = 0
    within_days: float = 0.0
    off_by: float = 0.0
