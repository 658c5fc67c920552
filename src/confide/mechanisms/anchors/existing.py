"""Release that exists already: whatever records a game gives to it, the same view comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from confide.core.arrays import Rng
from confide.core.nouns import Release

V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Existing(Generic[V]):
    """Publication of a view that was made before the audit, such as a synthetic file; it promises nothing.

    Args:
        view: what was published.

    >>> Existing(view="the file")("any records", rng=None).view
    'the file'
    """

    view: V

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: object, *, rng: Rng | None) -> Release[V]:
        return Release(self.view, None, "Existing")
