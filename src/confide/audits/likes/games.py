"""The game of an audit of likes: people are asked about part by part, each of them once."""

from __future__ import annotations

from confide.core.arrays import Rng
from confide.core.nouns import AnyMechanism
from confide.games.attribute.likes import TraitInference, parts
from confide.inputs.likes import LikesData
from confide.mechanisms.anchors.published import Published


def game_on(people: LikesData, *, folds: int, made_by: AnyMechanism | None, rng: Rng) -> TraitInference:
    """The game on these likes as they are.

    Args:
        people: the likes and the trait, read.
        folds: how many parts people are cut into.
        made_by: how a released table was made, as the adversary knows it.
        rng: for the cut.
    """
    return TraitInference(
        items=people.items,
        value=people.value,
        kind=people.kind,
        classes=people.classes,
        # Cut once, before any protection: with each of them the same people are asked about together.
        part=parts(people.value, people.kind, count=folds, rng=rng),
        mechanism=Published(),
        released=people.released,
        made_by=made_by,
    )
