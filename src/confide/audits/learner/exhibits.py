"""Exhibits of a report on training: what was promised, and what was found, at the same rates."""

from __future__ import annotations

from confide.audits.release import AuditedRelease
from confide.measure import measure
from confide.measure.measuring import FPRS
from confide.measure.tradeoff import Curve, GaussianCurve, PromiseCurve, gaussian_mu_for
from confide.mechanisms.learn.private_training import PrivateTraining
from confide.report import Table
from confide.report.rates import one_in, percent


def curve_of(release: AuditedRelease) -> Curve | None:
    """What the training lets any adversary find; None where nothing is promised."""
    promise, made = release.promise, release.mechanism
    if promise is None:
        return None
    if isinstance(made, PrivateTraining) and made.way == "gradient":
        # Descent on all records is one Gaussian mechanism: its curve is known exactly.
        return GaussianCurve(gaussian_mu_for(promise.epsilon, promise.delta))
    return PromiseCurve(promise.epsilon, promise.delta)


def promised_and_found(release: AuditedRelease) -> Table:
    """For each attack and rate, what it found, and what the promise lets any attack find."""
    curve, rows = curve_of(release), []
    # All numbers of the table hold together, since each one alone would break the promise.
    confidence = 1 - 0.05 / max(len(release.evidence) * len(FPRS), 1)
    for evidence in release.evidence:
        for at in measure(evidence, confidence=confidence).tpr_at:
            if at.rate is not None and at.fpr >= 0.001:
                most = "–" if curve is None else percent(curve.tpr(at.fpr))
                rows.append((f"{evidence.attack}, {one_in(at.fpr)} others", at.rate, most))
    return Table(
        title="Members found, and what the promise lets any attack find",
        reading="A number whose whole interval is above the last column would break the promise. All "
        "intervals hold together with 95 % confidence. Without a promise nothing is excluded.",
        head=("attack and rate of false claims", "found", "at most"),
        rows=tuple(rows),
        of=min((int((~e.exposed).sum()) for e in release.evidence), default=None),
    )
