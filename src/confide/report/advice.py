"""Budget advice: which epsilon a limit asks for, and what each epsilon leaves an adversary, in sentences."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Literal, TypeAlias

from confide.core.errors import DataError
from confide.measure.epsilon import gaussian_epsilon
from confide.measure.tradeoff import (
    Curve,
    GaussianCurve,
    LaplaceCurve,
    PromiseCurve,
    gaussian_mu_for,
    gaussian_mu_within,
)

MechanismName: TypeAlias = Literal["gaussian", "laplace", "sampled", "any"]
MADE: dict[str, str] = {
    "gaussian": "normal noise (noisy sums, full-batch training, any number of rounds)",
    "laplace": "Laplace noise on one number",
    "sampled": "noisy steps on random samples (DP-SGD)",
    "any": "any mechanism with this promise, the worst included",
}
FPRS = (0.001, 0.01, 0.1)
"""Rates of false alarms that advice speaks of."""
PRIORS = (0.01, 0.1, 0.5)
"""Probabilities with which a record is guessed right without the release, of which advice speaks."""
LARGEST = 100.0
"""The largest epsilon that is advised: beyond, the promise says nothing."""
LEAST = 1e-6
"""The smallest one."""
MOST_STEPS = 1_000_000
WIDEST = 1e5
"""The largest noise of a step, over the longest vector of one record, that is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimit:
    """What an adversary may reach at most.

    Args:
        quantity: tpr at a rate of false alarms, or rebuilt at the probability of a right guess without the
            release. Both are read off the same curve.
        at: that rate or probability.
        most: the limit.

    >>> str(RiskLimit.parse("tpr@0.01=0.03"))
    'tpr@0.01=0.03'
    """

    quantity: Literal["tpr", "rebuilt"]
    at: float
    most: float

    @classmethod
    def parse(cls, text: str) -> RiskLimit:
        """From the text of a `--limit` option.

        Raises:
            DataError: for anything else than tpr@RATE=LIMIT or rebuilt@CHANCE=LIMIT, with the limit above.
        """
        name, equals, limit = str(text).replace(" ", "").partition("=")
        quantity, at, rate = name.partition("@")
        try:
            found = float(rate), float(limit)
        except ValueError:
            found = math.nan, math.nan
        if quantity not in ("tpr", "rebuilt") or not (at and equals) or not 0 < found[0] < found[1] < 1:
            raise DataError(
                f"the limit is {text!r:.60}: write tpr@0.01=0.03 (at most 3 % of members found at 1 % false "
                "alarms) or rebuilt@0.1=0.2 (a record that is guessed right in 10 % of cases is rebuilt in "
                "at most 20 %). The limit, after =, must be larger than the number after @: guessing "
                "reaches that much, without any release."
            )
        return cls(quantity="tpr" if quantity == "tpr" else "rebuilt", at=found[0], most=found[1])

    def __str__(self) -> str:
        return f"{self.quantity}@{self.at:g}={self.most:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A budget with what it leaves an adversary at most, whatever attack it plays on one record.

    Args:
        epsilon: in nats.
        delta: of the promise.
        mechanism: whose curve is read.
        curve: that curve.
        limit: that led to the budget; None if the budget was given.
        prior: a further probability of a right guess without the release.
    """

    epsilon: float
    delta: float
    mechanism: MechanismName
    curve: Curve
    limit: RiskLimit | None = None
    prior: float | None = None

    def tpr(self, fpr: float) -> float:
        """The largest share of members that any attack finds at this rate of false alarms."""
        return self.curve.tpr(fpr)

    def rebuilt(self, prior: float) -> float:
        """The largest chance to rebuild a record that is guessed right with chance `prior` without it."""
        return self.curve.tpr(prior)

    def __str__(self) -> str:
        promise = f"epsilon {self.epsilon:.4g}" + (f", delta {self.delta:g}" if self.delta else "")
        head = f"At {promise}, for {MADE[self.mechanism]}:"
        if self.limit is not None:
            head = f"{self.limit} holds up to {promise}, for {MADE[self.mechanism]}. There:"
        found = [
            f"- no attack on one record finds more than {_percent(self.tpr(f))} of members at {_percent(f)} "
            f"false alarms{self._loose(f)};"
            for f in FPRS
        ]
        priors: list[float] = sorted({*PRIORS, *(() if self.prior is None else (self.prior,))})
        found += [
            f"- a record that is guessed right with a chance of {_percent(k)} without the release is rebuilt "
            f"from it with at most {_percent(self.rebuilt(k))};"
            for k in priors
        ]
        last = (
            "This holds for one record, or one person where the promise is for people, in or out of the data."
        )
        return "\n".join([head, *found[:-1], found[-1][:-1] + ".", last])

    def _loose(self, fpr: float) -> str:
        """What epsilon and delta alone would say, where it is more."""
        alone = PromiseCurve(self.epsilon, self.delta).tpr(fpr)
        return f" (epsilon alone: {_percent(alone)})" if alone > 1.005 * self.tpr(fpr) else ""


def budget_advice(
    limit: str | None = None,
    *,
    epsilon: float | None = None,
    delta: float = 1e-5,
    mechanism: MechanismName = "gaussian",
    rate: float | None = None,
    steps: int | None = None,
    prior: float | None = None,
) -> Advice:
    """Turn a limit into the largest epsilon that keeps it, or an epsilon into what it leaves an adversary.

    The bounds come from the mechanism's own trade-off curve: of normal noise Phi(Phi^-1(f) + mu), of Laplace
    noise its own, of noisy steps on samples the whole privacy profile, by privacy loss distributions. They
    hold for every attack, and a guess of the whole record is one (Hayes, Mahloujifar, Balle 2023).

    Args:
        limit: tpr@RATE=LIMIT or rebuilt@CHANCE=LIMIT; or None with an epsilon.
        epsilon: of a promise; or None with a limit.
        delta: of the promise; 0 for Laplace noise, whatever is given.
        mechanism: gaussian, laplace, sampled (DP-SGD, with rate and steps), or any.
        rate, steps: of sampled: the chance that a step takes a record, and the number of steps.
        prior: a chance of a right guess without the release, to be spoken of too.

    Raises:
        DataError: if both or none of limit and epsilon are given, or one is out of range.

    >>> round(budget_advice("tpr@0.01=0.03").epsilon, 2)
    1.75
    >>> round(budget_advice(epsilon=1.0).tpr(0.01), 4)
    0.0198
    """
    for name, value in (
        ("epsilon", epsilon),
        ("delta", delta),
        ("rate", rate),
        ("steps", steps),
        ("prior", prior),
    ):
        if value is not None and (isinstance(value, bool) or not isinstance(value, Real)):
            raise DataError(f"{name} is {value!r:.40}: give a number.")
    if (limit is None) == (epsilon is None):
        raise DataError("give a limit, such as tpr@0.01=0.03, or an epsilon: one of both.")
    if mechanism not in MADE:
        raise DataError(f"there is no mechanism {mechanism!r:.40}: choose {', '.join(MADE)}.")
    if prior is not None and not 0 < prior < 1:
        raise DataError(f"the chance of a right guess is {prior}: give a number above 0 and below 1.")
    delta = 0.0 if mechanism == "laplace" else delta
    if not (0 <= delta < 1 and (delta > 0 or mechanism in ("laplace", "any"))):
        raise DataError(f"delta is {delta:g}: give a number above 0 and below 1, such as 1e-5.")
    given = rate is not None, steps is not None
    if given != (mechanism == "sampled",) * 2:
        raise DataError("rate and steps belong to the mechanism sampled: give both with it, and none else.")
    if not (0 < (rate or 1.0) <= 1 and 1 <= (steps or 1) <= MOST_STEPS):
        raise DataError(
            f"rate is {rate}, steps {steps}: give a chance up to 1, and 1 to {MOST_STEPS:,} steps."
        )
    if epsilon is not None:
        if not 0 < epsilon <= LARGEST:
            raise DataError(f"epsilon is {epsilon}: give a number above 0, at most {LARGEST:g}.")
        curve = _curve(mechanism, epsilon, delta, rate, steps)
        return Advice(epsilon=epsilon, delta=delta, mechanism=mechanism, curve=curve, prior=prior)
    wanted = RiskLimit.parse("" if limit is None else limit)
    if mechanism == "sampled":
        found, curve = _largest_of_steps(wanted, delta, rate or 1.0, steps or 1)
        return Advice(epsilon=found, delta=delta, mechanism=mechanism, curve=curve, limit=wanted, prior=prior)
    found = _largest(wanted, lambda e: _curve(mechanism, e, delta, rate, steps), mechanism, delta)
    curve = _curve(mechanism, found, delta, rate, steps)
    return Advice(epsilon=found, delta=delta, mechanism=mechanism, curve=curve, limit=wanted, prior=prior)


def _curve(
    mechanism: MechanismName, epsilon: float, delta: float, rate: float | None, steps: int | None
) -> Curve:
    if mechanism == "gaussian":
        return GaussianCurve(gaussian_mu_for(epsilon, delta))
    if mechanism == "laplace":
        return LaplaceCurve(epsilon)
    if mechanism == "sampled":
        return _sampled(epsilon, delta, rate or 1.0, steps or 1)
    return PromiseCurve(epsilon, delta)


def _sampled(epsilon: float, delta: float, rate: float, steps: int) -> Curve:
    # Imported here and below, because it takes a second, and an extra.
    from confide.mechanisms.learn.dpsgd.accounting import noise_multiplier

    return _of_steps(noise_multiplier(epsilon=epsilon, delta=delta, rate=rate, steps=steps), rate, steps)


def _of_steps(multiplier: float, rate: float, steps: int) -> Curve:
    """The curve of noisy steps, from the whole privacy profile; of everybody in each step exactly."""
    from confide.mechanisms.learn.dpsgd.accounting import curve_of_steps

    return curve_of_steps(multiplier=multiplier, rate=rate, steps=steps)


def _largest(
    limit: RiskLimit, curve_of: Callable[[float], Curve], mechanism: MechanismName, delta: float
) -> float:
    """The largest epsilon, up to LARGEST, whose curve keeps the limit; a little below it."""
    if mechanism == "gaussian":
        found = gaussian_epsilon(gaussian_mu_within(limit.most, limit.at), delta=delta)
        if found <= 0:
            raise DataError(_too_strict(limit, delta))
        return min(found * (1 - 1e-6), LARGEST)
    low, high = 0.0, LARGEST
    while high > LEAST and high > low * (1 + 1e-9):
        middle = (low + high) / 2
        low, high = (middle, high) if curve_of(middle).tpr(limit.at) <= limit.most else (low, middle)
    if not low:
        raise DataError(_too_strict(limit, delta))
    return low


def _largest_of_steps(limit: RiskLimit, delta: float, rate: float, steps: int) -> tuple[float, Curve]:
    """The same for noisy steps on samples: the least noise whose curve keeps the limit, and its epsilon."""
    from confide.mechanisms.learn.dpsgd.accounting import epsilon_of

    low, high = 0.0, 1.0
    while (curve := _of_steps(high, rate, steps)).tpr(limit.at) > limit.most:
        low, high = high, 2 * high
        if high > WIDEST:
            raise DataError(_too_strict(limit, delta))
    while high > 1.01 * max(low, 0.5):
        middle = math.sqrt(max(low, 0.5) * high)
        tried = _of_steps(middle, rate, steps)
        if tried.tpr(limit.at) <= limit.most:
            high, curve = middle, tried
        else:
            low = middle
    return epsilon_of(multiplier=high, delta=delta, rate=rate, steps=steps), curve


def _too_strict(limit: RiskLimit, delta: float) -> str:
    return (
        f"no epsilon keeps {limit} at delta {delta:g}: the delta alone allows more. Give a smaller delta, or "
        "a limit that is farther above what guessing reaches."
    )


def _percent(share: float) -> str:
    """As per cent, rounded up to three digits: a bound that is printed must hold."""
    if share <= 0:
        return "0 %"
    unit = 10.0 ** (math.floor(math.log10(100 * share)) - 2)
    return f"{math.ceil(100 * share / unit - 1e-9) * unit:.3g} %"
