"""Scores as a user holds them: evidence that was made anywhere, by anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from confide.core import evidence as files
from confide.core.errors import EvidenceError
from confide.core.evidence import Evidence
from confide.core.flags import Held, OptionalColumn
from confide.core.who import standing, table_of


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of people who were in some data, and of people who were not, made by any attack on anything.

    Args:
        evidence: A .parquet or .csv file with the columns exposed (was the person in the data?) and score
            (higher = surer that they were). It may also have world, target, hit and attack; in Python also
            `Evidence`.
        user: The column of the file that says who a row is about; by default target, and where there is none
            each row is about somebody else.

    Raises:
        DataError, EvidenceError: if the file or its columns cannot be read.
    """

    evidence: Held
    _: KW_ONLY
    user: OptionalColumn = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoresData:
    """Evidence that was read, and where its targets stand.

    Args:
        name: what to call the scores.
        evidence: one entry for each attack.
        targets: attack, target, and where the target stands (`confide.core.who.standing`).
    """

    name: str
    evidence: tuple[Evidence, ...]
    targets: pl.DataFrame


def read_scores(held: Scores) -> ScoresData:
    """Read the evidence of each attack.

    Raises:
        DataError, EvidenceError: if the file or its columns cannot be read.
    """
    given = held.evidence
    if isinstance(given, str | Path):
        name = Path(given).name
        return _data(
            name, [_placed(e, at, name) for e, at in files.load_with_rows(Path(given), user=held.user)]
        )
    if held.user is not None:
        raise EvidenceError(
            f"evidence in memory numbers its targets, so it has no column {held.user!r}: give none."
        )
    several = [given] if isinstance(given, Evidence) else given
    if (
        isinstance(several, Sequence)
        and several
        and not isinstance(several, str)
        and all(isinstance(one, Evidence) for one in several)
    ):
        return _data("scores", [_placed(e, _where(e), "scores") for e in several])
    raise EvidenceError(
        f"the evidence is of type {type(given).__name__}: give a .parquet or .csv file, or `Evidence`."
    )


_Placed = tuple[Evidence, pl.DataFrame]


def _data(name: str, found: Sequence[_Placed]) -> ScoresData:
    # Diagonal, because one attack may know ids and another not.
    targets = pl.concat([where for _, where in found], how="diagonal")
    return ScoresData(name=name, evidence=tuple(e for e, _ in found), targets=targets)


def _placed(evidence: Evidence, at: pl.DataFrame, name: str) -> _Placed:
    ids = at["id"] if "id" in at.columns else None
    who = standing(name, row=at["row"].to_numpy(), ids=ids)
    attack = pl.lit(evidence.attack).alias("attack")
    return evidence, table_of(at["target"], who).select(attack, pl.all())


def _where(evidence: Evidence) -> pl.DataFrame:
    """The first row of each target."""
    target, first = np.unique(evidence.table["target"].to_numpy(), return_index=True)
    return pl.DataFrame({"target": target, "row": first + 1})
