"""Refusals of queries: one sentence with the reason and the nearest query that is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from confide.core.errors import ConfideError

LOW, HIGH = "LOW", "HIGH"
"""Stand in an example for bounds that the schema does not declare. They are never read from the data."""
MOST_NAMES = 8
"""Names that a refusal lists."""


class QueryError(ConfideError):
    """A query is outside the certified subset; nothing was asked and nothing was charged.

    Args:
        reason: what is wrong, with the words of the query.
        advice: what to write instead.
        nearest: the part of a query, or the whole query, that is allowed in its place; "" where the advice is
            no text to copy.
    """

    def __init__(self, reason: str, advice: str, *, nearest: str = "") -> None:
        self.reason, self.advice, self.nearest = reason, advice, nearest
        super().__init__(f"{reason}: {advice}{' ' + nearest if nearest else ''}.")


def offered(name: str, known: Iterable[str]) -> str:
    """Which names there are, the ones like a wrong name first.

    >>> offered("incme", ["age", "income", "state"])
    'did you mean income'
    >>> offered("x", ["age", "income"])
    'there are age, income'
    """
    names = list(known)
    folded = {n.lower(): n for n in names}
    near = get_close_matches(name.lower(), folded, n=3, cutoff=0.7)
    if near:
        return f"did you mean {' or '.join(folded[n] for n in near)}"
    listed = ", ".join(names[:MOST_NAMES]) + (" ..." if len(names) > MOST_NAMES else "")
    return f"there are {listed}" if names else "there are none"
