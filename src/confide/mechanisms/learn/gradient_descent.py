"""Abadi et al.: Deep Learning with Differential Privacy (CCS 2016), on all records in every step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.learn.cross_entropy import codes_of
from confide.mechanisms.learn.exact_sums import SAFETY, GradientSums, in_steps, rounded, shown
from confide.mechanisms.learn.people import check_unit, people_of
from confide.mechanisms.noise.discrete_gaussian import discrete_gaussian, steps_of
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.lattice import off_grid, on_grid, step_for
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import Words
from confide.models.linear import LinearModel, features_of
from confide.views.records import Records

STEPS, CLIP = 200, 0.5
"""Of descent by default; these and the next two were chosen on ACS and hospital records."""
DRIFT = 0.12
"""The rate times the length of a step's noise, in lengths of c: more noise needs shorter steps."""
MOST = 4.0
"""The largest rate that is chosen: above, descent overshoots without any noise."""
MOMENTUM = 0.9
COUNTED = 0.01
"""Share of the budget, in mu^2, for the number of records, which divides the sums of gradients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientDescent:
    """Trains a logistic or softmax regression by gradient descent with noise on every sum of gradients.

    *Statement.* The release is (epsilon, delta)-differentially private for one record more or less, or for
    all records of a person where `person` is given. So are all steps together, should they become known.

    *Proof.* A step adds up what each record gives: the gradient of its cross-entropy, (p - e_y) times its
    features x with a 1 for the intercept, shortened to the length c (of a person: the sum of their records'
    gradients, shortened). `GradientSums` adds exactly and proves that neighbours' sums are at most c apart.
    They are rounded to a grid whose step g is a power of two that the budget, c and the number of steps alone
    fix: neighbours are at most c + g sqrt m apart, m being the number of weights. The noise on the grid is
    discrete Gaussian; by the proof of `discrete_gaussian` a step is what normal noise of deviation s with
    s^2 = sigma^2 - 16 steps^2 gives, after further processing, and so mu-GDP with mu = (c + g sqrt m) / s.
    The number of records is counted first, in the same way, with a part of the budget. T steps, each chosen
    by what the steps before released, and the count are sqrt(T mu^2 + nu^2)-GDP (Dong, Roth, Su 2022,
    corollary 3.3), exactly as one normal noise of that mu. The analytic Gaussian mechanism (Balle, Wang 2018)
    has this (epsilon, delta). Weights, momentum and averages are computed from what was released.

    *Conditions.* The number of classes and of features, radius and all settings are chosen without the data.
    The exponential function gives the same value for the same number wherever it stands in an array.

    Args:
        budget: what is promised, hiding any one record, or all records of a person.
        classes: the number of classes.
        radius: features longer than this are shortened to it, in training and whenever the model is asked.
        steps: how often the gradients of all records are added up.
        clip: the length that a record's gradient is shortened to, as a share of sqrt(radius^2 + 1).
        rate: of descent: the weights move by this share of the mean of shortened gradients, in lengths of c.
            None fits it to the noise, by the number of records with noise.
        average: the share of the last steps whose weights are averaged for the release.
        penalty: of half the squared weights against the *mean* loss, in units of radius^2 + 1.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, and anyone who knows the seed can replay it: for audits and tests
            only.

    Raises:
        PromiseError: if the budget or a setting cannot be kept.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(-0.5, 0.5, (4000, 2))
    >>> people = Records(x, (x[:, 0] > 0).astype(np.int64))
    >>> train = GradientDescent(budget=Budget(1.0, 1e-6), classes=2, noise="rehearsal")
    >>> float((train(people, rng=rng).view.labels(x) == people.y).mean()) > 0.95
    True
    """

    budget: Budget
    classes: int
    radius: float = 1.0
    steps: int = STEPS
    clip: float = CLIP
    rate: float | None = None
    average: float = 0.5
    penalty: float = 0.0
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        check_unit(self.budget)
        for name in ("radius", "clip", "rate"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise PromiseError(f"{name} is {value}: give a finite number above 0.")
        if not 0 < self.average <= 1:
            raise PromiseError(f"average is {self.average}: give a share of the steps above 0, at most 1.")
        if not 0 <= self.penalty < math.inf:
            raise PromiseError(f"penalty is {self.penalty}: give a finite number of at least 0.")
        if self.classes < 2 or not isinstance(self.steps, Integral) or self.steps < 1:
            raise PromiseError(
                f"classes is {self.classes}, steps {self.steps}: give whole numbers from 2 and from 1 on."
            )
        refuse_unknown(self.noise)
        gaussian_sigma(self.budget, sensitivity=1.0)  # refuses epsilon or delta of 0

    @property
    def size(self) -> float:
        """sqrt(radius^2 + 1), the length of the longest features with their 1."""
        return math.sqrt(self.radius**2 + 1)

    @property
    def longest(self) -> float:
        """c, the length that a record's or a person's gradient is shortened to."""
        return self.clip * self.size

    @property
    def mu(self) -> float:
        """Of the whole release; (epsilon, delta) follow from it."""
        return 1 / gaussian_sigma(self.budget, sensitivity=1.0)

    @property
    def step(self) -> float:
        """The step of the grid that sums are rounded to."""
        return step_for(self._deviation(self.longest))

    def sigma_steps(self, weights: int) -> int:
        """The deviation of the noise on each of m weights' sums, in steps of the grid."""
        rounded = self.longest * (1 + SAFETY) + self.step * math.sqrt(weights)
        return steps_of(self._deviation(rounded), self.step)

    def sigma(self, weights: int) -> float:
        """The deviation of the noise on each of m weights' sums."""
        return self.sigma_steps(weights) * self.step

    def drowned(self, people: float, weights: int) -> float:
        """The length of a step's noise over that of the longest sum that these people can have."""
        return self.sigma(weights) * math.sqrt(weights) / (people * self.longest)

    def _deviation(self, sensitivity: float) -> float:
        """Of each step's normal noise, so that all steps have 1 - COUNTED of mu^2."""
        return sensitivity * math.sqrt(self.steps / (1 - COUNTED)) / self.mu

    def __call__(self, data: Records, *, rng: Rng, person: Ints | None = None) -> Outcome[WhiteBox]:
        """Train and publish.

        Args:
            data: records with codes of classes.
            rng: for a rehearsal.
            person: whose each record is, int64[n]; the promise then is for people.

        Raises:
            DataError: if a label is not one of the classes, or features are not finite numbers.
            PromiseError: if records belong to people and the budget hides records, or the other way round.
        """
        owner, y = people_of(person, len(data), self.budget), codes_of(data.y, self.classes)
        sums = GradientSums(
            x=rounded(features_of(data.x, self.radius), self.radius),
            truth=y[:, None] == np.arange(self.classes),
            owner=owner,
            radius=self.radius,
            longest=self.longest,
        )
        people = len(y) if owner is None else int(owner.max(initial=-1)) + 1
        weights = self._descended(sums, people, words_of(self.noise, rng))
        view = LinearModel(weights, radius=self.radius)
        return outcome(self.noise, view, self.budget, "GradientDescent")

    def counted(self, people: int, words: Words) -> float:
        """The number of records or people with noise; at least the noise's deviation."""
        deviation = 1 / (self.mu * math.sqrt(COUNTED))
        step = min(step_for(deviation), 1.0)  # whole numbers stay what they are on the grid
        sigma = steps_of(deviation, step)
        noisy = int(on_grid(np.array([people]), step)[0]) + int(
            discrete_gaussian(1, sigma=sigma, words=words)[0]
        )
        return max(noisy, sigma) * step

    def _descended(self, sums: GradientSums, people: int, words: Words) -> Floats:
        shape = (self.classes if self.classes > 2 else 1, sums.x.shape[1])
        size = math.prod(shape)
        sigma, step, n = self.sigma_steps(size), self.step, self.counted(people, words)

        def slope(weights: Floats) -> Floats:
            added = in_steps(sums(shown(weights)), sums.unit, step)
            noise = discrete_gaussian(size, sigma=sigma, words=words).reshape(shape)
            return off_grid(added + noise, step) / (n * self.longest)

        return self.path(slope, shape=shape, people=n)

    def path(self, slope: Callable[[Floats], Floats], *, shape: tuple[int, int], people: float) -> Floats:
        """The averaged weights of all steps, float64[k, d + 1]; what is done with slopes is post-processing.

        Args:
            slope: weights -> the mean of shortened gradients with noise, in lengths of c.
            shape: of the weights.
            people: how many there are, as released.
        """
        rate = min(DRIFT / self.drowned(people, math.prod(shape)), MOST) if self.rate is None else self.rate
        weights, speed, total, kept = np.zeros(shape), np.zeros(shape), np.zeros(shape), 0
        for number in range(self.steps):
            # In units in which the longest features have the length 1, and gradients the length 1 too.
            speed = MOMENTUM * speed + slope(weights) + self.penalty * weights * self.size / self.clip
            weights = weights - rate * speed / self.size
            if number >= self.steps * (1 - self.average):
                total, kept = total + weights, kept + 1
        return total / kept
