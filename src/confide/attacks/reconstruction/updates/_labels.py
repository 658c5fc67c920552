"""The labels of a batch, from the gradient of the last layer."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from confide.core.arrays import Floats, Ints
from confide.knowledge.updates import KnownInputs
from confide.views.shared_gradient import SharedGradient

PROBES = 64


def label_counts(view: SharedGradient, known: KnownInputs | None) -> Ints:
    """How many records of each class are in the batch, int64[classes]: they add up to the batch.

    The derivative of the mean loss in logit c is the mean probability of c less the share of c. So the share
    is what the model gives c on average less the gradient of c's bias. Of one record the sign alone tells,
    exactly. For more the average is asked of the model at inputs drawn from the range, with a fixed seed; a
    class with a negative gradient is certainly there.

    Without biases the sum over a row of the last weights' gradient stands in, as inputs of the last layer
    are not negative behind ReLU units or logistic ones.
    """
    gradient, average = _last_bias(view), _average(view, known)
    if view.records == 1:
        return (np.arange(len(gradient)) == int(gradient.argmin())).astype(np.int64)
    sure = (gradient < 0).astype(np.int64)
    # More classes with negative gradients than records are rounding, or noise: keep the strongest.
    weakest = np.argsort(gradient)[view.records :]
    sure[weakest] = 0
    share = np.maximum(average - gradient, 0) * view.records
    share *= view.records / max(float(share.sum()), 1e-300)
    counts = np.maximum(np.floor(share).astype(np.int64), sure)
    while counts.sum() > view.records:
        counts[int(np.where(counts > sure, counts - share, -np.inf).argmax())] -= 1
    while counts.sum() < view.records:
        counts[int((share - counts).argmax())] += 1
    return counts


def labels_of(counts: Ints) -> Ints:
    """One label for each record that is counted, in the order of the classes: int64[n].

    >>> labels_of(np.array([1, 0, 2])).tolist()
    [0, 2, 2]
    """
    return np.repeat(np.arange(len(counts)), counts)


def _last_bias(view: SharedGradient) -> Floats:
    weights, biases = view.gradients[-1]
    if biases is not None:
        return biases
    total = weights.reshape(len(weights), -1).sum(axis=1)
    # The sum over classes of a softmax's gradient is 0; its size is not known without the inputs' sizes.
    return total / max(float(np.abs(total).sum()), 1e-300)


def _average(view: SharedGradient, known: KnownInputs | None) -> Floats:
    """The mean probability of each class at inputs that are nobody's, float64[classes]."""
    classes = len(view.layers[-1].weight)
    if known is None or view.layers[0].kind == "embedding":
        return np.full(classes, 1 / classes)
    import torch

    from confide.models.torch.plain_network import outputs, parameters_of

    rng = np.random.default_rng(0)
    x = rng.uniform(known.low, known.high, (PROBES, *known.shape))
    with torch.no_grad():
        z = outputs(view.layers, parameters_of(view.layers, torch.float64), torch.from_numpy(x))
    return softmax(z.numpy(), axis=1).mean(axis=0)
