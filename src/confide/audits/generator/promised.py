"""What was promised of synthetic records, and the epsilon that attacks show to be given away at least."""

from __future__ import annotations

from confide.audits.release import AuditedRelease
from confide.core.estimate import Estimate
from confide.core.language import t
from confide.measure import measure
from confide.measure.one_run import one_run
from confide.measure.rows import Rows
from confide.report import Table
from confide.report.rates import one_in

SHOWN = "epsilon"
FPRS = (0.01, 0.1)


def delta_of(release: AuditedRelease) -> float:
    """The delta at which epsilon is bounded: the promise's, or one so small that it excuses nothing."""
    return 1e-9 if release.promise is None else max(release.promise.delta, 1e-12)


def shown_epsilon(release: AuditedRelease, *, confidence: float) -> Estimate | None:
    """The largest epsilon below which no mechanism would be attacked like this; None without attacks.

    Each person's coin is independent, so that one release with many coins bounds epsilon (Steinke, Nasr,
    Jagielski 2023). All attacks are looked at, and the confidence is divided among them.
    """
    each = 1 - (1 - confidence) / max(len(release.evidence), 1)
    delta = delta_of(release)
    found = [one_run(Rows.of(e), confidence=each, delta=delta, randomised=True) for e in release.evidence]
    if not found:
        return None
    best = max(bound.low for bound in found)
    # A lower bound: the interval goes on to the largest that this many people could have shown.
    return Estimate(best, best, max(bound.ceiling for bound in found), confidence)


def promised_and_found(release: AuditedRelease) -> Table:
    """For each attack and rate, what it found."""
    confidence = 1 - 0.05 / max(len(release.evidence) * len(FPRS), 1)
    rows = [
        (t("{attack}, {fpr} others", attack=e.attack, fpr=one_in(at.fpr)), at.rate)
        for e in release.evidence
        for at in measure(e, confidence=confidence).tpr_at
        if at.rate is not None and at.fpr in FPRS
    ]
    return Table(
        title=t("Members found"),
        reading=t(
            "The share of people whose record was given to the mechanism that each attack finds, "
            "while it is wrong about as many others as the row says. All intervals hold together "
            "with 95 % confidence."
        ),
        head=(t("attack and rate of false claims"), t("found")),
        rows=tuple(rows),
        of=min((int((~e.exposed).sum()) for e in release.evidence), default=None),
    )
