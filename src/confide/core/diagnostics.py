"""How an adversary came to his guess: what the report says of it beside the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Curve:
    """What an adversary tried before he chose a setting, and what he saw of each.

    Args:
        title: what the curve shows, in a few words.
        x_title, y_title: what the axes are.
        x, y: the points; x is positive and drawn on a logarithmic axis.
        chosen: the x that he chose.
    """

    title: str
    x_title: str
    y_title: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    chosen: float | None = None


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """What an adversary noticed on the way; it names no target.

    Args:
        remarks: one sentence each, for the attack's card.
        conclusive: False where his method's own check failed: then a low score says nothing.
        curves: what he tried.
    """

    remarks: tuple[str, ...] = ()
    conclusive: bool = True
    curves: tuple[Curve, ...] = ()

    @classmethod
    def of(cls, record: dict[str, Any]) -> Diagnostics:
        """From what `dataclasses.asdict` and JSON made of one."""
        curves = tuple(
            Curve(c["title"], c["x_title"], c["y_title"], tuple(c["x"]), tuple(c["y"]), c["chosen"])
            for c in record.get("curves", ())
        )
        return cls(tuple(record.get("remarks", ())), bool(record.get("conclusive", True)), curves)
