"""Templates of a domain file, from the names and types of columns and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

import polars as pl

from confide.inputs.identifier_names import identifier, plain

Schema: TypeAlias = Mapping[str, pl.DataType]
BARE = re.compile(r"[A-Za-z0-9_-]+")
NUMBERS = ("id", "key")
"""How the name of a number ends that names records."""
A_RECORD = "a record's number"
WIDTH = 100

HEAD = """\
# The public domain of a table: what each column may hold. Making synthetic records from it spends
# nothing on what stands here, so write what everybody may know (a code book, a law, common sense), and never
# look it up in the records. What is blank is for you to fill in: take the # away and give a value.
#
#   kind    category, integer, real, date; key (numbered from 1); drop (left out of the synthetic file)
#   nulls   true where a cell may be empty
#   bins    how many of even width; or edges = [...] from low to high; or "quantiles:16", which takes a part
#           of the budget
#   outside refuse, or clip: values beyond the bounds count as the nearer one. Of categories: other = "..."
#   step    values are multiples of it
#
# Rules between columns, and combinations that cannot be:
#
#   rules = [
#     "end >= start",
#     "age = years(birth, 2020-12-31)",
#     "total = a + b",
#     { rule = "city -> state", table = { Boston = "MA", Chicago = "IL" } },
#   ]
#
#   [[zeros]]
#   sex = "m"
#   pregnant = "yes"
"""


@dataclass(frozen=True, slots=True)
class ColumnDraft:
    """What is known of a column before anybody fills it in.

    Args:
        name: of the column.
        kind: by its type and name.
        given: settings that are known.
        blank: settings that are to be filled in, with what stands behind them.
        why: what to think of, as a comment.
    """

    name: str
    kind: str
    given: Mapping[str, object] = field(default_factory=dict)
    blank: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


BOUNDS = {"low": "the least that there can be", "high": "the most that there can be"}
DAYS = {"low": "the first day, such as 1920-01-01", "high": "the last day"}
VALUES = {"values": '["...", "..."], all that there can be'}


def drafts(schema: Schema) -> tuple[ColumnDraft, ...]:
    """A draft of each column, by its name and type.

    >>> [(d.name, d.kind) for d in drafts({"person_id": pl.Int64(), "age": pl.Int64(), "sex": pl.String()})]
    [('person_id', 'key'), ('age', 'integer'), ('sex', 'category')]
    """
    return tuple(_draft(name, kind) for name, kind in schema.items())


def _draft(name: str, kind: pl.DataType) -> ColumnDraft:
    text = kind == pl.String or isinstance(kind, pl.Categorical)
    named = identifier(name)
    if (text or kind.is_integer()) and (named == A_RECORD or plain(name).split("_")[-1] in NUMBERS):
        return ColumnDraft(name, "key", why="Its name is that of a number of a record: it is made new.")
    if named:
        return ColumnDraft(name, "drop", why=f"Its name is that of {named}: it is left out.")
    if kind == pl.Boolean:
        return ColumnDraft(name, "category", {"values": [True, False], "nulls": False})
    if isinstance(kind, pl.Enum):
        return ColumnDraft(name, "category", {"values": kind.categories.to_list(), "nulls": False})
    if text:
        why = 'Free text cannot be modelled: kind = "drop". Dates that are written as text: kind = "date".'
        return ColumnDraft(name, "category", {"nulls": False}, VALUES, why)
    if kind.is_integer():
        why = 'Codes, such as 1 for yes, are categories: kind = "category".'
        return ColumnDraft(name, "integer", {"bins": 16, "nulls": False}, BOUNDS, why)
    if kind.is_numeric():
        step = {"step": "such as 0.01, where numbers are rounded"}
        return ColumnDraft(name, "real", {"bins": 16, "nulls": False}, BOUNDS | step)
    if kind == pl.Date:
        return ColumnDraft(name, "date", {"bins": 16, "nulls": False}, DAYS)
    if isinstance(kind, pl.Datetime):
        given = {"every": "day", "bins": 16, "nulls": False}
        return ColumnDraft(
            name, "date", given, DAYS, "Times are cut to days; every can be hour, minute, second."
        )
    return ColumnDraft(name, "drop", why=f"It is of type {kind}, which cannot be modelled.")


def domain_text(columns: Sequence[ColumnDraft], *, head: str = HEAD) -> str:
    """A domain file."""
    return "\n".join([head, *[_written(column) for column in columns]])


def _written(column: ColumnDraft) -> str:
    lines = [f"[columns.{key_text(column.name)}]"]
    lines += [f"# {column.why}"] * bool(column.why)
    lines.append(f"kind = {toml_text(column.kind)}")
    lines += [f"# {name} = {said}" for name, said in column.blank.items()]
    lines += [f"{name} = {toml_text(value)}" for name, value in column.given.items()]
    return "\n".join(lines) + "\n"


def key_text(name: str) -> str:
    """A name as a key of TOML.

    >>> key_text("age"), key_text("capital gain")
    ('age', '"capital gain"')
    """
    return name if BARE.fullmatch(name) else toml_text(name)


def toml_text(value: Any) -> str:
    """A value as TOML writes it.

    >>> toml_text(["a", 1.0, True]), toml_text(date(2020, 1, 31))
    ('["a", 1.0, true]', '2020-01-31')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        parts = [toml_text(v) for v in value]
        line = f"[{', '.join(parts)}]"
        return line if len(line) <= WIDTH else "[\n  " + ",\n  ".join(parts) + ",\n]"
    return repr(value)
