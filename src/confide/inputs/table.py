"""A table of people as a user holds it: read, checked, in codes; and a released table matched to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOLD, HOW, KNOWS, Flag, Held, OptionalColumn
from confide.core.flags import Table as AnyTable
from confide.core.who import rows_from_one, standing
from confide.inputs.coded_table import in_codes
from confide.inputs.columns import missing, named_rows, need, need_ids
from confide.inputs.control_table import control_rows, refuse_shared
from confide.inputs.keys import as_ids
from confide.inputs.large.drawn import Drawn
from confide.inputs.reading import Decimal, Separator, reading_of
from confide.inputs.released_table import released_cells
from confide.inputs.several_rows import SeveralRows, several_rows
from confide.inputs.source import Source
from confide.inputs.table_weights import weights_of
from confide.inputs.table_words import dates_as_text, hidden_cells, read_as, text_as_dates, unread
from confide.inputs.tables import Table as ReadTable
from confide.inputs.tables import read_table
from confide.knowledge.table import Knowing
from confide.mechanisms.randomize.rappor import Rappor
from confide.mechanisms.randomize.unary_encoding import UnaryEncoding
from confide.views.hierarchy import Hierarchy
from confide.views.table import Table as Cells
from confide.views.table_keys import distinct_people

Codes: TypeAlias = NDArray[np.int32]
Columns: TypeAlias = Annotated[str | Sequence[str], Flag(group=KNOWS, metavar="COLUMNS")]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table of people, to be published with or without its secret column.

    The adversary knows some columns of a person, such as age, sex and place, and some of what it knows is
    wrong. It is to name the person's row, to describe the person so that nobody else fits, and to tell what
    stands in their secret column. It is judged on people in the release, and on people held out of it.
    Where several rows have one id, the unit is the person, with all of these rows.

    Args:
        records: Everybody's rows: .parquet or .csv, or a database of PostgreSQL,
            postgresql://HOST/DATABASE; in Python also a data frame.
        known: The columns that the adversary knows, separated by commas.
        secret: The column that nobody should learn; without one, nothing is inferred.
        id: The column that names people. It is never released, and never known. Somebody may have several
            rows; without this column every row is taken for another person.
        wrong: The share of the known cells that are wrong: such a cell holds the value of another row.
        excluding: How many values of the secret the adversary knows not to be each person's.
        hierarchies: A folder of hierarchies in the format of ARX, a file a column, such as age.csv with
            the lines value;group;larger group;*. Columns without a file get a hierarchy that is made.
        l: Every protection that forms classes gives each class this many well-represented secrets: 3,
            entropy:3 or recursive:2,3. It counts rows, also where somebody has several.
        t: Every protection that forms classes keeps the secrets of each class this near to those of all. It
            counts rows, too.
        released: What will be published, if that is another table of the same columns; cells may be ranges.
        key: A table of two columns that says who is who: the row or id in the records, and the row or id in
            the released table.
        made_by: The protections by which the released table was made, NAME:SETTINGS as of --protect, several
            joined by a plus: the adversary knows them. By default what the sidecar of the table says
            (FILE.confide.json).
        control: A table of people of the same kind who are not in the release.
        unseen: What becomes of a value that a file of hierarchies misses, or that a recipe never saw: it is
            named and nothing is done, or its cells are suppressed.
        targets: About how many people the adversary is asked about.
        sampled: The share of a population of which the table is a random sample, such as 0.1: models then say
            who is unique in it.
        weight: The column of sampling weights: for how many people of the population a person stands.
        subsets: Also say k for those who know only this many of the known columns.
        memory: The memory that the table may take, such as 8GB; by default half of what is free. A larger
            table is not held: its distinct rows are counted where it is, and attacks are played on a sample.
        table: Of a database: the table to read, NAME or SCHEMA.NAME.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.
        decimal: The decimal sign of csv files, . or a comma, where that is not seen.

    Raises:
        DataError: for settings that cannot be.

    Source: Fellegi, Sunter 1969; Cohen, Nissim 2020.
    """

    records: Held
    _: KW_ONLY
    known: Columns
    secret: OptionalColumn = None
    id: OptionalColumn = None
    wrong: Annotated[float, Flag(group=KNOWS)] = 0.05
    excluding: Annotated[int, Flag(group=KNOWS, least=0)] = 0
    hierarchies: Annotated[Path | None, Flag(group=HOLD, metavar="FOLDER")] = None
    l: Annotated[str | None, Flag(group=HOW, metavar="L")] = None  # noqa: E741 - the field's own word
    t: Annotated[float | None, Flag(group=HOW)] = None
    released: AnyTable | None = None
    key: AnyTable | None = None
    made_by: Annotated[str | None, Flag(group=KNOWS, metavar="NAME:SETTINGS")] = None
    control: AnyTable | None = None
    unseen: Annotated[Literal["refuse", "suppress"], Flag(group=HOW)] = "refuse"
    targets: Annotated[int, Flag(group=HOW, least=2)] = 1_000
    sampled: Annotated[float | None, Flag(group=HOLD)] = None
    weight: OptionalColumn = None
    subsets: Annotated[int | None, Flag(group=HOW, least=1)] = None
    memory: Annotated[str | None, Flag(group=HOW, metavar="SIZE")] = None
    table: Annotated[str | None, Flag(group=HOLD, metavar="NAME")] = None
    separator: Separator = None
    decimal: Decimal = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = reading_of(self)
        _ = self.knowing  # what cannot be is said before any file is read
        if not self.columns:
            raise DataError("known names no column: give those that the adversary knows, such as age,sex.")
        twice = [c for c in self.columns if self.columns.count(c) > 1]
        if twice:
            raise DataError(f"known names {twice[0]!r} twice: name each column once.")
        for role, column in (("secret", self.secret), ("id", self.id)):
            if column in self.columns:
                raise DataError(f"{column!r} is known and the {role} at once: leave it out of known.")
        if self.secret is not None and self.secret == self.id:
            raise DataError(f"{self.secret!r} is the secret and the id at once: name two columns.")
        if self.key is not None and self.released is None:
            raise DataError("the key says who is who in a released table: give that too (`--released`).")
        if self.made_by is not None and self.released is None:
            raise DataError(
                f"--made-by {self.made_by} says how a released table was made: give that too (`--released`)."
            )
        if self.weight is not None and self.weight in (*self.columns, self.secret, self.id):
            raise DataError(f"{self.weight!r} is the weight and known, secret or the id: name two columns.")
        if self.targets < 2:
            raise DataError(f"targets is {self.targets}: give 2 or more people to be asked about.")
        if self.sampled is not None and not 0 < self.sampled <= 1:
            raise DataError(f"sampled is {self.sampled}: give a share above 0 and up to 1, such as 0.1.")
        if self.subsets is not None and not 1 <= self.subsets <= len(self.columns):
            raise DataError(
                f"subsets of {self.subsets} of {len(self.columns)} known columns: give 1 to "
                f"{len(self.columns)}."
            )
        if self.table is not None and "://" not in str(self.records):
            raise DataError(
                f"--table {self.table} names a table of a database: give the address of one, "
                "postgresql://HOST/DATABASE."
            )
        if (self.l is not None or self.t is not None) and self.secret is None:
            raise DataError("l and t are about the secrets of a class: name the secret column too.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The known columns, each by itself."""
        given = [self.known] if isinstance(self.known, str) else self.known
        parts = [column.strip() for one in given for column in one.split(",")]
        return tuple(column for column in parts if column)

    @property
    def knowing(self) -> Knowing:
        """The adversary's knowledge, as the game takes it."""
        return Knowing(wrong=self.wrong)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableData:
    """A table in codes, and what is released of it where that is another file.

    Args:
        name: of the file.
        cells: everybody's rows, precise: the known columns first, then the secret, then all others but the
            id. Control people, who are in no release, come last.
        known: the columns that the adversary knows.
        secret: the secret column, or "".
        hierarchies: of the known columns, by name.
        made: the known columns whose hierarchy was made here.
        source: of the original.
        who: where each person stands in it.
        released: a released table, its rows in the order of the original's; those of absent people say
            nothing.
        absent: bool[n], the rows that are in no release; None where all are in it.
        several: whose row each is, where somebody has several; `cells.people` says it too.
        naming: columns of which no two people share a value.
        notes: how columns were read, in sentences without a value.
        warnings: what was read in another way than it may have been meant.
        unsettled: what no audit of this release can settle, in a few words -> why.
        hidden: column -> bool[n], cells that are suppressed since their values were never seen.
        weights: float64[n], for how many people each row stands; None where no column says so.
        drawn: the table from which these rows were drawn, where it is too large to hold.
    """

    name: str
    cells: Cells
    known: tuple[str, ...]
    secret: str
    hierarchies: Mapping[str, Hierarchy]
    made: tuple[str, ...]
    source: Source
    who: pl.DataFrame
    released: Cells | None = None
    absent: Bools | None = None
    several: SeveralRows | None = None
    naming: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unsettled: Mapping[str, str] = field(default_factory=dict)
    hidden: Mapping[str, Bools] = field(default_factory=dict)
    weights: Floats | None = None
    drawn: Drawn | None = None


def read_data(held: Table, *, parts: Sequence[UnaryEncoding | Rappor] | None = None) -> TableData:
    """Read the table, and bring it into codes.

    Args:
        held: the record that the user filled in.
        parts: of the mechanism that made the released table, where it is known: what made columns of bits.

    Raises:
        DataError: if a file or column cannot be used.
    """
    reading = reading_of(held)
    table = read_table(held.records, name="the table", reading=reading)
    frame, n = table.frame, table.frame.height
    _need_columns(table, held)
    asked = (*held.columns, *(() if held.secret is None else (held.secret,)))
    others = [c for c in frame.columns if c not in {*asked, held.id} and _usable(frame[c])]
    order = (*asked, *others)
    outside, theirs = (None, 0) if held.control is None else control_rows(held, table, asked, others)
    several = None if held.id is None else several_rows(held.id, frame[held.id], theirs)
    people = None if several is None else several.people
    both = frame.select(order) if outside is None else pl.concat([frame.select(order), outside])
    known = in_codes(both, held.columns, folder=held.hierarchies, unseen=held.unseen)
    rest = in_codes(both, order[len(held.columns) :])
    cells = Cells.of((*known.domains, *rest.domains), np.hstack([known.codes, rest.codes]), people=people)
    if outside is not None and isinstance(theirs, int):
        refuse_shared(cells.low, cells.sizes, outside)
    secrets = cells.low[:n, len(held.columns)] if held.secret is not None else np.arange(2)
    if len(np.unique(secrets)) < 2:
        raise DataError(
            f"{table.name}: the secret {held.secret!r} is the same in every row: there is nothing to infer."
        )
    hierarchies = dict(zip(held.columns, known.hierarchies, strict=True))
    absent, released, more = np.arange(len(cells)) >= n, None, ()
    if held.released is not None:
        released, gone, more = released_cells(held, cells, hierarchies, n, parts=parts)
        absent[:n] = gone
    ids = None if held.id is None else as_ids(frame[held.id])
    places = np.append(rows_from_one(n), np.zeros(len(cells) - n, np.int64))
    names = None if ids is None else ids.extend_constant(None, len(cells) - n)
    return TableData(
        name=table.name,
        cells=cells,
        known=held.columns,
        secret=held.secret or "",
        hierarchies=hierarchies,
        made=tuple(c for c in held.columns if c not in known.read),
        source=Source.of(table, {"user": held.id}, also=order),
        who=standing(table.name, row=places, ids=names),
        released=released,
        absent=absent if absent.any() else None,
        several=several,
        notes=(read_as(cells, table), *text_as_dates(both, cells.domains), *hidden_cells(known.hidden)),
        warnings=dates_as_text(cells.domains),
        unsettled=unread(more),
        hidden={name: gone[:n] for name, gone in known.hidden.items()},
        naming=tuple(
            d.name
            for d, codes in zip(cells.domains, cells.low.T, strict=True)
            if _differs(codes[:n], None if people is None else people[:n])
            # A column that the release leaves out, or hides in every row, names nobody.
            and (released is None or _told(released, d.name, absent))
        ),
        weights=None if held.weight is None else weights_of(table, held.weight, len(cells), several),
    )


def _need_columns(table: ReadTable, held: Table) -> None:
    """Refuse columns that are not there, and ids with gaps."""
    frame = table.frame
    for column in (*held.columns, *(() if held.secret is None else (held.secret,))):
        if column not in frame.columns:
            need(frame, [column], name=table.name)  # says the nearest names
    if held.secret is not None and (empty := missing(frame[held.secret])).all():
        raise DataError(f"{table.name}: the secret {held.secret!r} is empty in {named_rows(empty)}.")
    if held.id is not None:
        need_ids(frame, [held.id], name=table.name)


def _told(released: Cells, column: str, absent: Bools) -> bool:
    """Whether a cell of this column rules out any value, in the rows of the people in the release."""
    i = released.names.index(column)
    widths = released.high[~absent, i] - released.low[~absent, i] + 1
    return bool((widths < released.sizes[i]).any())


def _differs(codes: Codes, people: Ints | None) -> bool:
    """Whether no two people share a value."""
    values, code = np.unique(codes, return_inverse=True)
    if people is None:
        return len(values) == len(codes)
    return bool((distinct_people(code, people, len(values)) == 1).all())


def _usable(column: pl.Series) -> bool:
    kind = column.dtype
    text = kind in (pl.String, pl.Boolean, pl.Categorical) or kind.base_type() in (pl.Enum, pl.Categorical)
    times = kind == pl.Date or kind.base_type() == pl.Datetime
    return kind.is_numeric() or text or times
