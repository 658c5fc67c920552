"""You hold scores: measure evidence that was made anywhere, by anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from confide.audits.outcome import Audit, conclude, parse_audience, parse_limits
from confide.audits.playing import Played
from confide.core import evidence as kept
from confide.core.evidence import Evidence
from confide.report import Limit


def scores(
    evidence: Path | str | Evidence | Sequence[Evidence],
    *,
    limits: Sequence[str | Limit] = (),
    audience: str = "internal",
    strict: bool = False,
    name: str | None = None,
) -> Audit:
    """Measure evidence: exposed people's scores against control people's.

    Args:
        evidence: a parquet file with the columns exposed and score, and where there are any world, target,
            hit and attack; or evidence in memory.
        limits: such as 'tpr@0.01=0.05'.
        audience: 'internal' or 'public'.
        strict: let an inconclusive verdict fail.
        name: what the scores are about, for the report.

    Raises:
        DataError, EvidenceError: if the file or the columns cannot be read.
    """
    parse_limits(limits)
    parse_audience(audience)
    if isinstance(evidence, str | Path):
        name = name or Path(evidence).name
        evidence = kept.load(Path(evidence))
    parts = [evidence] if isinstance(evidence, Evidence) else list(evidence)
    return conclude(
        release=name or "scores",
        played=Played(evidence=tuple(parts)),
        blind=None,
        limits=limits,
        audience=audience,
        strict=strict,
        seed=0,
        about={"release": "scores made elsewhere; higher = surer that a person was in the data"},
    )
