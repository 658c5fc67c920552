"""Linkage of traces: which trace belongs to a person whose points or earlier trace are known?"""

from __future__ import annotations

from confide.attacks.linkage.traces.location_meter import LocationMeter
from confide.attacks.linkage.traces.mobility_chain import MobilityChain, MobilityLikelihood
from confide.attacks.linkage.traces.nearby_points import NearbyPoints
from confide.attacks.linkage.traces.shared_places import SharedPlaces
from confide.attacks.linkage.traces.unique_points import UniquePoints

ALL = (UniquePoints, NearbyPoints, SharedPlaces, MobilityChain, MobilityLikelihood, LocationMeter)

__all__ = [
    "ALL",
    "LocationMeter",
    "MobilityChain",
    "MobilityLikelihood",
    "NearbyPoints",
    "SharedPlaces",
    "UniquePoints",
]
