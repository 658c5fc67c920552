"""Exhibits of a report on a training: the checks, single steps, and four numbers on one axis."""

from __future__ import annotations

from collections.abc import Sequence

from confide.attacks.membership.training import ALL
from confide.audits.release import AuditedRelease
from confide.audits.training.depths import Depths
from confide.core.estimate import Estimate
from confide.core.language import number, t
from confide.inputs.training import Training
from confide.measure import measure
from confide.measure.conformance import ERROR, Check
from confide.measure.epsilon import gaussian_epsilon
from confide.measure.risk import EpsilonBound, Risk
from confide.report import Exhibit, Line, Plot, Table


def exhibits_of(held: Training, found: Depths, release: AuditedRelease) -> Sequence[Exhibit]:
    """All of them, the decisive one first."""
    return [_four_numbers(held, release), _conformance(found), _steps(held, found)]


def _four_numbers(held: Training, release: AuditedRelease) -> Plot:
    confidence = 1 - 0.05 / len(ALL)  # as in the findings: the largest of several is looked for
    risks = [measure(e, confidence=confidence, delta=held.delta) for e in release.evidence]
    certified = [bound for bound in (_best(risk, certified=True) for risk in risks) if bound is not None]
    hypothetical = [bound for bound in (_best(risk, certified=False) for risk in risks) if bound is not None]
    proved = max((b.low for b in certified), default=0.0)
    guessed = max((b.low for b in hypothetical), default=0.0)
    numbers = {
        t("proved"): proved,
        t("shown, if the noise is Gaussian"): guessed,
        t("promised"): held.epsilon,
        t("provable at most"): max((b.ceiling for b in certified), default=0.0),
    }
    return Plot(
        title=t("What was proved, shown, promised, and could have been proved"),
        reading=t(
            "A proved epsilon above the promised one breaks the promise. One far below says little where "
            "the last number is low too: this audit could not have proved more than that, whatever the "
            "training does. What is shown under the Gaussian hypothesis is a guide, and no proof."
        ),
        x_title="",
        y_title=t("epsilon"),
        places=tuple(numbers),
        lines=(
            Line(
                name=t("epsilon"),
                x=tuple(float(i) for i in range(len(numbers))),
                y=tuple(numbers.values()),
                joined=False,
            ),
        ),
    )


def _best(risk: Risk, *, certified: bool) -> EpsilonBound | None:
    """The bound of one kind that could have shown most: chosen without a look at what it shows.

    The largest of several bounds at 95 % holds less often than in 95 % of audits.
    """
    kind = [bound for bound in risk.epsilon if bound.certified == certified]
    return max(kind, key=lambda bound: bound.ceiling, default=None)


def _conformance(found: Depths) -> Table:
    failed = len(found.failed)
    said = (
        t(
            "{failed} of {n} checks failed: the training does not do what was accounted for.",
            failed=failed,
            n=len(found.checks),
        )
        if failed
        else t("No check failed. What a check could not have seen is in its last column.")
    )
    return Table(
        title=t("Conformance: does each step do what was accounted for?"),
        reading=t(
            "{said} Of a sound training they fail together once in {n:,.0f} times. The last column says "
            "from which deviation on a fault is found nine times of ten.",
            said=said,
            n=1 / ERROR,
        ),
        head=(t("check"), t("seen"), t("promised"), t("verdict"), t("finds a deviation of")),
        rows=tuple(_row(check) for check in found.checks),
    )


def _row(check: Check) -> tuple[str, str, str, str, str]:
    return (
        check.name,
        number(check.seen, ".4g"),
        number(check.promised, ".4g"),
        t("FAILED: {fault}", fault=check.fault) if check.failed else t("as promised"),
        number(check.finds, ".2g") if check.finds else t("any"),
    )


def _steps(held: Training, found: Depths) -> Table:
    mu, plan = found.mu, found.plan
    value, low, high = (gaussian_epsilon(max(m, 0.0), delta=held.delta) for m in (mu.value, mu.low, mu.high))
    shown = Estimate(value, low, high, mu.confidence)
    return Table(
        title=t("One step: how far a record in its batch moves the sum"),
        reading=t(
            "In a second training a coin of every step put each canary in. Mu is how far it moved the "
            "noised sum, in deviations of the noise: below 1 the two cases can hardly be told apart. It "
            "holds with {confidence:.1%} confidence, if the noise is Gaussian and fresh in every step. The "
            "second column is the epsilon of one such step without sampling.",
            confidence=mu.confidence,
        ),
        head=("", t("mu"), t("epsilon of one step")),
        rows=(
            (t("shown"), mu, shown),
            (
                t("promised"),
                number(plan.mu, ".3g"),
                number(gaussian_epsilon(plan.mu, delta=held.delta), ".3g"),
            ),
        ),
    )
