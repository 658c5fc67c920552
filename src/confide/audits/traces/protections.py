"""Protections of traces, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from confide.audits.interactions import CLOCK_SETTINGS, SAMPLE
from confide.audits.protections import Noise, Protection, Scale
from confide.inputs.clocks import INSTANT, parse_clock, parse_offset
from confide.inputs.lengths import parse_length
from confide.inputs.numbers import parse_epsilon, parse_number, parse_whole
from confide.inputs.times import parse_span
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.mechanisms.anonymize.cut_traces import CutTraces
from confide.mechanisms.anonymize.gaussian_places import GaussianPlaces
from confide.mechanisms.anonymize.rare_places import WithoutRarePlaces
from confide.mechanisms.anonymize.rounded_places import RoundedPlaces
from confide.mechanisms.anonymize.split_traces import SplitTraces
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace


def _seconds(length: str) -> int:
    return int(parse_span(length, likely=("h", "d"), least=1))


def _planar(within: str, level: str, *, noise: Noise) -> PlanarLaplace:
    return PlanarLaplace(level=parse_epsilon(level), within_m=int(parse_length(within)), noise=noise)


def _rounded(step: str, how: str = "nearest") -> RoundedPlaces:
    # The mechanism itself refuses a way that is none.
    return RoundedPlaces(step=parse_number(step), how=cast(Literal["nearest", "down", "zero"], how))


def _cut(unit: str, ahead: str = "0h", written: str = INSTANT) -> CutTraces:
    return CutTraces(clock=parse_clock(unit, ahead, written))


def _split(length: str, ahead: str = "0h") -> SplitTraces:
    return SplitTraces(hours=_seconds(length) / 3600, ahead=parse_offset(ahead))


def _gaussian(sigma: str, *, noise: Noise) -> GaussianPlaces:
    return GaussianPlaces(sigma_m=parse_length(sigma), noise=noise)


PROTECTIONS: Mapping[str, Protection] = {
    "cell": Protection(
        make=lambda side: CoarseTraces(metres=parse_length(side)),
        example="cell:1000m",
        settings={"side": "of the cells that places are put into, with its unit"},
        scale=Scale(weakest=100, strongest=50_000, write=lambda metres: f"cell:{metres:.0f}m", whole=True),
    ),
    "bin": Protection(
        make=lambda length: CoarseTraces(seconds=_seconds(length)),
        example="bin:4h",
        settings={"length": "of the bins that times are put into, with its unit"},
        scale=Scale(weakest=10, strongest=40_320, write=lambda minutes: f"bin:{minutes:.0f}min", whole=True),
    ),
    "degrees": Protection(
        make=_rounded,
        example="degrees:0.01",
        settings={
            "step": "what latitudes and longitudes become multiples of",
            "how": "to the nearest multiple, down, or towards zero",
        },
    ),
    "cut": Protection(make=_cut, example="cut:day,-8h", settings=CLOCK_SETTINGS),
    "split": Protection(
        make=_split,
        example="split:24h",
        settings={
            "length": "of the pieces that a trace is cut into, with its unit",
            "ahead": "by how much the clock that counts them is ahead of UTC, such as 2h or -8h",
        },
        scale=Scale(
            weakest=40_320, strongest=10, write=lambda minutes: f"split:{minutes:.0f}min", whole=True
        ),
    ),
    "rare": Protection(
        make=lambda people: WithoutRarePlaces(people=parse_whole(people)),
        example="rare:5",
        settings={"people": "the fewest people that a place must have to stay"},
        alone=False,
        last=True,
        scale=Scale(weakest=2, strongest=1_000, write=lambda people: f"rare:{people:.0f}", whole=True),
    ),
    "gauss": Protection(
        make=_gaussian,
        example="gauss:200m",
        settings={"sigma": "the deviation to the east and to the north, with its unit"},
        random=True,
        scale=Scale(weakest=10, strongest=50_000, write=lambda metres: f"gauss:{metres:.0f}m", whole=True),
    ),
    "sample": SAMPLE,
    # The noise depends on the level divided by the distance alone: a search moves the level.
    "planar": Protection(
        make=_planar,
        example="planar:200m,1.4",
        settings={
            "within": "how far away the place may be that a visit cannot be told from, with its unit",
            "level": "the epsilon of the promise: a smaller one hides more",
        },
        random=True,
        scale=Scale(weakest=16.0, strongest=0.05, write=lambda level: f"planar:200m,{level:.3g}"),
    ),
}
