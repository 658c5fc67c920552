"""Texts of a report on likes: what was audited, and what the adversary learned from."""

from __future__ import annotations

from confide.audits.likes.counterfactuals import Crossed
from confide.audits.making import HowMade
from confide.audits.protections import UNPROTECTED
from confide.audits.release import AuditedRelease, made_from
from confide.audits.spec import Context, Count
from confide.games.attribute.likes import TraitInference
from confide.inputs.likes import Likes, LikesData

BLANK = "people have no item that the panel knows: the adversary takes the shares of the panel for them."
NO_COIN = (
    "Exposed are the people of whom the claim is true. No coin decided over that: no bound is certified."
)


def context_of(
    held: Likes,
    people: LikesData,
    game: TraitInference,
    how: HowMade,
    look: Crossed,
    release: AuditedRelease,
    count: Count,
) -> Context:
    """What the report says beside the numbers.

    Args:
        held: the filled-in record.
        people: the likes and the trait, read.
        game: on them as they are.
        how: a released table was made, as the adversary knows it.
        look: the closer look at the release.
        release: that was audited.
        count: a count in words.
    """
    trait = held.trait
    items = people.items if people.released is None else people.released
    # The panel of the first part stands for all: parts are of nearly equal size.
    panel, blank = int((game.part != 0).sum()), int(look.blank.sum())
    kind = {"binary": "yes or no", "number": "a number"}.get(people.kind, f"{people.classes} classes")
    return Context(
        subject=f"Somebody who knows the likes and the {trait} of {count(panel)} others",
        adversary=(
            f"The adversary learned from {count(panel)} people whose {trait} it knows, as released"
            + (", and knows how the likes were protected." if not how.unexplained else "."),
            f"What it claims of a person: {people.claim}.",
        ),
        about={
            made_from(release): f"{count(len(items))} likes of {count(items.people)} people, "
            f"{count(items.items)} items",
            "trait": f"{trait}, {kind}; the claim: {people.claim}",
            "protection": "none" if release.name == UNPROTECTED else release.name,
            "compared": f"every person once, in {held.folds} parts; learned from the other parts",
        },
        notes=(NO_COIN, *how.notes),
        left_out=people.left_out,
        unsettled={**people.unsettled, **how.unsettled},
        internal_notes=(
            people.source.said,
            *people.middle,
            *people.left_out,
            *[f"{blank:,} {BLANK}"] * (blank > 0),
        ),
    )
