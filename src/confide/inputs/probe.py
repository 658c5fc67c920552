"""The probe of a model before any attack: is it right about members, and are its answers the same twice?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax

from confide.core.access import BlackBox, LabelOnly
from confide.core.arrays import Array, Bools, Floats
from confide.core.errors import ModelError
from confide.core.language import later, t
from confide.core.lazily import Lazily
from confide.measure.special import binomial_tail
from confide.views.records import Records

_optimize: Any = Lazily("scipy.optimize")  # it has no types

CAUSES = (
    "the labels stand in another order than the model's outputs (say theirs with --class), the answers are "
    "of another kind than they seem (--answers), the records were prepared in another way than for its "
    "training, or these are not its weights"
)

BY_CHANCE = 0.001
"""A model that guesses is stopped with this probability only: one with much noise is worth an audit."""

BY_CHANCE_ELSE = 1e-6
"""Smaller, since the order of classes that fits best is looked for among many."""

TWICE = 32
"""The number of records about which a model is asked again."""
TWICE_LABELS = 512
"""The same for labels alone, of which noise changes few: of 1 in 100 it shows with probability 0.994."""
CHANGING = later("answers that change from call to call")
"""What no audit of such a model can settle."""

SAME = 1e-4
"""Answers that differ less are the same: sums are computed in another order in another batch."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Said:
    """What a model said of all records.

    Args:
        answers: logits [n, C] or values [n, 1]; for labels alone [n].
        scores: are they scores, and not labels?
    """

    answers: Array
    scores: bool

    @property
    def decided(self) -> Array:
        """The class code, or the value, for each record: [n]."""
        if not self.scores:
            return self.answers
        return self.answers[:, 0] if self.answers.shape[1] == 1 else self.answers.argmax(axis=1)


def asked_about(view: LabelOnly, records: Records) -> Said:
    """Ask a model about all records once."""
    if isinstance(view, BlackBox):
        return Said(answers=view.predict(records.x), scores=True)
    return Said(answers=np.asarray(view.labels(records.x)), scores=False)


def need_right(said: Said, y: Array, member: Bools, classes: Sequence[Any] | None, *, ordered: bool) -> None:
    """Stop where the model is certainly right about fewer members than guessing.

    Stop too where it would be right about far more records with its classes in another order. An attack on
    such answers finds nothing, which is no sign that there is nothing to find.

    Args:
        y: class codes, or values.
        member: who of them are members.
        classes: the labels in the order of their codes; None in a regression.
        ordered: did the user say the order of the classes?

    Raises:
        ModelError: with the likely causes.
    """
    if classes is None:
        _need_closer_than_the_mean(said.decided[member], y[member])
        return
    kinds = np.unique(y)
    right = said.decided == y
    hits, n, guess = int(right[member].sum()), int(member.sum()), 1 / max(len(kinds), 1)
    if len(kinds) < 2 or not n:
        return
    # The probability that a model that guesses is right about so few.
    if binomial_tail(n - hits, n, 1 - guess) < BY_CHANCE:
        raise ModelError(
            f"the model is right about {hits / n:.0%} of its members, fewer than guessing ({guess:.0%}), so "
            f"no attack could be believed. Likely causes: {_costs(said, y, member)}{CAUSES}."
        )
    if not ordered:
        _need_this_order(said.decided, y, classes)


def _costs(said: Said, y: Array, member: Bools) -> str:
    """The cause that shows in the scores, where the lowest are right more often."""
    if not said.scores or said.answers.shape[1] < 3:  # of two, the lower is just the other order
        return ""
    lowest = said.answers.argmin(axis=1) == y
    many = lowest[member].mean() > 2 * (said.decided == y)[member].mean()
    return "its answers are costs, the lowest for the right class (--answers costs); " if many else ""


def _need_this_order(decided: Array, y: Array, classes: Sequence[Any]) -> None:
    width = int(max(decided.max(), y.max())) + 1
    table = np.zeros((width, width), np.int64)
    np.add.at(table, (decided.astype(np.int64), y), 1)
    if width > 2000:
        return  # the search takes the cube of it
    best = _optimize.linear_sum_assignment(table, maximize=True)[1]
    moved = np.flatnonzero(best != np.arange(width))
    gained, lost = int(table[moved, best[moved]].sum()), int(table[moved, moved].sum())
    # Confusions alone would be as often this way as that way.
    if gained <= 2 * lost or binomial_tail(gained, gained + lost, 0.5) > BY_CHANCE_ELSE:
        return

    def name(code: int) -> object:
        return classes[code] if code < len(classes) else f"column {code}"

    shown = ", ".join(f"{name(c)} fits {name(int(best[c]))}" for c in moved[:4].tolist())
    raise ModelError(
        f"the model is right about {np.mean(decided == y):.0%} of the records, and with its classes in "
        f"another order it would be about {(np.sum(decided == y) + gained - lost) / len(y):.0%} (what it "
        f"calls {shown}): give its classes in the order of its outputs with --class, or check how the labels "
        "were coded."
    )


def _need_closer_than_the_mean(values: Array, y: Array) -> None:
    off = (values - y) ** 2 - (y - y.mean()) ** 2
    # Three standard errors: 1 in 700 models that know no more than the mean.
    if len(y) > 1 and off.mean() > 3 * off.std() / np.sqrt(len(off)) and off.mean() > 0:
        raise ModelError(
            f"the model is farther from the values of its members than their mean is (R2 "
            f"{r2(values, y):.2f}), so no attack could be believed. Likely causes: the values are in "
            "another unit than the model's, the records were prepared in another way than for its training, "
            "or these are not its weights."
        )


def r2(values: Array, y: Array) -> float:
    """The share of the variance that is explained; below 0 the mean is closer."""
    return 1 - float(np.mean((values - y) ** 2)) / (float(np.var(y)) or 1.0)


def unsteady(view: LabelOnly, x: Any, said: Said) -> Mapping[str, str]:
    """What cannot be settled where the model answers a second query about the same records in another way.

    Noise in the answers hides people from an adversary that asks once, and not from one that asks often and
    takes means. So whatever is not found in one answer each may be there.

    It is asked about a few of them in reversed order, so that answers that depend on the others in the batch
    show too.
    """
    scores = isinstance(view, BlackBox)
    few = np.arange(min(len(said.answers), TWICE if scores else TWICE_LABELS))[::-1]
    if scores:
        again, before = view.predict(x[few]), said.answers[few]
        change = _difference(again, before)
    else:
        change = float(np.mean(np.asarray(view.labels(x[few])) != said.answers[few]))
    if change <= SAME:
        return {}
    what = t("by up to {n:.2g}", n=change) if scores else t("for {n:.2g} of the records", n=change)
    why = t(
        "The model's answers change from call to call, {what} when asked twice. An adversary that asks "
        "often averages that away, and this audit asks once: what it did not find may be there. Audit the "
        "model without its noise (dropout off, no sampling), or a function that answers with the mean of "
        "many calls.",
        what=what,
    )
    return {t(CHANGING): why}


def _difference(one: Floats, other: Floats) -> float:
    if one.shape != other.shape:
        return float("inf")
    if one.shape[1] > 1:
        return float(np.abs(softmax(one, axis=1) - softmax(other, axis=1)).max())
    return float(np.abs(one - other).max() / (np.abs(other).max() or 1.0))
