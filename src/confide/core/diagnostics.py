"""Diagnostics of an attack: remarks and curves that explain its guess in the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from confide.core.language import Kept
from confide.core.sentence import Sentence, said


@dataclass(frozen=True, slots=True)
class Curve:
    """The settings that the adversary tried before it chose one, and the result of each.

    Args:
        title: what the curve shows, in a few words; titles are marked by `later`, and translated when shown.
        x_title, y_title: the titles of the axes.
        x, y: the points; x is positive and drawn on a logarithmic axis.
        chosen: the x that the adversary chose.
    """

    title: str
    x_title: str
    y_title: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    chosen: float | None = None


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """Observations that the adversary made during its attack; they name no target.

    Args:
        remarks: one sentence each, for the attack's card; `keep` makes one that is translated when it is
            shown. Counts of people are separate parts.
        conclusive: False if the method's own check failed; then a low score proves nothing.
        curves: the settings that it tried.
    """

    remarks: tuple[Sentence, ...] = ()
    conclusive: bool = True
    curves: tuple[Curve, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The remarks as texts, with exact counts."""
        return tuple(map(said, self.remarks))

    @classmethod
    def of(cls, record: dict[str, Any]) -> Diagnostics:
        """Build diagnostics from the dictionary that `dataclasses.asdict` and JSON made of one."""
        curves = tuple(
            Curve(c["title"], c["x_title"], c["y_title"], tuple(c["x"]), tuple(c["y"]), c["chosen"])
            for c in record.get("curves", ())
        )
        return cls(
            tuple(map(_remark, record.get("remarks", ()))), bool(record.get("conclusive", True)), curves
        )


def _remark(record: str | list[str | int] | dict[str, Any]) -> Sentence:
    if isinstance(record, dict):
        kept = Kept(record["text"], record["values"], record["of"])
        try:
            kept.parts()
        except (KeyError, ValueError):  # anybody may have written the file: gaps that it has no values for
            return kept.text
        return kept
    return record if isinstance(record, str) else tuple(record)
