"""How a table was read, in sentences without a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from confide.core.arrays import Bools
from confide.core.language import t
from confide.inputs.tables import Table as ReadTable
from confide.views.table import Domain
from confide.views.table import Table as Cells

DAY, MONTH, YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
TIME = r"(?:[T ]+\d{1,2}:\d\d.*)?"
DATES = tuple(
    re.compile(rf"^\s*{form}{TIME}\s*$")
    for form in (
        rf"{DAY}([./-])\s?{MONTH}\1\s?{YEAR}",
        rf"{MONTH}([/-]){DAY}\1{YEAR}",
        rf"{YEAR}([./-]){MONTH}\1{DAY}",
    )
)
"""Texts that people read as dates: 31.12.1997, 31/12/1997, 12/31/1997, 1997/12/31."""
NEARLY_ALL = 0.95
"""Of the different values of a column, to be called dates: a file may have slips of the pen."""


def unread(more: Sequence[str]) -> Mapping[str, str]:
    """What cannot be settled where a released table has columns that the original lacks."""
    if not more:
        return {}
    named = ", ".join(more[:5]) + ", ..." * (len(more) > 5)
    return {
        t("what further columns tell"): t(
            "The released table has columns that the original lacks ({columns}), and the adversary of this "
            "audit did not read them. A real one may. The sidecar of the release would say what they are.",
            columns=named,
        )
    }


def hidden_cells(hidden: Mapping[str, Bools]) -> tuple[str, ...]:
    """How many cells of which columns count as missing, since a file of hierarchies has no such value."""
    named = ", ".join(t("{n:,} of {column}", n=int(gone.sum()), column=c) for c, gone in hidden.items())
    said = t("Cells that count as missing, since their hierarchy has no such value: {cells}.", cells=named)
    return (said,) if named else ()


def read_as(cells: Cells, table: ReadTable) -> str:
    """How the columns were read, in a sentence without any value of theirs."""
    form = "" if table.form is None else f" ({table.form.words()})"
    return t("Read as{form}: {columns}.", form=form, columns="; ".join(map(column_in_words, cells.domains)))


def column_in_words(domain: Domain) -> str:
    """How a column was read, after its name."""
    kind = t("text") if domain.numbers is None else t("number or date")
    gone = t(", some missing") if domain.missing else ""
    return t("{column} {kind}", column=domain.name, kind=f"{kind}{gone}")


def text_as_dates(frame: pl.DataFrame, domains: Sequence[Domain]) -> tuple[str, ...]:
    """Which columns of text were read as dates, day first where they have dots, in a sentence."""
    there = {d.name for d in domains if d.numbers is not None}
    found = [c for c in frame.columns if c in there and frame[c].dtype == pl.String]
    if not found:
        return ()
    return (
        t(
            "Read as dates, the day first where they have dots: {columns}. What a protection changes is "
            "written as YYYY-MM-DD.",
            columns=", ".join(found),
        ),
    )


def dates_as_text(domains: Sequence[Domain]) -> tuple[str, ...]:
    """Columns that were read as text although nearly all of their values look like dates, a warning each.

    >>> born = Domain("born", ("01.02.1990", "31.12.1997"))
    >>> [warning.split()[0] for warning in dates_as_text([born, Domain("sex", ("f", "m"))])]
    ['born']
    """
    return tuple(
        t(
            "{column} was read as text, although its values look like dates: days that are near count as "
            "unlike, and groups are no spans of time. Write dates as YYYY-MM-DD or DD.MM.YYYY, all cells in "
            "one way, here and in any released table.",
            column=d.name,
        )
        for d in domains
        if d.numbers is None and _look_like_dates(d.labels[: len(d) - d.missing])
    )


def _look_like_dates(labels: Sequence[str]) -> bool:
    # All of one form: a column of codes holds some that look like one by chance.
    most = max((sum(form.match(x) is not None for x in labels) for form in DATES), default=0)
    return most > 0 and most >= NEARLY_ALL * len(labels)
