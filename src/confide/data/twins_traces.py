"""Made-up traces: people who wander among places of their own, with the long tails of real ones."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Rng
from confide.views.traces import Traces

OWN = 12
"""Places of one's own."""


def wanderers(
    n: int, *, around: tuple[float, float], each: int, places: int, days: int, rng: Rng, spread: float = 0.03
) -> Traces:
    """n people with `each` visits on average, of whom a few have most, at places of which a few are popular.

    Everybody has places of his own, drawn with falling popularity, goes to the first of them most, and leaves
    the city never. Times are uniform. Memory: about 60 bytes a visit.

    Args:
        around: latitude and longitude of the middle.
        each: visits of a person on average.
        places: so many places.
        days: from 1970-01-01 on.
        spread: the deviation of the places around the middle, in degrees.

    >>> wanderers(100, around=(0.0, 0.0), each=20, places=50, days=30, rng=np.random.default_rng(0)).people
    100
    """
    weight = rng.lognormal(-0.5, 1.0, n)  # mean 1
    visits = np.maximum(np.round(each * weight), 1).astype(np.int64)
    person = np.repeat(np.arange(n), visits)
    own = (places * rng.random((n, OWN)) ** 3).astype(np.int32)
    favourite = (OWN * rng.random(len(person)) ** 2).astype(np.int64)
    time = (rng.random(len(person)) * days * 86_400).astype(np.int64)
    where = np.array(around) + spread * rng.standard_normal((places, 2))
    return Traces.of(person, time, own[person, favourite], people=n, places=places, where=where)
