"""The promise to a client, held against what was found out about single records."""

from __future__ import annotations

from math import exp

from confide.audits.collaboration.attacks import ALL
from confide.audits.release import AuditedRelease
from confide.core.budget import Budget, Unit
from confide.core.language import t
from confide.measure import measure
from confide.measure.risk import quoted

SURE = 0.999
"""The confidence, over all attacks and questions, with which a bound must be above the promise."""


def of_one_record(promise: Budget) -> tuple[float, float]:
    """What a promise to clients allows of a single record, epsilon and delta; one to records is about it.

    Data with and without a record of a client differ by two clients: one that leaves and one that comes, with
    all other records. So the promise holds twice over (group privacy).

    >>> of_one_record(Budget(0.5, 0.0))
    (0.5, 0.0)
    >>> of_one_record(Budget(0.5, 0.0, Unit.client()))
    (1.0, 0.0)
    """
    if promise.unit == Unit.record():
        return promise.epsilon, promise.delta
    return 2 * promise.epsilon, promise.delta * (1 + exp(min(promise.epsilon, 700)))


def broken_by(release: AuditedRelease, *, blind_wins: bool) -> dict[str, str]:
    """The attacks that show more of single records than the promise allows, and what that says.

    The bound is the one-run bound at the promise's delta, on a run of which no coin decided: it holds where
    controls are records like those of the clients, and each as if by a coin of its own. A release that ties a
    record to one control, so that both answers are right together, has a wider spread than the bound allows
    for: an error of up to .006 in place of .001 at 300 records. Where a blind adversary tells them apart,
    nothing is said.
    """
    if release.promise is None or blind_wins:
        return {}
    allowed, delta = of_one_record(release.promise)
    among = max(len(ALL), len(release.attacks)) * release.alternatives
    found: dict[str, str] = {}
    for evidence in release.evidence:
        risk = measure(evidence, confidence=1 - (1 - SURE) / among, delta=min(max(delta, 1e-12), 0.99))
        bound = quoted(risk.epsilon)
        if bound is not None and bound.low > allowed:
            name = t("what the promise allows ({attack})", attack=evidence.attack)
            found[name] = t(
                "The promise is broken: {attack} shows epsilon of at least {low:.3g} about single records, "
                "and {promise} allows {allowed:.3g}. Noise is missing, or clients were drawn in another way "
                "than the plan says; or controls are unlike the records of clients.",
                attack=evidence.attack,
                low=bound.low,
                promise=str(release.promise),
                allowed=allowed,
            )
    return found
