"""The access that an audit is to have, and what to say where the model gives less."""

from __future__ import annotations

from confide.core.access import LADDER, LabelOnly, access_of
from confide.core.errors import DataError

ACCESSES = tuple(name for name, kind in LADDER if kind is not object)


def parse_access(access: str | None) -> str | None:
    """One of the accesses by name, or None.

    Raises:
        DataError: if there is no such access.
    """
    if access is not None and access not in ACCESSES:
        raise DataError(f"there is no access {access!r}: choose from {', '.join(ACCESSES)}.")
    return access


def shortfall(view: LabelOnly, access: str | None) -> str:
    """A warning where the view gives less than the access that was asked for; else empty.

    >>> decides = type("Decides", (), {"labels": len})()
    >>> shortfall(decides, "black-box")[:73]
    'The audit was to have black-box access, but the model gives label-only ac'
    """
    given = access_of(view)
    if access is None or ACCESSES.index(given) <= ACCESSES.index(access):
        return ""
    more = " Whoever gets the weights may learn more than this audit saw." if access == "white-box" else ""
    return (
        f"The audit was to have {access} access, but the model gives {given} access: the attacks that need "
        f"more did not run, and are named below.{more}"
    )
