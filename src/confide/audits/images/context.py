"""Texts of a report on pictures: what was audited, what the adversary knew, and what to doubt."""

from __future__ import annotations

from confide.audits.images.closed_set import ClosedSet
from confide.audits.images.exhibits import if_all_are_known
from confide.audits.images.games import Games
from confide.audits.making import HowMade
from confide.audits.protections import UNPROTECTED
from confide.audits.release import AuditedRelease, made_in_all
from confide.audits.spec import Context, Count
from confide.core.claims import Verifiable
from confide.core.language import t
from confide.core.nouns import AnyMechanism
from confide.inputs.images import ImagesData
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.in_order import steps_of


def context_of(
    planned: Games,
    album: ImagesData,
    how: HowMade,
    found: ClosedSet,
    release: AuditedRelease,
    count: Count,
) -> Context:
    """What the report says beside the numbers.

    Args:
        planned: the games on the pictures as they are.
        album: the pictures, read and named.
        how: released pictures were made, as the adversary knows it.
        found: what is recognised where everybody is a candidate.
        release: that was audited.
        count: a count in words.
    """
    gallery, made_by = planned.open.gallery, planned.open.made_by
    promise = made_in_all(planned.open, release.mechanism).budget
    n, h, w = album.pictures.pixels.shape[:3]
    size = {"n": count(n), "people": count(len(album.people)), "h": h, "w": w}
    about = {
        t("pictures"): t("{n} of {people} people, {h}x{w}, colour", **size)
        if album.pictures.pixels.ndim == 4
        else t("{n} of {people} people, {h}x{w}, grey", **size),
        t("obscured by"): _obscured_by(release, made_by),
        t("divided"): t(
            "{share:.0f}% of each person's pictures in the gallery, in each of {rounds} rounds",
            share=100 * gallery,
            rounds=planned.worlds,
        ),
    }
    if promise is not None:
        about[t("promised")] = t("{promise}; nothing about the picture as a whole", promise=promise)
    alone = t("{n} people with a single picture were left out: each side needs one.", n=count(album.alone))
    return Context(
        about=about,
        adversary=(
            t(
                "The adversary has {share:.0f}% of the pictures of half of the people, clear and with "
                "names. The other half are unknown to it.",
                share=100 * gallery,
            ),
            t("It knows how the pictures were obscured, and can do the same to its own."),
        ),
        notes=[*how.notes, *[alone] * (album.alone > 0)],
        warnings=(*_doubts(album, made_by), *if_all_are_known(found)),
        unsettled={**album.unsettled, **how.unsettled},
        skipped=found.skipped,
    )


def _obscured_by(release: AuditedRelease, made_by: AnyMechanism | None) -> str:
    """What obscured the pictures, in words: the mechanisms of the released ones, then the protection."""
    steps = () if made_by is None else steps_of(made_by)
    before = [type(step).__name__ for step in steps if not isinstance(step, Published)]
    own = [] if release.name == UNPROTECTED else [release.name]
    return t(", then ").join([*(t("{name}, as released", name=name) for name in before), *own]) or t(
        "nothing"
    )


def _doubts(album: ImagesData, made_by: AnyMechanism | None) -> tuple[str, ...]:
    """A warning where the released pictures are not as the adversary believes."""
    if album.released is None or not isinstance(made_by, Verifiable):
        return ()
    return tuple(
        t(
            "The released pictures were not made as the adversary believes: it is not true that "
            "{claim}. A real adversary may know better, and recognise more people than this one.",
            claim=claim.text,
        )
        for claim in made_by.claims(album.released)
        if not claim.holds
    )
