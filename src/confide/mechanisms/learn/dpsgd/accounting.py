"""The price of noisy steps on Poisson samples, by privacy loss distributions (Koskela et al. 2020).

A step takes each person into its sample with probability `rate`, adds up vectors of length 1 at most, one for
each of them, and adds normal noise of deviation `multiplier` to each number. Data sets are neighbours if one
has one person more. The privacy loss of all steps together is composed on a grid, with every rounding to the
worse (`dp_accounting`, connect the dots: Doroshenko et al. 2022). So epsilon is never below the truth.

If every step takes everybody (rate 1), all steps are one step with normal noise of deviation multiplier /
sqrt(steps), and its epsilon is known exactly (Balle, Wang 2018).
"""

from __future__ import annotations

import math
from functools import lru_cache

from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.measure.tradeoff import Curve, GaussianCurve, ProfileCurve
from confide.mechanisms.noise.gaussian import gaussian_delta, gaussian_sigma

CLOSE = 1e-4
"""The search ends with a multiplier that is larger than the least one by this share at most."""
WIDEST = 1e6
"""The largest multiplier that is tried: more noise drowns whatever is learned."""
SMALL = 0.1
"""With less noise the losses overflow. Epsilon is then that of steps that take everybody: it is in the
hundreds, and sampling only makes it smaller: with chance 1 - rate a step gives away nothing, so its pair of
laws is a mixture of one with nothing and that of everybody, which no test tells apart better."""
LEAST = 1e-3
"""The smallest multiplier that is tried; its epsilon is in the hundred thousands."""
MOST_STEPS = 1_000_000
"""More steps than that are not looked for."""


@lru_cache(maxsize=256)
def epsilon_of(*, multiplier: float, delta: float, rate: float, steps: int) -> float:
    """Compute the epsilon that this many noisy steps cost at a delta; never below the true one.

    Args:
        multiplier: the noise's deviation in each number, over the longest vector of one person.
        delta: of the promise, in (0, 1).
        rate: the probability with which a step takes a person, in (0, 1].
        steps: their number; 0 costs nothing.

    Returns:
        Epsilon in nats for one person more or less; `inf` if there is none.

    Raises:
        PromiseError: if an argument is out of range.

    >>> round(epsilon_of(multiplier=3.7306, delta=1e-5, rate=1.0, steps=1), 3)
    1.0
    """
    _check(delta=delta, rate=rate, steps=steps)
    if not 0 < multiplier < math.inf:
        raise PromiseError(f"the noise multiplier is {multiplier}: give a finite number above 0.")
    if steps == 0:
        return 0.0
    everybody = _of_everybody(multiplier / math.sqrt(steps), delta)
    if rate == 1 or multiplier < SMALL or not everybody:
        return everybody
    # Imported here, because it takes a second.
    from dp_accounting.pld.privacy_loss_distribution import from_gaussian_mechanism

    grid = _grid(multiplier, rate, steps)
    one = from_gaussian_mechanism(multiplier, sampling_prob=rate, value_discretization_interval=grid)
    return min(everybody, float(one.self_compose(steps).get_epsilon_for_delta(delta)))


@lru_cache(maxsize=256)
def noise_multiplier(*, epsilon: float, delta: float, rate: float, steps: int) -> float:
    """Find the least noise multiplier with which this many steps cost epsilon at most.

    Epsilon falls as the multiplier grows, so the search keeps one multiplier that is enough and one that is
    not. It returns one that was checked to be enough.

    Args:
        epsilon: of the promise, above 0.
        delta: of the promise, in (0, 1).
        rate: the probability with which a step takes a person, in (0, 1].
        steps: their number, 1 or more.

    Raises:
        PromiseError: if an argument is out of range, or no multiplier up to 1e6 is enough.

    >>> sigma = noise_multiplier(epsilon=1.0, delta=1e-5, rate=1.0, steps=4)
    >>> round(sigma, 2), epsilon_of(multiplier=sigma, delta=1e-5, rate=1.0, steps=4) <= 1
    (7.46, True)
    """
    _check(delta=delta, rate=rate, steps=steps)
    if not (0 < epsilon < math.inf and steps):
        raise PromiseError(f"{steps} steps at epsilon {epsilon}: give one step or more, and epsilon above 0.")
    if rate == 1:
        return gaussian_sigma(Budget(epsilon, delta), sensitivity=1.0) * math.sqrt(steps) * (1 + 1e-9)
    return _searched(epsilon, delta, rate, steps)


