"""Protections of counts, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.protections import Noise, Protection, Scale, by_laplace
from confide.inputs.numbers import parse_number, parse_whole
from confide.mechanisms.statistics.visit_counts import VisitCounts

AT_MOST = "30"
"""Counts of one person if nothing else is said: a person seen in a tenth of the hours of a week is in 17."""


def _laplace(epsilon: str, at_most: str = AT_MOST, *, noise: Noise) -> VisitCounts:
    return VisitCounts(epsilon=parse_number(epsilon), at_most=parse_whole(at_most), noise=noise)


def _at_most(counts: str, *, noise: Noise) -> VisitCounts:
    return VisitCounts(at_most=parse_whole(counts), noise=noise)


PROTECTIONS: Mapping[str, Protection] = {
    "laplace": by_laplace(
        _laplace,
        {
            "epsilon": "of the promise about one person: a smaller one hides more",
            "at_most": "in how many counts one person is at most; more are left out by chance",
        },
        example="laplace:1,30",
    ),
    "at-most": Protection(
        make=_at_most,
        example="at-most:10",
        settings={"counts": "in how many one person is at most; more are left out by chance"},
        random=True,
        alone=False,
        last=True,
        scale=Scale(weakest=100, strongest=1, write=lambda counts: f"at-most:{counts:.0f}", whole=True),
    ),
}
