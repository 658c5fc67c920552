"""Linkage: which row or picture of a release belongs to this person?"""

from __future__ import annotations

from confide.attacks.linkage import images, ratings, synthetic, table, traces
from confide.attacks.linkage.images import ClearTrained, Recogniser, SmallCNN
from confide.attacks.linkage.ratings import Counting, Entropic, Likelihood, Scoreboard
from confide.attacks.linkage.synthetic import NearRanges
from confide.attacks.linkage.table import (
    ClassPredicate,
    FellegiSunter,
    ManyColumns,
    Nearest,
    NoisyNames,
    OneColumn,
    Transparency,
)
from confide.attacks.linkage.traces import (
    LocationMeter,
    MobilityChain,
    MobilityLikelihood,
    NearbyPoints,
    SharedPlaces,
    UniquePoints,
)

ALL = (*ratings.ALL, *traces.ALL, *images.ALL, *table.ALL, *synthetic.ALL)

__all__ = [
    "ALL",
    "ClassPredicate",
    "ClearTrained",
    "Counting",
    "Entropic",
    "FellegiSunter",
    "Likelihood",
    "LocationMeter",
    "ManyColumns",
    "MobilityChain",
    "MobilityLikelihood",
    "NearRanges",
    "NearbyPoints",
    "Nearest",
    "NoisyNames",
    "OneColumn",
    "Recogniser",
    "Scoreboard",
    "SharedPlaces",
    "SmallCNN",
    "Transparency",
    "UniquePoints",
]
