"""Kifer, Smith, Thakurta: Private Convex Empirical Risk Minimization (COLT 2012), approximate minimum too."""

from __future__ import annotations

import math
from dataclasses import dataclass

from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.learn.cross_entropy import codes_of, minimum
from confide.mechanisms.noise.discrete_gaussian import WIDEST, discrete_gaussian, steps_of
from confide.mechanisms.noise.gaussian import gaussian_delta, gaussian_sigma
from confide.mechanisms.noise.lattice import off_grid, on_grid, step_for
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import Words
from confide.models.linear import LinearModel, features_of
from confide.views.records import Records

SLACK = 1e-8
"""Training ends when the objective's gradient is this share of one record's largest."""
SECOND = 0.01
"""Share of epsilon and of delta for the noise that covers how far training stopped from the minimum."""
USUAL = 1.0
"""The penalty that is chosen, in units of the squared longest features over mu; found on ACS records."""
FINER = 19
"""Bits by which the grid of the tilt is finer than one draw of noise can be."""
FAR = 80
"""Steps that a tilt is moved by, at most, in a coordinate: more has a chance of e^-200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectivePerturbation:
    """Trains a logistic or softmax regression on an objective with a random tilt, and publishes its minimum.

    *Statement.* The release is (epsilon, delta)-differentially private for one record more or less.

    *Proof.* Training minimises `F_D(w) = sum of l(w; z) over D + penalty/2 |w|^2 + b . w`.

    (1) The exact minimum for a tilt b of normal numbers of deviation s. It belongs to the tilt b_D(w) =
    -(sum of grad l(w; z) + penalty w) and no other, so it has the density phi(b_D(w)) det H_D(w), H_D being
    the matrix of second derivatives. For a record z more, with gradient g = (p - e_y) x and x its features
    with a 1, b_D' = b_D - g. The logarithm of the ratio of both densities at w, seen under D, is at most
    (2 |b . g| + |g|^2) / (2 s^2), since the determinant is larger under D'. Under D', with b = b_D', it is
    at most that and k = ln det H_D' / det H_D. Here x is fixed, and b . g is made of the numbers v = b x,
    whichever w follows from b: for two classes it is (p - y) v, at most |v|, with v normal of deviation
    s |x|; for C classes sum of (p - e_y)_i v_i, at most the largest |v_i - v_y|, of deviation s |x| sqrt 2.
    So with L the longest gradient and mu = L / s the loss is at most max |u_i| mu + mu^2 / 2 + k over C - 1
    standard normal numbers u_i, and delta at e at most the sum of E (1 - exp(e - that))+ over i. For
    e - k >= mu^2 / 2 that is 2 (C - 1) times delta of normal noise at e - k (after Redberg, Koskela, Wang
    2023, who show it for two classes). The record adds (diag p - p p^T) x x^T to H_D, which is at least the
    penalty, and has C - 1 eigenvalues of a sum of at most (1 - 1/C) |x|^2: k <= (C - 1) ln(1 + |x|^2 / (C
    penalty)); for two classes with one row of weights k <= ln(1 + |x|^2 / (4 penalty)).

    (2) What is published. The tilt that is used, b', is made of whole numbers: one discrete Gaussian on a
    rough grid, and one of 8 rough steps on a grid that is 2^19 times finer. Their sum is a discrete Gaussian
    on the fine grid up to a factor of 1 + 10^-135 (as in the proof of `discrete_gaussian`, by Poisson's
    summation), and so normal noise b as in (1) that was moved by at most 80 fine steps a coordinate. Training
    ends where the computed gradient is at most SLACK L, and the true one at most 2 SLACK L. F_D is
    penalty-strongly convex: what training finds is at most r = (2 SLACK L + 80 steps sqrt m) / penalty from
    the minimum of (1). So the release is that minimum, published in thought, and after it a shift of at most
    r, which the data choose, with discrete Gaussian noise for a sensitivity of 2 r: this has the share SECOND
    of epsilon and delta, and (1) the rest. Weights and noise are added on a grid that the budget fixes.

    *Conditions.* The number of classes and of features, radius and penalty are chosen without the data.
    Rounding moves the computed gradient by less than SLACK L, as it does in float64 for fewer than some 10^6
    records. Whether training converged is not protected.

    Args:
        budget: what is promised, hiding any one record.
        classes: the number of classes.
        penalty: of half the squared weights against the *sum* of losses. None chooses one that depends on
            the budget, radius and classes alone.
        radius: features longer than this are shortened to it, in training and whenever the model is asked.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, and anyone who knows the seed can replay it: for audits and tests
            only.

    Raises:
        PromiseError: if the budget or a setting cannot be kept.

    >>> train = ObjectivePerturbation(budget=Budget(1.0, 1e-6), classes=2, noise="rehearsal")
    >>> round(train.penalty_used, 1), round(train.excess, 3)
    (8.4, 0.057)
    """

    budget: Budget
    classes: int
    penalty: float | None = None
    radius: float = 1.0
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        if self.budget.unit != Unit.record():
            raise PromiseError(
                f"a tilted objective hides any one record, not {self.budget.unit}: give Unit.record(), or "
                "train by gradient descent."
            )
        for name in ("penalty", "radius"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise PromiseError(f"{name} is {value}: give a finite number above 0.")
        if self.classes < 2:
            raise PromiseError(f"classes is {self.classes}: give 2 or more.")
        refuse_unknown(self.noise)
        gaussian_sigma(self.budget, sensitivity=1.0)  # refuses epsilon or delta of 0
        if not self.excess < self._first.epsilon:
            raise PromiseError(
                f"penalty {self.penalty_used:g} is too small for epsilon {self.budget.epsilon:g}: the bend "
                f"of one record's loss alone costs {self.excess:.3g}. Give a larger penalty, or none."
            )

    @property
    def steepest(self) -> float:
        """L, the longest gradient that one record can have."""
        return math.sqrt((2 if self.classes > 2 else 1) * (self.radius**2 + 1))

    @property
    def penalty_used(self) -> float:
        """The penalty that is given, or the one that follows from the budget."""
        if self.penalty is not None:
            return self.penalty
        # At least so large that the determinants cost half of epsilon at most.
        least = self._bend / math.expm1(self._first.epsilon / (2 * (self.classes - 1)))
        return max(least, USUAL * (self.radius**2 + 1) * gaussian_sigma(self.budget, sensitivity=1.0))

    @property
    def excess(self) -> float:
        """k, what the determinants add to the privacy loss."""
        return (self.classes - 1) * math.log1p(self._bend / self.penalty_used)

    @property
    def _bend(self) -> float:
        return (self.radius**2 + 1) / (4 if self.classes == 2 else self.classes)

    @property
    def _first(self) -> Budget:
        return Budget((1 - SECOND) * self.budget.epsilon, (1 - SECOND) * self.budget.delta)

    @property
    def tilt_sigma(self) -> float:
        """The least deviation of the tilt's normal noise; rounded up."""
        left, share = self._first.epsilon - self.excess, self._first.delta / (2 * (self.classes - 1))
        sigma = gaussian_sigma(Budget(left, share), sensitivity=1.0)
        # The theorem is for mu^2 / 2 at most this epsilon.
        return self.steepest * max(sigma, 1 / math.sqrt(2 * left)) * (1 + 1e-9)

    def shift(self, weights: int) -> float:
        """r, how far from the exact minimum the weights can be."""
        moved = FAR * self._fine_step * math.sqrt(weights)
        return (2 * SLACK * self.steepest + moved) / self.penalty_used

    def sigma_steps(self, weights: int) -> int:
        """The deviation of the noise on each of m weights, in steps of `step(m)`."""
        rounded = 2 * self.shift(weights) + self.step(weights) * math.sqrt(weights)
        return steps_of(gaussian_sigma(self._second, sensitivity=rounded), self.step(weights))

    def step(self, weights: int) -> float:
        """The step of the grid that m weights are rounded to."""
        return step_for(gaussian_sigma(self._second, sensitivity=2 * self.shift(weights)))

    @property
    def _second(self) -> Budget:
        return Budget(SECOND * self.budget.epsilon, SECOND * self.budget.delta)

    @property
    def _fine_step(self) -> float:
        return step_for(self.tilt_sigma) / 2**FINER

    def tilt(self, n: int, words: Words) -> Floats:
        """n numbers of the random tilt, on a grid of about 2^-39 of their deviation, float64[n]."""
        rough = steps_of(self.tilt_sigma, step_for(self.tilt_sigma))
        drawn = discrete_gaussian(n, sigma=rough, words=words) << FINER
        return off_grid(drawn + discrete_gaussian(n, sigma=WIDEST, words=words), self._fine_step)

    def __call__(self, data: Records, *, rng: Rng) -> Outcome[WhiteBox]:
        """Train and publish.

        Raises:
            DataError: if a label is not one of the classes, or features are not finite numbers.
            ModelError: if training does not converge; nothing is published then.
        """
        words = words_of(self.noise, rng)
        weights = self.trained(data, words)
        m = weights.size
        noise = discrete_gaussian(m, sigma=self.sigma_steps(m), words=words).reshape(weights.shape)
        published = off_grid(on_grid(weights, self.step(m)) + noise, self.step(m))
        view = LinearModel(published, radius=self.radius)
        return outcome(self.noise, view, self.budget, "ObjectivePerturbation")

    def trained(self, data: Records, words: Words) -> Floats:
        """The minimum for one tilt, float64[k, d + 1]: for tests, never for publication."""
        x, y = features_of(data.x, self.radius), codes_of(data.y, self.classes)
        shape = (self.classes if self.classes > 2 else 1, x.shape[1])
        tilt = self.tilt(math.prod(shape), words).reshape(shape)
        within = SLACK * self.steepest
        return minimum(x, y, shape=shape, penalty=self.penalty_used, within=within, tilt=tilt)


def tilted_delta(epsilon: float, *, mu: float, excess: float, classes: int) -> float:
    """The delta that part (1) of the proof shows for the exact minimum, at most 1.

    Args:
        epsilon: in nats.
        mu: the longest gradient over the deviation of the tilt.
        excess: k.
        classes: of the model.

    >>> round(tilted_delta(1.0, mu=0.2, excess=0.2, classes=2), 6)
    4e-06
    """
    left = epsilon - excess
    if left < mu**2 / 2:
        return 1.0
    return min(1.0, 2 * (classes - 1) * gaussian_delta(left, sigma=1.0, sensitivity=mu))
