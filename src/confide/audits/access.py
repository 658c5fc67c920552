"""What the release shows: a view narrowed to the access that will be published, whatever the owner holds."""

from __future__ import annotations

from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import DataError
from confide.core.views import LADDER, BlackBox, LabelOnly, Task, WhiteBox, access_of

ACCESSES = tuple(name for name, kind in LADDER if kind is not object)


class _Labels:
    """Decisions, and nothing else of what the view could tell."""

    def __init__(self, view: LabelOnly) -> None:
        self._view = view

    def labels(self, x: Batch) -> Array:
        return self._view.labels(x)


class _Scores(_Labels):
    """Decisions and scores, and nothing else of what the view could tell."""

    def __init__(self, view: BlackBox) -> None:
        super().__init__(view)
        self._scored = view

    @property
    def task(self) -> Task:
        return self._scored.task

    def predict(self, x: Batch) -> Floats:
        return self._scored.predict(x)


def parse_access(access: str | None) -> str | None:
    """One of the accesses by name, or None.

    Raises:
        DataError: if there is no such access.
    """
    if access is not None and access not in ACCESSES:
        raise DataError(f"there is no access {access!r}: choose from {', '.join(ACCESSES)}.")
    return access


def narrowed(view: LabelOnly, access: str | None) -> LabelOnly:
    """The view with no more than this access; one that gives less, or None, leaves it as it is."""
    if access == "black-box" and isinstance(view, WhiteBox):
        return _Scores(view)
    if access == "label-only" and isinstance(view, BlackBox):
        return _Labels(view)
    return view


def shortfall(view: LabelOnly, access: str | None) -> str:
    """A warning where the view gives less than the access that was asked for; else empty.

    >>> shortfall(_Labels(None), "black-box")[:73]
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