def curve_of_steps(*, multiplier: float, rate: float, steps: int) -> Curve:
    """Compute what this many noisy steps let any adversary find, from the whole privacy profile.

    Args:
        multiplier, rate, steps: as of `epsilon_of`; the arguments are in range.

    Returns:
        the curve for one person more or less, in both directions; exact where each step takes everybody.

    >>> round(curve_of_steps(multiplier=2.0, rate=1.0, steps=4).tpr(0.01), 4)
    0.0924
    """
    if rate == 1:
        return GaussianCurve(math.sqrt(steps) / multiplier)
    from dp_accounting.pld.privacy_loss_distribution import from_gaussian_mechanism

    # As fine as `epsilon_of` takes it; every rounding is to the worse.
    grid = _grid(multiplier, rate, steps)
    one = from_gaussian_mechanism(multiplier, sampling_prob=rate, value_discretization_interval=grid)
    every = one.self_compose(steps)
    return ProfileCurve.of(lambda epsilon: min(float(every.get_delta_for_epsilon(epsilon)), 1.0))


def _grid(multiplier: float, rate: float, steps: int) -> float:
    """The unit in which losses are counted.

    The error of connected dots adds up to steps * grid^2, always upwards: 1e-4 of epsilon. With little noise
    losses are large, and may be counted in larger units; with much they are small, and so must these be.
    """
    largest = math.log1p(rate * math.expm1(min(10 / multiplier, 500.0)))  # but for draws 10 deviations away
    return min(1e-3, 1e-2 / math.sqrt(steps), largest / 200) * max(1.0, multiplier**-2)


def _searched(epsilon: float, delta: float, rate: float, steps: int) -> float:
    """The search in logarithms of both, in which epsilon is nearly a straight line."""

    def cost(multiplier: float) -> float:
        return epsilon_of(multiplier=multiplier, delta=delta, rate=rate, steps=steps)

    low = high = 1.0
    above = below = cost(1.0)
    while below > epsilon:
        low, above, high = high, below, 2 * high
        if high > WIDEST:
            raise PromiseError(
                f"no noise keeps epsilon {epsilon:g}, delta {delta:g} over {steps:,} steps that take each "
                f"person with chance {rate:g}: take fewer steps, or a larger epsilon."
            )
        below = cost(high)
    while above <= epsilon and low > LEAST:
        high, below, low = low, above, low / 1.3  # little noise takes long
        above = cost(low)
    if above <= epsilon:
        return low
    turn = False
    while high > low * (1 + CLOSE):
        middle = math.sqrt(low * high)
        # Every other time along the line, a little to the side of enough noise.
        if (turn := not turn) and 0 < below < above < math.inf:
            along = math.log(above / epsilon) / math.log(above / below)
            line = low * (high / low) ** along * (1 + CLOSE / 4)
            middle = line if low < line < high else middle
        found = cost(middle)
        if found <= epsilon:
            high, below = middle, found
        else:
            low, above = middle, found
    return high


@lru_cache(maxsize=256)
def most_steps(
    *, multiplier: float, epsilon: float, delta: float, rate: float, at_most: int = MOST_STEPS
) -> int:
    """Find the largest number of steps with this noise that cost epsilon at most; 0 if one costs more.

    Args:
        multiplier: the noise's deviation in each number, over the longest vector of one person.
        epsilon: of the promise, above 0.
        delta: of the promise, in (0, 1).
        rate: the probability with which a step takes a person, in (0, 1].
        at_most: where the search ends.

    >>> most_steps(multiplier=7.47, epsilon=1.0, delta=1e-5, rate=1.0)
    4
    """

    def cost(steps: int) -> float:
        return epsilon_of(multiplier=multiplier, delta=delta, rate=rate, steps=steps)

    if at_most < MOST_STEPS and cost(at_most) <= epsilon:
        return at_most
    low, high, below, above = 0, 1, 0.0, cost(1)
    while above <= epsilon:
        if high >= at_most:
            return at_most
        low, below, high = high, above, min(4 * high, at_most)
        above = cost(high)
    turn = False
    while high > low + 1:
        middle = (low + high) // 2
        # Every other time along the line in logarithms, which nearly hits.
        if (turn := not turn) and 0 < below < above < math.inf:
            along = math.log(epsilon / below) / math.log(above / below)
            middle = min(max(low + 1, math.floor(low * (high / low) ** along)), high - 1)
        found = cost(middle)
        if found <= epsilon:
            low, below = middle, found
        else:
            high, above = middle, found
    return low


def _of_everybody(sigma: float, delta: float) -> float:
    """The least epsilon of one step on everybody, rounded up."""
    if gaussian_delta(0.0, sigma=sigma, sensitivity=1.0) <= delta:
        return 0.0
    low, high = 0.0, 1.0
    while gaussian_delta(high, sigma=sigma, sensitivity=1.0) > delta:
        low, high = high, 2 * high
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if gaussian_delta(middle, sigma=sigma, sensitivity=1.0) > delta:
            low = middle
        else:
            high = middle
    return high


def _check(*, delta: float, rate: float, steps: int) -> None:
    if not 0 < delta < 1:
        raise PromiseError(f"delta is {delta}: give a number above 0 and below 1.")
    if not 0 < rate <= 1:
        raise PromiseError(f"the sampling rate is {rate}: give a number above 0, and 1 at most.")
    if steps < 0:
        raise PromiseError(f"steps is {steps}: give a whole number of at least 0.")
