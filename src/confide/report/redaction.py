"""Redaction: how sharply an audience sees the numbers of a report.

This is the only place where a number becomes coarse. A count or an estimate that stands in a sentence is a
part of its own (`Reading`), so that nothing has to be searched for in finished text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from confide.core.estimate import Estimate
from confide.report.exhibits import Rate, Reading
from confide.report.finding import Audience
from confide.report.page_types import EstimateRecord
from confide.report.rates import percent

FEWEST = 10
"""A count from 1 to FEWEST - 1 is not shown to the public: it would point at a handful of people."""

TOO_FEW = f"rests on fewer than {FEWEST} people, which is not shown to the public"


@dataclass(frozen=True, slots=True)
class Redaction:
    """The view of one audience: everything, or nothing that points at a handful of people."""

    audience: Audience = "internal"

    @property
    def public(self) -> bool:
        """Is this the view of the public?"""
        return self.audience == "public"

    def count(self, n: int) -> int | None:
        """A count; for the public two digits of it, and None for 1 to 9.

        >>> Redaction().count(1234), Redaction("public").count(1234), Redaction("public").count(7)
        (1234, 1200, None)
        """
        # Nobody is no handful of people: 0 may be seen.
        if not self.public or n == 0:
            return int(n)
        return None if n < FEWEST else _two_digits(n)

    def counted(self, n: int) -> str:
        """A count in words.

        >>> Redaction().counted(1234), Redaction("public").counted(1234), Redaction("public").counted(7)
        ('1,234', 'about 1,200', 'fewer than 10')
        """
        shown = self.count(n)
        if shown is None:
            return f"fewer than {FEWEST}"
        return f"{shown:,}" if shown == n else f"about {shown:,}"

    def estimate(self, e: Estimate | None, *, of: int | None = None) -> EstimateRecord | None:
        """An estimate as a record; for the public its interval is rounded outward to two digits.

        Args:
            of: the number of people that a rate is a share of; a rate that rests on 1 to 9 of them
                is not shown to the public.
        """
        if e is None or not all(map(isfinite, (e.value, e.low, e.high))):
            return None
        if not self.public:
            return {"value": e.value, "low": e.low, "high": e.high, "confidence": e.confidence}
        # The share times the number of people gives the count back.
        if of is not None and 0 < round(e.value * of) < FEWEST:
            return None
        # Two digits of the value. For a value near 0 the high end decides, or the step would be finer than
        # the interval.
        step = _step(max(abs(e.value), abs(e.high) / 10))
        # 1e-9: an end that stands on a step already must not be moved by a floating-point error
        value, low, high = round(e.value / step), floor(e.low / step + 1e-9), ceil(e.high / step - 1e-9)
        if e.value < 1 and value * step >= 1:  # a share that is not 1 must not be read as everybody
            value = round(1 / step) - 1
        return {
            "value": round(value * step, 9),
            "low": round(min(low, value) * step, 9),
            "high": round(max(high, value) * step, 9),
            "confidence": e.confidence,
        }

    def number(self, x: float) -> float | None:
        """A number that is no estimate; for the public rounded down to two decimals."""
        if not isfinite(x):
            return None
        # Down, because such a number is a lower bound or compared with one.
        return floor(x * 100) / 100 if self.public else float(x)

    def text(self, reading: Reading) -> str:
        """A sentence as one text, each number in it as sharp as the audience may see it.

        A sentence with an estimate that is not to be seen is left out whole.

        >>> Redaction("public").text(("Of ", 3217, " people: AUC ", Estimate(0.5, 0.46, 0.54, 0.95), "."))
        'Of about 3,200 people: AUC 0.50 (between 0.46 and 0.54).'
        """
        if isinstance(reading, str):
            return reading
        # A sentence with a gap would be read as another sentence.
        words = [self._part(part) for part in reading]
        return "" if None in words else "".join(word for word in words if word is not None)

    def texts(self, readings: Sequence[Reading]) -> list[str]:
        """Several sentences, without those that are left out."""
        return [text for reading in readings if (text := self.text(reading))]

    def _part(self, part: str | int | Estimate | Rate) -> str | None:
        if isinstance(part, str):
            return part
        if isinstance(part, Rate):
            return self._rate(part)
        if not isinstance(part, Estimate):
            return self.counted(part)
        e = self.estimate(part)
        return e and f"{e['value']:.2f} (between {e['low']:.2f} and {e['high']:.2f})"

    def _rate(self, rate: Rate) -> str | None:
        e = self.estimate(rate.estimate, of=rate.of)
        if e is None:
            return None
        if not rate.interval:
            return percent(e["value"])
        digits = 0 if self.public else 1
        value, low, high = (f"{100 * e[end]:.{digits}f}" for end in ("value", "low", "high"))
        if rate.difference:
            return f"{value} points (between {low} and {high})"
        return f"{value} % (between {low} and {high} %)"


def coarse(count: int) -> str:
    """A count of people in words for the public: two digits of it, and none under ten.

    >>> coarse(963), coarse(40), coarse(7), coarse(0)
    ('about 960', '40', 'fewer than 10', '0')
    """
    return Redaction("public").counted(count)


def _step(x: float) -> float:
    """The rounding step that leaves two digits of x, and never less than two decimals."""
    return 10.0 ** min(-2, floor(log10(x)) - 1) if x > 0 else 0.01


def _two_digits(n: int) -> int:
    step = 10 ** max(0, floor(log10(n)) - 1)
    # Down, so that nobody is counted who is not there.
    return n // step * step
