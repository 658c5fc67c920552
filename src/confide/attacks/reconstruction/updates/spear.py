"""Dimitrov, Baader, Müller, Vechev: SPEAR: Exact Gradient Inversion of Batches (NeurIPS 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.reconstruction.updates._claims import claimed, sureness
from confide.attacks.reconstruction.updates._first_layer import FirstLayer, first_layer, lone_records
from confide.attacks.reconstruction.updates._labels import label_counts, labels_of
from confide.attacks.reconstruction.updates._sparse_directions import Directions, sparse_directions
from confide.core.arrays import Floats, Ints, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.updates import KnownInputs
from confide.models.chain import Chain
from confide.views.shared_gradient import SharedGradient

TURNS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Spear:
    """SPEAR: solves the gradient of a ReLU layer for all records of a batch at once, exactly.

    The gradient of the first layer's weights is a sum of products, one for each record: its slopes at the
    units, times the record. Such a sum has many factorisations; only one has slopes that are 0 wherever a
    record does not open a unit, which is about half of the places. The adversary draws sets of units, takes
    the direction that is orthogonal to their gradients, and keeps it if many more units turn out to be 0.
    The bias gives each record's length.

    Two steps are our own formulation. A direction is checked by the next layer: what it says about open units
    must be something that this layer can send back (`_sparse_directions.py`). That tells right directions
    from mixtures in trained networks too, where most units are open for everybody. And at the end the slopes
    are computed once more from the records that were found, with the labels that explain them, and the
    records are solved for again, which leaves rounding errors alone.

    The adversary needs no truth to check itself: the score is minus the logarithm of what its records leave
    of the gradient. Where not all directions are found, records that open units alone are claimed instead.

    The number of sets doubles with each record, and in trained networks, where records open most units, it
    grows faster. That not all records are found is the limit of the budget, and no protection.

    Args:
        most: how many sets of units are tried at most.
    """

    name: ClassVar[str] = "spear"
    title: ClassVar[str] = later("Can a whole batch be solved for exactly, from the zeros of ReLU units?")
    paper: ClassVar[Paper] = Paper(
        authors="Dimitar I. Dimitrov and Maximilian Baader and Mark Niklas Müller and Martin Vechev",
        title="SPEAR: Exact Gradient Inversion of Batches in Federated Learning",
        venue="Advances in Neural Information Processing Systems (NeurIPS)",
        year=2024,
        url="https://arxiv.org/abs/2403.03945",
    )

    most: int = 100_000

    def __call__(self, case: Case[SharedGradient, KnownInputs, Ints], *, rng: Rng) -> Guess:
        view, layer = case.view, first_layer(case.view, self.name)
        _need_relu(view, self.name)
        found = sparse_directions(
            layer, np.asarray(view.layers[1].weight, np.float64).T,
            records=view.records, most=self.most, precision=_precision(view), rng=rng,
        )  # fmt: skip
        # A gradient of zeros has as many directions as one likes, and no record in it.
        complete = len(found.w) == view.records and bool(layer.weights.any())
        if complete:
            rows, labels, misfit = _solved(view, layer, found)
        else:
            rows = lone_records(layer, case.known, most=view.records, tolerance=1e-9)
            labels = np.resize(labels_of(label_counts(view, case.known)), len(rows))
            misfit = 1.0
        remarks = (_remark(len(found.w), view.records, misfit),)
        score = sureness(misfit, len(case.targets))
        value = claimed(rows, labels, len(case.targets))
        return Guess(value, score, Diagnostics(remarks, conclusive=complete and misfit < 1))


def _remark(directions: int, records: int, misfit: float):
    if directions < records:
        return keep(
            "{found:d} of {records:d} directions were found within the budget: more sets of units can find "
            "the others.",
            found=directions,
            records=records,
        )
    return keep(
        "All records together leave {share:.2g} of the length of the gradient unexplained.", share=misfit
    )


def _need_relu(view: SharedGradient, attack: str) -> None:
    if len(view.layers) < 2 or view.layers[0].activation != "relu" or view.layers[1].kind != "linear":
        raise KnowledgeError(
            keep(
                "{attack} needs a first layer with ReLU units and a linear layer behind it. That is no sign "
                "that records are safe.",
                attack=attack,
            )
        )
    if any(one.kind != "linear" or one.activation not in ("relu", "identity") for one in view.layers):
        raise KnowledgeError(
            keep("{attack} needs linear layers with ReLU units between them.", attack=attack)
        )
    units, features = view.layers[0].weight.shape
    if view.records >= min(units, features):
        raise KnowledgeError(
            keep(
                "{attack} needs fewer records than features and units: {records:d} records, {features:d} "
                "features, {units:d} units. Try an attack that optimises.",
                attack=attack,
                records=view.records,
                features=features,
                units=units,
            )
        )


def _precision(view: SharedGradient) -> float:
    """The relative precision of what was sent; whole numbers count as float64."""
    kind = np.result_type(view.shared[0][0].dtype, np.float16)
    return float(np.finfo(kind).eps)


def _chain(view: SharedGradient) -> Chain:
    weights = tuple(np.asarray(one.weight, np.float64) for one in view.layers)
    return Chain(
        weights=weights,
        biases=tuple(None if one.bias is None else np.asarray(one.bias, np.float64) for one in view.layers),
        shrunk=tuple(np.zeros_like(w) for w in weights),
        shrunk_biases=tuple(np.zeros(len(w)) for w in weights),
        activation="relu",
        loss="softmax",
        scale=np.ones(len(weights[-1])),
    )


def _solved(view: SharedGradient, layer: FirstLayer, found: Directions) -> tuple[Floats, Ints, float]:
    """Records float64[b, d] and labels, and what they leave of the gradient's length."""
    chain, b = _chain(view), view.records
    slopes = layer.weights @ found.basis.T @ found.w.T
    scale = np.linalg.lstsq(slopes, layer.biases, rcond=None)[0]
    # A direction that the bias does not know of leaves its record's length open.
    scale = np.where(np.abs(scale) > 1e-300, scale, 1e-300)
    x = np.asarray(np.linalg.inv(found.w).T @ found.basis / scale[:, None], np.float64)
    labels = _labels(chain, x, (slopes * scale).T * b, found)
    size = float(np.linalg.norm(layer.weights))
    best, least = x, np.inf
    for _ in range(TURNS):
        made = _slopes(chain, x, labels, found) / b
        misfit = float(np.linalg.norm(layer.weights - made.T @ x)) / size
        if misfit < least:
            best, least = x, misfit
        x = np.asarray(np.linalg.lstsq(made.T, layer.weights, rcond=None)[0], np.float64)
    return best, labels, least


def _slopes(chain: Chain, x: Floats, labels: Ints, found: Directions) -> Floats:
    """The slopes of each record at the first layer's units, with the zeros that were found: float64[b, h]."""
    return (chain.factors(x, labels)[1][1] @ chain.weights[1]) * found.open_


def _labels(chain: Chain, x: Floats, slopes: Floats, found: Directions) -> Ints:
    """The label of each record that explains its slopes best, int64[b]."""
    classes = np.arange(len(chain.weights[-1]))
    left = [np.linalg.norm(_slopes(chain, x, np.full(len(x), c), found) - slopes, axis=1) for c in classes]
    return np.argmin(left, axis=0).astype(np.int64)
