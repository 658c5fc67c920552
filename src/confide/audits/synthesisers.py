"""Mechanisms that make synthetic records, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from confide.audits.protections import Noise, Protection, by_budget
from confide.core.budget import Budget
from confide.core.nouns import AnyMechanism
from confide.inputs.numbers import parse_number
from confide.mechanisms.synthesize.aim import AIM
from confide.mechanisms.synthesize.bootstrap import Bootstrap
from confide.mechanisms.synthesize.independent import IndependentMargins
from confide.mechanisms.synthesize.mst import MST
from confide.mechanisms.synthesize.noisy_copy import NoisyCopy
from confide.mechanisms.synthesize.plausible.mechanism import PlausibleDeniability
from confide.mechanisms.synthesize.privbayes import PrivBayes


def _plausible(*, budget: Budget, noise: Noise) -> AnyMechanism:
    return PlausibleDeniability(generator=budget, noise=noise)


def _bootstrap(*, noise: Noise) -> AnyMechanism:
    return Bootstrap(noise=noise)


def _noisy(share: str, *, noise: Noise) -> AnyMechanism:
    return NoisyCopy(share=parse_number(share), noise=noise)


def _nothing(make: Callable[..., Any], example: str, settings: Mapping[str, str]) -> Protection:
    return Protection(make=make, example=example, settings=settings, random=True, alone=False, last=True)


PROMISE: Mapping[str, Callable[..., AnyMechanism]] = {
    "aim": AIM,
    "mst": MST,
    "privbayes": PrivBayes,
    "plausible": _plausible,
    "independent": IndependentMargins,
}
"""Those that take a budget."""
PROTECTIONS: Mapping[str, Protection] = {
    **{name: by_budget(name, make, delta="1e-9") for name, make in PROMISE.items()},
    "bootstrap": _nothing(_bootstrap, "bootstrap", {}),
    "noisy-copy": _nothing(
        _noisy, "noisy-copy:0.02", {"share": "of a column's range, the size of the noise"}
    ),
}
"""The last two promise nothing: they show what the attacks find where there is something to find."""
