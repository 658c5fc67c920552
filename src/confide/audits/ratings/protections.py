"""Protections of ratings, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.interactions import RARE, RESPONSE
from confide.audits.protections import Protection, Scale
from confide.mechanisms.anonymize.coarse_ratings import CoarseRatings

MONTH = 365.2425 / 12
"""Days in an average month of the Gregorian calendar."""

PROTECTIONS: Mapping[str, Protection] = {
    "rare": RARE,
    "stars": Protection(
        make=lambda step: CoarseRatings(step=float(step)),
        example="stars:1",
        # From half a star to one step for the whole scale of five.
        scale=Scale(weakest=0.5, strongest=5.0, write=lambda step: f"stars:{step:.3g}"),
    ),
    "months": Protection(
        make=lambda months: CoarseRatings(days=MONTH * float(months)),
        example="months:1",
        # From three days to ten years.
        scale=Scale(weakest=0.1, strongest=120.0, write=lambda months: f"months:{months:.3g}"),
    ),
    "response": RESPONSE,
}
