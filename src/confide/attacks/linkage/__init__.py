"""FLOOR 1: which row of the release is this person's? One file a paper.

`scoring` holds no attack: it is what the attacks on ratings share; `places` and `chains` are what those on
earlier traces share.
"""

from __future__ import annotations

from confide.attacks.linkage.counting import Counting
from confide.attacks.linkage.entropic import Entropic
from confide.attacks.linkage.jaccard import SharedPlaces
from confide.attacks.linkage.likelihood import Likelihood
from confide.attacks.linkage.location_meter import LocationMeter
from confide.attacks.linkage.mobility_chain import MobilityChain, MobilityLikelihood
from confide.attacks.linkage.nearby import NearbyPoints
from confide.attacks.linkage.scoreboard import Scoreboard
from confide.attacks.linkage.unicity import UniquePoints

ALL = (
    Scoreboard,
    Likelihood,
    Entropic,
    Counting,
    UniquePoints,
    NearbyPoints,
    SharedPlaces,
    MobilityChain,
    MobilityLikelihood,
    LocationMeter,
)

__all__ = [
    "ALL",
    "Counting",
    "Entropic",
    "Likelihood",
    "LocationMeter",
    "MobilityChain",
    "MobilityLikelihood",
    "NearbyPoints",
    "Scoreboard",
    "SharedPlaces",
    "UniquePoints",
]
