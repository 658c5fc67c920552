"""From evidence to findings: every attack measured, and the worst of them, corrected for the number tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, is_dataclass, replace

from confide.core.budget import Budget
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.language import t
from confide.core.narrowing import told
from confide.core.nouns import AnyAttack
from confide.core.own_attack import is_own
from confide.core.paper import Paper
from confide.measure import Risk, measure, worst
from confide.measure.risk import unmeasured
from confide.report import Finding, Proof

DELTA = 1e-5
"""Of bounds on epsilon, where no promise has one of its own."""


def delta_of(promise: Budget | None) -> float:
    """The delta at which a promise is put to the test: its own.

    A bound at a smaller delta says nothing about it, so that a promise with a larger one was never refuted.

    >>> delta_of(Budget(1.0, 1e-3)), delta_of(Budget(1.0, 0.0)), delta_of(None)
    (0.001, 1e-05, 1e-05)
    """
    # A promise at 0 is one at any delta, and hypotheses about the curve say nothing at 0.
    return promise.delta if promise is not None and promise.delta else DELTA


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Every attack measured by itself, and the worst of them, corrected for the number tried."""

    headline: Finding
    findings: tuple[Finding, ...]


def findings(
    evidence: Sequence[Evidence],
    attacks: Sequence[AnyAttack],
    *,
    blind: Evidence | None,
    among: int = 1,
    promise: Budget | None = None,
) -> Findings:
    """Measure the attacks, all intervals corrected for how many might have been tried; lead with the worst.

    Args:
        evidence: of the attacks that ran; at least one.
        attacks: all that were tried, for their cards.
        blind: the evidence of the blind adversary, where one played.
        among: how many attacks such an audit has, whether or not they ran.
        promise: of the release: bounds on epsilon are at its delta.
    """
    # Every finding stands beside what could be said without the release.
    unseen = None if blind is None else measure(blind).auc
    # By name, because evidence on disk knows its attack by name alone.
    cards = {a.name: a for a in attacks}
    # The worst of several is chosen by looking, so `worst` widens all intervals for their number.
    place, risks = worst(evidence, among=among, delta=delta_of(promise))
    found = tuple(
        _finding(risk, e, cards.get(risk.attack), unseen) for risk, e in zip(risks, evidence, strict=True)
    )
    return Findings(headline=found[place], findings=found)


def proved(proof: Proof, prover: AnyAttack | None) -> Findings:
    """What was proved, as the one finding: with the card of the attack, and without a rate."""
    assert prover is not None, "who proves has a card"
    risk = unmeasured(prover.name, game="none: proved from the release alone", seconds=proof.seconds)
    found = _carded(Finding(risk=risk), prover)
    return Findings(headline=found, findings=(found,))


def _finding(risk: Risk, evidence: Evidence, attack: AnyAttack | None, blind: Estimate | None) -> Finding:
    """A finding with its card; `attack` is None where the scores were made elsewhere."""
    found = Finding(
        risk=risk,
        blind=blind,
        diagnostics=evidence.diagnostics,
        sample_of=evidence.sample_of,
        coin=evidence.randomised,
    )
    return found if attack is None else _carded(found, attack)


def _carded(found: Finding, attack: AnyAttack) -> Finding:
    """The finding with the attack's card."""
    paper: Paper | None = getattr(attack, "paper", None)
    return replace(
        found,
        title=getattr(attack, "title", attack.name),
        settings=asdict(attack) if is_dataclass(attack) else {},
        citation=_uncited(attack)
        if paper is None
        else f"{paper.authors} ({paper.year}). {paper.title}. {paper.url}",
        told=told(attack),
    )


def _uncited(attack: AnyAttack) -> str:
    """What stands in place of a paper."""
    return t("An attack of the auditor's own.") if is_own(attack) else ""
