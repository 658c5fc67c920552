"""Labels of points: where each may stand, so that it hides no point and no other label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, hypot, isfinite, log10

from confide.report.page_types import PlotRecord

WIDTH, HEIGHT = 320, 230
"""The size of the frame that the chart file draws, in pixels."""

LETTER, ROW = 6.2, 14
"""The room that a letter of a label takes, and a label's height, in pixels."""

CLEAR = 12
"""How near to its point a label that is joined to it by a line may come, in pixels."""

MARGIN = 20
"""How far a label may reach out of the frame at either side, in pixels."""

LONGEST = int((WIDTH - 10) / LETTER)
"""The letters of a label that fits beside or above a point anywhere in the frame."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels from the upper left corner."""

Axis = tuple[float, float, bool]
"""The two ends of an axis, and whether it is logarithmic."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line, before its label has a place."""

    line: str
    at: int
    name: str
    x: float
    y: float
    low: float | None
    high: float | None
    x_low: float | None
    x_high: float | None
    label: str
    joined: bool


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a label stands, in pixels from its point; an empty label has no place.

    Args:
        align: which side of the text is at dx.
        join: the end of the line that joins it to its point; None where it is beside it.
    """

    label: str = ""
    align: str = "left"
    dx: float = 0
    dy: float = 0
    join: tuple[float, float] | None = None


def placed(points: Sequence[Point], axes: tuple[Axis, Axis], *, must: bool) -> list[Spot]:
    """A place for each label beside its point; one that has none is left out, unless it must be there.

    A label that must be there goes as far away as it takes, joined to its point by a line. It also keeps
    clear of intervals, if there is such a place.
    """
    centres = [pixel(p.x, p.y, axes) for p in points]
    taken: list[Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y in centres]
    bars = [bar for p in points for bar in _bars(p, axes)] if must else []
    spots: list[Spot] = []
    for p, centre in zip(points, centres, strict=True):
        text = (
            p.label
            if len(p.label) <= LONGEST or not must
            else f"{p.label[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
        )
        found = _first(text, centre, taken, bars, must) if text else None
        spots.append(Spot() if found is None else found[0])
        taken += [] if found is None else [found[1]]
    return spots


def axes_of(points: Sequence[Point], plot: PlotRecord) -> tuple[Axis, Axis]:
    """The ends of both axes, as the drawing rounds them."""
    across = [v for p in points for v in (p.x, p.x_low, p.x_high) if v is not None]
    upwards = [v for p in points for v in (p.y, p.low, p.high) if v is not None]
    return (
        _axis(across, log=plot["log_x"], zero=False),
        _axis(upwards, log=plot["log_y"], zero=bool(upwards) and on_zero(upwards)),
    )


def on_zero(ends: Sequence[float]) -> bool:
    """Does the upward axis begin at 0? For shares, and where that fills half the height."""
    low, high = min(ends), max(ends)
    return (low >= 0 and high <= 1) or low < high / 2


def _first(
    text: str, at: tuple[float, float], taken: Sequence[Box], bars: Sequence[Box], must: bool
) -> tuple[Spot, Box] | None:
    """The nearest place that is free, of bars too if possible."""
    places = [*_near(text, at), *(_far(text, at) if must else ())]
    inside = [(spot, box) for spot, box in places if _inside(box, framed=must)]
    for obstacles in ([*taken, *bars], taken):
        for spot, box in inside:
            if not any(_overlap(box, other) for other in obstacles):
                return spot, box
    # So full that no place is free: a label on top of another is still better than a point without a name.
    return (inside or places)[0] if must else None


def _near(text: str, at: tuple[float, float]) -> Iterator[tuple[Spot, Box]]:
    """Right of the point, left, above, below."""
    for align, dx, dy in (("left", 8, 0), ("right", -8, 0), ("center", 0, -15), ("center", 0, 15)):
        yield Spot(text, align, dx, dy), _box(text, at, align, dx, dy)


def _far(text: str, at: tuple[float, float]) -> list[tuple[Spot, Box]]:
    """Places all over the frame, the nearest first, each with the end of the line that leads there."""
    lefts = [at[0] + away for away in range(-WIDTH, WIDTH, 10)]
    tops = [at[1] - ROW / 2 + away for away in range(-HEIGHT, HEIGHT, 7)]
    wide = LETTER * len(text)
    boxes = [(left, top, left + wide, top + ROW) for left in lefts for top in tops]
    ends = [_nearest(box, at) for box in boxes]
    found = [
        (Spot(text, "left", box[0] - at[0], box[1] + ROW / 2 - at[1], end), box)
        for box, end in zip(boxes, ends, strict=True)
        # Nearer, a label would touch its point.
        if hypot(*end) > CLEAR
    ]
    return sorted(found, key=lambda place: hypot(*place[0].join or (0.0, 0.0)))


def _nearest(box: Box, at: tuple[float, float]) -> tuple[float, float]:
    """The place in a box that is nearest to a point, seen from the point."""
    x, y = min(max(at[0], box[0]), box[2]), min(max(at[1], box[1]), box[3])
    return x - at[0], y - at[1]


def _box(text: str, at: tuple[float, float], align: str, dx: float, dy: float) -> Box:
    wide = LETTER * len(text)
    left = at[0] + dx - {"left": 0.0, "right": wide, "center": wide / 2}[align]
    return left, at[1] + dy - ROW / 2, left + wide, at[1] + dy + ROW / 2


def _inside(box: Box, *, framed: bool) -> bool:
    sides = box[0] >= -MARGIN and box[2] <= WIDTH + MARGIN
    # A label far from its point must not run into an axis.
    return sides and (not framed or (box[0] >= 2 and box[1] >= -ROW and box[3] <= HEIGHT - 2))


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _bars(p: Point, axes: tuple[Axis, Axis]) -> Iterator[Box]:
    """The intervals of a point, as thin boxes."""
    if p.low is not None and p.high is not None:
        (x, bottom), (_, top) = pixel(p.x, p.low, axes), pixel(p.x, p.high, axes)
        yield x - 1, top, x + 1, bottom
    if p.x_low is not None and p.x_high is not None:
        (left, y), (right, _) = pixel(p.x_low, p.y, axes), pixel(p.x_high, p.y, axes)
        yield left, y - 1, right, y + 1


def pixel(x: float, y: float, axes: tuple[Axis, Axis]) -> tuple[float, float]:
    """Where a point is drawn, from the upper left corner."""
    return _share(x, axes[0]) * WIDTH, (1 - _share(y, axes[1])) * HEIGHT


def _share(value: float, axis: Axis) -> float:
    """How far along its axis a value is."""
    low, high, log = axis
    if log:
        # An end at or below 0 is not drawn on such an axis.
        value = log10(value) if value > 0 else low
    return (value - low) / (high - low) if high > low else 0.5


def _axis(values: Sequence[float], *, log: bool, zero: bool) -> Axis:
    """The ends of an axis, rounded outward to about a tenth, as Vega rounds them; logarithms are not."""
    there = [log10(v) if log else v for v in values if isfinite(v) and (v > 0 or not log)]
    low, high = min(there, default=0.0), max(there, default=1.0)
    if log:
        return low, high, True
    low, high = (min(low, 0.0), max(high, 0.0)) if zero else (low, high)
    step = 0.0
    # Wider ends may ask for a wider step, which moves the ends again.
    while high > low and step != (step := _step((high - low) / 10)):
        low, high = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    return low, high, False


def _step(rough: float) -> float:
    """The nearest of 1, 2, 5 and 10 times a power of ten."""
    power = 10 ** floor(log10(rough))
    times = rough / power
    return power * (10 if times >= 50**0.5 else 5 if times >= 10**0.5 else 2 if times >= 2**0.5 else 1)
