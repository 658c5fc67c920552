"""Views from inside: the choice of layers, gradient norms, and answers in a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
from scipy.special import log_softmax

from confide.core.access import WhiteBox
from confide.core.arrays import Array, Bools, Floats
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.models.signals import log_probability, settle, true_logit
from confide.views.records import Records

# The smallest log-probability: -inf would spoil the entropy and every mean.
LEAST = -100.0


def layer_numbers(view: WhiteBox, layers: Sequence[str] | None, attack: str) -> list[int]:
    """The positions of these layers (all by default) among the view's layers.

    Raises:
        KnowledgeError: for a layer that does not exist, or if there is none.
    """
    names = list(view.layers)
    if not names:
        raise KnowledgeError(
            keep(
                "{attack} needs a model's parameters, and this model has none: audit it with black-box "
                "access.",
                attack=attack,
            )
        )
    wanted = names if layers is None else list(layers)
    missing = [name for name in wanted if name not in names]
    if missing or not wanted:
        if missing:
            lacking = keep(
                "{attack}: there is no layer {layer}; choose from {names}.",
                attack=attack,
                layer=repr(missing[0]),
                names=", ".join(names),
            )
        else:
            lacking = keep(
                "{attack}: no layer is left; choose from {names}.", attack=attack, names=", ".join(names)
            )
        raise KnowledgeError(lacking)
    return [names.index(name) for name in wanted]


def log_norms(norms: Floats) -> Floats:
    """Logarithm of each norm; a norm of exactly 0 counts as half of the smallest that is not.

    >>> log_norms(np.array([0.0, 2.0, 8.0])).round(3).tolist()
    [0.0, 0.693, 2.079]
    """
    seen = norms[(norms > 0) & np.isfinite(norms)]
    least = float(seen.min()) / 2 if seen.size else 1.0  # below all others, and not at minus infinity
    with np.errstate(invalid="ignore"):
        return np.log(np.maximum(norms, least))


def total_norm(norms: Floats) -> Floats:
    """Norm over several layers together, float64[n], from each layer's [n, L]."""
    return np.sqrt((norms**2).sum(axis=1))


def need_torch(attack: str) -> None:
    """Refuse to go on where PyTorch is missing, because a white box may come from elsewhere.

    Raises:
        KnowledgeError: if it is not installed.
    """
    if find_spec("torch") is None:
        raise KnowledgeError(
            keep(
                "{attack} trains a network, which needs PyTorch: `pip install 'confide[torch]'`.",
                attack=attack,
            )
        )


def standardised(table: Floats) -> Floats:
    """Each column [n, f] scaled to mean 0 and standard deviation 1; a constant one becomes 0.

    >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0]])).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    gaps = table - table.mean(axis=0)
    spread = gaps.std(axis=0)
    return gaps / np.where(spread > 1e-12, spread, np.inf)


def answer_numbers(outputs: Floats, y: Array, *, top: int) -> Floats:
    """An answer in a few numbers: logit and log-probability of the truth, entropy, largest log-probabilities.

    In a regression the answer itself takes the place of the last two.

    Args:
        outputs: logits [n, C], or values [n, 1].
        y: the truth [n].
        top: the number of largest log-probabilities, in falling order.

    Returns:
        float64[n, f]; rows whose answer is not finite are not all finite.

    >>> answer_numbers(np.log([[0.5, 0.25, 0.25]]), np.array([1]), top=2).round(3).tolist()
    [[-1.099, -1.386, 1.04, -0.693, -1.386]]
    """
    z = np.asarray(outputs, np.float64)
    phi = settle(true_logit(z, y))[0]
    columns = [phi, log_probability(z, y)]
    if z.shape[1] == 1:
        return np.column_stack([*columns, z[:, 0]])
    log_p = np.maximum(log_softmax(z, axis=1), LEAST)
    entropy = -(np.exp(log_p) * log_p).sum(axis=1)
    largest = -np.sort(-log_p, axis=1)[:, :top]
    return np.column_stack([*columns, entropy, largest])


def inside_numbers(view: WhiteBox, records: Records, layers: Sequence[int]) -> Floats:
    """Log gradient norm of each chosen layer, in every published state of the run: float64[n, S L]."""
    found: list[Floats] = []
    # The published model comes last, as the oldest state comes first.
    for state in (*view.snapshots, view):
        norms = state.gradient_norms(records.x, records.y)
        found += [log_norms(norms[:, number]) for number in layers]
    return np.column_stack(found)


def finite_rows(table: Floats) -> Bools:
    """bool[n]: has this row finite numbers only?"""
    return np.asarray(np.isfinite(table).all(axis=1), np.bool_)
