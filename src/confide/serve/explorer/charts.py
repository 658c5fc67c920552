"""Charts of answers with error bars, drawn to SVG: bars, columns, a series, and a table or map of cells."""

from __future__ import annotations

from collections.abc import Sequence

from confide.serve.explorer.engine import Cell
from confide.serve.explorer.svg import (
    BAR,
    INK,
    LETTER,
    LINE,
    MARK,
    PALE,
    Scale,
    drawing,
    element,
    line,
    short,
    shortened,
    text,
)

WIDE, NARROW = 720, 340
"""Widths in pixels: a desktop's, and a phone's."""
ROW = 24
HEIGHT = 300


def bars(labels: Sequence[str], cells: Sequence[Cell], *, title: str, width: float = WIDE) -> str:
    """A bar for each category, from left to right, with its error bar."""
    left = min(width * 0.36, max(len(label) for label in labels) * LETTER + 14)
    height = ROW * len(labels) + 26
    scale = Scale.of(_values(cells), start=left, end=width - 14, most=max(2, int(width / 120)))
    parts = [
        line(scale(t), 4, scale(t), height - 22)
        + text(scale(t), height - 11, short(t), anchor="middle", fill=PALE)
        for t in scale.ticks
    ]
    for i, (label, cell) in enumerate(zip(labels, cells, strict=True)):
        middle = 4 + ROW * (i + 0.5)
        parts.append(text(left - 8, middle, shortened(label, left - 10), anchor="end"))
        if cell.value is None:
            parts.append(text(scale(0) + 4, middle, "no answer", fill=PALE))
            continue
        from_, to = sorted((scale(0), scale(cell.value)))
        parts.append(element("rect", x=from_, y=middle - 7, width=to - from_, height=14, fill=BAR))
        parts.append(_error(cell, scale, middle, across=True))
    parts.append(line(scale(0), 4, scale(0), height - 22, stroke=PALE))
    return drawing(width, height, title, parts)


def columns(labels: Sequence[str], cells: Sequence[Cell], *, title: str, width: float = WIDE) -> str:
    """A histogram: a column for each bin, with its error bar."""
    scale, parts, left = _upright(cells, width)
    step = (width - left - 8) / len(labels)
    for i, cell in enumerate(cells):
        x = left + step * (i + 0.5)
        if cell.value is not None:
            top, bottom = sorted((scale(cell.value), scale(0)))
            wide = max(1.0, step * 0.86)
            parts.append(element("rect", x=x - wide / 2, y=top, width=wide, height=bottom - top, fill=BAR))
            parts.append(_error(cell, scale, x, across=False))
    parts += _below(labels, left, step, scale(0), width)
    return drawing(width, HEIGHT, title, parts)


def series(labels: Sequence[str], cells: Sequence[Cell], *, title: str, width: float = WIDE) -> str:
    """A time series: a point for each step of time with its error bar, and a line through them."""
    scale, parts, left = _upright(cells, width)
    step = (width - left - 8) / len(labels)
    points = [(left + step * (i + 0.5), cell) for i, cell in enumerate(cells)]
    run: list[str] = []
    for x, cell in [*points, (0.0, Cell(None, None, None, None, None))]:
        if cell.value is not None:
            run.append(f"{x:.1f},{scale(cell.value):.1f}")
        elif run:  # a gap is a gap, and no line crosses it
            parts.append(element("polyline", points=" ".join(run), fill="none", stroke=BAR, stroke_width=1.5))
            run = []
    for x, cell in points:
        if cell.value is not None:
            parts.append(_error(cell, scale, x, across=False))
            parts.append(element("circle", cx=x, cy=scale(cell.value), r=2.5, fill=INK))
    parts += _below(labels, left, step, scale(0), width)
    return drawing(width, HEIGHT, title, parts)


