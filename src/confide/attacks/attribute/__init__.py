"""Attribute inference: what does a release tell about a trait of a person?"""

from __future__ import annotations

from confide.attacks.attribute import likes, synthetic, table
from confide.attacks.attribute.likes import LikesSVD, LikesTfIdf
from confide.attacks.attribute.synthetic import LinearReconstruction
from confide.attacks.attribute.table import (
    BackgroundKnowledge,
    CorrectAttribution,
    Homogeneity,
    LearnedModel,
    LikelySecret,
    NearestRecord,
)

ALL = (*likes.ALL, *table.ALL, *synthetic.ALL)

__all__ = [
    "ALL",
    "BackgroundKnowledge",
    "CorrectAttribution",
    "Homogeneity",
    "LearnedModel",
    "LikelySecret",
    "LikesSVD",
    "LikesTfIdf",
    "LinearReconstruction",
    "NearestRecord",
]
