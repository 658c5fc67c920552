"""Texts of a report on a training: what was audited, what the adversary knew, and which checks failed."""

from __future__ import annotations

from confide.audits.spec import Context, Count
from confide.audits.training.depths import Depths
from confide.audits.training.foretold import foretold
from confide.inputs.training import Training, TrainingData

SUBJECT = {
    "gradients": "An adversary who sees the noised gradients of every step",
    "model": "An adversary who sees the final model alone",
}


def context_of(data: TrainingData, held: Training, found: Depths, count: Count) -> Context:
    """What the report says beside the numbers."""
    plan, beyond = found.plan, foretold(held)
    broken = {check.name: _failure(check.name, check.fault) for check in found.failed}
    if found.mu_broken:
        broken["single steps"] = (
            f"The promise is broken: one step shows mu {found.mu.value:.3g} [{found.mu.low:.3g}, "
            f"{found.mu.high:.3g}], and {plan.mu:.3g} was accounted for."
        )
    how = (
        "each canary's gradient had a direction of its own, and was longer than the clipping norm"
        if held.access == "gradients"
        else "canaries were records with a wrong label"
    )
    return Context(
        subject=SUBJECT[held.access],
        adversary=(
            "It knew every other record, and what the training accounts for.",
            f"It asked about {count(held.canaries)} canaries, each put in by its own fair coin; {how}.",
        ),
        about={
            "training": f"{data.name}, on {count(len(data.records))} records and the canaries that were in",
            "accounted for": f"{plan.steps:,} steps, sampling rate {plan.rate:.4g}, noise of "
            f"{plan.multiplier:.4g} clipping norms: epsilon {found.accounted:.3g} at delta {held.delta:g}",
            "promised": str(held.promise),
        },
        broken=broken,
        unsettled=found.unseen,
        warnings=(beyond,) if beyond else (),
        notes=_notes(held),
    )


def _notes(held: Training) -> tuple[str, ...]:
    believed = (
        "What the training told the tap was believed: one that shows other sums or other noise than it uses "
        "would pass. Read that the numbers given to the tap are those that the training goes on with.",
        "A training draws noise of its own, so that another audit with the same seed shows other numbers.",
    )
    if held.access == "model":
        return believed
    return (
        "Along the canaries' directions the known records' gradients were set to 0, as if the adversary had "
        "taken them off.",
        *believed,
    )


def _failure(name: str, fault: str) -> str:
    return f"The promise is broken: {fault} (check: {name})."
