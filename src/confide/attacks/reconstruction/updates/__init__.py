"""Reconstruction from a shared gradient: which records, labels and words are in the batch?"""

from __future__ import annotations

from confide.attacks.reconstruction.updates.analytic import AnalyticInversion
from confide.attacks.reconstruction.updates.deep_leakage import DeepLeakage
from confide.attacks.reconstruction.updates.embedding_words import EmbeddingWords
from confide.attacks.reconstruction.updates.inverting_gradients import InvertingGradients
from confide.attacks.reconstruction.updates.last_layer_labels import LastLayerLabels
from confide.attacks.reconstruction.updates.spear import Spear

ALL = (AnalyticInversion, Spear, DeepLeakage, InvertingGradients, LastLayerLabels, EmbeddingWords)

__all__ = [
    "ALL",
    "AnalyticInversion",
    "DeepLeakage",
    "EmbeddingWords",
    "InvertingGradients",
    "LastLayerLabels",
    "Spear",
]
