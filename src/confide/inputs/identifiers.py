"""Direct identifiers of a table, by name, uniqueness, form and check digit; and what an adversary knows.

No language model is asked: names of people within free text are not found. Presidio finds some of them where
it is installed with a model of its own; this file neither needs nor uses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import polars as pl

from confide.inputs.checksums import FORMS, Form, luhn, mod_97
from confide.inputs.columns import missing
from confide.inputs.identifier_names import identifier, numbered
from confide.inputs.identifier_names import known as known_by_name

Role: TypeAlias = Literal["direct", "free text", "known", "other"]

MOST_VALUES = 5_000
"""Distinct values of a column that are looked at."""
SOME, MOST = 0.5, 0.9
"""The share of values that must be of a form; the larger one where other numbers are of it by chance."""
UNIQUE, FEWEST = 0.95, 20
"""From this share of distinct values on a column names rows, and in how many rows that is worth saying."""
STANDS_OUT = 0.01
"""The share of rows with a value of their own from which on a column is proposed as known."""

DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d{2})(\D|$)")
"""How a date or a time begins, written as text."""


@dataclass(frozen=True, slots=True)
class ColumnFound:
    """What a column seems to be.

    Args:
        column: its name.
        role: "direct" names a person by itself; "free text" may name anybody; "known" is what others may know
            of a person; "other" is neither, as far as can be seen.
        why: the reasons, as clauses; they name no value.
        distinct: the number of different values, missing ones left out.
        alone: rows whose value nobody else has.
    """

    column: str
    role: Role
    why: tuple[str, ...]
    distinct: int
    alone: int


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What the columns of a table seem to be: a proposal, and no proof that there is nothing more.

    Args:
        rows: of the table.
        columns: all of them, in the table's order.
    """

    rows: int
    columns: tuple[ColumnFound, ...]

    @property
    def direct(self) -> tuple[str, ...]:
        """Columns to remove, or to replace by keyed pseudonyms."""
        return self.of("direct")

    @property
    def free_text(self) -> tuple[str, ...]:
        """Columns to remove, or to read: names of people in them were not looked for."""
        return self.of("free text")

    @property
    def known(self) -> tuple[str, ...]:
        """Columns to be given as known to the adversary; all but the identifiers where no name says so."""
        return self.of("known") or self.of("other")

    def of(self, role: Role) -> tuple[str, ...]:
        """The columns of a role."""
        return tuple(found.column for found in self.columns if found.role == role)


def find_identifiers(frame: pl.DataFrame) -> Identifiers:
    """Find direct identifiers, free text, and columns that an adversary may know.

    >>> people = pl.DataFrame({"who": ["a@b.org", "c@d.org"], "age": [30, 31], "level": [1, 1]})
    >>> found = find_identifiers(people)
    >>> found.direct, found.known, found.columns[0].why
    (('who',), ('age',), ('100% of its values look like an e-mail address',))
    """
    return Identifiers(frame.height, tuple(_found(frame[name]) for name in frame.columns))


def _found(column: pl.Series) -> ColumnFound:
    there = column.filter(~missing(column))
    if isinstance(there.dtype, pl.List | pl.Struct | pl.Array | pl.Object):
        why = f"it is of type {there.dtype}, and was not looked into"
        return ColumnFound(column.name, "free text", (why,), 0, 0)
    counts = there.value_counts(name="rows") if len(there) else None
    distinct = 0 if counts is None else counts.height
    alone = 0 if counts is None else int((counts["rows"] == 1).sum())
    values = _texts(there)
    role, why = _role(column, there, values, distinct, alone)
    return ColumnFound(column.name, role, tuple(why), distinct, alone)


