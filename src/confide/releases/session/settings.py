"""Settings of `confide query`; its fields are the flags of the command."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from confide.account.terms import shares_of
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, Flag, Held
from confide.core.foreign import in_one_line
from confide.core.postgresql import is_address
from confide.core.spark import is_spark_address
from confide.releases.session.questions_as_text import (
    Named,
    beside_in,
    histogram_of,
    parts_in,
    top_of,
    within_of,
)


def unit_of(text: str) -> Unit:
    """The unit that a user writes.

    Raises:
        DataError: with the two ways to write one.

    >>> unit_of("user_id:20").at_most, unit_of("record").kind
    (20, 'record')
    """
    if text == "record":
        return Unit.record()
    column, colon, most = text.rpartition(":")
    # Digits of other scripts are digits to Python too.
    if not colon or not column or not (most.isascii() and most.isdigit()) or not 1 <= int(most) < 2**31:
        raise DataError(
            f"{in_one_line(text):.60} is no unit: write COLUMN:ROWS, such as user_id:20, or record where "
            "each row is another person."
        )
    return Unit.person(column, at_most=int(most))


def budget_of(text: str) -> Budget:
    """The budget that a user writes.

    Raises:
        DataError: with the way to write one.

    >>> budget_of("1,1e-6").delta, budget_of("0.5").epsilon
    (1e-06, 0.5)
    """
    parts = text.split(",")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2):
        raise DataError(
            f"{in_one_line(text):.60} is no budget: write EPSILON or EPSILON,DELTA, such as 1,1e-6."
        )
    try:
        return Budget(numbers[0], numbers[1] if len(numbers) == 2 else 0.0)
    except PromiseError as error:
        raise DataError(str(error)) from error


FORMS: Mapping[str, tuple[str, ...]] = {
    "sql": ("keys", "rho", "delta", "within", "rows"),
    "histogram": ("rho",),
    "top": ("candidates",),
    "heavy": ("delta",),
    "tables": ("keys",),
    "workload": ("keys", "rho", "total", "delta"),
}
"""For each way to ask the options that it takes beside --epsilon."""
ALL_TAKEN = tuple(dict.fromkeys(option for taken in FORMS.values() for option in taken))


@dataclass(frozen=True, slots=True)
class QuerySettings:
    """Ask one question about people, and never learn an individual.

    Each person's rows are cut to a bound, the question is charged to the ledger, and then it is answered with
    noise. The same question again costs nothing.

    Args:
        data: Everybody's rows: a .parquet file, whose name a query calls its table by; a database of
            PostgreSQL, postgresql://HOST/DATABASE; or a table of Spark, spark:TABLE, or spark:FOLDER of
            parquet files.
        unit: Whom the answer hides: the person's column and the most rows that count of one person, such as
            user_id:20; or record, where each row is another person.
        budget: For all questions together: EPSILON,DELTA. Leave it out to go on with a ledger.
        ledger: Where it stands what all questions cost: a FILE, or postgresql://HOST/DATABASE.
        table: Of a database: the table to ask about, NAME or SCHEMA.NAME. Of Spark: what the query calls it.
        sql: The question, in the subset of SQL that docs/sql.md describes.
        histogram: In its place, counts in public bins: COLUMN:EDGE,EDGE such as age:0,18,65, or
            COLUMN:LOW..HIGH/STEP such as age:0..100/10.
        top: In its place, the values of a column that most people have: COLUMN:K, out of --candidates.
        candidates: With --top, a file of public values, one a line.
        heavy: In its place, the values of this column that many people have; it needs --delta.
        tables: In its place, a contingency table, COLUMN,COLUMN with --keys of each column. Repeatable: all
            tables are paid by one price.
        workload: In its place, a file of questions, one a line, that are fixed now and charged as one.
        keys: The groups to answer, COLUMN=VALUE,VALUE; an empty value is the group without one. Repeatable.
        epsilon: What to pay, with Laplace noise.
        rho: What to pay in its place, with Gaussian noise.
        total: With --workload, in the place of a price of each: the epsilon of all together; the noise is
            Laplace or Gaussian, of which moves the answers less.
        delta: Where the groups come from the data: the chance that a group of one person is shown. With
            --workload, the delta at which all together are charged.
        within: In the place of a price: how far the noise may move all numbers, at 95 %, such as 50; or
            those with a name, NAME=WIDTH. Repeatable.
        rows: With --within, for means: how many rows a group has at least, as a public guess.
        cost: Only say what the question would cost and how far noise would move the answer.
        public: A table that everybody may know, to join: NAME=FILE:KEY, such as
            regions=regions.parquet:state; of a database or Spark, NAME=SCHEMA.TABLE:KEY. Repeatable.
        second: A second table about the same people, to join: NAME=FILE:COLUMN with the person's column, or
            NAME=SCHEMA.TABLE:COLUMN. One row a person is used. Repeatable.
        order: Keep a person's first rows by these columns, separated by commas, -COLUMN for the last ones; by
            default rows are drawn.
        keep: Hold the rows in memory, or in a file that only you can read.
        analyst: Who asks, where the ledger gives parts of the budget to analysts.
        parts: With a new ledger, an analyst's share of the budget, NAME=SHARE such as ada=1/4; more are
            admitted by confide ledger admit. Repeatable. By default the budget is everybody's.
        out: Also write the answer with its intervals as csv; of a workload, FILE-1.csv and so on.
        force: Overwrite what stands there.

    Raises:
        DataError: for settings that cannot be.

    Source: Dwork, McSherry, Nissim, Smith 2006.
    """

    data: Held
    _: KW_ONLY
    unit: Annotated[Unit, Flag(group=HOLD, metavar="COLUMN:ROWS", parse=unit_of)]
    budget: Annotated[Budget | None, Flag(group=HOLD, metavar="EPSILON,DELTA", parse=budget_of)] = None
    ledger: Annotated[str, Flag(group=HOLD, metavar="ADDRESS")]
    table: Annotated[str | None, Flag(group=HOLD, metavar="NAME")] = None
    public: Annotated[Sequence[str], Flag(group=HOLD, metavar="NAME=FILE:KEY")] = ()
    second: Annotated[Sequence[str], Flag(group=HOLD, metavar="NAME=FILE:COLUMN")] = ()
    sql: Annotated[str | None, Flag(group=GET, metavar="TEXT")] = None
    histogram: Annotated[str | None, Flag(group=GET, metavar="COLUMN:BINS")] = None
    top: Annotated[str | None, Flag(group=GET, metavar="COLUMN:K")] = None
    candidates: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    heavy: Annotated[str | None, Flag(group=GET, metavar="COLUMN")] = None
    tables: Annotated[Sequence[str], Flag(group=GET, metavar="COLUMNS")] = ()
    workload: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    keys: Annotated[Sequence[str], Flag(group=GET, metavar="COLUMN=VALUES")] = ()
    epsilon: Annotated[str | None, Flag(group=GET, metavar="X")] = None
    rho: Annotated[str | None, Flag(group=GET, metavar="X")] = None
    total: Annotated[str | None, Flag(group=GET, metavar="X")] = None
    delta: Annotated[str | None, Flag(group=GET, metavar="X")] = None
    within: Annotated[Sequence[str], Flag(group=GET, metavar="WIDTH")] = ()
    rows: Annotated[int | None, Flag(group=GET, least=1)] = None
    cost: Annotated[bool, Flag(group=GET)] = False
    order: Annotated[str | None, Flag(group=HOLD, metavar="COLUMNS")] = None
    keep: Annotated[Literal["memory", "file"], Flag(group=HOLD)] = "memory"
    analyst: Annotated[str | None, Flag(group=GET, metavar="NAME")] = None
    parts: Annotated[Sequence[str], Flag(group=HOLD, name="--part", metavar="NAME=SHARE")] = ()
    out: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    force: Annotated[bool, Flag(group=GET)] = False

    def __post_init__(self) -> None:
        check_fields(self)
        if not is_address(self.data) and not is_spark_address(self.data):
            object.__setattr__(self, "data", Path(self.data))
        if self.out is not None:
            object.__setattr__(self, "out", Path(self.out))
        if self.cost and self.out is not None:
            raise DataError("--cost asks nothing, so that there is no answer to write: leave out --out.")
        if self.candidates is not None:
            object.__setattr__(self, "candidates", Path(self.candidates))
        self._check_form()
        self._check_workload()
        # Whatever cannot be read is refused before the data are.
        _ = self.values, self.bins, self.named, self.bearable, self.joined
        shares_of(self.shares)

    def _check_form(self) -> None:
        """Check that one question is asked, and that nothing is said that it does not take."""
        asked = [name for name in FORMS if getattr(self, name)]
        if len(asked) != 1:
            every = ", ".join(f"--{name}" for name in FORMS)
            told = "there are several questions" if asked else "there is no question"
            raise DataError(f"{told}: ask one, by one of {every}.")
        for name in ALL_TAKEN:
            if getattr(self, name) and name not in FORMS[asked[0]]:
                raise DataError(f"--{asked[0]} takes no --{name}: leave it out.")

    @property
    def bins(self) -> tuple[str, tuple[float, ...]] | None:
        """Of a histogram: the column and the edges."""
        return None if self.histogram is None else histogram_of(self.histogram)

    @property
    def named(self) -> tuple[str, int] | None:
        """Of the top values: the column, and how many are named."""
        if self.top is None:
            return None
        if self.candidates is None:
            raise DataError("--top chooses among public values: give a file of them, --candidates FILE.")
        return top_of(self.top)

    @property
    def bearable(self) -> float | dict[str, float] | None:
        """The error that can be borne, for all numbers or by name."""
        return within_of((self.within,) if isinstance(self.within, str) else self.within)

    @property
    def joined(self) -> tuple[Named, Named]:
        """The public tables and those about the same people, as `confide.private` takes them."""
        return beside_in("--public", self.public), beside_in("--second", self.second)

    @property
    def shares(self) -> dict[str, str] | None:
        """Of a new ledger, the shares of analysts by name; None for everybody."""
        return parts_in((self.parts,) if isinstance(self.parts, str) else self.parts) or None

    def _check_workload(self) -> None:
        """Check that a workload has what it needs."""
        if self.workload is None:
            return
        object.__setattr__(self, "workload", Path(self.workload))
        if self.delta is None:
            raise DataError("--workload is charged at a delta: give one such as --delta 1e-7.")

    @property
    def values(self) -> Mapping[str, tuple[str, ...]]:
        """For each group column its keys as text."""
        found: dict[str, tuple[str, ...]] = {}
        for text in (self.keys,) if isinstance(self.keys, str) else self.keys:
            column, sign, values = text.partition("=")
            if not sign or not column:
                raise DataError(
                    f"--keys {in_one_line(text):.60} names no column: write COLUMN=VALUE,VALUE, such as "
                    "state=NY,TX."
                )
            if column in found:
                raise DataError(f"--keys gives {column!r:.60} twice: list all its values at once.")
            found[column] = _listed(column, values)
        return found


def _listed(column: str, values: str) -> tuple[str, ...]:
    """The keys of a column as a line of csv; a line without anything is the group without a value.

    >>> _listed("state", "NY,"), _listed("state", "")
    (('NY', ''), ('',))
    """
    try:
        # To csv an empty line is no row, and not one of an empty text.
        texts = tuple(next(csv.reader([values]), None) or [""])
    except csv.Error:
        raise DataError(f"--keys {column:.40} gives no values on one line: write VALUE,VALUE.") from None
    if texts.count("") > 1:
        raise DataError(
            f"--keys {column:.40} gives {texts.count('')} empty values, and each is the group without one: "
            f"write {column:.40}= for that group alone, {column:.40}=NY, for NY and that group."
        )
    return texts


def keys_of_kinds(
    values: Mapping[str, Sequence[str]], kinds: Mapping[str, str], *, option: str = "--keys"
) -> dict[str, list[object]] | None:
    """Keys as text, in the kinds of their columns; None where none are given.

    Args:
        values: for each column its keys; "" is the group without a value.
        kinds: of the columns of the table.
        option: that gives them, for a message.

    Raises:
        DataError: for a text that is no value of its column.

    >>> keys_of_kinds({"age": ["30", ""], "on": ["true"]}, {"age": "integer", "on": "boolean"})
    {'age': [30, None], 'on': [True]}
    """
    read = {
        name: [_value(f"{option} {name}", t, kinds.get(name, "text")) for t in texts]
        for name, texts in values.items()
    }
    return read or None


def _value(name: str, text: str, kind: str) -> object:
    if text == "":
        return None
    try:
        if kind == "integer":
            return int(text)
        if kind == "date":
            return date.fromisoformat(text)
        if kind == "boolean":
            return {"true": True, "false": False}[text.lower()]
    except (ValueError, KeyError):
        such = {"integer": "30", "date": "2020-01-31", "boolean": "true"}[kind]
        raise DataError(
            f"{name}: {in_one_line(text):.40} is no value of this column: write one such as {such}."
        ) from None
    return text
