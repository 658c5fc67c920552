"""Protections of frequencies and means, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.protections import Noise, Protection, Scale, by_gaussian, by_laplace
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.numbers import parse_epsilon, parse_number, parse_whole
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.statistics.allele_frequencies import AlleleFrequencies
from confide.mechanisms.statistics.allele_presence import AllelePresence
from confide.mechanisms.statistics.column_means import ColumnMeans


def _laplace(epsilon: str, at_most: str = "all", *, noise: Noise) -> AlleleFrequencies:
    return AlleleFrequencies(epsilon=parse_epsilon(epsilon), at_most=_number(at_most), noise=noise)


def _gaussian(epsilon: str, delta: str, at_most: str = "all", *, noise: Noise) -> AlleleFrequencies:
    if not 0 < (probability := parse_number(delta)) < 1:
        raise DataError(f"delta is {probability:g}: give a number above 0 and below 1.")
    return AlleleFrequencies(
        epsilon=parse_epsilon(epsilon), delta=probability, at_most=_number(at_most), noise=noise
    )


def _rounded(decimals: str) -> AlleleFrequencies:
    return AlleleFrequencies(decimals=parse_whole(decimals))


def _fewer(at_most: str) -> AlleleFrequencies:
    return AlleleFrequencies(at_most=parse_whole(at_most))


def _common(least: str) -> AlleleFrequencies:
    return AlleleFrequencies(common=parse_number(least))


def _number(at_most: str) -> int | None:
    return None if at_most == "all" else parse_whole(at_most)


_EPSILON = "of the promise about one person: a smaller one hides more"
_AT_MOST = "how many of the frequencies are published, drawn by chance"

PROTECTIONS: Mapping[str, Protection] = {
    "laplace": by_laplace(_laplace, {"epsilon": _EPSILON, "at_most": _AT_MOST}),
    "gaussian": by_gaussian(
        _gaussian,
        {
            "epsilon": _EPSILON,
            "delta": "the chance that the promise fails: far below 1 over the number of people",
            "at_most": _AT_MOST,
        },
    ),
    "fewer": Protection(
        make=_fewer,
        example="fewer:100",
        settings={"at_most": "how many of the statistics are published, drawn by chance"},
        alone=False,
        last=True,
        scale=Scale(weakest=1_000_000, strongest=1, write=lambda most: f"fewer:{most:.0f}", whole=True),
    ),
    "rounded": Protection(
        make=_rounded,
        example="rounded:2",
        settings={"decimals": "how many digits stand after the point"},
        alone=False,
        last=True,
    ),
    "common": Protection(
        make=_common,
        example="common:0.05",
        settings={"least": "a frequency below it, or above 1 minus it, is not published"},
        alone=False,
        last=True,
    ),
    "beacon": Protection(make=AllelePresence, example="beacon", alone=False, last=True),
}


def publishing(mechanism: AnyMechanism, *, means: bool) -> AnyMechanism:
    """What publishes statistics of a pool under this protection; without one, exactly and all of them.

    Raises:
        DataError: for a protection that means do not have.
    """
    if isinstance(mechanism, Published):
        return ColumnMeans() if means else AlleleFrequencies()
    if not means:
        return mechanism
    if isinstance(mechanism, AlleleFrequencies) and mechanism.budget is None and mechanism.common is None:
        return ColumnMeans(at_most=mechanism.at_most, decimals=mechanism.decimals)
    raise DataError(
        "means have no such protection yet, since noise for them needs bounds of each column: write "
        "fewer:100 or rounded:2."
    )
