"""Scores as a user holds them: evidence that was made anywhere, by anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from confide.core import kept_evidence as files
from confide.core.errors import EvidenceError
from confide.core.evidence import Evidence
from confide.core.evidence_files import read_file
from confide.core.fields import check_fields
from confide.core.flags import Held, OptionalColumn
from confide.core.who import standing, table_of
from confide.inputs.columns import need_ids
from confide.inputs.reading import Decimal, Separator, reading_of
from confide.inputs.tables import is_table, read_table

TURNED = 6.0
"""Standard errors below guessing from which scores are taken for turned round: by chance, 1 in 10^9."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of people who were in some data, and of people who were not, made by any attack on anything.

    Args:
        evidence: A .parquet or .csv file with the columns exposed (was the person in the data?) and score
            (higher = surer that they were). It may also have world, target, hit and attack; in Python also
            a frame or `Evidence`.
        user: The column of the file that says who a row is about; by default target, and where there is none
            each row is about somebody else.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.
        decimal: The decimal sign of csv files, . or a comma, where that is not seen.

    Raises:
        DataError, EvidenceError: if the file or its columns cannot be read.
    """

    evidence: Held
    _: KW_ONLY
    user: OptionalColumn = None
    separator: Separator = None
    decimal: Decimal = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = reading_of(self)


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
    if isinstance(given, str | Path) or is_table(given):
        # A frame is called by what it is.
        path = Path(given if isinstance(given, str | Path) else "the frame of scores")
        # A parquet file keeps what `save` wrote beside its rows; all else goes through the reader of tables.
        if isinstance(given, str | Path) and path.suffix.lower() != ".csv":
            table, about = read_file(path, path.suffix.lower(), ours=False)
        else:
            ids = [held.user or "target"]
            table = read_table(given, name=path.name, reading=reading_of(held), ids=ids).frame
            about = {}
        if held.user is not None:
            need_ids(table, [held.user], name=path.name)
        found = files.load_with_rows(path, user=held.user, table=table, about=about)
        for evidence, _ in found:
            _refuse_constant(evidence, path.name)
            _refuse_turned(evidence, path.name)
        return _data(path.name, [_placed(evidence, at, path.name) for evidence, at in found])
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
        f"the evidence is of type {type(given).__name__}: give a .parquet or .csv file, a frame, or "
        "`Evidence`."
    )


def _refuse_constant(evidence: Evidence, name: str) -> None:
    """Refuse scores that are all the same: they measure nothing, and would count as nothing found.

    Raises:
        EvidenceError: with the score.
    """
    score = evidence.table["score"].to_numpy()
    both = 0 < evidence.exposed.sum() < len(score)
    if evidence.game == "unknown" and both and np.all(score == score[0]):
        raise EvidenceError(
            f"{name}: every score is {score[0]:g}, so nothing is measured: give the column with the scores."
        )


def _refuse_turned(evidence: Evidence, name: str) -> None:
    """Refuse scores that are lower for people who were in the data, by far more than chance.

    Raises:
        EvidenceError: because an audit of them would find nothing, whatever they give away.
    """
    inside, score = evidence.exposed, evidence.table["score"].rank().to_numpy()
    n, m = int(inside.sum()), int((~inside).sum())
    if evidence.game != "unknown" or not n or not m:
        return  # an attack of ours: its scores are as they are
    auc = (score[inside].mean() - (n + 1) / 2) / m
    if (0.5 - auc) > TURNED * np.sqrt((n + m + 1) / (12 * n * m)):
        raise EvidenceError(
            f"{name}: scores of people in the data are lower than those of others (AUC {auc:.2f}), and a "
            "higher score is to mean surer: give minus the losses, or check that exposed is 1 for who was in "
            "the data."
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
