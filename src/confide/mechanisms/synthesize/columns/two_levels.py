"""One-to-many tables on two levels: parents, how many children each has, and children given their parent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Array, Ints, Rng
from confide.core.errors import DataError
from confide.mechanisms.noise.source import Noise, words_of
from confide.mechanisms.statistics.bounded_rows import kept_rows
from confide.mechanisms.synthesize.columns.categories import Key
from confide.mechanisms.synthesize.columns.cells import fresh
from confide.mechanisms.synthesize.columns.decoding import Codes, Schema, decode
from confide.mechanisms.synthesize.columns.domain import Impossible, PublicDomain
from confide.mechanisms.synthesize.columns.encoding import encode
from confide.views.table import Domain, Table

NUMBER = "number of children"
ROUNDS = 8
"""How often children are drawn from their model, before one of another parent is taken."""
LEAST = 256
"""Children that are drawn at once."""


@dataclass(frozen=True, slots=True, eq=False)
class TwoLevels:
    """A table of parents, such as patients, and one of their children, such as stays.

    *Statement.* A parent with all its children moves the parents' table by one row, and the children's table
    by at most `at_most` rows. So mechanisms for one record and for people with `at_most` rows hide a whole
    parent, and their budgets add up.

    *Proof.* A parent's children are cut at random, independently of everybody else's (`kept_rows`), and its
    row of the children's table holds codes of its own row alone.

    Args:
        parents: the domain of their table.
        children: the domain of theirs, without `link`.
        key: the key of the parents' table.
        link: the column of the children's file that holds it.
        at_most: children of one parent; public. Others are left out.
        given: columns of the parents' model that children depend on, the most important one first.

    Raises:
        DataError: for columns that are not there.
    """

    parents: PublicDomain
    children: PublicDomain
    key: str
    link: str
    at_most: int
    given: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.parents.named.get(self.key), Key):
            raise DataError(f"{self.key!r:.60} is no key of the parents: give it kind = 'key'.")
        if self.link in self.children.named or self.link in self.children.dropped:
            raise DataError(f"{self.link!r:.60} names the parent: leave it out of the children's domain.")
        if self.at_most < 1:
            raise DataError(f"at_most is {self.at_most}: give 1 child of a parent or more.")
        names = [m.name for m in self.parents.modelled]
        for name in self.given:
            if name not in names:
                raise DataError(
                    f"children depend on {name!r:.60}, which is none of {', '.join(names)[:200]}."
                )

    @property
    def places(self) -> list[int]:
        """Where the given columns are in the parents' model."""
        names = [m.name for m in self.parents.modelled]
        return [names.index(name) for name in self.given]

    @property
    def of_parents(self) -> tuple[Domain, ...]:
        """The columns of the parents' model: theirs, and the number of their children."""
        counts = np.arange(self.at_most + 1)
        number = Domain(NUMBER, tuple(map(str, counts.tolist())), counts.astype(np.float64))
        return (*self.parents.domains, number)

    @property
    def of_children(self) -> tuple[Domain, ...]:
        """The columns of the children's model: those given, and theirs."""
        given = [self.parents.domains[at] for at in self.places]
        renamed = [Domain(f"parent's {d.name}", d.labels, d.numbers, d.missing) for d in given]
        return (*renamed, *self.children.domains)

    @property
    def impossible_children(self) -> tuple[Impossible, ...]:
        """The codes of the children's model that cannot stand together: those of their domain."""
        width = len(self.given)
        zeros = self.children.impossible
        return tuple(Impossible(tuple(c + width for c in zero.columns), zero.cells) for zero in zeros)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Two tables of codes from two files.

    Args:
        parents: the columns of the parents, and the number of children, one row each.
        children: the given columns, and those of the children; `people` says whose they are.
        left_out: how many children were above `at_most`, and how many have no parent. Both are functions of
            the exact data: for their owner alone.
        clipped: column -> cells that count as the nearest value, of the parents and of the children; as well.
    """

    parents: Table
    children: Table
    left_out: tuple[int, int]
    clipped: tuple[Mapping[str, int], Mapping[str, int]]


def split(
    parents: pl.DataFrame, children: pl.DataFrame, levels: TwoLevels, *, noise: Noise, rng: Rng
) -> Split:
    """The two tables of codes that are modelled.

    Args:
        parents, children: the files.
        levels: their domains.
        noise: where the choice of children comes from.
        rng: of a rehearsal.

    Raises:
        DataError: as `encode`, or if keys are empty or there twice.
    """
    for name, frame, column in (("parents", parents, levels.key), ("children", children, levels.link)):
        if column not in frame.columns or frame[column].null_count():
            raise DataError(f"the {name} have no {column!r:.60}, or an empty one: say who each row is of.")
    if parents[levels.key].n_unique() < len(parents):
        raise DataError(f"a {levels.key} of the parents is there twice: each parent has one row.")
    keys, links = comparable(parents[levels.key], children[levels.link])
    number = pl.DataFrame({"key": keys, "at": np.arange(len(parents))})
    whose = pl.DataFrame({"key": links}).join(number, on="key", how="left", maintain_order="left")["at"]
    there = whose.is_not_null()
    family = children.filter(there).drop(levels.link)
    parent = whose.drop_nulls().to_numpy().astype(np.int64)
    kept = kept_rows(parent, levels.at_most, words_of(noise, rng))
    first = encode(parents, levels.parents)
    second = encode(family.filter(pl.Series(kept)), levels.children)
    above, below = first.table, second.table
    counts = np.bincount(parent[kept], minlength=len(parents))
    return Split(
        parents=Table.of(levels.of_parents, np.column_stack([above.low, counts])),
        children=Table.of(
            levels.of_children,
            np.column_stack([above.low[parent[kept]][:, levels.places], below.low]),
            people=parent[kept],
        ),
        left_out=(int((~kept).sum()), int((~there).sum())),
        clipped=(first.clipped, second.clipped),
    )


def comparable(keys: pl.Series, links: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Keys and links in one type, so that they can be compared.

    Raises:
        DataError: if they are of different kinds.

    >>> [made.to_list() for made in comparable(pl.Series("id", [7]), pl.Series("of", [7], pl.Int8))]
    [['7'], ['7']]
    """
    one, other = keys.dtype, links.dtype
    if one == other:
        return keys, links
    if (one.is_integer() and other.is_integer()) or (_is_text(one) and _is_text(other)):
        return keys.cast(pl.String), links.cast(pl.String)
    raise DataError(
        f"{keys.name!r:.60} of the parents is of type {one}, and {links.name!r:.60} of the children {other}: "
        "write both in one type."
    )


