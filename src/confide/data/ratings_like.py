"""Synthetic ratings of any size, with the long tails of real ratings."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Rng
from confide.views.interactions import Interactions

FEWEST = 20  # as in MovieLens, which publishes only people with 20 ratings or more
CHUNK = 1 << 22  # ratings drawn at once: about 160 MB of working memory


def ratings_like(
    *, people: int, items: int, each: float, rng: Rng, since: float = 10_900.0, days: float = 2_200.0
) -> Interactions:
    """Make ratings by people who differ widely in the number, the items and the days of their ratings.

    People's counts are lognormal about `each` (deviation 1, at least `FEWEST`). Items' shares fall like rank
    to the power -0.9 after a flat head, as in film ratings. Stars are 1 to 5 with a mean for each item. Days
    come after a person's start, in a few sessions. The published size of Netflix is people=480_000,
    items=17_770, each=209 (about 100 million). It needs about 40 bytes for each rating while it works and 16
    afterwards. A pair that is drawn twice counts once.

    Args:
        people: the number of people.
        items: the number of items.
        each: the mean number of ratings of a person.
        rng: for all random numbers.
        since: the first day, in days since 1970.
        days: the number of days over which people start.

    >>> made = ratings_like(people=50, items=400, each=40, rng=np.random.default_rng(0))
    >>> made.people, bool(made.counts().min() >= 10), sorted(set(made.rating.tolist()))
    (50, True, [1.0, 2.0, 3.0, 4.0, 5.0])
    """
    counts = np.exp(rng.normal(-0.5, 1.0, people)) * max(each - FEWEST, 1) + FEWEST
    counts = np.minimum(counts, 0.6 * items).astype(np.int64)
    share = (np.arange(items) + items / 100) ** -0.9
    edges = np.cumsum(share[rng.permutation(items)])
    mean = rng.normal(3.6, 0.5, items)
    start = since + days * rng.random(people)
    sitting = rng.exponential(60.0, (people, 8))
    ends = np.cumsum(counts)
    # People are cut into parts of about CHUNK ratings, never within a person.
    cuts = np.append(0, np.unique(np.searchsorted(ends, np.arange(CHUNK, ends[-1] + CHUNK, CHUNK)) + 1))
    parts: list[Interactions] = []
    for first, last in zip(cuts[:-1], np.minimum(cuts[1:], people), strict=True):
        who = np.repeat(np.arange(first, last), counts[first:last])
        item = np.searchsorted(edges, rng.random(len(who)) * edges[-1], side="right").clip(0, items - 1)
        stars = np.clip(np.rint(mean[item] + rng.normal(0, 1.0, len(who))), 1, 5)
        day = start[who] + sitting[who, rng.integers(0, 8, len(who))] + rng.random(len(who))
        parts.append(Interactions.of(who, item, people=people, items=items, rating=stars, day=day))

    def whole(name: str) -> np.ndarray:
        column = np.concatenate([getattr(part, name) for part in parts])
        for part in parts:
            object.__setattr__(part, name, None)  # frees the column: otherwise memory holds it twice
        return column

    person, item, rating, day = (whole(name) for name in ("person", "item", "rating", "day"))
    return Interactions(person, item, people, items, rating, day)
