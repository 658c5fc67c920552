"""Codes of a public domain as rows of a file: values inside bins, keys, and what follows from rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Array, Bools, Rng
from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.categories import Key
from confide.mechanisms.synthesize.columns.cells import check_type, fresh, plain_type, written
from confide.mechanisms.synthesize.columns.chains import drawn_in_chains
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.following import followed

Codes: TypeAlias = NDArray[np.int32]
Schema: TypeAlias = Mapping[str, pl.DataType]

TRIES = 20
"""How often the values of a row are drawn again inside its bins, before the row is given up."""
ROUNDS = 30
"""How often rows are asked for in the place of those that were given up."""
HOPELESS = 4
"""Rounds after which it is given up, if no row was kept."""
MOST_ASKED = 20
"""Rows that are asked for at once, over those that are still needed, where most are given up."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decoded:
    """Rows that were made of codes.

    Args:
        frame: the rows that keep all rules, in the order of their codes.
        kept: bool[n], which rows of the codes these are.
        again: how many of the n rows were drawn again inside their bins.
    """

    frame: pl.DataFrame
    kept: Bools
    again: int = 0

    @property
    def rejected(self) -> float:
        """The share of rows that were given up."""
        return float(1 - self.kept.mean()) if len(self.kept) else 0.0


def decode(codes: Codes, domain: PublicDomain, *, rng: Rng, schema: Schema | None = None) -> Decoded:
    """Rows of a file from codes of the model: the same seed, the same rows.

    Values are uniform among those that the bins, the bounds and the differences allow. What follows from
    other columns is computed. A row that breaks a check is drawn again inside its bins, and given up after
    a number of tries.

    Args:
        codes: int32[n, d], of `domain.modelled`.
        domain: public.
        rng: for values inside bins. It protects nobody: the codes are a release.
        schema: the types of the file, by column, in its order; without it, what the domain says.

    Raises:
        DataError: if a type cannot hold what the domain says.

    >>> from confide.mechanisms.synthesize.columns.categories import Category, Key
    >>> from confide.mechanisms.synthesize.columns.kinds import Integer
    >>> people = PublicDomain((Key("id"), Category("sex", ("f", "m")), Integer("age", 0, 9, bins=10)))
    >>> decode(np.array([[1, 7]], np.int32), people, rng=np.random.default_rng(0)).frame.row(0)
    (1, 'm', 7)
    """
    types = _types(domain, schema)
    made = _decoded(codes, domain, types, rng)
    frame = _with_keys(made.frame, domain, types)
    return Decoded(frame=frame, kept=made.kept, again=made.again)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Rows that were drawn from a model until there were enough.

    Args:
        frame: n rows.
        codes: int32[n, d], theirs.
        rejected: the share of drawn rows that were given up, since they broke a rule.
        again: the share that was drawn again inside its bins.
    """

    frame: pl.DataFrame
    codes: Codes
    rejected: float
    again: float


def drawn(
    model: Callable[[int, Rng], Codes],
    n: int,
    domain: PublicDomain,
    *,
    rng: Rng,
    schema: Schema | None = None,
) -> Drawn:
    """n rows of a file that keep all rules, drawn from a model (rejection sampling).

    Args:
        model: gives that many rows as codes.
        n: how many rows.
        domain, schema: as of `decode`.
        rng: of the model and of the values inside bins.

    Raises:
        DataError: if the model gives hardly any row that keeps the rules.
    """
    types = _types(domain, schema)
    frames: list[pl.DataFrame] = []
    codes: list[Codes] = []
    asked = found = again = 0
    for i in range(ROUNDS):
        need = n - found
        if (need <= 0 and frames) or (i == HOPELESS and not found):
            break
        over = min(asked / max(found, 1), MOST_ASKED) if asked else 1.0
        one = model(int(np.ceil(need * over)), rng)
        made = _decoded(one, domain, types, rng)
        frames.append(made.frame.head(need))
        codes.append(one[made.kept][:need])
        asked, found, again = asked + len(one), found + int(made.kept.sum()), again + made.again
    if found < n:
        raise DataError(
            f"of {asked:,} rows that were drawn only {found:,} keep the rules, and {n:,} are needed: "
            f"correct {', '.join(domain.checks)[:300] or 'the zeros'}, or ask for fewer rows."
        )
    frame = _with_keys(pl.concat(frames), domain, types)
    share = max(asked, 1)
    return Drawn(frame=frame, codes=np.concatenate(codes), rejected=1 - found / share, again=again / share)


def _types(domain: PublicDomain, schema: Schema | None) -> Schema:
    """The type of each column: those of the file, in its order."""
    named = domain.named
    types = {name: kind for name, kind in (schema or {}).items() if name in named}
    for name, kind in types.items():
        check_type(named[name], kind)
    return types | {c.name: plain_type(c) for c in domain.columns if c.name not in types}


def _with_keys(frame: pl.DataFrame, domain: PublicDomain, types: Schema) -> pl.DataFrame:
    keys = [fresh(c, len(frame), types[c.name]) for c in domain.columns if isinstance(c, Key)]
    return frame.with_columns(keys).select(list(types))


def _decoded(codes: Codes, domain: PublicDomain, types: Schema, rng: Rng) -> Decoded:
    """Rows without keys."""
    frame, fits, held = _attempt(codes, domain, types, rng)
    again = int((fits & ~held).sum())
    parts, place, end = [frame], np.arange(len(codes)), len(codes)
    for _ in range(TRIES):
        lost = np.flatnonzero(fits & ~held)
        if not len(lost):
            break
        better, _, good = _attempt(codes[lost], domain, types, rng)
        parts.append(better)
        place[lost] = np.where(good, end + np.arange(len(lost)), place[lost])
        held[lost] = good
        end += len(lost)
    kept = fits & held
    return Decoded(frame=pl.concat(parts)[place[kept]], kept=kept, again=again)


def _attempt(
    codes: Codes, domain: PublicDomain, types: Schema, rng: Rng
) -> tuple[pl.DataFrame, Bools, Bools]:
    """Rows without keys; which have codes that fit together; and which of them keep the rules."""
    columns, fits = _values(codes, domain, types, rng)
    frame, held = followed(pl.DataFrame(columns), domain, types)
    if domain.plan.checks:
        checks = [c.holds(domain.named).alias(str(i)) for i, c in enumerate(domain.plan.checks)]
        held = held & frame.select(pl.all_horizontal(checks)).to_series().to_numpy()
    for zero in domain.zeros:
        held = held & ~zero.impossible(frame, domain.named)
    return frame, fits, held


def _values(codes: Codes, domain: PublicDomain, types: Schema, rng: Rng) -> tuple[Sequence[pl.Series], Bools]:
    """The columns that are coded, and which rows have codes that fit together."""
    every = (*domain.modelled, *domain.fixed)
    whole = [m for m in every if m.cuts is not None and m.cuts.whole]
    each = {m.column.name: codes[:, i].astype(np.int64) for i, m in enumerate(domain.modelled)}
    each |= {m.column.name: np.zeros(len(codes), np.int64) for m in domain.fixed}
    chained, fits = drawn_in_chains(whole, each, rows=len(codes), rng=rng)
    columns: list[pl.Series] = []
    for m in every:
        name, code = m.column.name, each[m.column.name]
        empty = (code == len(m.domain) - 1) & m.nulls
        at: Array = np.where(empty, 0, code)
        if m.cuts is not None:
            at = chained[name] if m.cuts.whole else m.cuts.drawn(at, rng=rng)
        columns.append(written(m.column, at, empty, types[name]))
    return columns, fits
