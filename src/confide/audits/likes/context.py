"""Texts of a report on likes: what was audited, and what the adversary learned from."""

from __future__ import annotations

from confide.audits.likes.counterfactuals import Crossed
from confide.audits.making import HowMade
from confide.audits.protections import UNPROTECTED
from confide.audits.release import AuditedRelease, made_from
from confide.audits.spec import Context, Count
from confide.core.language import later, t
from confide.games.attribute.likes import TraitInference
from confide.inputs.likes import Likes, LikesData

BLANK = later(
    "{n:,} people have no item that the panel knows: the adversary takes the shares of the panel for them."
)
INFORMED = later(
    "The adversary learned from {panel} people whose {trait} it knows, as released, and knows how the "
    "likes were protected."
)
UNINFORMED = later("The adversary learned from {panel} people whose {trait} it knows, as released.")
NO_COIN = later(
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
    kind = {"binary": t("yes or no"), "number": t("a number")}.get(
        people.kind, t("{n} classes", n=people.classes)
    )
    return Context(
        subject=t(
            "Somebody who knows the likes and the {trait} of {panel} others", trait=trait, panel=count(panel)
        ),
        adversary=(
            t(UNINFORMED if how.unexplained else INFORMED, panel=count(panel), trait=trait),
            t("What it claims of a person: {claim}.", claim=people.claim),
        ),
        about={
            made_from(release): t(
                "{likes} likes of {people} people, {items} items",
                likes=count(len(items)),
                people=count(items.people),
                items=count(items.items),
            ),
            t("trait"): t("{trait}, {kind}; the claim: {claim}", trait=trait, kind=kind, claim=people.claim),
            t("protection"): t("none", of="protection") if release.name == UNPROTECTED else release.name,
            t("compared"): t(
                "every person once, in {folds} parts; learned from the other parts", folds=held.folds
            ),
        },
        notes=(t(NO_COIN), *how.notes),
        unsettled={**people.unsettled, **how.unsettled},
        internal_notes=(
            people.source.said,
            *people.middle,
            *people.left_out,
            *[t(BLANK, n=blank)] * (blank > 0),
        ),
    )
