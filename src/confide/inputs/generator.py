"""Records that synthetic ones are to be made from, before any is published."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOLD, HOW, KNOWS, Flag, Held, OptionalColumn
from confide.inputs.domain import read_domain
from confide.inputs.domain_cells import prepared, read_rows
from confide.inputs.tables import read_table
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.encoding import encode
from confide.views.table import Table

FEWEST = 200
"""Records: a quarter is held out, and the adversary is asked about 40 people or more."""


@dataclass(frozen=True, slots=True, eq=False)
class Generator:
    """Records that synthetic ones are to be made from, and their public domain.

    Synthetic records are made by each mechanism and budget, and audited: a fair coin decides for each person
    who is asked about whether the mechanism is given their record. Some records are held out: the adversary
    knows these, and they measure what is left of use. It knows the full record of each person who
    is asked about, the synthetic records, and the mechanism.

    Records are compared as the mechanisms see them, in the bins of the domain.

    Args:
        data: The records: .parquet or .csv; in Python also a frame.
        domain: A domain.toml with the columns; `confide domain` writes a template. In Python also a
            `PublicDomain`.
        target: A column that models are to predict: they learn from synthetic records and are tested on real
            ones.
        secret: A column whose value the adversary is to tell, from all others. Before the records are made,
            coins write it for those asked about: who looks at no record is right half of the time.
        known: The share of the records that is held out, and that the adversary knows.
        people: About how many people the adversary is asked.

    Raises:
        DataError: for numbers out of range.

    Source: Stadler, Oprisanu, Troncoso 2022 compare generators by attacks in this way.
    """

    data: Held
    _: KW_ONLY
    domain: Annotated[Any, Flag(group=HOLD, metavar="FILE", parse=str)]
    target: OptionalColumn = None
    secret: OptionalColumn = None
    known: Annotated[float, Flag(group=KNOWS)] = 0.25
    people: Annotated[int, Flag(group=HOW, least=40)] = 2_000

    def __post_init__(self) -> None:
        check_fields(self)
        if not isinstance(self.domain, str | Path | PublicDomain):
            raise DataError(f"domain is a {type(self.domain).__name__}: give the path of a domain.toml.")
        if not 0.05 <= self.known <= 0.9:
            raise DataError(f"known is {self.known}: give a share from 0.05 to 0.9.")
        if self.people < 40:
            raise DataError(f"people is {self.people}: ask about 40 or more.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GeneratorData:
    """The records as codes of the domain.

    Args:
        name: of the file.
        people: whose records can be given to a mechanism.
        held_out: for the adversary, and for utility.
        rows: int64[people], where each stands in the file, from 0.
        target, secret: the columns, or "".
        asked: int64[t], the people who are asked about.
    """

    name: str
    people: Table
    held_out: Table
    rows: Any
    target: str
    secret: str
    asked: Any


def read_generator(held: Generator, *, rng: Rng) -> GeneratorData:
    """Read the domain, then the records; encode and split them.

    Raises:
        DataError: if they cannot be used.
    """
    given: Any = held.data
    name = Path(str(given)).name if isinstance(given, str | Path) else "data"
    domain = held.domain if isinstance(held.domain, PublicDomain) else read_domain(Path(held.domain))
    if domain.pending:
        raise DataError(
            f"bins of {', '.join(domain.pending)[:100]} are to be private quantiles, and each budget would "
            "make others: give public bins to compare budgets."
        )
    frame = read_rows(Path(given)) if isinstance(given, str | Path) else read_table(given, name="data").frame
    if len(frame) < FEWEST:
        raise DataError(f"{name} has {len(frame)} records: give {FEWEST} or more.")
    table = encode(prepared(frame, domain), domain).table
    for what, column in (("predict", held.target), ("keep secret", held.secret)):
        if column is not None and column not in table.names:
            raise DataError(
                f"there is no column {column!r:.60} to {what}: there are {', '.join(table.names)[:200]}."
            )
    if held.secret is not None and len(np.unique(table.only([held.secret]).low)) < 2:
        raise DataError(f"the secret {held.secret!r:.60} has one value: name another column.")
    order = rng.permutation(len(table))
    cut = round(held.known * len(table))
    rows = np.sort(order[cut:])
    return GeneratorData(
        name=name,
        people=table.take(rows),
        held_out=table.take(np.sort(order[:cut])),
        rows=rows,
        target=held.target or "",
        secret=held.secret or "",
        asked=np.sort(rng.permutation(len(rows))[: min(held.people, len(rows) // 2)]),
    )
