"""Direct identifiers of a table, by name, uniqueness, form and check digit; and what an adversary knows.

Where presidio is installed its patterns search the cells too. Names of people within free text are looked for
only by a language model that the user has installed; what was looked for is in the result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import polars as pl

from confide.inputs.cell_search import CellSearch, KindFound, Searched, cell_search
from confide.inputs.checksums import FORMS
from confide.inputs.columns import missing
from confide.inputs.forms_within import INSIDE, holds_within
from confide.inputs.identifier_names import identifier, numbered
from confide.inputs.identifier_names import known as known_by_name
from confide.inputs.spread import spread

Role: TypeAlias = Literal["direct", "free text", "known", "other"]

MOST_VALUES = 5_000
"""Distinct values of a column that are looked at, taken from all over it."""
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
        within: what presidio found in the cells that it looked at.
    """

    column: str
    role: Role
    why: tuple[str, ...]
    distinct: int
    alone: int
    within: tuple[KindFound, ...] = ()


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What the columns of a table seem to be: a proposal, and no proof that there is nothing more.

    Args:
        rows: of the table.
        columns: all of them, in the table's order.
        searched: what cells were searched for besides, and by what.
    """

    rows: int
    columns: tuple[ColumnFound, ...]
    searched: Searched = field(default_factory=Searched)

    @property
    def direct(self) -> tuple[str, ...]:
        """Columns to remove, or to replace by keyed pseudonyms."""
        return self.of("direct")

    @property
    def free_text(self) -> tuple[str, ...]:
        """Columns to remove, or to read: `searched.models` says by what names of people were looked for."""
        return self.of("free text")

    @property
    def known(self) -> tuple[str, ...]:
        """Columns to be given as known to the adversary; all but the identifiers where no name says so."""
        return self.of("known") or self.of("other")

    def of(self, role: Role) -> tuple[str, ...]:
        """The columns of a role."""
        return tuple(found.column for found in self.columns if found.role == role)


def find_identifiers(frame: pl.DataFrame, *, presidio: bool | None = None) -> Identifiers:
    """Find direct identifiers, free text, and columns that an adversary may know.

    >>> people = pl.DataFrame({"who": ["a@b.org", "c@d.org"], "age": [30, 31], "level": [1, 1]})
    >>> found = find_identifiers(people, presidio=False)
    >>> found.direct, found.known, found.columns[0].why
    (('who',), ('age',), ('100% of its values look like an e-mail address',))

    Args:
        frame: the table.
        presidio: whether presidio's patterns search the cells too, which takes seconds; None means where it
            is installed.

    Raises:
        DataError: if presidio is asked for and not installed, or if it or a model of spaCy cannot be loaded.
    """
    search = cell_search(presidio)
    if search is None:
        return Identifiers(frame.height, tuple(_found(frame[name]) for name in frame.columns))
    before = search.patterns.skipped.count
    columns = tuple(_searched(_found(frame[name]), frame[name], search) for name in frame.columns)
    skipped = search.patterns.skipped.count - before
    return Identifiers(frame.height, columns, Searched(search.patterns.version, search.models.names, skipped))


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


def _searched(found: ColumnFound, column: pl.Series, search: CellSearch) -> ColumnFound:
    """What a column seems to be once its cells were searched."""
    there = column.filter(~missing(column))
    kinds = search.kinds(there)
    wholly = [kind for kind in kinds if kind.whole >= SOME * kind.looked_at]
    role: Role = "direct" if wholly else "free text" if kinds and found.role != "direct" else found.role
    if role == "free text":
        kinds += search.names(there)
    # That nothing was found, or that others may know it, is no reason for one of the other two roles.
    why = found.why if found.role in ("direct", "free text") or role == found.role else ()
    told = [
        f"of {kind.looked_at:,} cells looked at {kind.cells:,} ({_percent(kind.cells / kind.looked_at)}) "
        f"{'are' if kind in wholly else 'hold'} {kind.kind}"
        for kind in kinds
    ]
    return replace(found, role=role, why=(*why, *told), within=kinds)


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
    """Different values from all over a column, as text without blanks at their ends."""
    if there.dtype == pl.Binary:
        return []
    some = there.unique(maintain_order=True)
    some = some.gather(spread(len(some), MOST_VALUES))
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


def _free_text(there: pl.Series, values: Sequence[str], distinct: int) -> list[str]:
    """Why a column is free text; empty if it is none."""
    if there.dtype not in (pl.String, pl.Categorical, pl.Enum) or not values:
        return []
    # A kind may be written in several ways, each a form; a value counts once for its kind.
    kinds = {form.name: [same for same in INSIDE if same.name == form.name] for form in INSIDE}
    # None of them is without a digit, an @ or a colon; most values of most columns are.
    values_with = [value for value in values if re.search(r"[\d@:]", value)]
    within = [
        f"{found:,} different values hold {name}"
        for name, ways in kinds.items()
        if (found := sum(any(holds_within(form, value) for form in ways) for value in values_with))
    ]
    words = sum(value.count(" ") + 1 for value in values) / len(values)
    length = sum(map(len, values)) / len(values)
    # A category such as a diagnosis has words too, but people share it.
    written = (words >= 4 and distinct > max(FEWEST, 0.2 * len(there))) or length >= 80
    if not within and not written:
        return []
    long = [f"its values have {words:.0f} words"] if written else []
    return long + within


def _share(holds: Callable[[str], object], values: Sequence[str]) -> float:
    return sum(bool(holds(value)) for value in values) / len(values) if values else 0.0


def _percent(share: float) -> str:
    return f"{share:.0%}" if share < 0.995 or share == 1 else "over 99%"
