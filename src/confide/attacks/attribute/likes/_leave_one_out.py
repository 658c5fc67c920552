"""Leave-one-out prediction of a logistic regression by one Newton step, without training it again."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack
from scipy.special import expit  # pyright: ignore[reportMissingTypeStubs]

from confide.attacks.attribute.likes._item_matrix import Sparse
from confide.attacks.attribute.likes._trait_model import TraitModel
from confide.core.arrays import Bools, Floats, Ints

# Conjugate gradients end at this relative residual; the shifts are then exact to about 1e-7.
CLOSE = 1e-3
# They converge in a few dozen steps; the limit stops a loop on numbers that are not finite.
STEPS = 500


def own_shift(x: Sparse, yes: Bools, model: TraitModel, people: Ints, *, c: float) -> Floats:
    """Shift of each person's own probability when they are left out of training, |p - p without|, float64[s].

    With H the Hessian of the training objective, g = (p - y) x the person's gradient, w = p (1 - p) and h =
    x' H^-1 x: one Newton step on the objective without the person moves their own log-odds by (p - y) h / (1
    - w h). This follows by Sherman and Morrison from H - w x x'. H is never stored: h comes from conjugate
    gradients, so that memory is about f x s numbers for any number of people.

    Args:
        x: sparse float64[n, f], the features of all people.
        yes: bool[n], who has the trait.
        model: the logistic regression that was trained on these, with the same `c`.
        people: int64[s], the people to leave out, one after the other.
        c: 1 / the weight of half the squared weights against the sum of losses.

    Source: Cook, Weisberg, Residuals and Influence in Regression (1982); Pregibon 1981 for the logistic one.
    """
    log_odds = np.asarray(x @ model.weights)[:, 0] + model.intercept[0]
    p = expit(log_odds)
    wide: Sparse = csr_array(hstack([x, np.ones((x.shape[0], 1))]))
    # The intercept is one more feature, and is not penalised.
    penalty = np.append(np.full(x.shape[1], 1 / c), 0.0)
    h = _leverage(wide, p * (1 - p), penalty, people)
    mine, weight = p[people], (p * (1 - p))[people]
    moved = log_odds[people] + (mine - yes[people]) * h / (1 - weight * h)
    return np.abs(mine - expit(moved))


def _leverage(x: Sparse, weight: Floats, penalty: Floats, people: Ints) -> Floats:
    """x_i' H^-1 x_i of these people, with H = diag(penalty) + the sum of w x x', float64[s]."""
    asked = np.asarray(x[people].T.todense())
    solved = _conjugate(x, diags_array(weight) @ x, penalty, asked)
    return (asked * solved).sum(axis=0)


def _conjugate(x: Sparse, weighted: Sparse, penalty: Floats, b: Floats) -> Floats:
    """The solutions v of H v = b for all columns at once, preconditioned by the diagonal of H (Jacobi)."""
    diagonal = (x.multiply(weighted)).sum(axis=0) + penalty
    scale = 1 / np.asarray(diagonal)[:, None]
    v, residual = np.zeros_like(b), b.copy()
    step = scale * residual
    energy = (residual * step).sum(axis=0)
    ends = CLOSE**2 * energy
    for _ in range(STEPS):
        if (energy <= ends).all():
            break
        along = x.T @ (weighted @ step) + penalty[:, None] * step
        length = energy / np.maximum((step * along).sum(axis=0), 1e-300)
        v += length * step
        residual -= length * along
        scaled = scale * residual
        fresh = (residual * scaled).sum(axis=0)
        # A column that has converged to 0 would divide 0 by 0.
        step = scaled + fresh / np.maximum(energy, 1e-300) * step
        energy = fresh
    return v
