"""Rules that cut times, as a user writes them: the unit, the local time, and what is written."""

from __future__ import annotations

import re
from typing import cast

from confide.core.errors import DataError
from confide.core.language import later, t
from confide.inputs.times import SECONDS, parse_span
from confide.mechanisms.anonymize.clocks import CALENDAR, DAY, Calendar, Clock

WORDS: dict[str, int] = {"minute": 60, "hour": 3_600, "day": DAY}
FURTHEST = 400 * DAY
"""Seconds by which a clock can be off, or what is written can be moved: more is a mistake in the unit."""


TO_UNIT = {
    "minute": later("to the minute"),
    "hour": later("to the hour"),
    "day": later("to the day"),
    "week": later("to the week"),
    "month": later("to the month"),
    "quarter": later("to the quarter"),
    "year": later("to the year"),
}

INSTANT = "the instant"
"""What is written by default: the start of the unit as an instant, whatever clock counted it."""


def parse_clock(unit: str, ahead: str = "0h", written: str = INSTANT) -> Clock:
    """A clock from its settings as text, such as 'month', '-8h' and '0h'.

    Args:
        unit: minute, hour, day, week, month, quarter, year, or a span such as 90min.
        ahead: of UTC: the local time in which units begin, such as 2h or -8h.
        written: what is added to the reading of the local clock; by default the instant itself is written.

    Raises:
        DataError: for another unit, or an offset without sign, number and unit.

    >>> parse_clock("day", "-8h")
    Clock(unit=86400, ahead=-28800, written=28800)
    """
    off = parse_offset(ahead)
    if unit in CALENDAR:
        length: int | Calendar = cast(Calendar, unit)
    else:
        length = WORDS[unit] if unit in WORDS else int(parse_span(unit, likely=("h", "d"), least=1))
    return Clock(unit=length, ahead=off, written=-off if written == INSTANT else parse_offset(written))


def parse_offset(text: str) -> int:
    """Seconds from a span that may have a sign.

    >>> parse_offset("-30min"), parse_offset("+1d")
    (-1800, 86400)
    """
    found = re.fullmatch(r"([+-]?)(\d+(?:\.\d+)?)(s|min|h|d|w)", text.strip())
    if not found:
        raise DataError(f"{text!r} is no offset of a clock: write it like 2h, -8h or -30min.")
    seconds = round(float(found[2]) * next(s for u, s in SECONDS.items() if u == found[3]))
    if seconds > FURTHEST:
        raise DataError(f"{text!r} is no offset of a clock: give at most {FURTHEST // DAY} days.")
    return -seconds if found[1] == "-" else seconds


def span_text(seconds: int) -> str:
    """A span as a user writes it, with its sign where it is negative.

    >>> span_text(86_400), span_text(-5_400), span_text(14 * 86_400), span_text(61)
    ('24h', '-90min', '14d', '61s')
    """
    size, sign = abs(seconds), "-" if seconds < 0 else ""
    if size % DAY == 0 and size > 2 * DAY:
        return f"{sign}{size // DAY}d"
    for unit, one in (("h", 3_600), ("min", 60)):
        if size % one == 0:
            return f"{sign}{size // one}{unit}"
    return f"{sign}{size}s"


def clock_text(clock: Clock) -> str:
    """The settings of a clock, as `parse_clock` reads them.

    >>> clock_text(Clock(unit="month")), clock_text(Clock(unit=86_400, ahead=-28_800, written=28_800))
    ('month', 'day,-8h')
    """
    words = {seconds: word for word, seconds in WORDS.items()}
    unit = clock.unit if isinstance(clock.unit, str) else words.get(clock.unit, span_text(clock.unit))
    if clock.written != -clock.ahead:
        return f"{unit},{span_text(clock.ahead)},{span_text(clock.written)}"
    return f"{unit},{span_text(clock.ahead)}" if clock.ahead else unit


def clock_words(clock: Clock) -> str:
    """What a clock does to times, in words, such as "to the day".

    >>> clock_words(Clock(unit=86_400, ahead=-28_800))
    'to the day, by a clock 8h behind UTC that is written as UTC'
    """
    words = {seconds: word for word, seconds in WORDS.items()}
    unit = clock.unit if isinstance(clock.unit, str) else words.get(clock.unit)
    said = t(TO_UNIT[unit]) if unit else t("to steps of {span}", span=span_text(clock.seconds))
    moved, by = clock.written + clock.ahead, span_text(abs(clock.ahead))
    as_utc = moved == clock.ahead and clock.ahead
    if clock.ahead > 0:
        said += (
            t(", by a clock {span} ahead of UTC that is written as UTC", span=by)
            if as_utc
            else t(", by a clock {span} ahead of UTC", span=by)
        )
    elif clock.ahead:
        said += (
            t(", by a clock {span} behind UTC that is written as UTC", span=by)
            if as_utc
            else t(", by a clock {span} behind UTC", span=by)
        )
    if moved and not as_utc:
        said += t(", and moved by {span}", span=span_text(moved))
    return said
