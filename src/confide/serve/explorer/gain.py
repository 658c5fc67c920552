"""What an adversary can gain at most, in words: how often a guess about one person is right.

The adversary knows everything about all other people, and guesses whether one person is in the data, or which
of two values they have. Before an answer its guess is right half of the time. After an (epsilon, delta)
private answer it is right with a probability of at most

    (e^epsilon + delta) / (1 + e^epsilon),

because the two errors a and b of any test obey a + e^epsilon b >= 1 - delta and e^epsilon a + b >= 1 - delta
(Wasserman, Zhou 2010; Kairouz, Oh, Viswanath 2015), so that a + b >= 2 (1 - delta) / (1 + e^epsilon), and a
fair coin makes the guess wrong with probability (a + b) / 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from confide.core.budget import Budget


def right_guesses(promise: Budget) -> float:
    """The probability with which a guess is right at most, where it was 1/2 before.

    >>> round(right_guesses(Budget(0.1)), 3), round(right_guesses(Budget(1.0)), 3)
    (0.525, 0.731)
    """
    # Divided by e^epsilon, so that a large epsilon does not overflow.
    small = math.exp(-promise.epsilon)
    return min(1.0, (1 + promise.delta * small) / (1 + small))


def percent(probability: float) -> str:
    """A probability in percent, rounded up, so that the most stays the most.

    >>> percent(0.5249791), percent(1.0)
    ('52.5 %', '100 %')
    """
    # A float such as 52.5 that came out a hair above is not worth a tenth.
    tenths = math.ceil(round(probability * 1000, 9))
    return f"{tenths / 10:g} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What an adversary can gain.

    Args:
        alone: the promise of this answer by itself.
        after: a promise that all answers to all analysts together keep, this one among them.
        whole: the promise of the whole budget.
    """

    alone: Budget
    after: Budget
    whole: Budget

    @property
    def words(self) -> tuple[str, str, str]:
        """One sentence for each."""
        return (
            "A guess about one person that is right 50 % of the time before this answer is right at most "
            f"{percent(right_guesses(self.alone))} of the time after it.",
            "Everything that was answered so far, with this answer: at most "
            f"{percent(right_guesses(self.after))}.",
            f"Everything that this budget can ever answer: at most {percent(right_guesses(self.whole))}.",
        )
