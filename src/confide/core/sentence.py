"""Sentences that keep their counts as numbers, so that a report can round them for the public."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Sentence: TypeAlias = str | tuple[str | int, ...]
"""A text, or its parts in order. A whole number among the parts is a count of people or of records."""


def said(sentence: Sentence, count: Callable[[int], str] = "{:,}".format) -> str:
    """Join a sentence to one text.

    Args:
        count: a function that writes a count; exact by default.

    >>> said(("The list holds ", 1963, " candidates."))
    'The list holds 1,963 candidates.'
    >>> said(("The list holds ", 1963, " candidates."), lambda n: f"about {n // 100 * 100:,}")
    'The list holds about 1,900 candidates.'
    """
    if isinstance(sentence, str):
        return sentence
    return "".join(part if isinstance(part, str) else count(part) for part in sentence)
