"""Koskela, Jälkö, Honkela 2020: numerical accounting for a workload, by distributions of the privacy loss.

A workload is a set of questions that is fixed before the first of them is answered. Its questions are charged
as one, and may cost less together than their sum: each has a *privacy loss*, the logarithm of how much more
likely its answer is with a person than without, and the losses add up as independent random numbers do. This
is no filter: where a question is chosen by an earlier answer, only the sums of `filters` hold.

What an answer's loss is at most:

**Discrete Laplace noise** of scale b, where a person moves a vector of whole numbers by s in the L1 norm, is
dominated by one number that is moved by s. *Proof.* Let a person move two numbers, by a and c with a + c = s,
and let r = exp(-1/b). Of a number that is moved by a only the value cut to [0, a] matters; the loss is then
(a - 2i) / b with probability r^i / (1 + r) at both ends and (1 - r) r^i / (1 + r) between. The loss of both
is (s - 2n) / b for n = i + j. At n = 0 and n = s one number has more probability than two, by 1 + r. At each
n between, two of the pairs (i, j) have a number at an end, so that two numbers have at least
2 (1 - r) r^n / (1 + r)^2, and one has (1 - r)(1 + r) r^n / (1 + r)^2, which is less. The likelihood ratio has
mean 1 both times, so that of one number is larger in the convex order, and every hockey-stick divergence is
the mean of a convex function of it. More numbers follow one by one. A shift of more steps than `STEPS` is
counted in coarser ones: the divergence as a function of e^epsilon connects points of the curve of continuous
noise by chords, and chords between fewer of these points are above it.

**Discrete Gaussian noise** of scale t, moved by v in the L2 norm: round continuous noise of variance
t^2 - s^2 to whole numbers by a discrete Gaussian of scale s around it. By Poisson's summation this has the
law of scale t but for a factor of 1 +- 4 exp(-2 pi^2 s^2) in each entry that is moved, and at most v^2 are
(Peikert 2010). So it is dominated by continuous Gaussian noise of variance t^2 - s^2; s makes all factors
together less than `TINY`. Several Gaussian noises are one, whose squares of v / sd are added.

**Any (epsilon, delta) answer** is dominated by randomised response (Kairouz, Oh, Viswanath 2015).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, cast

from confide.account.costs import (
    DELTA_UNITS,
    MILLIONTH,
    MOST_EPSILON,
    Amount,
    Cost,
    decimal,
    exact,
)
from confide.account.filters import epsilon_for
from confide.core.errors import BudgetError

STEPS = 100_000
"""Of one shift: with more the distribution takes seconds, and the coarser ones cost a share of 1e-5."""
POINTS = 2**20
"""Of the grid on which losses are added; it is made coarser, and the result larger, before it has more."""
FINEST, FINE = 1e-4, 20
"""Width of the grid at most, and how many widths the smallest loss has where there are points enough."""
TINY = 1e-12
"""By which the rounding of Gaussian noise may move an epsilon."""
SLACK = 10**5
"""In 1e-15: what floats may lose of a delta while they add up losses by Fourier transforms. Of 20,000 losses
with a closed form they lost a fortieth of it at most (`tests/account/test_workloads.py`)."""
MOST_LOSSES = 20_000
"""With more, other bounds are used."""


@dataclass(frozen=True, slots=True)
class LaplaceLoss:
    """Discrete Laplace noise of this scale on a vector that a person moves by `l1` in the L1 norm."""

    l1: int
    scale: float


@dataclass(frozen=True, slots=True)
class GaussianLoss:
    """Discrete Gaussian noise of this scale on a vector that a person moves by the root of `l2_squared`."""

    l2_squared: int
    scale: float


@dataclass(frozen=True, slots=True)
class PureLoss:
    """An answer of which only the epsilon is known, in 1e-6."""

    epsilon: int


Loss: TypeAlias = LaplaceLoss | GaussianLoss | PureLoss


class Distribution(Protocol):
    """What of `dp_accounting.pld.privacy_loss_distribution.PrivacyLossDistribution` is used."""

    def self_compose(self, num_times: int) -> Distribution: ...
    def compose(self, other: Distribution, *, tail_mass_truncation: float) -> Distribution: ...
    def get_epsilon_for_delta(self, delta: float) -> float: ...


def cost_together(losses: Sequence[Loss], *, apart: Cost, delta: Amount) -> Cost:
    """Compose the losses of a workload into its cost: never below the truth, rounded up to a millionth.

    Theorem. The cost's epsilon holds with its delta, its rho with `apart.delta`, and both in one filter: cut
    from the law P the part that no rho speaks of, and of the rest what is above e^epsilon Q. What is cut is
    delta at most, and what is left is below both bounds; the proof in `filters` needs no more.

    Args:
        losses: of all vectors of all questions.
        apart: what the questions would cost one by one.
        delta: at which epsilon is wanted; that of `apart` is part of it.

    Returns:
        The smallest epsilon that sums, rhos or the distribution of losses prove, with `delta`; or `apart`
        where its sum of epsilons is not above that.

    Raises:
        BudgetError: if nothing is asked, or delta is not above that of `apart` and below 1.

    >>> one = Cost.concentrated("0.00005")  # 100 counts with Gaussian noise of scale 100
    >>> apart = sum([one] * 100, Cost.nothing())
    >>> str(cost_together([GaussianLoss(1, 100.0)] * 100, apart=apart, delta=1e-6))
    'epsilon 0.39..., delta 0.000001'
    """
    if not losses:
        raise BudgetError("the workload is empty: give at least one question.")
    given = exact("delta", delta)
    units = math.floor(given * DELTA_UNITS)
    if given >= 1 or units <= apart.delta:
        raise BudgetError(
            f"the workload's delta is {delta!s:.40}: give a number above {decimal(apart.delta, DELTA_UNITS)} "
            "and below 1, such as 1e-7."
        )
    room = units - apart.delta
    found = [epsilon_for(apart.rho, room)]
    if room > 2 * SLACK and (composed := _composed(losses, (room - SLACK) / DELTA_UNITS)) is not None:
        found.append(composed)
    least = min(found)
    if apart.epsilon is not None and apart.epsilon <= least:
        return apart
    return Cost(epsilon=least, rho=apart.rho, delta=units)


def _composed(losses: Sequence[Loss], delta: float) -> int | None:
    """The epsilon of the sum of all losses, in 1e-6; None where it cannot be said or promises nothing."""
    gaussian, others = _split(losses)
    if gaussian is None or len(losses) > MOST_LOSSES:
        return None
    sizes = [_size(loss) for loss in others] + [gaussian] * (gaussian > 0)
    reach = sum(_size(loss) * n for loss, n in others.items()) + gaussian**2 / 2 + 9 * gaussian
    if not 0 < reach < MOST_EPSILON * 10:
        return None
    width = max(min(FINEST, min(sizes) / FINE), reach / POINTS)
    parts: list[Distribution] = []
    for loss, times in others.items():
        one = _distribution(loss, width)
        parts.append(one.self_compose(times) if times > 1 else one)
    parts += [_gaussian(gaussian, width)] if gaussian > 0 else []
    total = parts[0]
    for part in parts[1:]:
        total = total.compose(part, tail_mass_truncation=1e-15)
    epsilon = total.get_epsilon_for_delta(delta)
    if not epsilon < MOST_EPSILON:
        return None
    return max(1, math.ceil((epsilon + TINY * (len(losses) + 1)) * MILLIONTH))


def _split(losses: Sequence[Loss]) -> tuple[float | None, Counter[LaplaceLoss | PureLoss]]:
    """The v / sd of all Gaussian noises as one, None where one is too small to be rounded; and the others."""
    squares, others = 0.0, Counter[LaplaceLoss | PureLoss]()
    for loss in losses:
        if not isinstance(loss, GaussianLoss):
            others[loss] += 1
            continue
        rounding = math.log(8 * loss.l2_squared / TINY) / (2 * math.pi**2)
        if loss.scale**2 <= 2 * rounding:
            return None, others
        squares += loss.l2_squared / (loss.scale**2 - rounding)
    return math.sqrt(squares), others


def _size(loss: LaplaceLoss | PureLoss) -> float:
    """The epsilon of a loss by itself."""
    return loss.l1 / loss.scale if isinstance(loss, LaplaceLoss) else loss.epsilon / MILLIONTH


def _distribution(loss: LaplaceLoss | PureLoss, width: float) -> Distribution:
    from dp_accounting.pld import (  # pyright: ignore[reportMissingTypeStubs]
        privacy_loss_distribution as pld,
    )

    if isinstance(loss, PureLoss):
        shift, epsilon = 1, loss.epsilon / MILLIONTH
    else:
        coarse = -(-loss.l1 // STEPS)
        shift = -(-loss.l1 // coarse)
        epsilon = shift * coarse / loss.scale
    # The next float up: that of the quotient may be a little below it.
    made = pld.from_discrete_laplace_mechanism(
        math.nextafter(epsilon / shift, math.inf),
        sensitivity=shift,
        value_discretization_interval=width,
        use_connect_dots=True,
    )
    return cast("Distribution", made)


def _gaussian(ratio: float, width: float) -> Distribution:
    from dp_accounting.pld import (  # pyright: ignore[reportMissingTypeStubs]
        privacy_loss_distribution as pld,
    )

    made = pld.from_gaussian_mechanism(
        1 / math.nextafter(ratio, math.inf), value_discretization_interval=width, use_connect_dots=True
    )
    return cast("Distribution", made)
