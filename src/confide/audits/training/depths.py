"""Conformance and the audit of single steps: what a training shows beyond who was in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from confide.audits.release import AuditedRelease
from confide.core.arrays import Rng
from confide.core.estimate import Estimate
from confide.core.language import t
from confide.games.membership.training import CanariesInTraining, Watched
from confide.learners.tap import TrainingPlan
from confide.learners.watching import RunLog
from confide.measure import conformance
from confide.measure.conformance import Check
from confide.measure.step_audit import mu_shown

STEP_CANARIES = 64
"""Canaries in each step of the second training: half of them come in, on top of the batch."""
CONFIDENCE = 0.999
"""Of the interval of mu: it decides whether the promise is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Depths:
    """What was found below the end-to-end bound.

    Args:
        plan: what the training accounts for.
        accounted: the epsilon of that plan at the promised delta.
        checks: of conformance.
        mu: of one step, shown.
        unseen: what the trainer did not show, in a few words -> what could not be checked.
    """

    plan: TrainingPlan
    accounted: float
    checks: tuple[Check, ...]
    mu: Estimate
    unseen: Mapping[str, str]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.failed)

    @property
    def mu_broken(self) -> bool:
        """Whether one step shows more than it promises, with all of its interval."""
        return self.mu.low > self.plan.mu


def depths(game: CanariesInTraining, release: AuditedRelease, *, rng: Rng) -> Depths:
    """Look into the first training, and train once more for the audit of single steps.

    And begin once more, on the same records: a seed that is drawn from at other places where there are other
    records gives other noise, and the same noise for the same records.
    """
    seen = release.worlds[0].source
    assert isinstance(seen, Watched)
    log, (training, beginning) = seen.log, rng.spawn(2)
    plan = log.need_whole(game.name)
    steps = game.steps(canaries=min(STEP_CANARIES, log.parameters), rng=training)
    mu = mu_shown(np.concatenate(steps.signal), np.concatenate(steps.entered), confidence=CONFIDENCE)
    accounted = epsilon_of(plan, delta=game.promise.delta)
    checks = [*_planned(log, plan, accounted, game), *_chances(log, plan, seen.records)]
    checks.append(conformance.fresh(steps.first, game.first_noise(rng=beginning)))
    return Depths(
        plan=plan, accounted=accounted, checks=conformance.judged(checks), mu=mu, unseen=_unseen(log, steps)
    )


def _unseen(log: RunLog, steps: RunLog) -> dict[str, str]:
    """Faults that this training could have, and that nothing it showed can tell."""
    found: dict[str, str] = {}
    if np.isnan(log.misapplied).any():
        found[t("what goes to the optimiser")] = t(
            "Not every step showed what goes to the optimiser, so that a division by the realised batch "
            "cannot be seen: give tap.noised its third argument."
        )
    if steps.ignored:
        found[t("single steps")] = t(
            "The training adds up its own gradients, and not those that tap.gradients gives back, so that "
            "canaries cannot be put into single steps."
        )
    if not log.has_model:
        found[t("layers that mix records")] = t(
            "The model was not shown, so that a batch norm in it cannot be seen: give it to tap.plan beside "
            "the plan."
        )
    return found


def _planned(log: RunLog, plan: TrainingPlan, accounted: float, game: CanariesInTraining) -> list[Check]:
    checks = [
        conformance.at_most(
            t("epsilon that the plan accounts for"),
            accounted,
            game.promise.epsilon,
            t("rate, noise and steps of the plan do not keep the promise, even if they are kept"),
        ),
        conformance.exact(
            t("number of steps"), log.steps, plan.steps, t("other steps were made than were accounted for")
        ),
        conformance.exact(
            t("distance of the clipped sum from the sum of clipped gradients, as a share"),
            log.misclipped,
            0.0,
            t("gradients are not clipped one by one to the norm that was accounted for"),
        ),
        conformance.exact(
            t("distance of the applied gradient from the noised sum over the expected batch, as a share"),
            log.misapplied,
            0.0,
            t("the sum is divided by something else than the expected batch"),
        ),
    ]
    if log.mixing:
        names = ", ".join(sorted(log.mixing))
        checks.append(
            conformance.exact(
                t("layers that mix records"),
                len(log.mixing),
                0,
                t(
                    "{names} normalises over the batch, so that one record changes the gradients of all "
                    "others",
                    names=names,
                ),
            )
        )
    if log.canaries:
        checks.append(
            conformance.at_most(
                t("longest contribution of a record, in clipping norms"),
                np.abs(np.stack(log.clean)),
                1.0,
                t("a record moves the sum by more than the clipping norm"),
            )
        )
    return [check for check in checks if check is not None]


def _chances(log: RunLog, plan: TrainingPlan, records: int) -> list[Check]:
    return [
        *conformance.sampling(log.batches, records=records, rate=plan.rate),
        *conformance.noise(
            parameters=log.parameters,
            steps=log.steps,
            squares=log.squares,
            fourths=log.fourths,
            neighbours=log.neighbours,
            successive=log.successive,
            total=log.total,
        ),
    ]


def epsilon_of(plan: TrainingPlan, *, delta: float) -> float:
    """The epsilon of Poisson-sampled Gaussian steps, by privacy loss distributions: never too small."""
    from confide.mechanisms.learn.dpsgd import accounting

    return accounting.epsilon_of(multiplier=plan.multiplier, delta=delta, rate=plan.rate, steps=plan.steps)
