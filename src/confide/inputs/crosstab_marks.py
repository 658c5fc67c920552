"""Marks of hidden cells in published tables, and what they hide: `<5`, a star, two dots, nothing at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confide.core.errors import DataError
from confide.core.language import t

MARKS = ("", "*", "**", "x", "X", "..", "...", ":", "c", "C", "s", "S", "n/a", "N/A", "NA", "NaN", "null")
"""What offices write into hidden cells. A dash is none of them: in many tables it is a zero."""
UNDER = re.compile(r"<\s*(=?)\s*([0-9]{1,9})")
RANGE = re.compile(r"([0-9]{1,9})\s*\.\.\s*([0-9]{1,9})")
COUNT = re.compile(r"[0-9]{1,12}(?:\.0*)?|[0-9]{1,3}(?:[ ,'\u00a0\u202f][0-9]{3}){1,3}")
"""A whole number, of which thousands may stand apart."""
ALLOWED = "'<5', '1..4', 'any', or for one mark alone 'x=1..4'"


@dataclass(frozen=True, slots=True)
class Span:
    """The counts that a mark may stand for.

    Args:
        low: the least; None for 1 where zeros are published, and 0 where they may be hidden.
        high: the greatest; None for any.
    """

    low: int | None
    high: int | None

    @classmethod
    def parse(cls, text: str) -> Span:
        """A span from what a user or a publisher writes.

        Raises:
            DataError: with what can be written.

        >>> Span.parse("<5"), Span.parse("0..4"), Span.parse("any")
        (Span(low=None, high=4), Span(low=0, high=4), Span(low=0, high=None))
        """
        given = text.strip()
        if given == "any":
            return cls(0, None)
        if (under := UNDER.fullmatch(given)) is not None:
            high = int(under[2]) - (under[1] == "")
            if high >= 1:
                return cls(None, high)
        if (ends := RANGE.fullmatch(given)) is not None and int(ends[1]) < int(ends[2]):
            return cls(int(ends[1]), int(ends[2]))
        raise DataError(f"{text!r:.60} does not say which counts a mark hides: write {ALLOWED}.")

    def least(self, zeros_shown: bool) -> int:
        """The least count that it hides."""
        return int(zeros_shown) if self.low is None else self.low

    def words(self, zeros_shown: bool) -> str:
        """The counts in words.

        >>> Span.parse("<5").words(True), Span.parse("any").words(True)
        ('1 to 4', 'any count')
        """
        return (
            t("any count")
            if self.high is None
            else t("{low} to {high}", low=self.least(zeros_shown), high=self.high)
        )


@dataclass(frozen=True, slots=True)
class Hidden:
    """What the user says about marks.

    Args:
        every: what all marks hide that nothing else is said about; None if nothing is said.
        own: what single marks hide.
    """

    every: Span | None
    own: Mapping[str, Span]

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Hidden:
        """What is written after `--hidden`.

        Raises:
            DataError: for what cannot be read, or two meanings of one mark.

        >>> Hidden.parse(["<5", "x=any"]).own
        {'x': Span(low=0, high=None)}
        """
        every: Span | None = None
        own: dict[str, Span] = {}
        for text in texts:
            mark, equals, meaning = text.partition("=")
            # "<=4" has the sign too, and is no mark with a meaning.
            if equals and not UNDER.fullmatch(text.strip()):
                if own.setdefault(mark.strip(), Span.parse(meaning)) != Span.parse(meaning):
                    raise DataError(f"--hidden says two things about {mark.strip()!r:.40}: say one.")
            elif every is not None and every != Span.parse(text):
                raise DataError(
                    f"--hidden gives two meanings to all marks, {text!r:.40} is the second: say one."
                )
            else:
                every = Span.parse(text)
        return cls(every, own)

    def read(self, text: str, *, where: str) -> int | Span:
        """The count in a cell, or what its mark hides.

        Args:
            text: of the cell.
            where: which cell it is, for messages.

        Raises:
            DataError: for a negative or broken count, or a mark of which nobody says what it hides.
        """
        given = text.strip()
        if given in self.own:
            return self.own[given]
        if COUNT.fullmatch(given):
            return int(re.sub(r"[ ,'\u00a0\u202f]|\..*", "", given))
        if (under := UNDER.fullmatch(given)) is not None and int(under[2]) > (under[1] == ""):
            span = Span.parse(given)
            # The user may have said whether zeros are among them.
            return self.every if self.every is not None and self.every.high == span.high else span
        if given not in MARKS:
            wrong = "is no whole number"
            if re.fullmatch(r"[0-9]+", given):
                wrong = "is too large"
            elif re.fullmatch(r"[-\u2212]\s*[0-9]+(\.[0-9]*)?", given):
                wrong = "is negative"
            raise DataError(
                f"{where} holds {given!r:.40}, which {wrong}: correct it, or if it is a mark say what it "
                f"hides, "
                f"as in --hidden '{given:.12}=any'."
            )
        if self.every is None:
            mark = f"the mark {given!r}" if given else "no count"
            raise DataError(f"{where} holds {mark}: say with --hidden what it hides: {ALLOWED}.")
        return self.every