def heat(
    down: Sequence[str], along: Sequence[str], cells: Sequence[Cell], *, title: str, width: float = WIDE
) -> str:
    """A table or a map of cells, darker for larger numbers; without colour where noise alone explains them.

    Args:
        down: labels of the rows, from top to bottom.
        along: labels of the columns.
        cells: row by row.
        title: of the picture.
        width: in pixels.
    """
    left = min(width * 0.3, max(len(label) for label in down) * LETTER + 12)
    wide = (width - left - 4) / len(along)
    tall = min(26.0, max(7.0, wide)) if wide < 26 else 26.0
    height = tall * len(down) + 34
    top = max([0.0, *(c.value for c in cells if c.value is not None)]) or 1.0
    parts: list[str] = []
    every = max(1, -(-16 // int(tall)))
    for i, label in enumerate(down):
        if i % every == 0:
            parts.append(text(left - 6, 26 + tall * (i + 0.5), shortened(label, left - 8), anchor="end"))
    parts += _heads(along, left, wide)
    for i, cell in enumerate(cells):
        x, y = left + wide * (i % len(along)), 26 + tall * (i // len(along))
        plain = cell.value is None or _may_be_zero(cell)
        share = 0.0 if plain or cell.value is None else max(0.0, min(1.0, cell.value / top))
        across, high = max(1.0, wide - 1), max(1.0, tall - 1)
        colour = "#ffffff" if plain else _colour(share)
        parts.append(element("rect", x=x, y=y, width=across, height=high, fill=colour, stroke=LINE))
        if cell.value is None:
            continue
        words = short(round(cell.value, 1) if abs(cell.value) < 100 else round(cell.value))
        fill = PALE if plain else "#ffffff" if share > 0.55 else INK
        if len(words) * LETTER + 4 <= wide and tall >= 16:
            parts.append(text(x + wide / 2, y + tall / 2, words, anchor="middle", fill=fill))
    return drawing(width, height, title, parts)


def _may_be_zero(cell: Cell) -> bool:
    return cell.low is not None and cell.low <= 0 and (cell.high or 0) >= 0


def _values(cells: Sequence[Cell]) -> list[float]:
    """Everything that has to fit a scale."""
    every = (v for c in cells for v in (c.value, c.low, c.high))
    return [v for v in every if v is not None]


def _upright(cells: Sequence[Cell], width: float) -> tuple[Scale, list[str], float]:
    """The scale of values from bottom to top, its lines, and where columns begin."""
    scale = Scale.of(_values(cells), start=HEIGHT - 28, end=10, most=6)
    left = max(len(short(t)) for t in scale.ticks) * LETTER + 12
    parts = [
        line(left, scale(t), width - 8, scale(t))
        + text(left - 6, scale(t), short(t), anchor="end", fill=PALE)
        for t in scale.ticks
    ]
    return scale, parts, left


def _below(labels: Sequence[str], left: float, step: float, zero: float, width: float) -> list[str]:
    """The line of zero, and as many labels under the columns as there is room for."""
    room = max(len(label) for label in labels) * LETTER + 16
    every = max(1, int(-(-room // step)))
    parts = [line(left, zero, width - 8, zero, stroke=PALE)]
    for i in range(0, len(labels), every):
        x = left + step * (i + 0.5)
        half = len(labels[i]) * LETTER / 2
        parts.append(
            text(min(max(x, half), width - half), HEIGHT - 12, labels[i], anchor="middle", fill=PALE)
        )
    return parts


def _heads(along: Sequence[str], left: float, wide: float) -> list[str]:
    room = min(90.0, max(len(label) for label in along) * LETTER + 10)
    every = max(1, int(-(-room // wide)))
    return [
        text(left + wide * (i + 0.5), 13, shortened(along[i], wide * every - 2), anchor="middle", fill=PALE)
        for i in range(0, len(along), every)
        if wide * every - 2 > 3 * LETTER or i == 0
    ]


def _error(cell: Cell, scale: Scale, at: float, *, across: bool) -> str:
    """The interval for privacy noise, with a cap at each end; thin lines go on with sampling error."""
    drawn = ""
    for low, high, width, cap in (
        (cell.low_sampling, cell.high_sampling, 1.0, 0.0),
        (cell.low, cell.high, 1.6, 3.5),
    ):
        if low is None or high is None:
            continue
        a, b = scale(max(low, scale.low)), scale(min(high, scale.high))
        ends = [(a, at - cap, a, at + cap), (b, at - cap, b, at + cap)] if cap else []
        for x1, y1, x2, y2 in [(a, at, b, at), *ends]:
            points = (x1, y1, x2, y2) if across else (y1, x1, y2, x2)
            drawn += line(*points, stroke=MARK, width=width)
    return drawn


def _colour(share: float) -> str:
    """From nearly white to dark blue."""
    pale, dark = (240, 244, 248), (16, 62, 107)
    mixed = (round(p + (d - p) * share) for p, d in zip(pale, dark, strict=True))
    return "#" + "".join(f"{c:02x}" for c in mixed)
