"""Comparison of reference models with the target, made before any attack is scored.

References that were trained by a wrong recipe (another batch size, other epochs) seem fine, but they can cost
a factor of ten in the true-positive rate at 0.1 %. Their accuracy and confidence on training records and on
other records show the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.access import BlackBox, LabelOnly, Task
from confide.core.arrays import Bools, Floats
from confide.core.errors import DataError
from confide.core.language import later, t
from confide.models.signals import settle, true_logit
from confide.views.records import Records

# A larger difference in accuracy (or R2) is material even if the references vary much among themselves.
POINTS = 0.05
# Smaller differences are never material: one point, or 0.3 nats of the median logit.
LEAST = {"accuracy": 0.01, "R2": 0.01, "confidence": 0.3}
NAMES = {
    ("train", "accuracy"): later("train accuracy"),
    ("test", "accuracy"): later("test accuracy"),
    ("train", "R2"): later("train R2"),
    ("test", "R2"): later("test R2"),
    ("train", "confidence"): later("train confidence"),
    ("test", "confidence"): later("test confidence"),
}
# Chance alone gives a larger difference in one of 370 comparisons.
DEVIATIONS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One number of the target and of each reference.

    Args:
        what: "accuracy", "R2" (in a regression) or "confidence" (median logit of the true class, in nats).
        side: "train" or "test" records of each model.
        target: the target's number.
        references: the references' numbers.
        noise: the standard error of the target's number, due to the sample of records.
    """

    what: str
    side: str
    target: float
    references: tuple[float, ...]
    noise: float

    @property
    def mean(self) -> float:
        """The mean over the references."""
        return float(np.mean(self.references))

    @property
    def spread(self) -> float:
        """The standard deviation over the references; 0 if there is one."""
        return float(np.std(self.references, ddof=1)) if len(self.references) > 1 else 0.0

    @property
    def differs(self) -> bool:
        """Whether the target differs materially from the references.

        It does if the gap is more than 3 standard deviations and more than `LEAST`, or more than 5 points
        and 2 standard errors.
        """
        gap = abs(self.target - self.mean)
        both = np.sqrt(1 + 1 / len(self.references))  # the references' mean is uncertain too
        deviation = np.hypot(self.spread, self.noise) * both
        surely = gap > DEVIATIONS * deviation and gap > LEAST[self.what]
        far = self.what != "confidence" and gap > POINTS and gap > 2 * self.noise * both
        return bool(surely or far)

    def __str__(self) -> str:
        return t(
            "{what} {mean:.3g} ± {spread:.2g} against the target's {target:.3g}",
            what=t(NAMES[self.side, self.what]),
            mean=self.mean,
            spread=self.spread,
            target=self.target,
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of the references with the target; `warning` is empty unless they differ materially."""

    lines: tuple[Line, ...]

    @property
    def warning(self) -> str:
        """The differences, their cost, and what to do; empty if there are none."""
        off = [line for line in self.lines if line.differs]
        if not off:
            return ""
        return t(
            "The reference models are not like the target: {differences}. A wrong recipe can cost a "
            "factor of ten in power: give the target's own training with --train (its batch size, "
            "epochs, learning rate, and number of records).",
            differences="; ".join(str(line) for line in off),
        )

    def line(self, side: str, what: str) -> Line | None:
        """The line of this name, if there is one."""
        return next((line for line in self.lines if (line.side, line.what) == (side, what)), None)


def compare_accuracy(
    target: LabelOnly,
    references: Sequence[BlackBox],
    records: Records,
    *,
    member: Bools,
    included: Bools,
    task: Task = "classification",
) -> Comparison:
    """Compare accuracy (R2 in a regression) and confidence of a target and its references.

    Both are measured on the training records and on the test records of each model.

    Args:
        target: the model under audit; for a label-only model only the accuracy is compared.
        references: M models.
        records: n records.
        member: bool[n], whether the record was in the target's training.
        included: bool[M, n], whether the record was in the training of reference j.
        task: classification or regression.

    Raises:
        DataError: if the shapes do not fit each other.
    """
    if included.shape != (len(references), len(records)) or member.shape != (len(records),):
        raise DataError(
            f"member has shape {member.shape} and included {included.shape} for {len(references)} references "
            f"and {len(records)} records: give bool[n] and bool[M, n]."
        )
    if not references:
        return Comparison(())
    lines: list[Line] = []
    for what in ("R2" if task == "regression" else "accuracy", "confidence"):
        if what == "confidence" and not isinstance(target, BlackBox):
            continue
        own = _each(target, records, what)
        theirs = [_each(reference, records, what) for reference in references]
        if what == "confidence":
            # The logit of a probability rounded to 1 says how it is stored, and not how sure the model is.
            own, *theirs = settle(own, *theirs)
        for side in ("train", "test"):
            inside, trained = (member, included) if side == "train" else (~member, ~included)
            # A side without records has no accuracy to compare.
            if not inside.any() or not trained.any(axis=1).all():
                continue
            number, noise = _summary(own, records, inside, what)
            others = [_summary(v, records, rows, what)[0] for v, rows in zip(theirs, trained, strict=True)]
            lines.append(Line(what=what, side=side, target=number, references=tuple(others), noise=noise))
    return Comparison(tuple(lines))


def accuracy(view: LabelOnly, records: Records, *, task: Task) -> float:
    """The accuracy: the share of right labels, or R2 in a regression."""
    what = "R2" if task == "regression" else "accuracy"
    everyone = np.ones(len(records), np.bool_)
    return _summary(_each(view, records, what), records, everyone, what)[0]


def _each(view: LabelOnly, records: Records, what: str) -> Floats:
    """The contribution of each record: a right label, its squared residual, or its logit; float64[n]."""
    if isinstance(view, BlackBox):  # a view may remember these answers, and gives both numbers from them
        outputs = view.predict(records.x)
        if what == "confidence":
            return true_logit(outputs, records.y)
        answers = outputs[:, 0] if what == "R2" else outputs.argmax(axis=1)
    else:
        answers = view.labels(records.x)
    return (answers - records.y) ** 2 if what == "R2" else (answers == records.y).astype(np.float64)


def _summary(values: Floats, records: Records, rows: Bools, what: str) -> tuple[float, float]:
    """The number over these rows, and its standard error."""
    here, n = values[rows], int(rows.sum())
    if what == "confidence":
        middle = float(np.median(here))
        # The standard error of a median of n normal numbers is 1.2533 deviations / sqrt(n), and their
        # deviation is 1.4826 times the median absolute deviation.
        return middle, float(1.2533 * 1.4826 * np.median(np.abs(here - middle)) / np.sqrt(n))
    # R2 is one minus the residuals in units of the variance; constant values have none, and count as 1.
    scale = float(np.var(records.y[rows])) or 1.0 if what == "R2" else 1.0
    error = float(here.std() / np.sqrt(n)) / scale
    return (1 - float(here.mean()) / scale if what == "R2" else float(here.mean())), error
