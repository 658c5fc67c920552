"""Publishing as it is: the anchor of the releases of records, and what every protection is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from confide.core.arrays import Rng
from confide.core.nouns import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Releases the records as they are: it promises nothing.

    >>> Published()("the table", rng=None).view
    'the table'
    """

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Any, *, rng: Rng | None) -> Release[Any]:
        return Release(data, None, "Published")
