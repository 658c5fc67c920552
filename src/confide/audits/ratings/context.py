"""Texts of a report on ratings: what was audited, and what the adversary knew."""

from __future__ import annotations

from confide.audits.making import HowMade
from confide.audits.release import AuditedRelease, made_from
from confide.audits.spec import Context, Count
from confide.core.language import later, t
from confide.games.linkage.ratings import RatingsLinkage
from confide.inputs.ratings import RatingsData

HELD_OUT = later(
    "Everybody is in the release, so the audit took people's rows out of it by itself: it "
    "takes for granted that this changes no other row."
)
TOO_FEW = later("{n:,} people have too few ratings for this many facts: no attack looks for them.")


def context_of(
    game: RatingsLinkage, data: RatingsData, how: HowMade, release: AuditedRelease, count: Count
) -> Context:
    """What the report says beside the numbers.

    Args:
        game: on the ratings as they are.
        data: the ratings, read.
        how: a released file was made, as the adversary knows it.
        release: that was audited.
        count: a count in words.
    """
    knowing, records = game.knowing, game.records
    shown = records if game.released is None else game.released
    # Said, because their risk was not measured: it may be another.
    few = int((records.counts() > 0).sum() - knowing.eligible(records).sum())
    return Context(
        subject=t(
            "Somebody who knows {facts} facts about a person, {wrong} of them wrong,",
            facts=knowing.facts,
            wrong=knowing.wrong,
        ),
        adversary=_knowledge(game, informed=not how.unexplained),
        unsettled={**data.unsettled, **how.unsettled},
        about={
            made_from(release): t(
                _holding(shown.rating is not None, shown.day is not None),
                rows=count(len(shown)),
                people=count(int((shown.counts() > 0).sum())),
                items=count(int((shown.raters() > 0).sum())),
            ),
            t("asked about"): _asked(game, count(len(game.targets))),
        },
        notes=[
            data.source.said,
            *data.notes,
            *how.notes,
            *[t(HELD_OUT)] * (game.coin and game.released is not None),
        ],
        internal_notes=[*data.counted, *[t(TOO_FEW, n=few)] * (few > 0)],
    )


def _holding(ratings: bool, dates: bool) -> str:
    """What the release holds."""
    if ratings and dates:
        return later(
            "{rows} rows of {people} people and {items} items, with ratings and dates; people under "
            "random numbers"
        )
    if ratings:
        return later(
            "{rows} rows of {people} people and {items} items, with ratings; people under random numbers"
        )
    if dates:
        return later(
            "{rows} rows of {people} people and {items} items, with dates; people under random numbers"
        )
    return later(
        "{rows} rows of {people} people and {items} items, with no ratings or dates; people under "
        "random numbers"
    )


def _asked(game: RatingsLinkage, people: str) -> str:
    """Who is asked about."""
    if game.parts > 1:
        coin = later(
            "{people} people, in {rounds} rounds; a fair coin decides who of them is held out of the release"
        )
        absent = later("{people} people, in {rounds} rounds, those absent by themselves")
        return t(coin if game.coin else absent, people=people, rounds=game.parts)
    if game.coin:
        return t("{people} people; a fair coin decides who of them is held out of the release", people=people)
    return t("{people} people, those absent by themselves", people=people)


def _knowledge(game: RatingsLinkage, *, informed: bool) -> list[str]:
    """What the adversary knows, a sentence each.

    Args:
        game: that is played.
        informed: whether it knows how the release was made.
    """
    k = game.knowing
    parts = [
        t(
            "The adversary knew of {facts} ratings by a person, {wrong} of which that person never gave.",
            facts=k.facts,
            wrong=k.wrong,
        )
    ]
    if k.beyond:
        parts.append(t("None of the true ones is among the {n} most rated items.", n=k.beyond))
    if game.records.rating is not None:
        off = t("It knew the ratings, off by {off:g}.", off=k.off_by)
        parts.append(off if k.off_by else t("It knew the ratings, exactly."))
    if game.records.day is not None:
        parts.append(t("It knew the dates, to within {days:g} days.", days=k.within_days))
    parts.append(
        t("It knew how many of its facts are wrong and how the release was made.")
        if informed
        else t("It knew how many of its facts are wrong.")
    )
    return parts
