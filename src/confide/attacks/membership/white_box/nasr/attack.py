"""Nasr, Shokri, Houmansadr: Comprehensive Privacy Analysis of Deep Learning (2019), the attack network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.white_box._known_members import need_told
from confide.attacks.membership.white_box._layers import (
    answer_numbers,
    finite_rows,
    inside_numbers,
    need_torch,
)
from confide.attacks.membership.white_box.gradient_norm import COMPREHENSIVE
from confide.attacks.membership.white_box.nasr._components import gradient_part, output_table
from confide.core.access import WhiteBox
from confide.core.arrays import Array, Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import SupervisedBackground
from confide.views.records import Records

# The number of largest log-probabilities that the network sees.
TOP = 3
# A layer's longer vectors are projected to this many numbers: at most 2 WIDEST float32 a record and layer.
WIDEST = 512
# Memory for whole gradients, or whole outputs, at a time.
CHUNK_BYTES = 2**28
# Standardised numbers are cut at this many quartile ranges from the median: one outlier would drive Adam.
FAR = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NasrOutputs:
    """Attack network on outputs: learns from known members what the layers answer for members.

    The adversary holds the parameters and knows the membership of some people. It trains a network on the
    loss, the label and the outputs of the last layers, each through an encoder of its own. Hidden layers add
    little to the answer itself, because training made them the same for members and for people like them.

    Score: the mean log-odds of several such networks, each stopped when it no longer improves on a fifth of
    the known targets. The known targets are left out.

    Args:
        outputs: how many of the last layers' outputs are used.
        networks: how many networks are trained and averaged.
        epochs: passes over the known targets, at most.
        encoder: the widths of each encoder.
        classifier: the widths of the classifier that joins them.
        learning_rate: of Adam.
    """

    name: ClassVar[str] = "nasr-outputs"
    title: ClassVar[str] = later("Do the layers answer as they do for people known to be members?")
    paper: ClassVar[Paper] = COMPREHENSIVE

    outputs: int = 3
    networks: int = 3
    epochs: int = 60
    encoder: tuple[int, ...] = (128, 64)
    classifier: tuple[int, ...] = (256, 128, 64)
    learning_rate: float = 1e-3

    def __call__(self, case: Case[WhiteBox, SupervisedBackground, Records], *, rng: Rng) -> Guess:
        whole = Nasr(
            outputs=self.outputs,
            gradients=0,
            networks=self.networks,
            epochs=self.epochs,
            encoder=self.encoder,
            classifier=self.classifier,
            learning_rate=self.learning_rate,
        )
        return Guess(None, judged(case, whole, self.name, rng=rng))


@dataclass(frozen=True, slots=True, kw_only=True)
class Nasr:
    """Attack network on outputs and gradients: learns from known members what both look like for members.

    It works like `nasr-outputs`, and also sees how each of the last layers would change if it were trained on
    the person. Kernels as wide as one unit's weight row run over the rows of a linear layer's gradient, the
    same for all units. Other gradients are seen in a random projection. The size of a gradient, in every
    layer and every published state of the run, reaches the classifier as a plain number, which holds most of
    what gradients say.

    Score: the mean log-odds of several such networks, each stopped when it no longer improves on a fifth of
    the known targets. The known targets are left out.

    Args:
        outputs: how many of the last layers' outputs are used.
        gradients: how many of the last layers' gradients are used.
        kernels: how many kernels run over a linear layer's gradient.
        networks: how many networks are trained and averaged.
        epochs: passes over the known targets, at most.
        encoder: the widths of each encoder.
        classifier: the widths of the classifier that joins them.
        learning_rate: of Adam.
    """

    name: ClassVar[str] = "nasr"
    title: ClassVar[str] = later("Do layers and gradients look as they do for people known to be members?")
    paper: ClassVar[Paper] = COMPREHENSIVE

    outputs: int = 3
    gradients: int = 3
    kernels: int = 16
    networks: int = 3
    epochs: int = 60
    encoder: tuple[int, ...] = (128, 64)
    classifier: tuple[int, ...] = (256, 128, 64)
    learning_rate: float = 1e-3

    def __call__(self, case: Case[WhiteBox, SupervisedBackground, Records], *, rng: Rng) -> Guess:
        return Guess(None, judged(case, self, self.name, rng=rng))


def judged(
    case: Case[WhiteBox, SupervisedBackground, Records], settings: Nasr, name: str, *, rng: Rng
) -> Floats:
    """The networks' mean log-odds for each target, NaN for the known ones: float64[n]."""
    need_torch(name)
    from confide.attacks.membership.white_box.nasr._network import learnt

    n = len(case.targets)
    need_told(case.known, n, name)  # refuse before anything slow
    narrowing, compressing, training = rng.spawn(3)
    numbers = _numbers(case.view, case.targets, gradients=settings.gradients > 0)
    # A target whose numbers are not finite can neither teach nor be scored.
    lesson = need_told(case.known, n, name, finite_rows(numbers))
    tables = [robust(numbers), _labels(case.targets.y, case.known.classes)]
    names = _last(case.view, settings.outputs)
    coins = narrowing.spawn(len(names))
    for layer, own in zip(names, coins, strict=True):
        answers = output_table(
            case.view, case.targets, layer, widest=WIDEST, chunk_bytes=CHUNK_BYTES, rng=own
        )
        tables.append(robust(answers))
    names = _last(case.view, settings.gradients)
    parts = [
        gradient_part(case.view, case.targets, layer, widest=WIDEST, chunk_bytes=CHUNK_BYTES, rng=own)
        for layer, own in zip(names, compressing.spawn(len(names)), strict=True)
    ]
    found = [learnt(tables, parts, lesson, settings, rng=own) for own in training.spawn(settings.networks)]
    return lesson.scores(np.mean(found, axis=0), n)


def robust(table: Array) -> Array:
    """Each column's distance from its median in quartile ranges, at most 5, and 0 for NaN: float32[n, f].

    >>> robust(np.array([[0.0], [1.0], [2.0], [3.0], [1e9]]))[:, 0].tolist()
    [-1.0, -0.5, 0.0, 0.5, 5.0]
    """
    low, middle, high = np.nanquantile(table, [0.25, 0.5, 0.75], axis=0)
    scaled = (table - middle) / np.where(high > low, high - low, 1.0)
    return np.nan_to_num(np.clip(scaled, -FAR, FAR)).astype(np.float32)


def _numbers(view: WhiteBox, targets: Records, *, gradients: bool) -> Floats:
    """Each target's plain numbers: its answer's, and the log gradient norms of all layers; float64[n, f]."""
    answers = answer_numbers(view.predict(targets.x), targets.y, top=TOP)
    if not gradients:
        return answers
    return np.hstack([answers, inside_numbers(view, targets, range(len(view.layers)))])


def _last(view: WhiteBox, count: int) -> tuple[str, ...]:
    return view.layers[max(len(view.layers) - count, 0) :]


def _labels(y: Array, classes: int) -> Array:
    """One-hot labels; in a regression the standardised value. float32[n, C]"""
    return robust(y[:, None]) if classes < 2 else (y[:, None] == np.arange(classes)).astype(np.float32)
