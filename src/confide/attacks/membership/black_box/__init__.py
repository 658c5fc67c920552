"""Membership inference from a model's answers: labels, scores and losses."""

from __future__ import annotations

from confide.attacks.membership.black_box.base_score import BASE
from confide.attacks.membership.black_box.blend import Blend
from confide.attacks.membership.black_box.calibrated import Calibrated
from confide.attacks.membership.black_box.default import Default, chosen, rivals_of
from confide.attacks.membership.black_box.entropy import Entropy
from confide.attacks.membership.black_box.label_only import LabelOnlyVotes
from confide.attacks.membership.black_box.lira import LiRA
from confide.attacks.membership.black_box.loss import Loss
from confide.attacks.membership.black_box.population import Population
from confide.attacks.membership.black_box.quantile import Quantile
from confide.attacks.membership.black_box.reference import Reference
from confide.attacks.membership.black_box.rmia import RMIA
from confide.attacks.membership.black_box.shadow import Shadow
from confide.attacks.membership.black_box.student import StudentT

ALL = (
    Default,
    Loss,
    Entropy,
    Population,
    Reference,
    Shadow,
    Calibrated,
    LiRA,
    StudentT,
    RMIA,
    BASE,
    Blend,
    Quantile,
    LabelOnlyVotes,
)

__all__ = [
    "ALL",
    "BASE",
    "RMIA",
    "Blend",
    "Calibrated",
    "Default",
    "Entropy",
    "LabelOnlyVotes",
    "LiRA",
    "Loss",
    "Population",
    "Quantile",
    "Reference",
    "Shadow",
    "StudentT",
    "chosen",
    "rivals_of",
]
