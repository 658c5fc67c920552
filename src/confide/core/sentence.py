"""Sentences that keep their counts as numbers, so that a report can round them for the public."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from confide.core.language import Kept, elided, number

Sentence: TypeAlias = str | tuple[str | int, ...] | Kept
"""A text, or its parts in order. A whole number among the parts is a count of people or of records.

One that is kept is translated where it is shown.
"""


def exact(count: int) -> str:
    """A count as it is."""
    return number(count, ",")


def said(sentence: Sentence, count: Callable[[int], str] = exact) -> str:
    """Join a sentence to one text.

    Args:
        count: a function that writes a count; exact by default.

    >>> said(("The list holds ", 1963, " candidates."))
    'The list holds 1,963 candidates.'
    >>> from confide.core.language import keep
    >>> said(keep("The list holds {n} candidates.", n=1963))
    'The list holds 1,963 candidates.'
    >>> said(("The list holds ", 1963, " candidates."), lambda n: f"about {n // 100 * 100:,}")
    'The list holds about 1,900 candidates.'
    """
    if isinstance(sentence, str):
        return sentence
    parts = sentence.parts() if isinstance(sentence, Kept) else sentence
    return elided("".join(count(part) if isinstance(part, int) else str(part) for part in parts))
