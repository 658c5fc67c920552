"""Publication as it is: the anchor of releases of records, and what protections are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from confide.core.arrays import Rng
from confide.core.nouns import Release

D = TypeVar("D")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Unprotected publication: releases the records as they are, and promises nothing.

    >>> Published()("the table", rng=None).view
    'the table'
    """

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: D, *, rng: Rng | None) -> Release[D]:
        return Release(data, None, "Published")
