"""Private ways of training, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from confide.audits.protections import Noise, Protection, Scale
from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.inputs.numbers import parse_epsilon, parse_number
from confide.mechanisms.learn.private_training import PrivateTraining, Way

DELTA = "1e-6"


def _trained(way: Way, epsilon: str, delta: str = DELTA, *, noise: Noise) -> PrivateTraining:
    if not 0 < (probability := parse_number(delta)) < 1:
        raise DataError(f"delta is {probability:g}: give a number above 0 and below 1.")
    return PrivateTraining(way=way, budget=Budget(float(parse_epsilon(epsilon)), probability), noise=noise)


def _by(way: Way) -> Protection:
    return Protection(
        make=partial(_trained, way),
        example=f"{way}:1",
        settings={
            "epsilon": "of the promise about any one record",
            "delta": "of the promise: well below one over the number of records",
        },
        random=True,
        alone=False,
        last=True,
        scale=Scale(weakest=100.0, strongest=0.05, write=lambda epsilon: f"{way}:{epsilon:.3g}"),
    )


PROTECTIONS: Mapping[str, Protection] = {
    "gradient": _by("gradient"),
    "objective": _by("objective"),
    "sgd": _by("sgd"),
}
