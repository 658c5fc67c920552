"""Shared domains: the columns of several files as codes of the values that occur in any of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Array, Floats
from confide.core.errors import DataError
from confide.inputs.columns import LONGEST
from confide.inputs.matched_columns import OneType
from confide.views.table import Domain

MISSING = ""
"""The label of a missing value."""
A_DAY = 86_400e6
"""Microseconds."""
MANY = 0.05
"""Of a column's cells: with more outside of all real ones, the files may be written in two ways."""
MOSTLY = 0.5
"""A column with fewer different values than this share of its rows holds categories, and no names."""
WITHIN = (0.05, 0.95)
"""The quantiles between which the values of a column mostly lie."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedCodes:
    """Columns of several files as codes under the same domains.

    Args:
        domains: of the d columns.
        codes: int32[n, d] of each file.
        respelled: column -> what the first file calls a category -> what others call it.
        apart: columns of numbers or dates whose values in the second file lie beside those of the first.
        unknown: columns of few categories, of which many cells of the second file hold others.
        strange: column -> the share of the second file's rows whose category the first does not have.
    """

    domains: tuple[Domain, ...]
    codes: tuple[NDArray[np.int32], ...]
    respelled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    apart: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    strange: Mapping[str, float] = field(default_factory=dict)


def shared_codes(columns: Sequence[OneType], files: Sequence[str]) -> SharedCodes:
    """These columns of all files as codes; the domain of each is the union of its values.

    Categories that differ in blanks, hyphens, underscores or capitals alone are one. A column of which real
    and synthetic file share none is refused: whatever is compared there would find nothing.

    Args:
        columns: d columns, each as it is in all files; the first file is the real one, the second the
            synthetic one.
        files: their names for messages.

    Raises:
        DataError: for such a column.
    """
    heights = [len(one) for one in columns[0].columns]
    made = [np.empty((n, len(columns)), np.int32) for n in heights]
    domains: list[Domain] = []
    respelled: dict[str, Mapping[str, str]] = {}
    strange: dict[str, float] = {}
    apart: list[str] = []
    unknown: list[str] = []
    for i, column in enumerate(columns):
        name = column.columns[0].name
        if column.kind == "text":
            texts, others = _one_spelling(column.columns)
            respelled |= {name: others} if others else {}
            share = _strange(texts, files)
            strange |= {name: share} if share else {}
            if share > MANY and not _of_names(texts[0]):
                unknown.append(name)
            domain, code = _of_text(texts)
        else:
            domain, code, numbers = _of_numbers(column)
            if _beside(*numbers[:2]):
                apart.append(name)
        domains.append(domain)
        ends = np.cumsum([0, *heights])
        for table, start, end in zip(made, ends[:-1], ends[1:], strict=True):
            table[:, i] = code[start:end]
    return SharedCodes(tuple(domains), tuple(made), respelled, tuple(apart), tuple(unknown), strange)


def _of_text(texts: Sequence[pl.Series]) -> tuple[Domain, Array]:
    every = pl.concat([text.alias("v") for text in texts])
    seen = every.drop_nulls().unique().sort()
    places = pl.DataFrame({"v": seen, "at": pl.arange(0, len(seen), eager=True, dtype=pl.Int32)})
    # A join of polars, since there may be a hundred million rows.
    code = every.to_frame().join(places, on="v", how="left", maintain_order="left")["at"]
    gone = code.null_count() > 0
    labels = (*seen.to_list(), *((MISSING,) if gone else ()))
    return Domain(texts[0].name, labels, None, gone), code.fill_null(len(seen)).to_numpy()


def _of_numbers(column: OneType) -> tuple[Domain, Array, list[Floats]]:
    """The domain, the codes of all files, and the values of each file."""
    dated = column.kind == "date"
    parts = [one.to_physical().cast(pl.Float64) if dated else one for one in column.columns]
    values = [part.fill_null(np.nan).to_numpy() for part in parts]
    every = np.concatenate(values)
    seen, code = np.unique(every, return_inverse=True)  # NaN is the last value, once
    gone = len(seen) > 0 and bool(np.isnan(seen[-1]))
    known = seen[:-1] if gone else seen
    labels = _days(known) if dated else _numbers(known)
    worth = seen / A_DAY if dated else seen
    domain = Domain(column.columns[0].name, (*labels, *((MISSING,) if gone else ())), worth, gone)
    return domain, code, values


def _numbers(known: Floats) -> list[str]:
    if (np.abs(known) < 2.0**53).all() and (known == np.floor(known)).all():
        return list(map(str, known.astype(np.int64).tolist()))
    return [f"{v:.0f}" if v == int(v) else str(v) for v in known.tolist()]


def _days(known: Floats) -> list[str]:
    moments = pl.Series(known.astype(np.int64)).cast(pl.Datetime("us"))
    whole = bool((known % A_DAY == 0).all())
    return (moments.cast(pl.Date) if whole else moments).cast(pl.String).to_list()


def _one_spelling(texts: Sequence[pl.Series]) -> tuple[list[pl.Series], Mapping[str, str]]:
    """The columns with categories as the first file spells them, and how others spell them."""
    ours = set(texts[0].drop_nulls().unique().to_list())
    known: dict[str, list[str]] = {}
    for label in sorted(ours):
        known.setdefault(_plain(label), []).append(label)
    made, said = [texts[0]], dict[str, str]()
    for text in texts[1:]:
        new = sorted(set(text.drop_nulls().unique().to_list()) - ours)
        # Where the first file itself tells two spellings apart, they are two categories.
        to = {label: found[0] for label in new if len(found := known.get(_plain(label), [])) == 1}
        made.append(text.replace(to) if to else text)
        said |= {right: other for other, right in to.items()}
    return made, said


def _plain(label: str) -> str:
    """A category without what writing adds.

    >>> _plain(" Self-emp_Inc"), _plain("3.0")
    ('self emp inc', '3')
    """
    # Between letters: a sign before a number, or between two, is part of it.
    text = re.sub(r"(?<=[^\W\d])[\s_-]+(?=[^\W\d])", " ", re.sub(r"\s+", " ", label.strip())).casefold()
    return re.sub(r"^(-?\d+)\.0+$", r"\1", text)


def _strange(texts: Sequence[pl.Series], files: Sequence[str]) -> float:
    """The share of the second file's filled cells whose category the first lacks.

    Raises:
        DataError: if that is all of them, and the column is no column of names.
    """
    real, made = texts[0].drop_nulls(), texts[1].drop_nulls()
    if not len(real) or not len(made):
        return 0.0
    seen = real.unique()
    share = 1 - float(made.is_in(seen.implode()).mean())  # type: ignore[arg-type]
    if share == 1 and not _of_names(texts[0]):
        ours, theirs = (", ".join(map(_shown, s.unique().sort().head(3).to_list())) for s in (real, made))
        raise DataError(
            f"{files[1]}: no category of column {texts[0].name!r} is one of {files[0]} ({theirs}; there: "
            f"{ours}): write categories in one way, or drop the column from both."
        )
    return share


def _of_names(column: pl.Series) -> bool:
    """Whether most people have a category of their own, so that others in another file say nothing."""
    filled = column.drop_nulls()
    return filled.n_unique() > max(1, MOSTLY * len(filled))


def _shown(label: str) -> str:
    return repr(label if len(label) < LONGEST else label[: LONGEST - 3] + "...")


def _beside(real: Floats, made: Floats) -> bool:
    """Whether the values of two files mostly lie beside each other, as those in other units do."""
    ours, theirs = (np.nanquantile(v, WITHIN) if (~np.isnan(v)).any() else None for v in (real, made))
    if ours is None or theirs is None:
        return False
    if theirs[0] > ours[1] or theirs[1] < ours[0]:
        return True
    # A scale can leave the middles together: then many values are where no real one is.
    outside = (made < np.nanmin(real)) | (made > np.nanmax(real))
    return bool(outside.sum() > MANY * (~np.isnan(made)).sum())
