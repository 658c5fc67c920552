"""FLOOR 1: which row of the release is this person's? One file a paper.

`scoring` holds no attack: it is what the attacks on ratings share; `places` and `chains` are what those on
earlier traces share.
"""

from __future__ import annotations

from confide.attacks.linkage.ratings.counting import Counting
from confide.attacks.linkage.ratings.entropic import Entropic
from confide.attacks.linkage.ratings.likelihood import Likelihood
from confide.attacks.linkage.ratings.scoreboard import Scoreboard
from confide.attacks.linkage.traces.location_meter import LocationMeter
from confide.attacks.linkage.traces.mobility_chain import MobilityChain, MobilityLikelihood
from confide.attacks.linkage.traces.nearby_points import NearbyPoints
from confide.attacks.linkage.traces.shared_places import SharedPlaces
from confide.attacks.linkage.traces.unique_points import UniquePoints

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
