"""Balle, Cherubin, Hayes: Reconstructing Training Data with Informed Adversaries (S&P 2022), section IV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Ints, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.rebuilding import InformedRebuilding
from confide.models.linear_form import LinearForm, linear_form_of
from confide.views.records import Records

# A misfit of 1 says that the rebuilt record explains nothing of what is left; half of that is no fit either.
FITS = 0.5
# The score of an exact fit ends here: the logarithm of 0 is no number.
TINY = 1e-16


@dataclass(frozen=True, slots=True, kw_only=True)
class InformedRebuild:
    """Informed reconstruction: solves the optimality condition of a linear model for the one unknown record.

    The adversary of differential privacy's definition holds a linear, logistic or softmax model, all records
    that trained it but one, and the penalty. At the optimum the gradients of all records and of the penalty
    add up to zero, so that what is left after subtracting the known ones is the gradient of the unknown
    record: v = e [x, 1]^T, where e is the derivative of its loss in the model's outputs. The column of the
    intercepts is e itself, and every row divided by its last entry is x; rows are averaged with weights e^2.
    The label is the class whose e is negative, or for a number the output at x minus e over twice the scale.

    The same equations check the result without knowing the truth: v must have rank one, and e must be what
    the model says of the rebuilt record. The score is minus the logarithm of the relative misfit. A model
    that was stopped early leaves a sum of gradients that is not zero, which goes into v whole: errors grow
    with it in proportion, divided by |e|, so that well-fitted records suffer first. That is luck and no
    protection, since the owner never chose how far from the optimum training ended.

    Where training shortened gradients the adversary shortens those of the known records too; the direction
    of the unknown one, and so its features, stay what they were.

    The published form needs an intercept; without one x is known up to a factor. Then the attack says so.
    """

    name: ClassVar[str] = "informed-rebuild"
    title: ClassVar[str] = later(
        "Can the last record be solved for from a linear model and all other records?"
    )
    paper: ClassVar[Paper] = Paper(
        authors="Borja Balle and Giovanni Cherubin and Jamie Hayes",
        title="Reconstructing Training Data with Informed Adversaries",
        venue="IEEE Symposium on Security and Privacy",
        year=2022,
        url="https://arxiv.org/abs/2201.04845",
    )

    def __call__(self, case: Case[WhiteBox, InformedRebuilding, Ints], *, rng: Rng) -> Guess:
        form = linear_form_of(case.view)
        if form is None:
            raise KnowledgeError(
                keep(
                    "{attack} solves linear, logistic and softmax models, and this one is not linear or "
                    "does not show its weights: give such a model, or its weights.",
                    attack=self.name,
                )
            )
        if not form.has_intercept:
            raise KnowledgeError(
                keep(
                    "{attack} needs a model with intercepts: without them a record is known up to a factor. "
                    "This is no sign that records are safe.",
                    attack=self.name,
                )
            )

        clip = case.known.clip

        def parts(records: Records) -> tuple[Floats, Floats]:
            x = form.features(records.x)
            return shortened(form.errors(x, form.own_numbers(records.y)), with_one(x), clip), with_one(x)

        pull = case.known.penalty * form.pull(free_intercept=case.known.free_intercept)
        found = [solved(form, -(rest + pull), clip) for rest in case.known.rest.outer_sums(parts)]
        value = np.stack([record for record, _ in found])
        misfit = np.array([miss for _, miss in found])
        return Guess(value, -np.log10(misfit), _diagnostics(misfit, promised=case.known.promised))


def with_one(x: Floats) -> Floats:
    """Features with a 1 behind them, as the intercepts' feature: float64[n, d + 1]."""
    return np.column_stack([x, np.ones(len(x))])


def shortened(errors: Floats, x: Floats, clip: float | None) -> Floats:
    """The errors of gradients e x^T that training shortened to this length, float64[n, k].

    >>> shortened(np.array([[3.0]]), np.array([[4.0]]), 6.0)
    array([[1.5]])
    """
    if clip is None:
        return errors
    length = np.linalg.norm(errors, axis=1) * np.linalg.norm(x, axis=1)
    return errors * np.minimum(1.0, clip / np.maximum(length, 1e-300))[:, None]


def solved(form: LinearForm, left: Floats, clip: float | None = None) -> tuple[Floats, float]:
    """The record whose gradient this is: features and label float64[d + 1], and the relative misfit.

    Args:
        form: the model.
        left: the gradient float64[k, d + 1], intercepts last.
        clip: the length that training shortened it to.
    """
    error = left[:, -1]
    square = float(error @ error)
    if not square > 0 or not np.isfinite(left).all():
        # Nothing is left to solve for: a claim that is surely wrong, and as unsure as can be.
        return np.zeros(left.shape[1]), 1 / TINY
    x = error @ left[:, :-1] / square
    number, label = _label(form, x, error)
    expected = shortened(form.errors(x[None], np.array([number])), with_one(x[None]), clip)[0]
    rank = float(np.linalg.norm(left[:, :-1] - np.outer(error, x)) / np.linalg.norm(left))
    miss = rank + float(np.linalg.norm(expected - error)) / np.sqrt(square)
    # A number's label is solved for from its own error, which therefore fits by itself.
    if form.chain.loss == "squared":
        miss = max(miss, _lightness(form, left))
    return np.append(x, label), min(max(miss, TINY), 1 / TINY)


def _lightness(form: LinearForm, left: Floats) -> float:
    """How small what is left is beside rounding: 1 where it may be rounding alone."""
    size = float(np.abs(form.penalty_gradient).max()) + 1
    return 1e-12 * size / float(np.linalg.norm(left))


def _label(form: LinearForm, x: Floats, error: Floats) -> tuple[float | int, float]:
    """The model's own number of the label, and the code that it stands for."""
    if form.chain.loss == "squared":
        output = float(form.outputs(x[None])[0, 0])
        value = output - float(error[0]) / (2 * float(form.chain.scale[0]))
        return value, value
    number = int(error[0] < 0) if len(error) == 1 else int(error.argmin())
    codes = np.arange(max(2, len(error)))
    own = form.own_numbers(codes)
    # The model's classes may stand in another order than the codes.
    return number, float(codes[np.flatnonzero(own == number)[0]])


def _diagnostics(misfit: Floats, *, promised: bool) -> Diagnostics:
    # Of people who were not in the equations have no solution, and they may be most of the targets.
    best = float(np.quantile(misfit, 0.1))
    remarks = [
        keep(
            "A tenth of the rebuilt records contradict their own equations by less than {most:.2g} of what "
            "was left.",
            most=min(best, 1e6),
        )
    ]
    fits = promised or best < FITS
    if not fits:
        remarks.append(
            keep(
                "The model is not at the optimum of these records with this penalty. It was stopped early, "
                "not all its records are here, or its penalty is another one. An early stop is luck and no "
                "protection."
            )
        )
    return Diagnostics(tuple(remarks), conclusive=fits)
