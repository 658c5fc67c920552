"""Where a mechanism's noise comes from, and what its result is called for that."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypeVar

from confide.core.arrays import Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome, Rehearsal, Release
from confide.mechanisms.noise.words import Words, rehearsal_words, secure_words

Noise: TypeAlias = Literal["secure", "rehearsal"]
V = TypeVar("V")


def refuse_unknown(noise: str) -> None:
    """Refuse a source that is none.

    Raises:
        PromiseError: with those that are.
    """
    if noise not in ("secure", "rehearsal"):
        raise PromiseError(f"noise is {noise!r}: say 'secure' or 'rehearsal'.")


def words_of(noise: Noise, rng: Rng | None) -> Words:
    """The words that noise is drawn from.

    Raises:
        PromiseError: if a rehearsal has no generator.
    """
    if noise == "secure":
        return secure_words
    if rng is None:
        raise PromiseError("a rehearsal's noise comes from `rng`: give one.")
    return rehearsal_words(rng)


def outcome(noise: Noise, view: V, budget: Budget | None, maker: str) -> Outcome[V]:
    """A release, if nobody can replay its noise; a rehearsal otherwise."""
    return Release(view, budget, maker) if noise == "secure" else Rehearsal(view, budget, maker)
