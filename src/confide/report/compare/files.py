"""Whether files of one name hold the same data in two reports, by the SHA-256 that each one kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from confide.core.foreign import escaped
from confide.report.page_types import Page
from confide.report.screen_types import InputRecord

Data: TypeAlias = Literal["the same", "other data", "unknown"]
"""What the sums of two files say; "unknown" where one of them has none, as a folder or a frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The inputs of two reports.

    Args:
        before, after: as the reports hold them; none of a report that does not say where it comes from.
    """

    before: tuple[InputRecord, ...] = field(default=())
    after: tuple[InputRecord, ...] = field(default=())

    @classmethod
    def of(cls, before: Page, after: Page) -> Files:
        """Those of two pages."""
        return cls(before=_inputs(before), after=_inputs(after))

    def data(self, names: Collection[str]) -> Data:
        """Do files of these names hold the same data on both sides? One that differs is enough for a no.

        Args:
            names: of files, or what the setting is called of data that was given in memory.

        >>> one, other = ({"role": "members", "name": "a.csv", "sha256": s, "why": ""} for s in "01")
        >>> Files(before=(one,), after=(other,)).data(["a.csv"])
        'other data'
        >>> Files(before=(one,), after=(one,)).data(["a.csv"]), Files().data(["a.csv"])
        ('the same', 'unknown')
        """
        each = [(_sums(self.before, name), _sums(self.after, name)) for name in names]
        if any(first and second and first != second for first, second in each):
            return "other data"
        # Two files of one name in one report: nobody knows which of them a row is of.
        alike = bool(each) and all(len(first) == len(second) == 1 for first, second in each)
        return "the same" if alike else "unknown"


def _inputs(page: Page) -> tuple[InputRecord, ...]:
    made = page["made"]
    return () if made is None else tuple(made["inputs"])


def _sums(inputs: Collection[InputRecord], name: str) -> frozenset[str]:
    """The sums of a file; empty where one of this name has none."""
    called = escaped(name)
    found = [one["sha256"] for one in inputs if one["name"] == called]
    # Data in memory has no name of its own: people are said to stand in "members".
    found = found or [one["sha256"] for one in inputs if one["role"] == called]
    return frozenset(found) if all(found) else frozenset()
