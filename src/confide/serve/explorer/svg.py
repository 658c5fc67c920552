"""SVG by hand: elements, numbers and axes; no script, no style, nothing from outside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

INK, PALE, LINE, MARK, BAR = "#1f2933", "#52606d", "#d9dee4", "#243b53", "#7fa8cf"
"""Colours: text, small text, lines of the scale, error bars, bars. Text has a contrast of at least 5 to 1."""
FONT = "system-ui, sans-serif"
SIZE = 12.0
"""Of all text, in pixels: charts are drawn for their width and not scaled down."""
LETTER = 6.6
"""Width of a letter of this size, on average."""


def element(name: str, content: str = "", **attributes: float | str) -> str:
    """One element; `_` in a name of an attribute is a hyphen.

    >>> element("rect", x=1.25, fill_opacity=0.5)
    '<rect x="1.2" fill-opacity="0.5"/>'
    """
    said = " ".join(f"{k.rstrip('_').replace('_', '-')}={quoteattr(_said(v))}" for k, v in attributes.items())
    head = f"<{name} {said}".rstrip()
    return f"{head}>{content}</{name}>" if content else f"{head}/>"


def text(x: float, y: float, words: str, *, anchor: str = "start", fill: str = INK) -> str:
    """A line of text; its middle is at `y`."""
    return element("text", escape(words), x=x, y=y + SIZE * 0.35, text_anchor=anchor, fill=fill)


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = LINE, width: float = 1) -> str:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width)


def drawing(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    """The whole picture, which says its title to those who do not see it."""
    return element(
        "svg",
        element("title", escape(title)) + "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="img",
        font_family=FONT,
        font_size=SIZE,
    )


def shortened(words: str, width: float) -> str:
    """Text that fits a width, with an ellipsis where it was cut.

    >>> shortened("a rather long label", 60)
    'a rathe…'
    """
    most = max(2, int(width / LETTER))
    return words if len(words) <= most else f"{words[: most - 2].rstrip()}…"


@dataclass(frozen=True, slots=True)
class Scale:
    """Values to pixels.

    Args:
        low, high: of the values, round numbers.
        start, end: of the pixels; the end may be the smaller one.
        ticks: round values in between.
    """

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float], *, start: float, end: float, most: int) -> Scale:
        """A scale from 0 over all values, with at most about `most` ticks.

        >>> Scale.of([3.0, 47.0], start=0, end=100, most=5).ticks
        (0.0, 10.0, 20.0, 30.0, 40.0, 50.0)
        """
        low, high = min([0.0, *values]), max([0.0, *values])
        if low == high:
            high = 1.0
        rough = (high - low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(s for s in (power, 2 * power, 5 * power, 10 * power) if s >= rough * (1 - 1e-9))
        first, last = math.floor(low / step), math.ceil(high / step)
        return cls(
            first * step, last * step, start, end, tuple(i * step + 0.0 for i in range(first, last + 1))
        )

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def short(value: float) -> str:
    """A number on an axis.

    >>> short(1200000.0), short(0.25), short(40000.0), short(-3.0)
    ('1.2M', '0.25', '40k', '-3')
    """
    for size, sign in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1000.0 if sign == 'k' else size):.4g}{sign}"
    return f"{value:.4g}"


def _said(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
