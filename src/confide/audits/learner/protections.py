"""Private ways of training, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from confide.audits.protections import Protection, by_budget
from confide.mechanisms.learn.private_training import PrivateTraining, Way

WAYS: tuple[Way, ...] = ("gradient", "objective", "sgd")

PROTECTIONS: Mapping[str, Protection] = {
    way: by_budget(way, partial(PrivateTraining, way=way), delta="1e-6") for way in WAYS
}
