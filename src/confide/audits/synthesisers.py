"""Mechanisms that make synthetic records, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from confide.audits.protections import Noise, Protection, Scale
from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.numbers import parse_epsilon, parse_number
from confide.mechanisms.synthesize.aim import AIM
from confide.mechanisms.synthesize.bootstrap import Bootstrap
from confide.mechanisms.synthesize.independent import IndependentMargins
from confide.mechanisms.synthesize.mst import MST
from confide.mechanisms.synthesize.noisy_copy import NoisyCopy
from confide.mechanisms.synthesize.plausible.mechanism import PlausibleDeniability
from confide.mechanisms.synthesize.privbayes import PrivBayes

DELTA = "1e-9"


Maker: TypeAlias = Callable[..., AnyMechanism]


def _made(maker: Maker, epsilon: str, delta: str = DELTA, *, noise: Noise) -> AnyMechanism:
    if not 0 < (probability := parse_number(delta)) < 1:
        raise DataError(f"delta is {probability:g}: give a number above 0 and below 1.")
    return maker(budget=Budget(float(parse_epsilon(epsilon)), probability), noise=noise)


def _by(name: str, maker: Maker) -> Protection:
    return Protection(
        make=partial(_made, maker),
        example=f"{name}:1",
        settings={
            "epsilon": "of the promise about any one record",
            "delta": "of the promise: well below one over the number of records",
        },
        random=True,
        alone=False,
        last=True,
        scale=Scale(weakest=100.0, strongest=0.05, write=lambda epsilon: f"{name}:{epsilon:.3g}"),
    )


def _plausible(*, budget: Budget, noise: Noise) -> AnyMechanism:
    return PlausibleDeniability(generator=budget, noise=noise)


def _bootstrap(*, noise: Noise) -> AnyMechanism:
    return Bootstrap(noise=noise)


def _noisy(share: str, *, noise: Noise) -> AnyMechanism:
    return NoisyCopy(share=parse_number(share), noise=noise)


def _nothing(make: Callable[..., Any], example: str, settings: Mapping[str, str]) -> Protection:
    return Protection(make=make, example=example, settings=settings, random=True, alone=False, last=True)


PROTECTIONS: Mapping[str, Protection] = {
    "aim": _by("aim", AIM),
    "mst": _by("mst", MST),
    "privbayes": _by("privbayes", PrivBayes),
    "plausible": _by("plausible", _plausible),
    "independent": _by("independent", IndependentMargins),
    "bootstrap": _nothing(_bootstrap, "bootstrap", {}),
    "noisy-copy": _nothing(
        _noisy, "noisy-copy:0.02", {"share": "of a column's range, the size of the noise"}
    ),
}
"""The last two promise nothing: they show what the attacks find where there is something to find."""
PROMISE = ("aim", "mst", "privbayes", "plausible", "independent")
"""Those that take a budget."""
