"""What a selection under noise says about the margins that it did not choose; all of it is public."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.arrays import Floats
from confide.mechanisms.synthesize.subsets import Columns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Round:
    """A choice of a margin by the exponential mechanism, and its measurement.

    The score of a candidate r is weight_r (|M_r(data) - M_r(estimate)|_1 - penalty * cells_r).

    Args:
        chosen: the columns.
        measured: the position of the measurement among `SyntheticRelease.margins`.
        weight: of the chosen margin.
        candidates: how many there were.
        rho: what the choice cost, without the measurement.
        scale: of the Gumbel noise on a score, in rows of weight 1.
        penalty: a cell, in rows: the mean absolute noise of a measurement.
        before: the estimate of the chosen margin when it was chosen.
    """

    chosen: Columns
    measured: int
    weight: float
    candidates: int
    rho: float
    scale: float
    penalty: float
    before: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Passed:
    """A candidate as it stood in the last round that it was one: chosen, or passed over.

    Args:
        columns: of the candidate.
        round: the position of the round among `Selection.rounds`.
        weight: of the candidate.
        before: its estimate when the choice was made.
    """

    columns: Columns
    round: int
    weight: float
    before: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selection:
    """All rounds of a selection.

    Args:
        rounds: in their order.
        passed: of each candidate, its last round.
    """

    rounds: tuple[Round, ...] = ()
    passed: tuple[Passed, ...] = ()
