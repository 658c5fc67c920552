"""A synthetic file, the real one that it was made from, and people who were held out, read and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import polars as pl

from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOLD, HOW, KNOWS, Flag, OptionalColumn
from confide.core.flags import Table as TableFile
from confide.core.language import later
from confide.core.who import rows_from_one, standing
from confide.inputs.columns import named_rows, need_ids
from confide.inputs.compared_file import ComparedFile, read_compared, without_ids
from confide.inputs.domain import read_domain
from confide.inputs.matched_columns import matched_names, need_the_same, of_one_type
from confide.inputs.reading import Decimal, Separator, reading_of
from confide.inputs.shared_domains import shared_codes
from confide.inputs.shared_people import (
    InBoth,
    control_among_real,
    control_by_ids,
    equal_rows,
)
from confide.inputs.synthetic_bins import public_bins
from confide.inputs.synthetic_card import SyntheticCard, read_card
from confide.inputs.synthetic_refusals import FEWEST, need_enough, refuse_constant, refuse_twice
from confide.inputs.synthetic_words import apart, kinds, respelled, spellings, strange
from confide.inputs.table_words import dates_as_text
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.models.importing import import_object
from confide.views.table import Table as Cells

Maker: TypeAlias = Literal["aim", "mst", "privbayes", "plausible", "independent", "bootstrap"]
Columns: TypeAlias = Annotated[str | Sequence[str], Flag(group=KNOWS, metavar="COLUMNS")]


@dataclass(frozen=True, slots=True, eq=False)
class Synthetic:
    """A synthetic file, to be published or handed to you, and the real file that it was made from.

    The adversary holds the synthetic file alone and knows a person's full record. It is to say whether this
    person was among the real people, to describe a person so that nobody else fits, and, with a secret
    column, to tell what stands there. It is judged on people of the real file and on people of the control
    file, who were held out when the synthetic file was made.

    Without a control file, what the synthetic file gives away of the real people cannot be told from what is
    true of everybody: then no limit counts as kept. Hold people out, make the synthetic file again, and
    audit that.

    Args:
        real: The real rows that the synthetic file was made from: .parquet or .csv; in Python also a data
            frame.
        synthetic: The synthetic file: .parquet or .csv; in Python also a data frame.
        control: People of the same kind who were held out when the synthetic file was made.
        secret: The column that nobody should learn; without one, nothing is inferred.
        known: The columns that the adversary knows when it infers the secret, separated by commas; by default
            all others.
        target: The column that models are to predict, for the usefulness of the synthetic file: they learn
            from synthetic rows and are tested on real ones.
        id: The column of the real and the control file that names people. It is never compared; rows with the
            same id are one person's.
        domain: A domain.toml with public bins; without it, numbers are cut into even bins where they are
            counted.
        generator: What made the file, mypkg.gen:make: a function make(frame, seed) that returns a frame. It
            is run again in shadow worlds. In Python also the function.
        mechanism: What made the file, by name, with its budget: it is run again in shadow worlds.
        epsilon: The promise of the mechanism: epsilon.
        delta: And delta.
        patience: Seconds that the generator has for one world.
        shadows: How many files the adversary makes for itself in shadow worlds.
        people: About how many people the adversary is asked about, half of them of the control file.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.
        decimal: The decimal sign of csv files, . or a comma, where that is not seen.

    Raises:
        DataError: for settings that cannot be.

    Source: Stadler, Oprisanu, Troncoso 2022; van Breugel et al. 2023; Annamalai, Gadotti, Rocher 2024.
    """

    real: TableFile
    synthetic: TableFile
    _: KW_ONLY
    control: TableFile | None = None
    secret: OptionalColumn = None
    known: Columns = ()
    target: OptionalColumn = None
    id: OptionalColumn = None
    domain: Annotated[Any, Flag(group=HOLD, metavar="FILE", parse=str)] = None
    generator: Annotated[Any, Flag(group=KNOWS, metavar="FUNCTION", parse=str)] = None
    mechanism: Annotated[Maker | None, Flag(group=KNOWS)] = None
    epsilon: Annotated[float | None, Flag(group=KNOWS)] = None
    delta: Annotated[float, Flag(group=KNOWS)] = 1e-9
    shadows: Annotated[int, Flag(group=KNOWS, least=10)] = 150
    patience: Annotated[float, Flag(group=HOW)] = 120.0
    people: Annotated[int, Flag(group=HOW, least=FEWEST)] = 4_000
    separator: Separator = None
    decimal: Decimal = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = reading_of(self)
        twice = [c for c in self.columns if self.columns.count(c) > 1]
        if twice:
            raise DataError(f"known names {twice[0]!r} twice: name each column once.")
        if self.columns and self.secret is None:
            raise DataError(
                "known says what the adversary knows when it infers a secret: name the secret column too "
                "(`--secret`), or leave known out."
            )
        if self.secret is not None and self.secret in self.columns:
            raise DataError(f"{self.secret!r} is known and the secret at once: leave it out of known.")
        for role, column in (("secret", self.secret), ("target", self.target)):
            if self.id is not None and column == self.id:
                raise DataError(f"{self.id!r} is the {role} and the id at once: name two columns.")
        if self.id is not None and self.id in self.columns:
            raise DataError(f"{self.id!r} is known and the id at once: leave it out of known.")
        self._check_generator()
        if self.people < FEWEST:
            raise DataError(f"people is {self.people}: ask about {FEWEST} or more.")

    def _check_generator(self) -> None:
        if self.domain is not None and not isinstance(self.domain, str | Path | PublicDomain):
            raise DataError(f"domain is a {type(self.domain).__name__}: give the path of a domain.toml.")
        if self.generator is not None and self.mechanism is not None:
            raise DataError("generator and mechanism both say what made the file: give one of them.")
        budgeted = self.mechanism not in (None, "bootstrap")
        if budgeted and not (self.epsilon is not None and 0 < self.epsilon < float("inf")):
            raise DataError(f"{self.mechanism} has a budget: give its epsilon too, a number above 0.")
        if self.epsilon is not None and not budgeted:
            raise DataError("epsilon is that of a mechanism with a promise: name the mechanism too.")
        if (self.generator is not None or self.mechanism is not None) and self.control is None:
            raise DataError(
                "shadow worlds are made from people who were held out: give their rows too (`--control`)."
            )
        if not 0 < self.delta < 1:
            raise DataError(f"delta is {self.delta}: give a number above 0 and below 1, such as 1e-9.")
        if not 0 < self.patience < float("inf"):
            raise DataError(f"patience is {self.patience}: give a number of seconds above 0.")
        if self.shadows < 10:
            raise DataError(f"shadows is {self.shadows}: give 10 or more.")

    @property
    def make(self) -> Callable[..., Any] | None:
        """The user's function; None where none is named.

        Raises:
            ModelError: if there is none of this name.
        """
        given = import_object(self.generator) if isinstance(self.generator, str) else self.generator
        if given is not None and not callable(given):
            raise DataError(f"generator is a {type(given).__name__}: give a function make(frame, seed).")
        return given

    @property
    def columns(self) -> tuple[str, ...]:
        """The known columns, each by itself; empty for all but the secret."""
        given = [self.known] if isinstance(self.known, str) else self.known
        parts = [column.strip() for one in given for column in one.split(",")]
        return tuple(column for column in parts if column)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticData:
    """Real, synthetic and control rows as codes under the same domains.

    Args:
        name: of the synthetic file.
        real: n real rows; `people` says whose each is where somebody has several.
        synthetic: the synthetic ones.
        control: m rows of people who were held out; None if no file says who. Rows of one person count once.
        known: the columns that are known when a secret is inferred.
        secret, target: the columns, or "".
        who: where each real person and then each control person stands in the files, n + m rows.
        card: that stands beside the synthetic file, where there is one.
        public: bins of values, int64[m] by column, where a domain says them.
        in_both: control people who were among the real ones, and were left out.
        notes: how the files were read, in sentences without a value.
        internal_notes: those with values.
        warnings: what was read in another way than it may have been meant.
        unsettled: what no audit of these files can settle, in a few words -> why.
    """

    name: str
    real: Cells
    synthetic: Cells
    control: Cells | None
    known: tuple[str, ...]
    secret: str
    target: str
    who: pl.DataFrame
    in_both: InBoth | None = None
    card: SyntheticCard | None = None
    public: Mapping[str, Ints] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    internal_notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unsettled: Mapping[str, str] = field(default_factory=dict)


def read_synthetic(held: Synthetic, *, rng: Rng) -> SyntheticData:
    """Read the two or three files, and bring them into codes under the same domains.

    Args:
        held: the record that the user filled in.
        rng: draws, of control rows that surely are real people, those that cannot be told apart.

    Raises:
        DataError: if a file or column cannot be used, or one file is given twice.
    """
    reading = reading_of(held)
    real = read_compared(held.real, later("the real file"), held.id, reading)
    made = read_compared(held.synthetic, later("the synthetic file"), None, reading)
    out = (
        None
        if held.control is None
        else read_compared(held.control, later("the control file"), held.id, reading)
    )
    if held.id is not None and real.ids is None:
        need_ids(real.table.frame, [held.id], name=real.name)  # says the nearest names
    asked = [c for c in (*held.columns, held.secret, held.target) if c is not None]
    columns, notes = matched_names(real.named, without_ids(made, held.id).named, asked=asked)
    if not columns:
        raise DataError(
            f"{made.name} and {real.name} have no column in common: give files of the same columns."
        )
    files = [real, made, *(() if out is None else (out,))]
    if out is not None:
        need_the_same(columns, out.named, name=real.name)
    need_enough(files)
    names = [file.name for file in files]
    read = [of_one_type([file.frame[c] for file in files], names) for c in columns]
    shared = shared_codes(read, names)
    tables = [Cells.of(shared.domains, codes) for codes in shared.codes]
    refuse_twice(tables, names)
    if held.secret is not None:
        refuse_constant(tables[0].only([held.secret]), "secret", held.secret, real.name)
    for table, file in zip((tables[0], *tables[2:]), (real, *files[2:]), strict=True):
        if held.target is not None:
            refuse_constant(table.only([held.target]), "target", held.target, file.name)
    control, ids, places, both = _control(tables, out, real, rng)
    n, person = len(tables[0]), None if ids is None else _whose(ids)
    return SyntheticData(
        name=made.name,
        real=_of_people(tables[0], None if person is None else person[:n]),
        synthetic=tables[1],
        control=None if control is None else _of_people(control, None if person is None else person[n:]),
        known=held.columns or tuple(c for c in columns if c != held.secret),
        secret=held.secret or "",
        target=held.target or "",
        who=_who(real, out, places, ids),
        in_both=both,
        public=_public(held, tables[0]),
        card=read_card(held.synthetic),
        notes=(
            *(note for file in files for note in file.notes),
            *notes,
            *(one.note for one in read if one.note),
            kinds(shared),
        ),
        internal_notes=spellings(shared),
        warnings=(*respelled(shared), *dates_as_text(shared.domains), *strange(shared)),
        unsettled=apart(shared, made.name, real.name),
    )


def _public(held: Synthetic, table: Cells) -> Mapping[str, Ints]:
    """The bins of a domain file."""
    if held.domain is None:
        return {}
    given: Any = held.domain
    domain = given if isinstance(given, PublicDomain) else read_domain(Path(given))
    if not set(table.names) & set(domain.named):
        raise DataError(
            f"the domain describes none of the columns {', '.join(table.names)[:200]}: give this file's."
        )
    return public_bins(domain, table)


def _control(
    tables: Sequence[Cells], out: ComparedFile | None, real: ComparedFile, rng: Rng
) -> tuple[Cells | None, pl.Series | None, Ints, InBoth | None]:
    """The control rows that are no real people, all ids, the rows' places in the file, and who is in both."""
    if out is None:
        return None, real.ids, np.zeros(0, np.int64), None
    inside, outside = tables[0], tables[2]
    if real.ids is not None and out.ids is not None:
        found = control_by_ids(real.ids, out.ids, len(equal_rows(inside.low, outside.low, inside.sizes)))
    else:
        found = control_among_real(inside.low, outside.low, inside.sizes, rng=rng)
    stay = ~found.left_out
    if int(stay.sum()) < FEWEST:
        raise DataError(
            f"{out.name}: {int(found.left_out.sum()):,} of {len(stay):,} control rows, "
            f"{named_rows(pl.Series(found.left_out))}, are people of {real.name} too, and "
            f"{int(stay.sum()):,} are left: give {FEWEST} or more people who were held out when the "
            "synthetic file was made."
        )
    ids = None
    if real.ids is not None:
        # People of a control file without ids are each somebody else.
        theirs = pl.Series([f"control row {i + 1}" for i in range(len(stay))]) if out.ids is None else out.ids
        ids = pl.concat([real.ids.cast(pl.String), theirs.cast(pl.String).filter(stay)])
    return outside.take(stay), ids, rows_from_one(len(stay))[stay], found


def _of_people(table: Cells, person: Ints | None) -> Cells:
    """The table with whose row each is, where somebody has several."""
    if person is None:
        return table
    return Cells.of(table.domains, table.low, people=np.unique(person, return_inverse=True)[1])


def _who(real: ComparedFile, out: ComparedFile | None, places: Ints, ids: pl.Series | None) -> pl.DataFrame:
    n = real.frame.height
    files = [real.name] * n + ([] if out is None else [out.name] * len(places))
    named = None
    if ids is not None:
        # A number that was made up for a control row names nobody.
        named = ids if out is None or out.ids is not None else ids.head(n).extend_constant(None, len(places))
    return standing(files, row=np.concatenate([rows_from_one(n), places]), ids=named)


def _whose(ids: pl.Series) -> Ints | None:
    """Whose row each is; None where each is somebody else's."""
    return None if ids.n_unique() == len(ids) else ids.rank("dense").cast(pl.Int64).to_numpy() - 1
