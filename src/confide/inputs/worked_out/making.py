"""How a released file was made, as far as it can be known: in the words of --made-by, and in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from confide.core.language import t

SAME = 0.98
"""From this share of rows on that are as they were, nothing was done to them."""
RULED = 0.8
"""From this share of rows on that follow a rule, the rule explains them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done.

    Args:
        text: as --made-by writes it, such as "bin:24h".
        sentence: the same in words.
    """

    text: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What was done to the originals.

    Args:
        steps: in the order in which they were done.
        unexplained: why known facts do not occur in the release as these steps would show them, a sentence;
            None where they do. An attack that finds nothing then proves nothing.
    """

    steps: tuple[Step, ...] = ()
    unexplained: str | None = None

    @property
    def text(self) -> str:
        """The steps as --made-by writes them; empty where nothing was done."""
        return "+".join(step.text for step in self.steps)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was worked out, a sentence each."""
        return tuple(step.sentence for step in self.steps)


def making(steps: Sequence[Step | None], reasons: Sequence[str | None]) -> Making:
    """The steps that were found, and the reasons for doubt together.

    >>> making([None, Step("bin:24h", "Times were cut to the day.")], [None]).text
    'bin:24h'
    """
    doubts = [reason for reason in reasons if reason is not None]
    return Making(
        steps=tuple(step for step in steps if step is not None),
        unexplained="; ".join(doubts) if doubts else None,
    )


def mostly(share: float) -> str:
    """ " of 93 % of the rows", where a rule does not hold for all."""
    return "" if share >= SAME else t(" in {share:.0%} of the rows", share=share)
