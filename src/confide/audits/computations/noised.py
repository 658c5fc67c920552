"""Check of noise inside: whether each party whose record is there put in its part."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.stats import chi2

from confide.audits.checked.record import Attack, Check
from confide.audits.computations.dealt import Exchange
from confide.audits.computations.shares import ALPHA, Shared
from confide.core.arrays import Floats
from confide.mechanisms.share.joint import fitting, stepwise, tallies
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.joint.shamir import centred

NAME = "noised"
Opening = Callable[[Floats | None, JointPlan, Any], Coroutine[Any, Any, Any]]
"""What opens sums of rows; only the first of them is looked at, which no answer went before."""
FIRST: Mapping[str, Opening] = MappingProxyType(
    {
        "sum": tallies.sums,
        "mean": tallies.means,
        "variance": tallies.moments,
        "histogram": tallies.histogram,
        "table": tallies.table,
        "covariance": fitting.covariance,
        "ols": fitting.least_squares,
        "ridge": fitting.least_squares,
        "logistic": lambda rows, plan, totals: stepwise.logistic(rows, plan, totals, 1.0),
        "kmeans": lambda rows, plan, totals: stepwise.k_means(rows, plan, totals, 1.0),
    }
)


@dataclass(frozen=True, slots=True)
class _SeenError(Exception):
    """A party's own part of the first sum, in units of what one record may add."""

    values: Floats | None


@dataclass(frozen=True, slots=True)
class _First:
    """Totals that hear the first vector, and go no further."""

    plan: JointPlan

    async def __call__(self, values: Floats | None, bounds: Floats) -> Floats:
        raise _SeenError(None if values is None else values / (bounds / self.plan.rows))


def noised(shared: Shared, noise: Mapping[str, float] | None) -> Check:
    """Whether what a party put in differs from its statistics by as much as its part of the noise.

    The sum of squares over the numbers of a vector, in units of the noise, is chi-square distributed. Too
    small a sum shows that noise is missing, and alarms falsely once in a million audits a party.

    Args:
        shared: what the parties dealt.
        noise: steps in a unit, and the deviation of all parties' noise together, in units; of the record.
    """
    if noise is None:
        told = "The records do not say how wide the noise is: record the run again with this version."
        return Check(name=NAME, outcome="unclear", found=told)
    plan = JointPlan.read(shared.run.text)
    sigma = noise["deviation"] * noise["steps"] / math.sqrt(len(plan.parties))
    first: dict[str, Exchange] = {}
    for exchange in sorted(shared.dealt, key=lambda each: each.label):
        first.setdefault(exchange.sender, exchange)
    looked: dict[str, float] = {}
    for party, exchange in first.items():
        own = _own(shared, plan, party)
        if own is not None:
            put = np.array(centred(exchange.secret, modulus=exchange.modulus), float)
            apart = put - (np.rint(own * noise["steps"])[: len(put)] if len(own) else 0.0)
            looked[party] = float(((apart / sigma) ** 2).sum() / len(put))
            if chi2.cdf(looked[party] * len(put), len(put)) < ALPHA:
                return _missing(party, looked[party])
    if not looked:
        told = "No record of a party that put something in was given: nobody knows whether it added noise."
        return Check(name=NAME, outcome="unclear", found=told)
    listed = ", ".join(f"{party} {math.sqrt(ratio):.2f}" for party, ratio in looked.items())
    told = (
        f"What {len(looked)} of {len(plan.parties)} parties put in is off from their statistics by noise; "
        f"its size, where the plan asks for 1: {listed}. A false alarm comes once in a million audits."
    )
    return Check(name=NAME, outcome="passed", found=told)


def _missing(party: str, ratio: float) -> Check:
    told = f"{party} put in its statistics with noise of {math.sqrt(ratio):.2g} times the size of its part."
    story = (
        "The adversary takes the sum for what it is without this part: fewer parties carry the promise than "
        "it was made for."
    )
    return Check(
        name=NAME, outcome="failed", found=told, attacks=(Attack(story=story, succeeded=ratio < 1e-6),)
    )


def _own(shared: Shared, plan: JointPlan, party: str) -> Floats | None:
    """A party's own part of the first vector; empty for a helper, None where its record is not there."""
    if party not in shared.run.kept or plan.computation not in FIRST:
        return None
    held = shared.run.held_by(party)
    if plan.party(party).role == "helper":
        return np.zeros(0)
    if not held:
        return None
    rows = np.column_stack([np.asarray(held[column.name], float) for column in plan.columns])
    try:
        FIRST[plan.computation](rows, plan, _First(plan)).send(None)
    except _SeenError as seen:
        return seen.values
    return None
