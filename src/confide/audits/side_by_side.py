"""Releases side by side: what was measured of each beside its risk, and what its promise allows at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import nan

from confide.audits.frontier import Frontier, Point
from confide.core.estimate import Estimate
from confide.core.language import t
from confide.report import Line, Plot
from confide.report.exhibits import Cell


def further_columns(points: Sequence[Point]) -> Mapping[str, Callable[[Point], Cell]]:
    """The columns of a comparison after risk and utility: a number, and after it what is allowed at most."""
    columns: dict[str, Callable[[Point], Cell]] = {}
    for name in _names(points):
        columns[t(name)] = partial(_found, name)
        if any(_most(name, p) is not None for p in points):
            columns[t("{what}: at most, by the promise", what=t(name))] = partial(_most, name)
    return columns


def side_by_side(found: Frontier, *, across: str) -> Plot:
    """A chart of everything that was measured, by release; what is as it is comes last, as no promise.

    Args:
        found: with numbers beside the risk.
        across: the measure of what is left that is drawn, a key of `Point.left`.
    """
    points = sorted(found.points, key=lambda p: p.promise is None)
    shown: dict[str, Callable[[Point], object]] = {
        t(across): lambda p: p.left.get(across),
        t(found.risk): lambda p: p.risk,
        **further_columns(points),
        **{t("limit {limit}", limit=text): partial(_always, value) for text, value in found.limits.items()},
    }
    return Plot(
        title=t("Risk, promise and what is left, side by side"),
        reading=t(
            "From left to right the releases, in the order of the table, and last the one without a "
            "promise. Each upright line is an interval. What was found is above what the promise allows "
            "only by chance: where its whole interval is, the promise is broken."
        ),
        x_title=t("release"),
        y_title=t("share, or AUC"),
        places=tuple(t(p.name) for p in points),
        lines=tuple(_line(name, [value(p) for p in points]) for name, value in shown.items()),
        of=found.of,
    )


def _line(name: str, values: Sequence[object]) -> Line:
    """A line through what is there; a number without an interval has none."""
    there = [(i, v) for i, v in enumerate(values) if isinstance(v, Estimate | float | int)]
    ends = [v if isinstance(v, Estimate) else Estimate(float(v), nan, nan, 0.95) for _, v in there]
    return Line(
        name=name,
        x=tuple(float(i) for i, _ in there),
        y=tuple(e.value for e in ends),
        low=tuple(e.low for e in ends),
        high=tuple(e.high for e in ends),
    )


def _names(points: Sequence[Point]) -> list[str]:
    return list(dict.fromkeys(name for p in points for name in p.beside))


def _found(name: str, p: Point) -> Estimate | None:
    return p.beside[name].found if name in p.beside else None


def _most(name: str, p: Point) -> float | None:
    return p.beside[name].most if name in p.beside else None


def _always(value: float, p: Point) -> float:
    return value
