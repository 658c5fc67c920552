"""Synthetic traces: people who visit places of their own, with the long tails of real traces."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Rng
from confide.views.traces import Traces

OWN = 12  # the number of places of each person; real people have about this number of regular places
START = 999_734_400
"""2001-09-06, midnight UTC, a Thursday like the first day of 1970. Smaller numbers do not pass for times."""
SPREAD = 0.03  # the standard deviation of the places around the middle in degrees, about the size of a city


def wanderers(n: int, *, around: tuple[float, float], each: int, places: int, days: int, rng: Rng) -> Traces:
    """Make n people with `each` visits on average; a few people have most visits, and a few places too.

    Each person has places of their own, drawn with falling popularity, visits the first of them most often,
    and never leaves the city. Times are uniform. Memory: about 60 bytes for each visit.

    Args:
        around: the latitude and longitude of the middle.
        each: the mean number of visits of a person.
        places: the number of places.
        days: the number of days, from `START` on.

    >>> wanderers(100, around=(0.0, 0.0), each=20, places=50, days=30, rng=np.random.default_rng(0)).people
    100
    """
    weight = rng.lognormal(-0.5, 1.0, n)  # mean 1
    visits = np.maximum(np.round(each * weight), 1).astype(np.int64)
    person = np.repeat(np.arange(n), visits)
    own = (places * rng.random((n, OWN)) ** 3).astype(np.int32)
    favourite = (OWN * rng.random(len(person)) ** 2).astype(np.int64)
    time = START + (rng.random(len(person)) * days * 86_400).astype(np.int64)
    where = np.array(around) + SPREAD * rng.standard_normal((places, 2))
    return Traces.of(person, time, own[person, favourite], people=n, places=places, where=where)
