"""Protections of ratings, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from confide.audits.interactions import CLOCK_SETTINGS, RARE, RESPONSE, SAMPLE
from confide.audits.protections import Noise, Protection, Scale
from confide.inputs.clocks import INSTANT, parse_clock
from confide.inputs.numbers import parse_number
from confide.inputs.rating_classes import parse_classes
from confide.inputs.times import SECONDS, parse_span
from confide.mechanisms.anonymize.coarse_ratings import MONTH, CoarseRatings
from confide.mechanisms.anonymize.cut_ratings import CutRatings
from confide.mechanisms.anonymize.merged_ratings import MergedRatings
from confide.mechanisms.anonymize.noisy_ratings import NoisyRatings
from confide.mechanisms.noise.laws import LAWS, Law, LawName

LAW = f"of the noise: {', '.join(LAWS[:-1])} or {LAWS[-1]}"


def _law(name: str, scale: float) -> Law:
    # The law itself refuses a name that is none.
    return Law(cast(LawName, name), scale)


def _classes(*classes: str) -> MergedRatings:
    return MergedRatings(classes=parse_classes(classes))


def _cut(unit: str, ahead: str = "0h", written: str = INSTANT) -> CutRatings:
    return CutRatings(clock=parse_clock(unit, ahead, written))


def _noise(law: str, scale: str, *, noise: Noise) -> NoisyRatings:
    return NoisyRatings(stars=_law(law, parse_number(scale)), noise=noise)


def _jitter(law: str, span: str, *, noise: Noise) -> NoisyRatings:
    return NoisyRatings(days=_law(law, parse_span(span) / SECONDS["d"]), noise=noise)


PROTECTIONS: Mapping[str, Protection] = {
    "rare": RARE,
    "stars": Protection(
        make=lambda step: CoarseRatings(step=parse_number(step)),
        example="stars:1",
        settings={"step": "what every rating becomes a multiple of; inf removes all ratings"},
        # From half a star to one step for the whole scale of five.
        scale=Scale(weakest=0.5, strongest=5.0, write=lambda step: f"stars:{step:.3g}"),
    ),
    "classes": Protection(
        make=_classes,
        example="classes:1..3=0,4..5=1",
        settings={"classes": "the lowest and the highest rating of each class, and the rating it becomes"},
    ),
    "noise": Protection(
        make=_noise,
        example="noise:laplace,0.5",
        settings={
            "law": LAW,
            "scale": "in stars: its deviation, its mean size, or its largest size if uniform",
        },
        random=True,
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
    "cut": Protection(make=_cut, example="cut:month", settings=CLOCK_SETTINGS),
    "jitter": Protection(
        make=_jitter,
        example="jitter:gaussian,14d",
        settings={
            "law": LAW,
            "span": "with its unit: its deviation, its mean size, or its largest size if uniform",
        },
        random=True,
    ),
    "sample": SAMPLE,
    "response": RESPONSE,
}
