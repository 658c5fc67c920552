"""Property inference from updates: do the people of a batch have something that no feature tells?"""

from __future__ import annotations

from confide.attacks.attribute.updates.label_counts import LabelCounts
from confide.attacks.attribute.updates.property_forest import PropertyForest

ALL = (PropertyForest, LabelCounts)

__all__ = ["ALL", "LabelCounts", "PropertyForest"]
