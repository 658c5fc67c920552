"""Linear inverse problem: who is in a published sum of gradients? One decomposition serves every ridge."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh

from confide.attacks.membership.white_box.decoder._one_more import Beside, Seen
from confide.core.arrays import Floats

# Keeps divisions defined where all gradients, or the whole target, are 0.
TINY = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """The linear system t = G' c + noise, by blocks of parameters.

    Args:
        grams: the inner products of the m candidates' gradients in each of B blocks, B arrays [m, m].
        along: their inner products with the target t there, float64[B, m].
        squares: |t|^2 there, float64[B].
        sizes: the number of parameters there, float64[B].
        beside: records that are known to have no part in t, and are no unknowns.
    """

    grams: tuple[Floats, ...]
    along: Floats
    squares: Floats
    sizes: Floats
    beside: Beside | None = None

    def learnt_weights(self, *, rounds: int = 3, ridge: float = 1e-4) -> Floats:
        """One over the noise in each block, float64[B]: what is left of the target for each parameter.

        Blocks differ in how much of their weights is still the initial value, and in how steady their
        gradients were. A few rounds of solving and measuring what is left show which blocks to trust.
        """
        weights = np.ones(len(self.grams))
        # With a single block its weight is only a scale.
        for _ in range(rounds if len(weights) > 1 else 0):
            gram, size = self._together(weights)
            gram[np.diag_indices_from(gram)] += ridge * size
            c = cho_solve(cho_factor(gram, overwrite_a=True, check_finite=False), weights @ self.along)
            explained = np.array([c @ (block @ c) for block in self.grams])
            left = self.squares - 2 * self.along @ c + explained
            weights = self.sizes / np.maximum(left, 1e-12 * self.squares + TINY)
            weights /= weights.mean()
        return weights

    def spectrum(self, weights: Floats) -> Spectrum:
        """The system as one, in which each parameter of block b counts `weights[b]` times."""
        gram, size = self._together(weights)
        values, vectors = eigh(gram, overwrite_a=True, check_finite=False, driver="evd")
        return Spectrum(
            values=np.maximum(values, 0.0) / size,
            vectors=vectors,
            along=vectors.T @ (weights @ self.along) / size,
            square=float(weights @ self.squares) / size,
            parameters=float(self.sizes.sum()),
            # The weights change the density of the target, which the evidence must count.
            offset=0.5 * float(self.sizes @ np.log(weights / size)),
            beside=None if self.beside is None else self.beside.seen(vectors, weights, size),
        )

    def _together(self, weights: Floats) -> tuple[Floats, float]:
        """The Gram matrix of all blocks, and its mean diagonal."""
        gram = weights[0] * self.grams[0]
        for weight, block in zip(weights[1:], self.grams[1:], strict=True):
            gram += weight * block
        return gram, max(float(np.trace(gram)) / len(gram), TINY)


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Eigenvalues of a Gram matrix K whose mean diagonal is 1, and what follows for every ridge.

    Args:
        values: the r largest eigenvalues, float64[r]; all others are 0.
        vectors: their eigenvectors, float64[m, r].
        along: G t in their coordinates, float64[r].
        square: |t|^2.
        parameters: the number of equations p.
        offset: what the weights of the blocks add to the evidence.
        beside: records that are known to have no part in t.
    """

    values: Floats
    vectors: Floats
    along: Floats
    square: float
    parameters: float
    offset: float = 0.0
    beside: Seen | None = None
    _squares: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_squares", self.vectors**2)

    def coefficients(self, ridge: float) -> Floats:
        """c = (K + ridge I)^-1 G t, float64[m]."""
        return self.vectors @ (self.along / (self.values + ridge))

    def unsure(self, ridge: float) -> Floats:
        """u = ridge diag (K + ridge I)^-1, float64[m] within (0, 1]; 1 = nothing is learned about this."""
        learnt = self._squares @ (self.values / (self.values + ridge))
        rest = np.maximum(1 - self._squares.sum(axis=1), 0.0)  # where all eigenvalues are 0
        unsure = self._squares @ (ridge / (self.values + ridge)) + rest
        # Of u and 1 - u the smaller one is computed as a sum, so that it keeps its digits.
        return np.clip(np.where(learnt < 0.5, 1 - learnt, unsure), 1e-15, 1.0)

    def added(self, ridge: float) -> tuple[Floats, Floats]:
        """c and u of each record beside the system, if it alone were one more unknown: float64[N] both."""
        if self.beside is None:
            return np.empty(0), np.empty(0)
        return self.beside.added(self.values, self.along, ridge)

    def evidence(self, ridge: float) -> float:
        """log p(t) up to a constant, for c ~ N(0, v / ridge) and noise ~ N(0, v), at the most likely v."""
        left = self.square - float((self.along**2 / (self.values + ridge)).sum())
        noise = max(left, 1e-14 * self.square, TINY) / self.parameters
        spread = float(np.log1p(self.values / ridge).sum())
        return self.offset - 0.5 * (self.parameters * float(np.log(noise)) + spread)

    def explained(self, ridge: float) -> float:
        """The share of |t|^2 that G' c explains, beyond what as many random directions would: at most 1."""
        c = self.along / (self.values + ridge)
        left = 1 - float(2 * self.along @ c - (self.values * c) @ c) / max(self.square, TINY)
        spent = self.spent(ridge)
        return 1 - left / (1 - spent) if spent < 1 and self.square > 0 else 0.0

    def spent(self, ridge: float) -> float:
        """The share of the equations that the fit uses up: that much of pure noise would be explained."""
        return float((self.values / (self.values + ridge)).sum()) / self.parameters


def size_of_member(coefficients: Floats, unsure: Floats) -> float:
    """The c of a member, if a non-member's is 0, whatever share of the candidates are members.

    If c_i is (1 - u_i) s for members, the sum of c^2 is s times the sum of (1 - u) c.
    """
    total = float(((1 - unsure) * coefficients).sum())
    return float((coefficients**2).sum()) / total if total > 0 else 0.0


def likelihood_ratio(coefficients: Floats, unsure: Floats, size: float) -> Floats:
    """log p(t | c_i = size) - log p(t | c_i = 0), float64[m], up to one factor for all.

    With all other c_j ~ N(0, v / ridge) and noise ~ N(0, v), it is (size ridge / v) times
    (c_i - (1 - u_i) size / 2) / u_i, by the formula for the inverse of a matrix with one more direction.
    """
    return (coefficients - (1 - unsure) * size / 2) / unsure
