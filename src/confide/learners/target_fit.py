"""The fit that reference models must reach: that of the target on its own training records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.access import BlackBox, LabelOnly, Task
from confide.core.language import t
from confide.learners.comparing import accuracy
from confide.models.signals import true_logit
from confide.views.records import Records

WITHIN = 0.005  # half a point of accuracy (or R2) is close enough
# If confidence is matched, accuracy need only be this close: confidence differs much more between epochs.
BESIDE = 0.05
WATCHED = 5000  # training records on which a trial model is measured after each epoch; more would be slow


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFit:
    """The target's scores on its training records.

    Args:
        task: classification or regression.
        score: accuracy, or R2 in a regression.
        confidence: the median logit of the true class, for references of the same architecture. None for
            others, because the confidences of different kinds of models are not comparable.
    """

    task: Task
    score: float
    confidence: float | None = None

    @classmethod
    def of(cls, target: LabelOnly, members: Records, *, task: Task, same: bool) -> TargetFit:
        """Measure the target on its members; `same` says whether references have its architecture."""
        score = accuracy(target, members, task=task)
        confident = _confidence(target, members) if same and isinstance(target, BlackBox) else None
        return cls(task=task, score=score, confidence=confident)

    def score_of(self, view: LabelOnly, records: Records) -> float:
        """The same score of another model."""
        return accuracy(view, records, task=self.task)

    def reached(self, view: BlackBox, records: Records, score: float) -> bool:
        """Whether a model with this score on these records fits as well as the target."""
        if self.confidence is None:
            return score >= self.score - WITHIN
        # No margin on confidence: it rises with every epoch, so the first epoch that reaches it is the match.
        return score >= self.score - BESIDE and _confidence(view, records) >= self.confidence

    def in_words(self, score: float, reached: bool) -> str:
        """The comparison of a model with this score, in words for the report."""
        measure = t("R2") if self.task == "regression" else t("accuracy")
        numbers = {"measure": measure, "score": score, "target": self.score}
        if not reached:
            return t(
                "with a train {measure} of only {score:.3f}, while the target has {target:.3f}", **numbers
            )
        if self.confidence is None:
            return t(
                "when its train {measure} matched the target's ({measure} {score:.3f}, {target:.3f})",
                **numbers,
            )
        return t(
            "when its train {measure} and confidence matched the target's ({measure} {score:.3f}, "
            "{target:.3f})",
            **numbers,
        )


def _confidence(view: BlackBox, records: Records) -> float:
    return float(np.median(true_logit(view.predict(records.x), records.y)))
