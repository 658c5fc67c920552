"""Attribute inference from tables: what does the secret column say of a person known by other columns?"""

from __future__ import annotations

from confide.attacks.attribute.table.background_knowledge import BackgroundKnowledge
from confide.attacks.attribute.table.correct_attribution import CorrectAttribution
from confide.attacks.attribute.table.homogeneity import Homogeneity
from confide.attacks.attribute.table.learned_model import LearnedModel
from confide.attacks.attribute.table.likely_secret import LikelySecret
from confide.attacks.attribute.table.nearest_record import NearestRecord

ALL = (NearestRecord, CorrectAttribution, LearnedModel, Homogeneity, LikelySecret, BackgroundKnowledge)

__all__ = [
    "ALL",
    "BackgroundKnowledge",
    "CorrectAttribution",
    "Homogeneity",
    "LearnedModel",
    "LikelySecret",
    "NearestRecord",
]
