"""The game of an audit of ratings: who is asked about, who is held out, and in how many rounds."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.games.linkage.ratings import RatingsLinkage
from confide.inputs.ratings import Ratings, RatingsData
from confide.mechanisms.anchors.published import Published

FEWEST = 40
"""At least this number of people must have enough facts: half of them are held out, and 20 measure a rate."""
HELD_OUT = 0.25
"""At most this share of all people are targets of one world, so that the release stays what it is."""
WORLDS = 4
"""At most this number of rounds: each attack plays in all of them."""


def game_on(held: Ratings, data: RatingsData, *, made_by: AnyMechanism | None, rng: Rng) -> RatingsLinkage:
    """The game on these ratings as they are.

    Args:
        held: says what is known of each person, and how many are asked about.
        data: the same ratings, read.
        made_by: how a released file was made, as the adversary knows it.
        rng: for the choice of these people.

    Raises:
        DataError: if too few people have enough facts.
    """
    able = np.flatnonzero(held.knowing.eligible(data.records))
    if len(able) < FEWEST:
        raise DataError(
            f"only {len(able)} people of {data.records.people:,} have the {held.facts - held.wrong} ratings "
            f"that are to be known of them: ask for fewer facts, or give {FEWEST} such people."
        )
    # In random order: people stand in the order of their ids, and ids often follow the date of joining.
    able = rng.permutation(able)
    # With a released file some people may be missing from it: they are controls without being held out.
    out = np.zeros(len(able), np.bool_) if data.absent is None else data.absent[able]
    here, gone = able[~out], able[out]
    coin = len(gone) < FEWEST // 2  # too few people are absent by themselves: the audit holds some out
    asked = here[: held.targets]
    if not coin:
        asked = np.concatenate([here[: held.targets // 2], gone[: held.targets // 2]])
    # Those from whom the audit can hold somebody out.
    inside = data.records.people if data.absent is None else int((~data.absent).sum())
    most = max(1, int(HELD_OUT * inside))
    return RatingsLinkage(
        mechanism=Published(),
        records=data.records,
        targets=asked,
        knowing=held.knowing,
        # More targets than one world may hold out are asked about in several; people absent by themselves
        # need one.
        parts=min(WORLDS, max(1, -(-len(asked) // most))) if coin else 1,
        released=data.released,
        absent=data.absent,
        coin=coin,
        made_by=made_by,
    )
