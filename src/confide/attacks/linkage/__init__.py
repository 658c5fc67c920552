"""Linkage: which row or picture of a release belongs to this person?"""

from __future__ import annotations

from confide.attacks.linkage import images, ratings, traces
from confide.attacks.linkage.images import ClearTrained, Recogniser, SmallCNN
from confide.attacks.linkage.ratings import Counting, Entropic, Likelihood, Scoreboard
from confide.attacks.linkage.traces import (
    LocationMeter,
    MobilityChain,
    MobilityLikelihood,
    NearbyPoints,
    SharedPlaces,
    UniquePoints,
)

ALL = (*ratings.ALL, *traces.ALL, *images.ALL)

__all__ = [
    "ALL",
    "ClearTrained",
    "Counting",
    "Entropic",
    "Likelihood",
    "LocationMeter",
    "MobilityChain",
    "MobilityLikelihood",
    "NearbyPoints",
    "Recogniser",
    "Scoreboard",
    "SharedPlaces",
    "SmallCNN",
    "UniquePoints",
]
