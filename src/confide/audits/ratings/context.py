"""Texts of a report on ratings: what was audited, and what the adversary knew."""

from __future__ import annotations

from confide.audits.making import HowMade
from confide.audits.release import AuditedRelease, made_from
from confide.audits.spec import Context, Count
from confide.games.linkage.ratings import RatingsLinkage
from confide.inputs.ratings import RatingsData

HELD_OUT = (
    "Everybody is in the release, so the audit took people's rows out of it by itself: it takes for granted "
    "that this changes no other row."
)
TOO_FEW = "people have too few ratings for this many facts: no attack looks for them."


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
    has = [w for w, there in (("ratings", shown.rating), ("dates", shown.day)) if there is not None]
    # Said, because their risk was not measured: it may be another.
    few = int((records.counts() > 0).sum() - knowing.eligible(records).sum())
    return Context(
        subject=f"Somebody who knows {knowing.facts} facts about a person, {knowing.wrong} of them wrong,",
        adversary=_knowledge(game, informed=not how.unexplained),
        unsettled={**data.unsettled, **how.unsettled},
        about={
            made_from(release): f"{count(len(shown))} rows of {count(int((shown.counts() > 0).sum()))} "
            f"people and {count(int((shown.raters() > 0).sum()))} items, with "
            f"{' and '.join(has) or 'no ratings or dates'}; people under random numbers",
            "asked about": f"{count(len(game.targets))} people"
            + f", in {game.parts} rounds" * (game.parts > 1)
            + (
                "; a fair coin decides who of them is held out of the release"
                if game.coin
                else ", those absent by themselves"
            ),
        },
        notes=[
            data.source.said,
            *data.notes,
            *how.notes,
            *[HELD_OUT] * (game.coin and game.released is not None),
        ],
        left_out=[f"{few:,} {TOO_FEW}"] * (few > 0),
        internal_notes=[*data.counted, *[f"{few:,} {TOO_FEW}"] * (few > 0)],
    )


def _knowledge(game: RatingsLinkage, *, informed: bool) -> list[str]:
    """What the adversary knows, a sentence each.

    Args:
        game: that is played.
        informed: whether it knows how the release was made.
    """
    k = game.knowing
    parts = [
        f"The adversary knew of {k.facts} ratings by a person, {k.wrong} of which that person never gave."
    ]
    if k.beyond:
        parts.append(f"None of the true ones is among the {k.beyond} most rated items.")
    if game.records.rating is not None:
        parts.append(f"It knew the ratings, {f'off by {k.off_by:g}' if k.off_by else 'exactly'}.")
    if game.records.day is not None:
        parts.append(f"It knew the dates, to within {k.within_days:g} days.")
    made = " and how the release was made" if informed else ""
    parts.append(f"It knew how many of its facts are wrong{made}.")
    return parts
