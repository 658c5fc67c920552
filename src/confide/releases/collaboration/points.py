"""Runs as points of one chart: what a party finds out, over what the model is good for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from confide.audits.frontier import Frontier, Point
from confide.audits.outcome import Audit
from confide.audits.protections import frontier_exhibits
from confide.core.budget import Budget
from confide.core.estimate import Estimate
from confide.core.language import later, t
from confide.measure import proportion
from confide.report import Exhibit, Limit, Section, Table, judge_section

RISK = later("AUC of the strongest attack")
ACCURACY = later("share of test records that the model gets right")
WORST_FIRST = ("exceeded", "not settled", "within", "measured")
"""Rulings, where a run has several questions."""


def point_of(name: str, audit: Audit, promise: Budget | None, *, right: float, of: int) -> Point:
    """A run as a point: the numbers are those of its own audit.

    Args:
        name: of the run.
        audit: of the run.
        promise: of the whole run, for what one client holds, against those whom the protocol does not trust.
        right, of: the share of test records that its model gets right, and how many there are.
    """
    first = audit.sections[0]
    # The strongest on each run: what is strong without a promise need not be so under one.
    risk = max((f.risk.auc for f in first.findings), key=lambda auc: (auc.low, auc.value))
    rulings = {judge_section(s, audit.settings.parsed_limits).ruling for s in audit.sections}
    broken = any(section.broken for section in audit.sections)
    return Point(
        name=name,
        promise=promise,
        risk=risk,
        left={ACCURACY: proportion(round(right * of), of, confidence=0.95)},
        ruling=next(one for one in WORST_FIRST if one in rulings),
        said=_said(promise, here=first.promise is not None, broken=broken),
        label=_label(name, promise, here=first.promise is not None, broken=broken),
    )


def right_of(point: Point) -> float:
    """The share of test records that the model of a run gets right."""
    found = point.left[ACCURACY]
    return found.value if isinstance(found, Estimate) else float(found)


def _said(promise: Budget | None, *, here: bool, broken: bool) -> str:
    if promise is None:
        return ""
    if not here:
        return t("{promise}; not against those who look here", promise=str(promise))
    return t("{promise}; broken here", promise=str(promise)) if broken else str(promise)


def _label(name: str, promise: Budget | None, *, here: bool, broken: bool) -> str:
    if promise is None:
        return name
    if not here:
        return t("{name}, epsilon {epsilon:.3g}, not here", name=name, epsilon=promise.epsilon)
    if broken:
        return t("{name}, epsilon {epsilon:.3g}, broken", name=name, epsilon=promise.epsilon)
    return t("{name}, epsilon {epsilon:.3g}", name=name, epsilon=promise.epsilon)


def compared_exhibits(
    points: Sequence[Point], audits: Sequence[Audit], limits: Sequence[Limit]
) -> tuple[Exhibit, ...]:
    """The table and the chart of all runs.

    Args:
        points: one a run.
        audits: of the runs, for the number of people, and for what was not conclusive.
        limits: how runs stand to them is shown where there are any.
    """
    sections = [section for audit in audits for section in audit.sections]
    people = [len(np.unique(e.person[e.exposed])) for s in sections for e in s.evidence.values()]
    shown = [point if limits else replace(point, ruling="") for point in points]
    table, plot, *more = frontier_exhibits(
        Frontier(risk=RISK, points=tuple(shown), of=min(people, default=None)), across=ACCURACY, good="high"
    )
    told = t(
        "An epsilon is that of a whole run, for everything that one client holds; it is marked where it "
        "does not hold against those who look here, and where an attack refutes it. All runs begin from one "
        "seed: how far others would differ is not in the intervals."
    )
    doubtful = [p.name for p, audit in zip(points, audits, strict=True) if audit.sections[0].doubtful]
    unsure = [_unsure(doubtful)] if doubtful else []
    # The report begins with the table.
    table = replace(table, reading=" ".join([str(table.reading), *unsure]), opens=True)
    return table, replace(plot, reading=" ".join([str(plot.reading), told, *unsure])), *more


def _unsure(names: Sequence[str]) -> str:
    return t(
        "Not everything was conclusive of {names}: a low number there is no all-clear.",
        names=", ".join(names),
    )


def not_opening(section: Section) -> Section:
    """A section whose tables stand in it: those of several runs at the head would not say of which."""
    shown = [replace(e, opens=False) if isinstance(e, Table) else e for e in section.exhibits]
    return replace(section, exhibits=tuple(shown))
