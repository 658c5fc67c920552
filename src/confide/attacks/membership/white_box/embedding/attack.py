"""Nasr, Shokri, Houmansadr: Comprehensive Privacy Analysis of Deep Learning (S&P 2019), unsupervised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.white_box._layers import (
    answer_numbers,
    finite_rows,
    inside_numbers,
    layer_numbers,
    log_norms,
    need_torch,
    standardised,
    total_norm,
)
from confide.attacks.membership.white_box.embedding._spectral import two_groups
from confide.attacks.membership.white_box.gradient_norm import COMPREHENSIVE
from confide.core.access import WhiteBox
from confide.core.arrays import Bools, Floats, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records

# Standardised numbers are cut here, so that no single person is a group of their own.
FAR = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """Membership embedding: clusters the targets in two groups and claims the group with small gradients.

    The adversary knows nobody's membership and has no other models. An encoder compresses all that the view
    shows of a person (answer, layers and gradients) to one number, from which a decoder must restore loss,
    certainty, entropy and gradient norms. What varies most among people survives, and that is mostly whether
    the model was trained on them. Spectral clustering divides these numbers in two groups. The group with the
    smaller mean gradient norm is claimed to be the members.

    Score: the second eigenvector of the affinities exp(-(z_i - z_j)^2) of the standardised numbers z, with
    the sign that puts the members' group above 0.

    Args:
        layers: the names of the layers whose outputs and gradients are used; None for all.
        width: of the hidden layer of encoder and decoder.
        steps: of training them, each on all targets (on 20,000 of them if there are more).
    """

    name: ClassVar[str] = "embedding"
    title: ClassVar[str] = later("Is the record in that of two groups whose gradients are small?")
    paper: ClassVar[Paper] = COMPREHENSIVE

    layers: tuple[str, ...] | None = None
    width: int = 32
    steps: int = 100

    def __call__(self, case: Case[WhiteBox, Background, Records], *, rng: Rng) -> Guess:
        need_torch(self.name)
        from confide.attacks.membership.white_box.embedding._autoencoder import embedded

        shown, hidden, norm = self._seen(case.view, case.targets)
        clear = finite_rows(np.hstack([shown, hidden]))
        shown = _close(shown[clear])
        seen = np.hstack([shown, _close(hidden[clear])])
        z = embedded(seen, shown, width=self.width, steps=self.steps, rng=rng)
        score = np.full(len(clear), np.nan)
        score[clear] = oriented(two_groups(_close(z[:, None])[:, 0]), norm[clear])
        return Guess(None, score, _told_apart(score[clear] > 0, norm[clear]))

    def _seen(self, view: WhiteBox, targets: Records) -> tuple[Floats, Floats, Floats]:
        """What is to be restored [n, f], what else is seen [n, L], and each record's gradient norm [n]."""
        chosen = layer_numbers(view, self.layers, self.name)
        answers = answer_numbers(view.predict(targets.x), targets.y, top=1)
        norms = inside_numbers(view, targets, chosen)
        # Members' losses are many powers of ten below the others'. On a linear scale they would all be 0.
        small = np.column_stack([log_norms(np.abs(column)) for column in answers[:, 1:].T])
        outputs = view.layer_outputs(targets.x, layers=[view.layers[number] for number in chosen])
        hidden = np.column_stack([log_norms(np.linalg.norm(each, axis=1)) for each in outputs])
        # `inside_numbers` puts the published model's layers last.
        latest = norms[:, -len(chosen) :]
        return np.column_stack([answers[:, 0], small, norms]), hidden, total_norm(np.exp(latest))


def _close(table: Floats) -> Floats:
    """Standardised numbers, cut at `FAR`: float64[n, f]."""
    return np.clip(standardised(table), -FAR, FAR)


def oriented(values: Floats, norm: Floats) -> Floats:
    """The same values, with the sign that gives those above 0 the smaller mean gradient norm."""
    up = values > 0
    if up.all() or not up.any():
        return values
    return values if norm[up].mean() <= norm[~up].mean() else -values


def _told_apart(members: Bools, norm: Floats) -> Diagnostics:
    if members.all() or not members.any():
        return Diagnostics(
            (keep("It sees no difference between the targets: there are no two groups."),), conclusive=False
        )
    near, far = norm[members].mean(), norm[~members].mean()
    return Diagnostics(
        (
            keep(
                "It calls {share:.0%} of the targets members: their mean gradient norm is {near:.2g}, and "
                "{far:.2g} in the other group.",
                share=float(members.mean()),
                near=float(near),
                far=float(far),
            ),
        )
    )
