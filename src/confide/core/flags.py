"""Flags: facts about a field of a settings record that the command line needs besides type and docstring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

Group: TypeAlias = Literal["What you hold", "What the adversary knows", "How to audit", "What you get"]

HOLD: Group = "What you hold"
KNOWS: Group = "What the adversary knows"
HOW: Group = "How to audit"
GET: Group = "What you get"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """The command-line option of one field, if its name and type are not enough.

    Args:
        group: the heading under which the help lists it.
        name: the option, such as `--limit` for the field `limits`; by default derived from the field's name.
        short: a short form besides, such as `-v`.
        metavar: the word for the value in the help.
        least, most: the smallest and the largest whole number allowed.
        parse: a function from text to value, for values that have no type on the command line.
        argument: whether it is given by position instead of by name.
        several: whether an argument is one file or more.
        python_only: whether the command line has no such option, because its value is an object.
    """

    group: Group = HOW
    name: str = ""
    short: str = ""
    metavar: str = ""
    least: int | None = None
    most: int | None = None
    parse: Callable[[str], Any] | None = None
    argument: bool = False
    several: bool = False
    python_only: bool = False


Column: TypeAlias = Annotated[str, Flag(group=HOLD, metavar="COLUMN")]
"""The name of a column of the user's table."""

OptionalColumn: TypeAlias = Annotated[str | None, Flag(group=HOLD, metavar="COLUMN")]
"""The name of an optional column of the table."""

Table: TypeAlias = Annotated[Any, Flag(group=HOLD, metavar="FILE")]
"""A table: a .parquet or .csv file, a polars or a pandas frame."""

Held: TypeAlias = Annotated[Any, Flag(group=HOLD, argument=True)]
"""The audited data: a file, a folder, or an object in memory."""
