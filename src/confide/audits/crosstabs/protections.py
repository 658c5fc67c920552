"""Protections of contingency tables, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.protections import Noise, Protection, by_laplace
from confide.core.errors import DataError
from confide.inputs.numbers import parse_number, parse_whole
from confide.mechanisms.statistics.crosstab_noise import NoisyCrosstabs
from confide.mechanisms.statistics.crosstab_rounding import RoundedCounts
from confide.mechanisms.statistics.crosstab_suppression import SuppressedCells


def _round(base: str, how: str = "nearest", *, noise: Noise) -> RoundedCounts:
    if how not in ("nearest", "random"):
        raise DataError(f"counts cannot be rounded {how!r:.40}: write nearest or random")
    return RoundedCounts(base=parse_whole(base), at_random=how == "random", noise=noise)


def _suppress(under: str, which: str = "primary") -> SuppressedCells:
    if which not in ("primary", "secondary"):
        raise DataError(f"{which!r:.40} suppression is not known: write primary or secondary")
    return SuppressedCells(under=parse_whole(under.removeprefix("<")), secondary=which == "secondary")


def _laplace(epsilon: str, *, noise: Noise) -> NoisyCrosstabs:
    return NoisyCrosstabs(epsilon=parse_number(epsilon), noise=noise)


PROTECTIONS: Mapping[str, Protection] = {
    "round": Protection(
        make=_round,
        example="round:5,random",
        settings={
            "base": "every count becomes a multiple of it",
            "how": "nearest, or random: up or down by chance, so that the mean is right",
        },
        random=True,
        last=True,
    ),
    "suppress": Protection(
        make=_suppress,
        example="suppress:5,secondary",
        settings={
            "under": "counts from 1 to below it are hidden",
            "which": "primary hides these alone; secondary hides more, so that no sum gives one away",
        },
        last=True,
    ),
    "laplace": by_laplace(
        _laplace, {"epsilon": "of the promise about one person, for all tables of a block together"}
    ),
}
