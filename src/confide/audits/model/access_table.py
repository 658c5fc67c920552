"""What each kind of access gives: one attack a rung, all of them measured on the same people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from confide.audits.model.subject import Subject
from confide.audits.playing import Played
from confide.core.access import BlackBox, WhiteBox
from confide.core.arrays import Bools
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.narrowing import told
from confide.measure import paired_auc, proportion, worst
from confide.report import Ahead, Ladder, Rung

CALIBRATED = "with reference models"

RUNGS = (
    ("loss", "loss threshold"),
    ("supervised", "half of the people known"),
    ("", CALIBRATED),
    ("nasr-outputs", "layer outputs, half of the people known"),
    ("nasr", "gradients, half of the people known"),
    ("gradient-norm", "gradient norm, nobody's membership known"),
    ("decoder", "decoder, nobody's membership known"),
)
"""The attack that stands for each kind of access, and what he had besides; "" is the calibrated one."""

KNOWN_START = "decoder, from a known start"
"""The same where he holds checkpoints; of nobody does he know the membership then either."""

TRUSTED = ("student", "lira", "rmia", "blend")
"""What stands for the calibrated attack where `default` was not asked: the first that ran."""


def ladder(played: Played, subject: Subject) -> Ladder | None:
    """The rungs that ran, measured on the people whom all of them scored, and how well the model generalises.

    Supervised attacks score only those whose membership they were not told, so everybody else is left out
    of every rung. Intervals are corrected for the number of rungs: all of them hold together.

    None where no white-box attack ran beside another, or too few people are left to measure.
    """
    chosen = _chosen(played)
    if len(chosen) < 2 or not any(e.access == "white-box" for _, e in chosen):
        return None
    try:
        parts = _same_people([e for _, e in chosen])
        _, risks = worst(parts)
    except EvidenceError:
        return None
    titles: dict[str, Any] = {a.name: getattr(a, "title", a.name) for a in played.attacks}
    started = isinstance(subject.view, WhiteBox) and bool(subject.view.snapshots)
    rungs = tuple(
        Rung(
            means=KNOWN_START if started and evidence.attack == "decoder" else means,
            title=titles[evidence.attack],
            conclusive=all(w.conclusive for w in evidence.diagnostics),
            risk=risk,
        )
        for (means, evidence), risk in zip(chosen, risks, strict=True)
    )
    return Ladder(
        rungs=rungs,
        right=right_on(subject),
        ahead=_ahead(rungs, parts),
        told=any(told(attack) for attack in played.attacks if attack.name in {e.attack for e in parts}),
    )


def _chosen(played: Played) -> list[tuple[str, Evidence]]:
    """The rungs that ran, in their order, each with its evidence."""
    there = {e.attack: e for e in played.evidence}
    calibrated = next((name for name in (played.trusted, *TRUSTED) if name in there), "")
    if calibrated in ("loss", "quantile"):  # what `default` chooses where there is no reference model
        calibrated = ""
    named = [(name or calibrated, means) for name, means in RUNGS]
    return [(means, there[name]) for name, means in named if name in there]


def _same_people(parts: Sequence[Evidence]) -> list[Evidence]:
    """The evidence on the targets that every part holds."""
    shared = parts[0].table["target"]
    for part in parts[1:]:
        shared = shared.filter(shared.is_in(part.table["target"].implode()))
    return [replace(e, table=e.table.filter(pl.col("target").is_in(shared.implode()))) for e in parts]


def _ahead(rungs: Sequence[Rung], parts: Sequence[Evidence]) -> Ahead | None:
    """The best rung from inside against the best from outside, person by person.

    Both are chosen by what was found, so the interval is corrected for every pair that might have been.
    """
    inside = [i for i, rung in enumerate(rungs) if rung.risk.access == "white-box"]
    outside = [i for i in range(len(rungs)) if i not in inside]
    if not inside or not outside:
        return None
    mine, other = (max(side, key=lambda i: rungs[i].risk.auc.value) for side in (inside, outside))
    sure = 1 - 0.05 / (len(inside) * len(outside))
    return Ahead(
        inside=rungs[mine],
        outside=rungs[other],
        auc=paired_auc(parts[mine], parts[other], confidence=sure),
    )


def right_on(subject: Subject) -> tuple[Estimate, Estimate] | None:
    """The model's accuracy on members and on others, each with its interval; None in a regression."""
    if subject.classes is None or not isinstance(subject.view, BlackBox):
        return None
    right = subject.view.predict(subject.targets.x).argmax(axis=1) == subject.targets.y

    def share(who: Bools) -> Estimate:
        return proportion(int(right[who].sum()), int(np.count_nonzero(who)), confidence=0.95)

    return share(subject.member), share(~subject.member)
