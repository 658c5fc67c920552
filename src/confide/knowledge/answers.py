"""Background knowledge for reconstruction from answers: the mechanism, and the population's share."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.nouns import Mechanism
from confide.views.answers import Answers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnswersKnowledge:
    """The adversary's background in the game on answers.

    It knows everybody in the data, and what each query asks: all but the secret (Dinur and Nissim 2003).

    Args:
        mechanism: made the answers (Kerckhoffs' principle); None if it is not known.
        share: of the population that has the secret; None if only the answers tell.
    """

    mechanism: Mechanism[Answers] | None = None
    share: float | None = None
