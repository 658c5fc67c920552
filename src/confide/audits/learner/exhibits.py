"""Exhibits of a report on training: what was promised, and what was found, at the same rates."""

from __future__ import annotations

from confide.audits.learner.promised import LEAST, curve_of
from confide.audits.release import AuditedRelease
from confide.core.language import t
from confide.measure import measure
from confide.measure.measuring import FPRS
from confide.report import Table
from confide.report.rates import one_in, percent


def promised_and_found(release: AuditedRelease) -> Table:
    """For each attack and rate, what it found, and what the promise lets any attack find."""
    curve, rows = curve_of(release), []
    # All numbers of the table hold together, since each one alone would break the promise.
    confidence = 1 - 0.05 / max(len(release.evidence) * len(FPRS), 1)
    for evidence in release.evidence:
        for at in measure(evidence, confidence=confidence).tpr_at:
            if at.rate is not None and at.fpr >= LEAST:
                most = "–" if curve is None else percent(curve.tpr(at.fpr))
                rows.append(
                    (t("{attack}, {fpr} others", attack=evidence.attack, fpr=one_in(at.fpr)), at.rate, most)
                )
    return Table(
        title=t("Members found, and what the promise lets any attack find"),
        reading=t(
            "A number whose whole interval is above the last column would break the promise. All "
            "intervals hold together with 95 % confidence. Without a promise nothing is excluded."
        ),
        head=(t("attack and rate of false claims"), t("found"), t("at most")),
        rows=tuple(rows),
        of=min((int((~e.exposed).sum()) for e in release.evidence), default=None),
    )
