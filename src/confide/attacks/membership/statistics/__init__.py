"""Membership inference from statistics: is this person in the pool whose statistics were published?"""

from __future__ import annotations

from confide.attacks.membership.statistics.beacon import BeaconLR
from confide.attacks.membership.statistics.gaussian_means import MeansLR
from confide.attacks.membership.statistics.homer import Homer, HomerCorrected
from confide.attacks.membership.statistics.likelihood_ratio import FrequencyLR, FrequencyLRCorrected
from confide.attacks.membership.statistics.robust_inner_product import (
    RobustInnerProduct,
    RobustInnerProductCorrected,
)

FREQUENCIES = (
    FrequencyLR,
    FrequencyLRCorrected,
    Homer,
    HomerCorrected,
    RobustInnerProduct,
    RobustInnerProductCorrected,
)
PRESENCE = (BeaconLR,)
MEANS = (MeansLR,)
ALL = (*FREQUENCIES, *PRESENCE, *MEANS)

__all__ = [
    "ALL",
    "FREQUENCIES",
    "MEANS",
    "PRESENCE",
    "BeaconLR",
    "FrequencyLR",
    "FrequencyLRCorrected",
    "Homer",
    "HomerCorrected",
    "MeansLR",
    "RobustInnerProduct",
    "RobustInnerProductCorrected",
]
