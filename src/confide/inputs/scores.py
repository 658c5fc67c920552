"""Scores as a user holds them: evidence that was made anywhere, by anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from confide.core import evidence as files
from confide.core.errors import EvidenceError
from confide.core.evidence import Evidence
from confide.core.flags import Held


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of people who were in some data, and of people who were not, made by any attack on anything.

    Args:
        evidence: A .parquet or .csv file with the columns exposed (was the person in the data?) and score
            (higher = surer that they were). It may also have world, target, hit and attack; in Python also
            `Evidence`.

    Raises:
        DataError, EvidenceError: if the file or its columns cannot be read.
    """

    evidence: Held


def read_scores(held: Scores) -> tuple[str, tuple[Evidence, ...]]:
    """What to call the scores, and the evidence of each attack."""
    given = held.evidence
    if isinstance(given, str | Path):
        return Path(given).name, tuple(files.load(Path(given)))
    if isinstance(given, Evidence):
        return "scores", (given,)
    if isinstance(given, Sequence) and given and all(isinstance(one, Evidence) for one in given):
        return "scores", tuple(given)
    raise EvidenceError(
        f"the evidence is of type {type(given).__name__}: give a .parquet or .csv file, or `Evidence`."
    )
