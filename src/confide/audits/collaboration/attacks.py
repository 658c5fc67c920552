"""The attacks of an audit of a collaboration, by what they are after."""

from __future__ import annotations

from confide.attacks.attribute.updates import PropertyForest
from confide.attacks.membership.updates import ALL as MEMBERSHIP
from confide.attacks.reconstruction.updates import (
    AnalyticInversion,
    DeepLeakage,
    EmbeddingWords,
    InvertingGradients,
    LastLayerLabels,
    Spear,
)

REBUILDING = (AnalyticInversion, Spear, DeepLeakage, InvertingGradients)
"""They claim records."""
COUNTING = (LastLayerLabels,)
"""They claim how many records of each label there are."""
NAMING = (EmbeddingWords,)
"""They claim words."""
ASKING = (PropertyForest,)
"""They ask updates for a property."""
ALL = (*MEMBERSHIP, *REBUILDING, *COUNTING, *NAMING, *ASKING)
GOAL = "membership in a collaboration"
REBUILT, COUNTED = "records from updates", "labels from updates"
PROPERTY = "property from updates"
"""Goals, by their names in the report."""
