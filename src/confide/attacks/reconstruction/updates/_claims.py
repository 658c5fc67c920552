"""Claims about a batch: one set of records for all targets."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Array, Floats, Ints
from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import Guess
from confide.views.shared_gradient import SharedGradient

UNMATCHED = 0.5
"""Records that leave more of the gradient than this match nothing."""


def claimed(rows: Floats, labels: Ints, targets: int) -> Array:
    """The same set of records with their labels about every target: a view [t, m, d + 1], no copies."""
    claims = np.column_stack([rows, labels.astype(np.float64)])
    return np.broadcast_to(claims, (targets, *claims.shape))


def sureness(left: float, targets: int) -> Floats:
    """Minus the decimal logarithm of what is left of the gradient, the same about every target.

    An end that is no number leaves everything.
    """
    left = left if np.isfinite(left) else 1.0
    return np.full(targets, -np.log10(max(left, 1e-16)))


def matched_guess(rows: Floats, labels: Ints, left: float, targets: int) -> Guess:
    """The claim of a descent, with what it left."""
    remark = keep("The made-up records leave {share:.2g} of the gradient unmatched.", share=left)
    conclusive = bool(left < UNMATCHED)
    return Guess(
        claimed(rows, labels, targets), sureness(left, targets), Diagnostics((remark,), conclusive=conclusive)
    )


def need_numbers(view: SharedGradient, attack: str) -> None:
    """Refuse a network that takes words: nothing can be moved by small steps there.

    Raises:
        KnowledgeError: if the first layer is an embedding.
    """
    if view.layers[0].kind == "embedding":
        raise KnowledgeError(
            keep(
                "{attack} moves numbers by small steps, and this network takes words: try embedding-words.",
                attack=attack,
            )
        )
