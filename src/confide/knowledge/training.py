"""Background knowledge of an adversary who watches a private training."""

from __future__ import annotations

from dataclasses import dataclass

from confide.learners.tap import TrainingPlan


@dataclass(frozen=True, slots=True)
class Planned:
    """What the training accounts for; by Kerckhoffs' rule the adversary knows it.

    Args:
        plan: rate, noise, clipping norm and steps.
    """

    plan: TrainingPlan


@dataclass(frozen=True, slots=True)
class Canaries:
    """Canaries with a direction of the gradient to themselves each.

    Args:
        count: how many.
    """

    count: int

    def __len__(self) -> int:
        return self.count
