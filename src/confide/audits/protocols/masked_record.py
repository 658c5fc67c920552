"""A training record read from a masked update, where one number masks a whole tensor."""

from __future__ import annotations

import numpy as np

from confide.audits.checked.record import Attack
from confide.audits.protocols.masking import NAMES, MaskingProtocol, Terms
from confide.audits.protocols.rounds import VICTIM, centred, honest
from confide.audits.protocols.uniformity import tensors
from confide.core.arrays import Array, Floats, Rng
from confide.views.shared_gradient import Layer

FEATURES, UNITS, CLASSES = 64, 32, 10
SHAPES = ((UNITS, FEATURES), (UNITS,), (CLASSES, UNITS), (CLASSES,))
EXACT = 1e-3
"""Of features from 0 to 1; real numbers are read to rounding, and words to the step of the grid."""


def read_record(protocol: MaskingProtocol, threshold: int, *, rng: Rng) -> Attack:
    """Read a client's one record from its masked update by the gradient of the first layer.

    The gradient of one record x is e x in the weights of the first layer and e in its biases. A number c that
    masks the whole tensor falls out of differences between its words: with rows taken around their mean, the
    weights are (e - mean e) x and the biases e - mean e, and their ratio is x. The server that does this has
    the masked update alone, of one client in a round of several.
    """
    layers = _network(rng)
    record = rng.uniform(0, 1, FEATURES)
    gradient = _gradient(layers, record, int(rng.integers(CLASSES)))
    bound = 1 if protocol.modulus is None else protocol.modulus // (4 * len(NAMES))
    step = 1.0 if protocol.modulus is None else float(np.abs(gradient).max()) / bound
    sent = gradient if protocol.modulus is None else np.rint(gradient / step).astype(np.int64)
    terms = Terms(names=NAMES, threshold=threshold, shapes=SHAPES, bound=bound)
    vectors = {name: sent if name == VICTIM else np.zeros_like(sent) for name in NAMES}
    masked = honest(protocol, terms, protocol.kits(terms), vectors).masked[VICTIM]
    found = _inverted(protocol, np.asarray(masked), step)
    error = float(np.abs(found - record).max())
    story = (
        f"A client sent the masked gradient of one record of {FEATURES} features; its first layer gave the "
        f"record with an error of at most {error:.1e}."
    )
    return Attack(story=story, succeeded=error < EXACT, figures={"largest error": error})


def _inverted(protocol: MaskingProtocol, masked: Array, step: float) -> Floats:
    """The record, from differences of words within the first two tensors (Phong et al. 2018, section III)."""
    weights, biases = (
        centred(protocol, part - part[0]).reshape(shape) * step
        for part, shape in zip(tensors(masked, SHAPES)[:2], SHAPES[:2], strict=True)
    )
    slopes = biases - biases.mean()
    return slopes @ (weights - weights.mean(axis=0)) / (slopes**2).sum()


def _network(rng: Rng) -> tuple[Layer, ...]:
    """A network with one hidden layer, at the start of training."""
    hidden = Layer(
        weight=rng.normal(0, FEATURES**-0.5, (UNITS, FEATURES)),
        bias=rng.normal(0, 0.1, UNITS),
        activation="relu",
    )
    return hidden, Layer(weight=rng.normal(0, UNITS**-0.5, (CLASSES, UNITS)), bias=np.zeros(CLASSES))


def _gradient(layers: tuple[Layer, ...], record: Floats, label: int) -> Floats:
    """The gradient of the cross-entropy of one record, flat."""
    hidden, last = layers
    assert hidden.bias is not None
    assert last.bias is not None
    before = hidden.weight @ record + hidden.bias
    inner = np.maximum(before, 0)
    logits = last.weight @ inner + last.bias
    slope = np.exp(logits - logits.max())
    slope = slope / slope.sum()
    slope[label] -= 1
    back = (last.weight.T @ slope) * (before > 0)
    parts = np.outer(back, record), back, np.outer(slope, inner), slope
    return np.concatenate([part.ravel() for part in parts])
