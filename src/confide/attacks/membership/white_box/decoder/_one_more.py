"""One more unknown in a solved linear system, in closed form: for records known to have no part in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """N records that are beside a system of m candidates, not among its unknowns, by blocks of parameters.

    Args:
        crosses: the inner products of the candidates' gradients with theirs, B arrays [m, N].
        along: their inner products with the target, float64[B, N].
        squares: the squares of their norms, float64[B, N].
    """

    crosses: tuple[Floats, ...]
    along: Floats
    squares: Floats

    def seen(self, vectors: Floats, weights: Floats, size: float) -> Seen:
        """The same with each block weighted, in units of `size`, in the coordinates of the columns."""
        cross = weights[0] * self.crosses[0]
        for weight, block in zip(weights[1:], self.crosses[1:], strict=True):
            cross += weight * block
        return Seen(
            across=vectors.T @ cross / size,
            along=weights @ self.along / size,
            squares=weights @ self.squares / size,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """N records beside a system, in the coordinates of its r eigenvectors.

    Args:
        across: the inner products of the candidates' gradients with theirs, float64[r, N].
        along: their inner products with the target, float64[N].
        squares: the squares of their norms, float64[N].
    """

    across: Floats
    along: Floats
    squares: Floats

    def added(self, values: Floats, along: Floats, ridge: float) -> tuple[Floats, Floats]:
        """c and u of each as the one more unknown of the system, float64[N] both.

        With one more row k and diagonal entry q, the last entry of the inverse of K + ridge I is one over
        q + ridge - k (K + ridge I)^-1 k, so that nothing is solved again.

        Args:
            values: the eigenvalues of the candidates' K.
            along: the candidates' G t in the coordinates of its eigenvectors.
            ridge: as in `Spectrum`.
        """
        shrunk = self.across / (values + ridge)[:, None]
        # Never below the ridge; rounding may say so where the candidates span all there is.
        own = np.maximum(self.squares + ridge - np.einsum("rn,rn->n", shrunk, self.across), ridge)
        return (self.along - along @ shrunk) / own, np.clip(ridge / own, 1e-15, 1.0)
