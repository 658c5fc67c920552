"""The table of access: what each kind of access gives, one attack a kind, all on the same people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from confide.audits.model.accuracy import gap, right_on
from confide.audits.release import AuditedRelease
from confide.core.access import WhiteBox
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.language import later, parts, t
from confide.core.narrowing import told
from confide.inputs.model_data import ModelData
from confide.measure import paired_auc, worst
from confide.measure.risk import Risk
from confide.report import Rate, Reading, Table
from confide.report.rates import one_in

CALIBRATED = later("with reference models")

RUNGS = (
    ("loss", later("loss threshold")),
    ("supervised", later("half of the people known")),
    ("", CALIBRATED),
    ("nasr-outputs", later("layer outputs, half of the people known")),
    ("nasr", later("gradients, half of the people known")),
    ("gradient-norm", later("gradient norm, nobody's membership known")),
    ("decoder", later("decoder, nobody's membership known")),
)
"""The attack for each kind of access, and what the adversary used besides; "" is the calibrated one."""

KNOWN_START = later("decoder, from a known start")
"""The decoder of an adversary that holds checkpoints; it knows nobody's membership then either."""

TRUSTED = ("student", "lira", "rmia", "blend")
"""The calibrated attack where `default` was not asked: the first of these that ran, the strongest first."""

FPRS = (0.01, 0.001)
"""The false-positive rates of the columns: an outsider that is wrong more often than that is no danger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One kind of access, and how far it goes.

    Args:
        means: what the adversary used, in a few words; translated where it is shown.
        conclusive: did the attack's own check hold?
        risk: the numbers, on the people of all rungs, corrected for the number of rungs.
    """

    means: str
    conclusive: bool
    risk: Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Several kinds of access, from the least to the most.

    Args:
        rungs: one a kind of access.
        parts: the evidence of each, on the same people.
        right: the model's accuracy on members and on others, where it has one.
        supervised: did one of these adversaries know of some people whether they were in?
    """

    rungs: tuple[Rung, ...]
    parts: tuple[Evidence, ...] = ()
    right: tuple[Estimate, Estimate] | None = None
    supervised: bool = False


def compare_access(release: AuditedRelease, data: ModelData, *, trusted: str) -> Comparison | None:
    """The kinds of access that were played, measured on the people whom all their attacks scored.

    Supervised attacks score only those whose membership they did not know, so everybody else is left out
    of every rung. Intervals are corrected for the number of rungs: all of them hold together.

    Args:
        release: as it was played.
        data: the model and its people.
        trusted: the name of the attack that `default` chose; empty if it was not asked.

    Returns:
        None where no white-box attack ran beside another, or too few people are left to measure.
    """
    chosen = _chosen(release.evidence, trusted)
    # From outside alone there is one kind of access, and nothing to compare.
    if len(chosen) < 2 or not any(e.access == "white-box" for _, e in chosen):
        return None
    try:
        parts = _same_people([e for _, e in chosen])
        _, risks = worst(parts)
    # The findings stand by themselves; only this table needs people whom all attacks scored.
    except EvidenceError:
        return None
    started = isinstance(data.view, WhiteBox) and bool(data.view.snapshots)
    rungs = tuple(
        Rung(
            means=KNOWN_START if started and evidence.attack == "decoder" else means,
            conclusive=all(d.conclusive for d in evidence.diagnostics),
            risk=risk,
        )
        for (means, evidence), risk in zip(chosen, risks, strict=True)
    )
    names = {e.attack for e in parts}
    return Comparison(
        rungs=rungs,
        parts=tuple(parts),
        right=right_on(data),
        supervised=any(told(attack) for attack in release.attacks if attack.name in names),
    )


def access_table(found: Comparison) -> Table:
    """A row a kind of access, and sentences that say which order is certain."""
    # A rate that these people are too few to measure has no column.
    rates = [fpr for fpr in FPRS if any(_rate(r.risk, fpr) for r in found.rungs)]
    return Table(
        title=t("What each kind of access gives"),
        reading=[line for line in (*_sentences(found), _note(found)) if line],
        head=(
            t("access"),
            t("accuracy"),
            t("AUC"),
            *(t("members found at {rate}", rate=one_in(fpr)) for fpr in rates),
        ),
        rows=tuple(
            (
                f"{t(r.risk.access)}: {t(r.means)} ({r.risk.attack})"
                + ("" if r.conclusive else t("; not conclusive")),
                r.risk.balanced_accuracy,
                r.risk.auc,
                *(_rate(r.risk, fpr) for fpr in rates),
            )
            for r in found.rungs
        ),
        of=found.rungs[0].risk.exposed_count,
    )


def _chosen(evidence: Sequence[Evidence], trusted: str) -> list[tuple[str, Evidence]]:
    """The rungs that ran, in their order, each with its evidence."""
    there = {e.attack: e for e in evidence}
    # One calibrated attack: the choice of the best of several would need a correction of its own.
    calibrated = next((name for name in (trusted, *TRUSTED) if name in there), "")
    if calibrated in ("loss", "quantile"):  # what `default` chooses where there is no reference model
        calibrated = ""
    named = [(name or calibrated, means) for name, means in RUNGS]
    return [(means, there[name]) for name, means in named if name in there]


def _same_people(parts: Sequence[Evidence]) -> list[Evidence]:
    """The evidence on the targets that every part holds."""
    shared = parts[0].table["target"]
    for part in parts[1:]:
        # Other people would make other rates: only on the same ones do rows differ by the attack.
        shared = shared.filter(shared.is_in(part.table["target"].implode()))
    kept = pl.col("target").is_in(shared.implode())
    return [replace(e, table=e.table.filter(kept)) for e in parts]


def _sentences(found: Comparison) -> tuple[Reading, ...]:
    pair = best_of_both(found)
    return (
        _order(t("In accuracy"), found.rungs, lambda risk: risk.balanced_accuracy),
        _order(
            t("At {rate} wrong accusations", rate=one_in(FPRS[0])),
            found.rungs,
            lambda risk: _rate(risk, FPRS[0]),
        ),
        "" if pair is None else who_is_ahead(pair),
        "" if found.right is None else gap(*found.right, of=found.rungs[0].risk.exposed_count),
    )


def _note(found: Comparison) -> Reading:
    risk = found.rungs[0].risk
    unknown = t(", since a supervised attack is judged only on people whose membership it did not know")
    return parts(
        "Every row is measured on the same {members} members and {others} others: those whom all these "
        "attacks scored{unknown}. Accuracy counts both groups equally, so guessing is right on 50 %. Its "
        "threshold was chosen on one half of these people and its errors counted on the other. The intervals "
        "are wide enough that all rows hold.",
        members=risk.exposed_count,
        others=risk.control_count,
        unknown=unknown if found.supervised else "",
    )


def _rate(risk: Risk, fpr: float) -> Estimate | None:
    return next((at.rate for at in risk.tpr_at if at.fpr == fpr), None)


def _order(where: str, rungs: Sequence[Rung], read: Callable[[Risk], Estimate | None]) -> Reading:
    """The best row from inside against the best from outside, and whether their intervals overlap."""
    found = [(rung, e) for rung in rungs if (e := read(rung.risk)) is not None]
    inside = [(r, e) for r, e in found if r.risk.access == "white-box"]
    outside = [(r, e) for r, e in found if r.risk.access != "white-box"]
    if not inside or not outside:
        return ""
    (mine, own), (other, against) = (max(side, key=lambda pair: pair[1].value) for side in (inside, outside))
    gaps = {
        "where": where,
        "inside": Rate(estimate=own, of=mine.risk.exposed_count, interval=False),
        "by_inside": t(mine.means),
        "outside": Rate(estimate=against, of=other.risk.exposed_count, interval=False),
        "by_outside": t(other.means),
    }
    # A strict rule: intervals that overlap may still differ, and `best_of_both` looks at that person by
    # person.
    if own.low > against.high:
        return parts(
            "{where}, an attack from inside the model gave more: {inside} ({by_inside}) against "
            "{outside} ({by_outside}) from outside. The intervals do not overlap: with 95 % confidence "
            "this is the order.",
            **gaps,
        )
    if against.low > own.high:
        return parts(
            "{where}, an attack from inside the model gave no more: {inside} ({by_inside}) against "
            "{outside} ({by_outside}) from outside. The intervals do not overlap: with 95 % confidence "
            "this is the order.",
            **gaps,
        )
    return parts(
        "{where}, the best attack from inside the model gave {inside} ({by_inside}), and from outside "
        "{outside} ({by_outside}). The intervals overlap: they cannot tell which is ahead.",
        **gaps,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The best rung from inside the model against the best from outside.

    Args:
        inside, outside: these rungs.
        auc: how much larger the AUC is from inside, on the same people, corrected for the choice.
    """

    inside: Rung
    outside: Rung
    auc: Estimate


