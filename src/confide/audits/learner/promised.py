"""What a promise lets any adversary find, and what was found above it."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.release import AuditedRelease
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.language import t
from confide.measure import measure
from confide.measure.tradeoff import Curve
from confide.mechanisms.learn.private_training import PrivateTraining
from confide.report.rates import one_in, percent

SURE = 0.999
"""The confidence of all statements on a release together that an attack is above what is promised."""
LEAST = 0.001
"""The lowest rate of false claims at which attacks are held against the promise."""


def curve_of(release: AuditedRelease) -> Curve | None:
    """What the training lets any adversary find; None where nothing is promised."""
    return release.once("curve", lambda: _curve(release))


def _curve(release: AuditedRelease) -> Curve | None:
    made = release.mechanism
    if not isinstance(made, PrivateTraining):
        return None
    return made.curve(int(release.worlds[0].exposed.sum()))


def strongest(release: AuditedRelease, fpr: float, *, confidence: float) -> Estimate | None:
    """The largest share of members that an attack finds at this rate of false claims; None if unresolved."""
    found = [rate for e in release.evidence if (rate := _rates(e, confidence).get(fpr)) is not None]
    return max(found, key=lambda rate: (rate.low, rate.value), default=None)


def broken_by_membership(release: AuditedRelease) -> Mapping[str, str]:
    """Attacks that surely find more members than the promise allows: an error of the training, or of ours."""
    curve = curve_of(release)
    if curve is None:
        return {}
    rates = len(release.evidence) * len(_rates(release.evidence[0], 0.95)) if release.evidence else 0
    confidence = 1 - (1 - SURE) / max(rates, 1)
    return {
        t("{attack} at {fpr}", attack=e.attack, fpr=one_in(fpr)): t(
            "The promise is broken: while it is wrong about {fpr} others, {attack} surely finds more "
            "members than the {most} that {promise} allows. The training does not keep its promise, or "
            "confide is wrong.",
            fpr=one_in(fpr),
            attack=e.attack,
            most=percent(curve.tpr(fpr)),
            promise=release.promise,
        )
        for e in release.evidence
        for fpr, rate in _rates(e, confidence).items()
        if rate.low > curve.tpr(fpr)
    }


def _rates(evidence: Evidence, confidence: float) -> Mapping[float, Estimate]:
    found = measure(evidence, confidence=confidence).tpr_at
    return {at.fpr: at.rate for at in found if at.rate is not None and at.fpr >= LEAST}
