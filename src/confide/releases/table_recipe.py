"""Recipes of tables: protections in a user's words, and the same again for next month's table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from confide.core.arrays import Bools
from confide.core.errors import DataError
from confide.inputs.columns import listed, named_rows
from confide.inputs.numbers import parse_epsilon
from confide.inputs.sidecar import sidecar_record
from confide.inputs.table import Table, TableData
from confide.releases.settings import ReleaseSettings
from confide.releases.table_told import digests, domain_of
from confide.views.table import Domain
from confide.views.table import Table as Cells

BARE = re.compile(r"\s*[A-Za-z-]+\s*\(")
"""How a recipe for columns begins, such as 'warner(sex) k-ary(region)'."""


def prepare(held: Table, release: ReleaseSettings) -> tuple[Table, ReleaseSettings]:
    """Bring protections into the words of the audit's, and fill in what a recipe says.

    Raises:
        DataError: for a recipe for other columns or another kind, or columns that are randomised without an
            epsilon.
    """
    if release.recipe is not None:
        if release.texts or release.find is not None:
            raise DataError("the recipe says how to protect: leave out --with and --find, or the recipe.")
        if release.epsilon is not None:
            raise DataError("the recipe says the epsilon: leave out --epsilon.")
        if release.suppress is not None:
            raise DataError("the recipe says what may be suppressed: leave out --suppress.")
        record = _record(release)
        texts = tuple(record["protections"])
        return _same_record(held, record, release), replace(release, protections=texts)
    if release.suppress is not None:
        release = _suppressing(release, release.suppress)
    bare = [text for text in release.texts if BARE.match(text)]
    if release.epsilon is not None and not bare:
        raise DataError(
            "--epsilon is for columns that are randomised: name them, as in "
            "`--with 'warner(sex) k-ary(region)'`."
        )
    if not bare:
        return held, release
    if release.epsilon is None:
        raise DataError(f"{bare[0]!r:.60} has no epsilon: say how much all columns promise (`--epsilon 1`).")
    parse_epsilon(repr(release.epsilon))
    # One recipe: the columns of a second one would be gone after the first.
    whole = f"columns:{release.epsilon:.15g},{' '.join(text.strip() for text in bare)}"
    at = release.texts.index(bare[0])
    texts = [text for text in release.texts if text not in bare]
    texts.insert(min(at, len(texts)), whole)
    return held, replace(release, protections=tuple(texts))


def _suppressing(release: ReleaseSettings, share: float) -> ReleaseSettings:
    """The share in the words of the protections that can suppress rows."""
    found = tuple(
        f"{text},{share:.15g}" if re.fullmatch(r"(local|lattice):[^,]*", text.strip()) else text
        for text in release.texts
    )
    if found == release.texts:
        raise DataError(
            f"--suppress {share:g} is for a local or lattice with a k and no share of its own, as in `--with "
            "lattice:10`; nothing else suppresses rows: leave it out, or protect by one of these."
        )
    return replace(release, protections=found)


def told_of(release: ReleaseSettings) -> Mapping[str, Any]:
    """What the recipe tells of how its settings were bound; nothing without a recipe."""
    return {} if release.recipe is None else _bound(_record(release), release)


def check_hierarchies(held: Table, bound: Mapping[str, Any]) -> None:
    """Refuse files of hierarchies that are not the recipe's.

    Raises:
        DataError: with the first column whose hierarchy is another one.
    """
    now, then = digests(held.hierarchies, held.columns), dict(bound.get("hierarchies", {}))
    for name, digest in now.items():
        if digest != then.get(name, "made"):
            was = "was made from the table" if then.get(name, "made") == "made" else "was another file"
            raise DataError(
                f"the hierarchy of {name!r} {was} in the recipe: give the folder that the recipe was made "
                "with (`--hierarchies`), or protect without the recipe."
            )


def check_columns(names: Sequence[str], bound: Mapping[str, Any], table: str) -> None:
    """Refuse a table that lacks a column that the recipe was for, or has a further one.

    Raises:
        DataError: with these columns.
    """
    then = [str(name) for name in bound.get("columns", names)]
    if lacks := [name for name in then if name not in names]:
        raise DataError(
            f"the recipe is for a table with {_columns(lacks)}, which {table} lacks, or where it holds "
            "nothing: add it, or protect without the recipe."
        )
    if more := [name for name in names if name not in then]:
        raise DataError(
            f"{table} has {_columns(more)}, which the recipe's table had not: leave it out, or protect "
            "without the recipe."
        )


def _columns(names: Sequence[str]) -> str:
    return f"the column{'s' * (len(names) > 1)} {listed(list(names))}"


def check_key(mark: str | None, bound: Mapping[str, Any], release: ReleaseSettings) -> None:
    """Refuse another key than the recipe's: people would get other pseudonyms than last month.

    Raises:
        DataError: if it is another one.
    """
    steps = bound.get("steps", [])
    then = [step["key"].get("mark") for step in steps if isinstance(step.get("key"), dict)]
    if mark is not None and then and mark not in then:
        raise DataError(
            f"{release.key_file} holds another key than the recipe was made with: give that one, or protect "
            "without the recipe."
        )


def under(data: TableData, domains: Mapping[str, Any], *, suppress: bool) -> TableData:
    """The table under the domains of a recipe.

    Args:
        data: the table, read.
        domains: column -> what the recipe tells of its domain.
        suppress: whether cells with values that it never saw count as missing; else one is named.

    Raises:
        DataError: if a value was never seen and is to be named, or nothing can stand for it.
    """
    cells, hidden = data.cells, dict(data.hidden)
    for name, said in domains.items():
        if name not in cells.names:
            raise DataError(f"the recipe is about a column {name!r}, which {data.name} lacks: add it.")
        cells, lost = _recoded(cells, domain_of(name, said), data.name, suppress)
        if lost.any():
            hidden[name] = lost | hidden.get(name, False)
    return replace(data, cells=cells, hidden=hidden)


def _recoded(cells: Cells, domain: Domain, table: str, suppress: bool) -> tuple[Cells, Bools]:
    at = cells.at(domain.name)
    old, codes = cells.domains[at], cells.low[:, at]
    known: dict[object, int] = dict(zip(_values(domain), range(len(domain)), strict=True))
    new = np.array([known.get(value, -1) for value in _values(old)], np.int32)
    lost = new[codes] < 0
    if lost.any():
        where = (
            f"{table}: column {domain.name!r} holds {old.labels[int(codes[lost][0])]!r:.40} in "
            f"{named_rows(pl.Series(lost))}, which the recipe never saw"
        )
        if not suppress:
            raise DataError(
                f"{where}: suppress such cells (`--unseen suppress`), or protect without the recipe."
            )
        if not domain.missing:
            raise DataError(
                f"{where}, and none of its values stands for a missing one: leave these rows out, or protect "
                "without the recipe."
            )
        new[new < 0] = len(domain) - 1
    low = cells.low.copy()
    low[:, at] = new[codes]
    domains = (*cells.domains[:at], domain, *cells.domains[at + 1 :])
    return Cells.of(domains, low, people=cells.people), lost


def _values(domain: Domain) -> Sequence[object]:
    """Numbers as numbers, so that 7 is 7.0, and a missing value as None."""
    real = len(domain) - domain.missing
    found: Sequence[object] = domain.labels if domain.numbers is None else domain.numbers.tolist()
    return [*found[:real], *[None] * domain.missing]


def _record(release: ReleaseSettings) -> Mapping[str, Any]:
    assert release.recipe is not None
    record = sidecar_record(release.recipe)
    if record.get("kind") != "table":
        raise DataError(f"{release.recipe} is of another kind of release: give the sidecar of a table.")
    return record


def _bound(record: Mapping[str, Any], release: ReleaseSettings) -> Mapping[str, Any]:
    bound = record.get("bound")
    if (
        not isinstance(bound, dict)
        or not isinstance(bound.get("known"), list)
        or not isinstance(bound.get("made", {}), dict)
        or not isinstance(bound.get("made", {}).get("columns", {}), dict)
    ):
        raise DataError(f"{release.recipe} does not say how its settings were bound: protect without it.")
    return bound


def _same_record(held: Table, record: Mapping[str, Any], release: ReleaseSettings) -> Table:
    """The record with what the recipe sets, if both speak of the same columns."""
    bound = _bound(record, release)
    known = tuple(str(name) for name in bound["known"])
    if set(known) != set(held.columns):
        raise DataError(
            f"the recipe is for the known columns {', '.join(known)}, and here they are "
            f"{', '.join(held.columns)}: name the same ones, or protect without the recipe."
        )
    for name, here in (("secret", held.secret or ""), ("l", held.l), ("t", held.t)):
        there = bound.get(name)
        if here and here != there:
            raise DataError(
                f"{name} is {here} here and {there or 'none'} in the recipe: leave it out, or protect "
                "without the recipe."
            )
    secret = str(bound.get("secret") or "") or None
    return replace(held, known=known, secret=secret, l=bound.get("l"), t=bound.get("t"))
