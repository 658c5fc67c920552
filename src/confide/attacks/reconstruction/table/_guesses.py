"""Guesses at the values behind digests: dates, telephone numbers, postal codes, ids and given words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from confide.core.errors import DataError
from confide.core.language import later

Chunks: TypeAlias = Iterator[list[bytes]]

FORMATS = (
    "%Y-%m-%d",
    "%Y%m%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%d%m%Y",
    "%m/%d/%Y",
    "%m-%d-%Y",
    "%m%d%Y",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%y%m%d",
)
# More unknown digits take more than ten minutes.
MOST_UNKNOWN = 8
# Suffixes that are added to a prefix at once: making text digit by digit would take longer than hashing it.
STEP = 3
TOGETHER = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses:
    """The values that are tried, cheap ones first.

    Args:
        words: any values, such as names or e-mail addresses; each as it is, and in small and capital letters.
        dates: whether to try all days, in fourteen ways to write them.
        since: the first of these days.
        until: the last one; None for today.
        postal: whether to try all postal codes of three to five digits.
        phones: telephone numbers, with "?" for each unknown digit: "+4179???????".
        ids: whole numbers up to this one, plain, and with leading zeros where all numbers of as many digits
            are tried: up to 7 digits for 10 million.

    Raises:
        DataError: if a telephone number has too many unknown digits, or none.
    """

    words: tuple[str, ...] = ()
    dates: bool = True
    since: date = date(1900, 1, 1)
    until: date | None = None
    postal: bool = True
    phones: tuple[str, ...] = ()
    ids: int = 10_000_000

    def __post_init__(self) -> None:
        for phone in self.phones:
            if not 1 <= phone.count("?") <= MOST_UNKNOWN:
                raise DataError(
                    f"the telephone number {phone!r} has {phone.count('?')} unknown digits: write 1 to "
                    f'{MOST_UNKNOWN} of them as "?", as in +4179???????.'
                )

    def kinds(self) -> Iterator[tuple[str, Chunks]]:
        """Each kind of guess by its name, with its values in chunks."""
        yield later("words"), iter([_spelled(self.words)])
        if self.postal:
            yield later("postal codes"), (chunk for digits in (3, 4, 5) for chunk in _numbers(digits))
        if self.dates:
            yield later("dates"), _days(self.since, self.until or date.today())
        for phone in self.phones:
            yield later("telephone numbers"), _filled(phone.encode())
        yield later("ids"), _ids(self.ids)


def _spelled(words: tuple[str, ...]) -> list[bytes]:
    spelled = [f(word.strip()) for word in words for f in (str, str.lower, str.upper, str.title)]
    return [word.encode() for word in dict.fromkeys([*words, *spelled])]


def _days(first: date, last: date) -> Chunks:
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    for way in FORMATS:
        yield [day.strftime(way).encode() for day in days]
        plain = way.replace("%d", "%-d").replace("%m", "%-m")
        if plain != way and "%d%" not in way and "%m%" not in way:  # "1.2.1980", but not "121980"
            yield [_without_zeros(day, way) for day in days]


def _without_zeros(day: date, way: str) -> bytes:
    text = way.replace("%d", str(day.day)).replace("%m", str(day.month))
    return day.strftime(text).encode()


def _numbers(digits: int) -> Chunks:
    """All numbers of this many digits, with leading zeros."""
    yield from _filled(b"?" * digits)


def _filled(pattern: bytes) -> Chunks:
    """All ways to put digits for the "?" of a pattern, in chunks."""
    head, *rest = pattern.split(b"?")
    # The last unknown digits are filled first, for all prefixes the same way.
    tails = [b""]
    for fixed in reversed(rest[-STEP:]):
        tails = [b"%d%s" % (d, fixed) + tail for d in range(10) for tail in tails]
    yield from _prefixed(head, rest[:-STEP], tails)


def _prefixed(head: bytes, rest: list[bytes], tails: list[bytes]) -> Chunks:
    if not rest:
        yield [head + tail for tail in tails]
        return
    for d in range(10):
        yield from _prefixed(b"%s%d%s" % (head, d, rest[0]), rest[1:], tails)


def _ids(last: int) -> Chunks:
    digits = 1
    while 10**digits <= last + 1:
        yield from _numbers(digits)
        digits += 1
    for start in range(10 ** (digits - 1), last + 1, TOGETHER):
        yield [b"%d" % i for i in range(start, min(start + TOGETHER, last + 1))]
