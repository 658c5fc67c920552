"""Protections of ratings, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.interactions import RARE, RESPONSE
from confide.audits.protections import Protection, Scale
from confide.inputs.numbers import parse_number
from confide.mechanisms.anonymize.coarse_ratings import CoarseRatings

MONTH = 365.2425 / 12
"""Days in an average month of the Gregorian calendar."""

PROTECTIONS: Mapping[str, Protection] = {
    "rare": RARE,
    "stars": Protection(
        make=lambda step: CoarseRatings(step=parse_number(step)),
        example="stars:1",
        settings={"step": "what every rating becomes a multiple of; inf removes all ratings"},
        # From half a star to one step for the whole scale of five.
        scale=Scale(weakest=0.5, strongest=5.0, write=lambda step: f"stars:{step:.3g}"),
    ),
    "months": Protection(
        make=lambda months: CoarseRatings(days=MONTH * parse_number(months)),
        example="months:1",
        settings={
            "months": "the length of the windows of time that dates are put into; inf removes all dates"
        },
        # From three days to ten years.
        scale=Scale(weakest=0.1, strongest=120.0, write=lambda months: f"months:{months:.3g}"),
    ),
    "response": RESPONSE,
}
