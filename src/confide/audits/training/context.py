"""Texts of a report on a training: what was audited, what the adversary knew, and which checks failed."""

from __future__ import annotations

from confide.audits.spec import Context, Count
from confide.audits.training.depths import Depths
from confide.audits.training.foretold import foretold
from confide.core.language import later, t
from confide.inputs.training import Training, TrainingData

SUBJECT = {
    "gradients": later("An adversary who sees the noised gradients of every step"),
    "model": later("An adversary who sees the final model alone"),
}


def context_of(data: TrainingData, held: Training, found: Depths, count: Count) -> Context:
    """What the report says beside the numbers."""
    plan, beyond = found.plan, foretold(held)
    broken = {check.name: _failure(check.name, check.fault) for check in found.failed}
    if found.mu_broken:
        broken[t("single steps")] = t(
            "The promise is broken: one step shows mu {mu:.3g} [{low:.3g}, {high:.3g}], and {most:.3g} was "
            "accounted for.",
            mu=found.mu.value,
            low=found.mu.low,
            high=found.mu.high,
            most=plan.mu,
        )
    how = (
        t("each canary's gradient had a direction of its own, and was longer than the clipping norm")
        if held.access == "gradients"
        else t("canaries were records with a wrong label")
    )
    return Context(
        subject=t(SUBJECT[held.access]),
        adversary=(
            t("It knew every other record, and what the training accounts for."),
            t(
                "It asked about {n} canaries, each put in by its own fair coin; {how}.",
                n=count(held.canaries),
                how=how,
            ),
        ),
        about={
            t("training"): t(
                "{name}, on {n} records and the canaries that were in",
                name=data.name,
                n=count(len(data.records)),
            ),
            t("accounted for"): t(
                "{steps:,} steps, sampling rate {rate:.4g}, noise of {noise:.4g} clipping norms: epsilon "
                "{epsilon:.3g} at delta {delta:g}",
                steps=plan.steps,
                rate=plan.rate,
                noise=plan.multiplier,
                epsilon=found.accounted,
                delta=held.delta,
            ),
            t("promised"): str(held.promise),
        },
        broken=broken,
        unsettled=found.unseen,
        warnings=(beyond,) if beyond else (),
        notes=_notes(held),
    )


def _notes(held: Training) -> tuple[str, ...]:
    believed = (
        t(
            "What the training told the tap was believed: one that shows other sums or other noise than it "
            "uses would pass. Read that the numbers given to the tap are those that the training goes on "
            "with."
        ),
        t("A training draws noise of its own, so that another audit with the same seed shows other numbers."),
    )
    if held.access == "model":
        return believed
    return (
        t(
            "Along the canaries' directions the known records' gradients were set to 0, as if the adversary "
            "had taken them off."
        ),
        *believed,
    )


def _failure(name: str, fault: str) -> str:
    return t("The promise is broken: {fault} (check: {check}).", fault=fault, check=name)
