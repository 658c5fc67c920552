"""Protections of answers, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.answers.asked_in_session import SESSION
from confide.audits.protections import Noise, Protection, Scale, by_gaussian, by_laplace
from confide.inputs.numbers import parse_epsilon, parse_number, parse_whole
from confide.mechanisms.statistics.rounded_sums import RoundedSums
from confide.mechanisms.statistics.sticky_noise import StickyNoise
from confide.mechanisms.statistics.subset_sums import SubsetSums
from confide.mechanisms.statistics.suppressed_sums import SuppressedSums

WORDINGS = "8"
"""In how many words a query is asked if nothing else is said: a comparison alone has four spellings."""


def _laplace(epsilon: str, *, noise: Noise) -> SubsetSums:
    return SubsetSums(epsilon=parse_epsilon(epsilon), noise=noise)


def _gaussian(epsilon: str, delta: str, *, noise: Noise) -> SubsetSums:
    return SubsetSums(epsilon=parse_epsilon(epsilon), delta=parse_number(delta), noise=noise)


def _noise(deviation: str, *, noise: Noise) -> SubsetSums:
    return SubsetSums(deviation=parse_number(deviation), noise=noise)


def _sticky(deviation: str, wordings: str = WORDINGS, *, noise: Noise) -> StickyNoise:
    return StickyNoise(deviation=parse_number(deviation), wordings=parse_whole(wordings), noise=noise)


def _round(step: str) -> RoundedSums:
    return RoundedSums(step=parse_whole(step))


def _suppress(below: str) -> SuppressedSums:
    return SuppressedSums(below=parse_whole(below))


# Each of them answers the queries, and what is answered cannot be answered again.
PROTECTIONS: Mapping[str, Protection] = {
    "laplace": by_laplace(
        _laplace, {"epsilon": "of the promise about one person's secret, for all answers together"}
    ),
    "gaussian": by_gaussian(
        _gaussian,
        {
            "epsilon": "of the promise about one person's secret, for all answers together",
            "delta": "of the promise: well below one over the number of people",
        },
    ),
    "session": SESSION,
    "noise": Protection(
        make=_noise,
        example="noise:5",
        settings={"deviation": "of normal noise on each answer, in people; without a promise"},
        random=True,
        alone=False,
        last=True,
        scale=Scale(weakest=0.1, strongest=1_000.0, write=lambda deviation: f"noise:{deviation:.3g}"),
    ),
    "sticky": Protection(
        make=_sticky,
        example="sticky:5,8",
        settings={
            "deviation": "of normal noise on each answer, in people; the same text always gets the same",
            "wordings": "in how many other words the adversary asks each query; 1 where nobody can ask",
        },
        random=True,
        alone=False,
        last=True,
    ),
    "round": Protection(
        make=_round,
        example="round:5",
        settings={"step": "answers become multiples of it"},
        alone=False,
        last=True,
        scale=Scale(weakest=2, strongest=1_000, write=lambda step: f"round:{step:.0f}", whole=True),
    ),
    "suppress": Protection(
        make=_suppress,
        example="suppress:5",
        settings={"below": "answers from 1 to below this are left out"},
        alone=False,
        last=True,
        scale=Scale(weakest=2, strongest=1_000, write=lambda below: f"suppress:{below:.0f}", whole=True),
    ),
}