def best_of_both(found: Comparison) -> Ahead | None:
    """The best AUC from inside against the best from outside, person by person; None without both sides.

    Both are chosen by what was found, so the interval is corrected for every pair that might have been.
    """
    inside = [i for i, rung in enumerate(found.rungs) if rung.risk.access == "white-box"]
    outside = [i for i in range(len(found.rungs)) if i not in inside]
    if not inside or not outside or not found.parts:
        return None
    mine, other = (max(side, key=lambda i: found.rungs[i].risk.auc.value) for side in (inside, outside))
    # Bonferroni: as many pairs might have been chosen.
    sure = 1 - 0.05 / (len(inside) * len(outside))
    gain = paired_auc(found.parts[mine], found.parts[other], confidence=sure)
    return Ahead(inside=found.rungs[mine], outside=found.rungs[other], auc=gain)


def who_is_ahead(pair: Ahead) -> Reading:
    """Which side has the larger AUC, if that is certain."""
    gain, inside, outside = pair.auc, pair.inside, pair.outside
    # An interval with 0 in it says no order.
    if gain.low <= 0 <= gain.high:
        end = t(", which may be 0: the audit cannot tell which is ahead.")
    elif gain.low > 0:
        end = t(": with 95 % confidence the attack from inside is ahead.")
    else:
        end = t(": with 95 % confidence the attack from outside is ahead.")
    return parts(
        "The best AUC from inside the model is {mine} ({means}), and from outside {other} ({others}). "
        "Compared person by person the difference is {gain}{end}",
        mine=inside.risk.auc,
        means=t(inside.means),
        other=outside.risk.auc,
        others=t(outside.means),
        gain=gain,
        end=end,
    )
