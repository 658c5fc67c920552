"""Redaction: how sharply an audience sees the numbers of a report.

This is the only place where a number becomes coarse. A count or an estimate that stands in a sentence is a
part of its own (`Reading`), so that nothing has to be searched for in finished text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from confide.core.estimate import Estimate
from confide.core.language import Kept, number, t
from confide.report.exhibits import Rate, Reading
from confide.report.finding import Audience
from confide.report.page_types import EstimateRecord
from confide.report.rates import percent

FEWEST = 10
"""A count from 1 to FEWEST - 1 is not shown to the public: it would point at a handful of people."""


def too_few() -> str:
    """Why the public does not see a number."""
    return t("rests on fewer than {n} people, which is not shown to the public", n=FEWEST)


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
            return t("fewer than {n}", n=FEWEST)
        # From 100 on always: "120" beside "about 120" would be exactly 120.
        whole = number(shown, ",")
        return t("about {n}", n=whole) if self.public and _count_step(n) > 1 else whole

    def whole(self, n: int, *parts: int) -> int | None:
        """The count of all of whom `parts` are counted apart; for the public never sharper than these.

        >>> Redaction().whole(237, 95, 142), Redaction("public").whole(237, 95, 142)
        (237, 235)
        >>> Redaction("public").whole(437, 233, 204)  # each part by itself
        430
        """
        shown = [self.count(part) for part in parts]
        if None in shown:
            return None
        # Rounded by themselves, the whole and its parts would narrow each other.
        return sum(k for k in shown if k is not None) if n == sum(parts) else self.count(n)

    def counts(self, row: Sequence[int], *, beside: int = 0) -> list[int | None]:
        """Counts that stand side by side; for the public all are as coarse as the largest of them.

        An exact small count beside a coarse large one would give their sum away.

        Args:
            beside: the largest count in the other rows.

        >>> Redaction("public").counts([184, 51]), Redaction("public").counts([51], beside=184)
        ([180, 50], [50])
        """
        if not self.public:
            return [int(n) for n in row]
        step = max([1, *(_count_step(n) for n in row)])
        step = max(step, 10) if beside >= 100 else step
        return [self.count(0) if n == 0 else self.count(n // step * step) or None for n in row]

    def estimate(self, e: Estimate | None, *, of: int | None = None) -> EstimateRecord | None:
        """An estimate as a record; for the public its interval is rounded outward to two digits or fewer.

        Args:
            of: the number of people that a rate is a share of. The public sees no rate of 1 to 9 people, and
                none that rests on 1 to 9 of them.
        """
        if e is None or not all(map(isfinite, (e.value, e.low, e.high))):
            return None
        if not self.public:
            return {"value": e.value, "low": e.low, "high": e.high, "confidence": e.confidence}
        # The share times the number of people gives the count back; and an interval of so few people gives
        # their number back, even where the share is 0.
        if of is not None and (0 < of < FEWEST or 0 < round(e.value * of) < FEWEST):
            return None
        # Two digits of the value. But never so fine beside the interval that its width, which goes with the
        # number of people, tells this number more sharply than a count does.
        step = max(_step(abs(e.value)), _power(abs(e.high - e.low) / 2))
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

    def bound(self, x: float) -> float | None:
        """A bound on epsilon; for the public rounded down to a step of 0.1, above 2 of 0.5, above 10 of 5.

        What an audit could have shown goes with the number of people: two decimals would give the number
        back.
        """
        if not isfinite(x):
            return None
        step = 0.1 if x < 2 else 0.5 if x < 10 else 5.0
        return round(floor(x / step + 1e-9) * step, 1) if self.public else float(x)

    def seconds(self, x: float) -> float:
        """How long an attack took; for the public in whole seconds, for it goes with the number of people."""
        return float(round(x)) if self.public else round(x, 3)

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
        parts = reading.parts() if isinstance(reading, Kept) else reading
        words = [self._part(part) for part in parts]
        return "" if None in words else "".join(word for word in words if word is not None)

    def texts(self, readings: Sequence[Reading]) -> list[str]:
        """Several sentences, without those that are left out."""
        return [text for reading in readings if (text := self.text(reading))]

    def _part(self, part: str | int | float | Estimate | Rate) -> str | None:
        if isinstance(part, (str, float)):
            return str(part)
        if isinstance(part, Rate):
            return self._rate(part)
        if not isinstance(part, Estimate):
            return self.counted(part)
        e = self.estimate(part)
        return e and t(
            "{value:.2f} (between {low:.2f} and {high:.2f})", value=e["value"], low=e["low"], high=e["high"]
        )

    def _rate(self, rate: Rate) -> str | None:
        e = self.estimate(rate.estimate, of=rate.of)
        if e is None:
            return None
        if not rate.interval:
            return percent(e["value"])
        digits = 0 if self.public else 1
        value, low, high = (number(100 * e[end], f".{digits}f") for end in ("value", "low", "high"))
        if rate.difference:
            return t("{value} points (between {low} and {high})", value=value, low=low, high=high)
        return t("{value} % (between {low} and {high} %)", value=value, low=low, high=high)


def coarse(count: int) -> str:
    """A count of people in words for the public: two digits of it, and none under ten.

    >>> coarse(963), coarse(40), coarse(7), coarse(0)
    ('about 960', '40', 'fewer than 10', '0')
    """
    return Redaction("public").counted(count)


def _step(x: float) -> float:
    """The rounding step that leaves two digits of x, and of a share two decimals at least."""
    # 1 is the end of the shares, and no number above them.
    digits = floor(log10(x * (1 - 1e-9))) - 1 if x > 0 else -6
    return 10.0 ** (digits if x > 1 else min(-2, digits))


def _power(x: float) -> float:
    """The power of ten at or below x, and never more than 0.01."""
    return 10.0 ** min(-2, floor(log10(x))) if x > 0 else 0.0


def _two_digits(n: int) -> int:
    # Down, so that nobody is counted who is not there.
    step = _count_step(n)
    return n // step * step


def _count_step(n: int) -> int:
    """The step between counts of two digits near n."""
    return 10 ** max(0, floor(log10(n)) - 1) if n > 0 else 1