def _is_text(kind: pl.DataType) -> bool:
    return kind == pl.String or isinstance(kind, pl.Categorical | pl.Enum)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Children:
    """Synthetic children of synthetic parents.

    Args:
        frame: their file; the link of each is the key of its parent.
        codes: int32[n, d], of `of_children`, with the given columns of the parents that they were dealt to.
        rejected: the share of drawn children that were given up, since they broke a rule.
        apart: the share of children that do not follow from all given columns of their parent, because the
            model of children had too few of such.
    """

    frame: pl.DataFrame
    codes: Codes
    rejected: float
    apart: float


def with_children(
    parents: pl.DataFrame,
    codes: Codes,
    model: Callable[[int, Rng], Codes],
    levels: TwoLevels,
    *,
    rng: Rng,
    schema: Schema | None = None,
) -> Children:
    """Children of parents, from a model of children.

    Children are drawn from their model and dealt to parents with the same given columns. Where there are too
    few, the last given column is left out, and then the one before.

    Args:
        parents: the rows, with new keys.
        codes: int32[n, d + 1], of `levels.of_parents`, row by row.
        model: gives that many rows of `levels.of_children`.
        levels: the domains.
        rng: of the model and of all that is drawn here.
        schema: the types of the children's file.

    Raises:
        DataError: if hardly any child keeps the rules.
    """
    width = len(levels.given)
    wanted = np.repeat(codes[:, :-1][:, levels.places], codes[:, -1], axis=0)
    pool, rows, rejected = _pool(wanted, model, levels, schema, rng)
    chosen, apart = _dealt(wanted, pool[:, :width], rng)
    keys = parents[levels.key].gather(np.repeat(np.arange(len(codes)), codes[:, -1]))
    children = rows[chosen].with_columns(keys.alias(levels.link))
    made = [
        fresh(c, len(children), children[c.name].dtype) for c in levels.children.columns if isinstance(c, Key)
    ]
    order = [levels.link, *rows.columns] if schema is None else [n for n in schema if n in children.columns]
    return Children(
        frame=children.with_columns(made).select(order),
        codes=np.column_stack([wanted, pool[chosen][:, width:]]).astype(np.int32),
        rejected=rejected,
        apart=apart,
    )


def _pool(
    wanted: Array, model: Callable[[int, Rng], Codes], levels: TwoLevels, schema: Schema | None, rng: Rng
) -> tuple[Codes, pl.DataFrame, float]:
    """The codes of children that keep the rules, their rows, and the share of those that do not."""
    width, n = len(levels.given), len(wanted)
    need, asked = _tallied(wanted), 0
    codes: list[Codes] = []
    rows: list[pl.DataFrame] = []
    types = None if schema is None else {k: v for k, v in schema.items() if k != levels.link}
    for _ in range(ROUNDS):
        drawn = model(max(n, LEAST), rng)
        made = decode(drawn[:, width:], levels.children, rng=rng, schema=types)
        asked += len(drawn)
        codes.append(drawn[made.kept])
        rows.append(made.frame)
        have = _tallied(np.concatenate(codes)[:, :width])
        if all(have.get(key, 0) >= count for key, count in need.items()):
            break
    kept = np.concatenate(codes)
    if n and not len(kept):
        raise DataError(
            "no child that was drawn keeps the rules: correct the rules or zeros of the children."
        )
    return kept, pl.concat(rows), 1 - len(kept) / asked


def _tallied(codes: Array) -> Mapping[tuple[int, ...], int]:
    found, counts = np.unique(codes, axis=0, return_counts=True)
    return {tuple(key): count for key, count in zip(found.tolist(), counts.tolist(), strict=True)}


def _dealt(wanted: Array, pool: Array, rng: Rng) -> tuple[Ints, float]:
    """A row of the pool for each wanted one, each once while they last; and the share without a match."""
    chosen, apart = np.full(len(wanted), -1, np.int64), 0.0
    for width in range(wanted.shape[1], -1, -1):
        left = np.flatnonzero(chosen < 0)
        places = _by_key(pool[:, :width])
        for key, rows in _by_key(wanted[left][:, :width]).items():
            if (there := places.get(key)) is not None:
                again = np.resize(rng.permutation(there), len(rows))  # from the start, where they are too few
                chosen[left[rows]] = again
        if width == wanted.shape[1] and len(chosen):
            apart = float((chosen < 0).mean())
    return chosen, apart


def _by_key(codes: Array) -> Mapping[tuple[int, ...], Ints]:
    """The rows of each combination of codes."""
    if not len(codes):
        return {}
    found, inverse = np.unique(codes, axis=0, return_inverse=True)
    order = np.argsort(inverse.reshape(-1), kind="stable")
    ends = np.cumsum(np.bincount(inverse.reshape(-1)))[:-1]
    return {tuple(k): rows for k, rows in zip(found.tolist(), np.split(order, ends), strict=True)}
