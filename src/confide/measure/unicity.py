"""Unicity of traces: how often a few points single out a person.

Source: de Montjoye, Hidalgo, Verleysen, Blondel: Unique in the Crowd (Scientific Reports 2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.measure.intervals import proportion
from confide.measure.special import log_gamma
from confide.views.points import PointIndex, distinct, drawn
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unicity:
    """The unicity for one number of points.

    Args:
        points: the number of points drawn from a person's trace.
        share: the share of draws whose points only one person has.
        sharing: int64[draws], the number of people who have all the points of each draw, the drawn person
            included.
        people: how many people could be drawn.
        excluded: how many people have visits, but too few distinct points.
    """

    points: int
    share: Estimate
    sharing: Ints
    people: int
    excluded: int

    @property
    def everybody(self) -> int:
        """The size of the gallery: all people with visits."""
        return self.people + self.excluded


def unicity(
    traces: Traces,
    *,
    points: Sequence[int],
    draws: int,
    rng: Rng,
    least: int | None = None,
    confidence: float = 0.95,
) -> tuple[Unicity, ...]:
    """Measure unicity: draw people and points of their traces, and count who else has all these points.

    A person is drawn uniformly from those with enough points, and points are drawn without replacement. The
    draws of fewer points are the first points of the draws of more. The curve over `points` therefore
    describes the same people and cannot fall. The intervals are Clopper and Pearson's for independent draws.

    Args:
        traces: at the resolution of interest; a person counts once for each place and time.
        points: the numbers of points; each gives one answer.
        draws: the number of draws.
        least: people with fewer distinct points are excluded and counted; the largest of `points` by default.

    Raises:
        DataError: if nobody has enough points.

    Source: the cited paper, "Methods"; 95 % of 1.5 million people were singled out by 4 points.

    >>> alone = Traces.of(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([2, 3, 2]))
    >>> one, two = unicity(alone, points=[1, 2], draws=400, rng=np.random.default_rng(0))
    >>> two.share.value, 0.4 < one.share.value < 0.6, two.excluded
    (1.0, True, 1)
    """
    most = max(points)
    least = most if least is None else least
    own = distinct(traces)  # two visits to a place in one bin are one point
    counts = own.counts()
    able = np.flatnonzero(counts >= max(least, most))
    if not len(able):
        raise DataError(f"nobody has {max(least, most)} points: ask for fewer, or give more records.")
    person = rng.choice(able, size=draws)
    chosen = own.start[person][:, None] + drawn(counts[person], most, rng=rng)
    index = PointIndex.of(own)
    keys = index.key(own.place[chosen].astype(np.int64), own.time[chosen])
    found: list[Unicity] = []
    for p in points:
        # The first p of the points drawn, so that the curve over p is of the same draws.
        query, _ = index.holders(np.repeat(np.arange(draws), p), keys[:, :p].ravel())
        sharing = np.bincount(query, minlength=draws).astype(np.int64)
        found.append(
            Unicity(
                points=p,
                share=proportion(int((sharing == 1).sum()), draws, confidence=confidence),
                sharing=sharing,
                people=len(able),
                excluded=int((counts > 0).sum()) - len(able),
            )
        )
    return tuple(found)


def in_galleries(found: Unicity, sizes: Sequence[int]) -> Floats:
    """The unicity in random galleries of fewer people that contain the drawn person, float64[sizes].

    It is exact and draws no galleries. If s of the other N - 1 people have the drawn points too, a gallery of
    n contains none of them with probability C(N - 1 - s, n - 1) / C(N - 1, n - 1).

    Raises:
        DataError: if a gallery is larger than the number of people.
    """
    others = found.everybody - 1
    if max(sizes) > others + 1 or min(sizes) < 1:
        raise DataError(
            f"a gallery of {min(sizes)} to {max(sizes)} people cannot be drawn: give 1 to {others + 1}."
        )
    rivals, count = np.unique(found.sharing - 1, return_counts=True)
    n = np.asarray(sizes, np.int64)[:, None] - 1
    left = others - rivals - n  # people that have other points and are not drawn into the gallery
    # Binomial coefficients by logarithms, because those of a million people overflow.
    log_alone = (
        log_gamma(others - rivals + 1)
        + log_gamma(others - n + 1)
        - log_gamma(np.maximum(left, 0) + 1)
        - log_gamma(others + 1)
    )
    return np.where(left >= 0, np.exp(log_alone), 0.0) @ (count / count.sum())
