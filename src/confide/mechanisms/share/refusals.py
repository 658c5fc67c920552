"""What a party of a secure sum does not accept, and who sent it."""

from __future__ import annotations

from collections.abc import Iterable

from confide.core.errors import ConfideError

LISTED = 5
"""Names that a message writes out; more are counted."""


class RefusedError(ConfideError):
    """A message or a request of another party that is not accepted; it names that party, never a payload.

    Args:
        text: what was wrong, and what to do.
        parties: who is named in it.
    """

    def __init__(self, text: str, *, parties: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.parties = tuple(parties)


def listed(names: Iterable[str]) -> str:
    """Names for a message: the first few, and how many more there are.

    >>> listed("abc"), listed("abcdefgh")
    ('a, b, c', 'a, b, c, d, e and 3 more')
    """
    ordered = sorted(names)
    more = len(ordered) - LISTED
    return ", ".join(ordered[:LISTED]) + (f" and {more} more" if more > 0 else "")
