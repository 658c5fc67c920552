"""How good a reference model must get: as good on its training records as the target is on its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.access import BlackBox, LabelOnly, Task
from confide.learners.comparing import accuracy
from confide.models.signals import true_logit
from confide.views.records import Records

WITHIN = 0.005
"""Half a point of accuracy (or of R2): near enough."""
BESIDE = 0.05
"""Where confidence is matched, which tells epochs apart much better, so far may the accuracy be off."""
WATCHED = 5000
"""Training records on which a growing model is watched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFit:
    """The target's score on its training records.

    Args:
        task: classification or regression.
        score: accuracy, or R2 in a regression.
        confidence: the median logit of the true class, for a model of the same architecture; None elsewhere,
            since another kind of model is confident in another way.
    """

    task: Task
    score: float
    confidence: float | None = None

    @classmethod
    def of(cls, target: LabelOnly, members: Records, *, task: Task, same: bool) -> TargetFit:
        """What the target reaches on its members; `same`: will references have its architecture?"""
        score = accuracy(target, members, task=task)
        confident = _confidence(target, members) if same and isinstance(target, BlackBox) else None
        return cls(task=task, score=score, confidence=confident)

    def score_of(self, view: LabelOnly, records: Records) -> float:
        """The same score of another model."""
        return accuracy(view, records, task=self.task)

    def reached(self, view: BlackBox, records: Records, score: float) -> bool:
        """Is a model with this score on these records as good as the target?"""
        if self.confidence is None:
            return score >= self.score - WITHIN
        return score >= self.score - BESIDE and _confidence(view, records) >= self.confidence

    def in_words(self, score: float, reached: bool) -> str:
        """How a model with this score compares."""
        measure = "R2" if self.task == "regression" else "accuracy"
        if not reached:
            return f"reaching a train {measure} of only {score:.3f} where the target has {self.score:.3f}"
        also = "" if self.confidence is None else " and confidence"
        return (
            f"when its train {measure}{also} matched the target's ({measure} {score:.3f}, {self.score:.3f})"
        )


def _confidence(view: BlackBox, records: Records) -> float:
    return float(np.median(true_logit(view.predict(records.x), records.y)))