def _role(
    column: pl.Series, there: pl.Series, values: Sequence[str], distinct: int, alone: int
) -> tuple[Role, list[str]]:
    named, rows = identifier(column.name), len(there)
    by_name = known_by_name(column.name)
    direct = _looks_like(values) if not there.dtype.is_float() else []
    many = distinct > max(FEWEST, rows * (1 - UNIQUE))
    # A flag such as has_phone has the name of an identifier, and two values.
    if named and distinct > 2:
        direct.append(f"its name is that of {named}")
    elif numbered(column.name) and many and not by_name:
        direct.append(f"its name is that of a number, and it has {distinct:,} values")
    dates = there.dtype.is_temporal() or _share(DATE.match, values) >= MOST
    unique = rows >= FEWEST and distinct >= UNIQUE * rows and not dates
    if not direct and unique and (how := _naming(there, values)):
        direct.append(f"{distinct / rows:.0%} of its values are different, and they are {how}")
    if direct:
        return "direct", direct
    if text := _free_text(there, values, distinct):
        return "free text", text
    if distinct <= 1:
        return "other", ["it has no two different values"]
    known = ["its name is that of something others may know"] if by_name else []
    if dates:
        known.append("it holds dates or times")
    if alone >= max(STANDS_OUT * rows, 1) and rows >= FEWEST:
        known.append(f"{alone:,} rows have a value that nobody else has")
    return ("known", known) if known else ("other", ["nothing of this was found"])


def _texts(there: pl.Series) -> list[str]:
    """The first different values, as text without blanks at their ends."""
    if there.dtype == pl.Binary:
        return []
    some = there.unique(maintain_order=True).head(MOST_VALUES)
    return some.cast(pl.String, strict=False).drop_nulls().str.strip_chars().to_list()


def _looks_like(values: Sequence[str]) -> list[str]:
    """The form that most values have, as a clause."""
    for form in FORMS:
        share = _share(form.holds, values)
        if share >= (MOST if form.most else SOME) and len(values) > (2 if form.most else 0):
            return [f"{_percent(share)} of its values look like {form.name}"]
    return []


def _naming(there: pl.Series, values: Sequence[str]) -> str:
    """How values that differ in nearly all rows name rows; empty where they may be measurements."""
    if there.dtype.is_integer():
        least, most = there.min(), there.max()
        assert isinstance(least, int) and isinstance(most, int)
        if most - least < 1.1 * len(there):
            return "running numbers"
        return "numbers of one length" if len(str(least)) == len(str(most)) >= 6 else ""
    if there.dtype in (pl.String, pl.Categorical, pl.Enum):
        words = sum(value.count(" ") + 1 for value in values) / max(len(values), 1)
        numbers = sum(
            re.fullmatch(r"[-+]?\d*[.,]?\d+(e[-+]?\d+)?", value, re.I) is not None for value in values
        )
        if numbers > SOME * len(values):  # text that holds numbers: codes are of one length
            return (
                "numbers of one length" if len({len(v) for v in values}) == 1 and len(values[0]) >= 6 else ""
            )
        return "short texts" if words < 4 else ""
    return ""


INSIDE: tuple[Form, ...] = (
    Form("an e-mail address", re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")),
    Form("a link", re.compile(r"https?://\S+")),
    Form("an IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"), mod_97),
    Form("a number of a payment card", re.compile(r"\b[2-6](?:[ -]?\d){12,18}\b"), luhn),
    Form("a telephone number", re.compile(r"(?<!\w)(?:\+|00)[1-9](?:[\s().-]?\d){7,14}\b")),
    Form("a social security number of the US", re.compile(r"\b(?!000|666|9)\d{3}-\d{2}-\d{4}\b")),
)
"""What is looked for within longer texts."""


def _free_text(there: pl.Series, values: Sequence[str], distinct: int) -> list[str]:
    """Why a column is free text; empty if it is none."""
    if there.dtype not in (pl.String, pl.Categorical, pl.Enum) or not values:
        return []
    within = [
        f"{found:,} different values hold {form.name}"
        for form in INSIDE
        if (found := sum(_holds_within(form, value) for value in values))
    ]
    words = sum(value.count(" ") + 1 for value in values) / len(values)
    length = sum(map(len, values)) / len(values)
    # A category such as a diagnosis has words too, but people share it.
    written = (words >= 4 and distinct > max(FEWEST, 0.2 * len(there))) or length >= 80
    if not within and not written:
        return []
    long = [f"its values have {words:.0f} words, and names in them were not looked for"] if written else []
    return long + within


def _share(holds: Callable[[str], object], values: Sequence[str]) -> float:
    return sum(bool(holds(value)) for value in values) / len(values) if values else 0.0


def _holds_within(form: Form, text: str) -> bool:
    return any(form.check(re.sub(r"[\s./-]", "", hit.group())) for hit in form.pattern.finditer(text))


def _percent(share: float) -> str:
    return f"{share:.0%}" if share < 0.995 or share == 1 else "over 99%"
