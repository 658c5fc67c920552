"""You hold ratings: can somebody who knows a few of a person's ratings find that person's record?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from confide.attacks.linkage import Counting, Entropic, Likelihood, Scoreboard
from confide.audits.outcome import Audit, conclude, parse_audience, parse_limits
from confide.audits.playing import Played, Progress, play_all
from confide.audits.protections import UNPROTECTED, parse_protections, something_left
from confide.audits.ratings.exhibits import (
    Sitting,
    best_of,
    deal_all,
    easiest_table,
    few_facts_plot,
    threshold_table,
    who_by_what,
)
from confide.audits.ratings.protections import PROTECTIONS, compared
from confide.core.cache import cache_folder, key_of
from confide.core.errors import DataError, KnowledgeError
from confide.core.nouns import Attack, Mechanism
from confide.games.linkage.ratings import Knowing, RatingsLinkage
from confide.inputs.ratings import RatingsData, read_ratings
from confide.mechanisms.anchors.published import Published
from confide.report import Exhibit, Limit, coarse

ATTACKS = (Scoreboard, Likelihood, Entropic, Counting)
FEWEST = 40
"""So many people at least must have enough facts: half of them are held out."""
HELD_OUT = 0.25
"""At most this share of all people are targets of one world, half of them held out of it."""
WORLDS = 4


def ratings(
    records: Any,
    *,
    user: str,
    item: str,
    seed: int,
    rating: str | None = None,
    time: str | None = None,
    released: Any = None,
    key: Any = None,
    facts: int = 8,
    wrong: int = 2,
    within: str | float = "14d",
    off_by: float = 0.0,
    beyond: int = 0,
    targets: int = 1000,
    protect: Sequence[str] = (),
    attacks: str | Sequence[Any] | None = None,
    limits: Sequence[str | Limit] = (),
    audience: str = "internal",
    strict: bool = False,
    cache: Path | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Audit ratings whose names were replaced by numbers: linkage, by what somebody knows besides.

    The adversary knows a few items that a person rated, roughly how and when, and some of it is wrong. He is
    to name the person's record. He is judged on people in the release, and on people held out of it, for whom
    every record that he names is a false match.

    Args:
        records: everybody's ratings: a .parquet or .csv file or a frame, a row for each rating.
        user, item: the columns that say who and what.
        seed: the same seed gives the same evidence and report.
        rating, time: the columns that say how and when (ISO dates, or seconds since 1970), if there are.
        released: what will be published, if that is another table with the same columns (rating and time may
            be missing). Without it the records themselves are, with names dropped.
        key: if the release has other users' ids: a table of two columns, original user and released user.
        facts: so many facts are known about a person.
        wrong: so many of them are wrong.
        within: by how much the dates of the others may be off, such as '14d'.
        off_by: by how many stars their ratings are off.
        beyond: facts are not about so many most common items.
        targets: about so many people are asked about, half of them held out.
        protect: audit the release under each of these, and compare: 'rare:20', 'stars:1', 'months:1',
            'response:4'.
        attacks: names or attack objects; all by default.
        limits: such as 'tpr@0.01=0.05'; they decide the verdict.
        audience: 'internal' (people, items, rows) or 'public' (none of these).
        strict: let an inconclusive verdict fail.
        cache: where finished attacks are kept; an interrupted audit goes on from there.
        name: what to call the release in the report.
        progress: called with (done, total) while attacks are played.

    Raises:
        DataError, KnowledgeError: one sentence on what is wrong with the input and what to do.

    Source: Narayanan, Shmatikov 2008.
    """
    parse_limits(limits)
    parse_audience(audience)
    chosen = choose(attacks)
    knowing = Knowing(facts=facts, wrong=wrong, within_days=parse_days(within), off_by=off_by, beyond=beyond)
    if seed < 0 or targets < 2:
        raise DataError(f"seed is {seed} and targets is {targets}: give a seed from 0 and 2 targets or more.")
    protections = parse_protections(protect, PROTECTIONS)
    rated = read_ratings(records, user=user, item=item, rating=rating, time=time, released=released, key=key)
    game = _game(rated, knowing, targets, seed=seed)
    published = rated.records if rated.released is None else rated.released
    something_left(published, protections, what="ratings", seed=seed)
    digest = key_of(rated.records.digest(), "" if rated.released is None else rated.released.digest())
    parts: list[Audit] = []
    played_by: dict[Mechanism[Any], Played] = {}
    mechanisms: Mapping[str, Mechanism[Any]] = {UNPROTECTED: Published(), **protections}
    for mechanism in mechanisms.values():
        played_by[mechanism] = play_all(
            replace(game, mechanism=mechanism),
            chosen,
            seed=seed,
            key=key_of("ratings", digest, repr(mechanism), repr(knowing), str(targets), str(game.parts)),
            worlds=game.parts,
            cache=cache_folder() if cache is None else cache,
            progress=progress,
        )
    for spec, mechanism in (protections or mechanisms).items():
        played = played_by[mechanism]
        parts.append(
            _concluded(
                replace(game, mechanism=mechanism),
                played,
                rated,
                release=(name or rated.name) + (f", {spec}" if protections else ""),
                beside=compared(mechanisms, played_by, game, chosen, seed)
                if protections and not parts
                else (),
                limits=limits,
                audience=audience,
                strict=strict,
                seed=seed,
            )
        )
    return Audit.merge(parts)


def choose(names: str | Sequence[Any] | None) -> list[Attack[Any, Any, Any]]:
    """The attacks by name, as objects, or all of them.

    Raises:
        KnowledgeError: if there is none of a name.
    """
    known = {attack.name: attack for attack in ATTACKS}
    if names is None or names == "all":
        return [attack() for attack in ATTACKS]
    parts = names.split(",") if isinstance(names, str) else names
    wanted = [n.strip() if isinstance(n, str) else n for n in parts]
    lost = [n for n in wanted if isinstance(n, str) and n not in known]
    if lost:
        raise KnowledgeError(f"no attack on ratings is called {lost[0]!r}: choose from {', '.join(known)}.")
    return [known[n]() if isinstance(n, str) else n for n in wanted]


def parse_days(text: str | float) -> float:
    """Days from '14d', '2w', '12h' or a number of days.

    >>> parse_days("14d"), parse_days("12h")
    (14.0, 0.5)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([hdw]?)\s*", str(text))
    if not found:
        raise DataError(f"{text!r} is no time: write it like 14d, 2w or 12h.")
    return float(found[1]) * {"h": 1 / 24, "d": 1.0, "": 1.0, "w": 7.0}[found[2]]


def _game(rated: RatingsData, knowing: Knowing, targets: int, *, seed: int) -> RatingsLinkage:
    """Who is asked about, in how many worlds, and who is held out."""
    able = np.flatnonzero(knowing.eligible(rated.records))
    if len(able) < FEWEST:
        raise DataError(
            f"only {len(able)} people of {rated.records.people:,} have the {knowing.facts - knowing.wrong} "
            f"ratings that are to be known of them: ask for fewer facts, or give {FEWEST} such people."
        )
    able = np.random.default_rng([seed, 4]).permutation(able)
    here, gone = able, able[:0]
    if rated.absent is not None:
        here, gone = able[~rated.absent[able]], able[rated.absent[able]]
    base = RatingsLinkage(
        mechanism=Published(),
        records=rated.records,
        targets=here[:targets],
        knowing=knowing,
        released=rated.released,
        absent=rated.absent,
    )
    if len(gone) >= FEWEST // 2:
        return replace(base, targets=np.concatenate([here[: targets // 2], gone[: targets // 2]]), coin=False)
    people = rated.records.people if rated.absent is None else int((~rated.absent).sum())
    return replace(
        base, parts=int(min(WORLDS, max(1, -(-len(base.targets) // max(1, int(HELD_OUT * people))))))
    )


def _concluded(
    game: RatingsLinkage,
    played: Played,
    rated: RatingsData,
    *,
    release: str,
    beside: Sequence[Exhibit],
    seed: int,
    **settings: Any,
) -> Audit:
    exhibits, who = list(beside), None
    if played.evidence:
        best = best_of(played.evidence, played.attacks)
        sitting = Sitting(
            game=game,
            worlds=deal_all(game, seed=seed),
            evidence=played.evidence,
            best=best,
            rated=rated,
            seed=seed,
        )
        exhibits += [threshold_table(sitting), *few_facts_plot(sitting)]
        if settings["audience"] == "internal":
            who = who_by_what(sitting)
            exhibits.append(easiest_table(who))
    k, records = game.knowing, rated.records
    left_out = int((records.counts() > 0).sum() - k.eligible(records).sum())
    public, notes = settings["audience"] == "public", list(rated.notes)
    if not public:
        notes += rated.counted
    if left_out and not public:
        notes.append(f"{left_out:,} people have too few ratings for so many facts: nobody asks about them.")
    if game.coin and rated.released is not None:
        notes.append(
            "Everybody is in the release, so the audit took people's rows out of it by itself: it takes for "
            "granted that this changes no other row."
        )
    return conclude(
        release=release,
        played=played,
        blind=None,
        seed=seed,
        goal="linkage",
        subject=f"Somebody who knows {k.facts} facts about a person, {k.wrong} of them wrong,",
        exhibits=exhibits,
        who=who,
        promise=game.mechanism.budget,
        unit=game.unit,
        about=_about(game, public=public),
        adversary=_knowledge(game),
        notes=notes,
        **settings,
    )


def _about(game: RatingsLinkage, *, public: bool) -> dict[str, str]:
    def many(n: int) -> str:
        return coarse(n) if public else f"{n:,}"

    shown = game.records if game.released is None else game.released
    has = [w for w, there in (("ratings", shown.rating), ("dates", shown.day)) if there is not None]
    return {
        "release": f"{many(len(shown))} rows of {many(int((shown.counts() > 0).sum()))} people and "
        f"{many(int((shown.raters() > 0).sum()))} items, with {' and '.join(has) or 'no ratings or dates'}; "
        "people under random numbers",
        "asked about": f"{many(len(game.targets))} people"
        + (f", in {game.parts} rounds" if game.parts > 1 else "")
        + (", each held out of the release by a fair coin" if game.coin else ", those absent by themselves"),
    }


def _knowledge(game: RatingsLinkage) -> list[str]:
    k = game.knowing
    parts = [f"He knew of {k.facts} ratings by a person, {k.wrong} of which that person never gave."]
    if k.beyond:
        parts.append(f"None of the true ones is among the {k.beyond} most rated items.")
    if game.records.rating is not None:
        parts.append(f"He knew the ratings, {f'off by {k.off_by:g}' if k.off_by else 'exactly'}.")
    if game.records.day is not None:
        parts.append(f"He knew the dates, to within {k.within_days:g} days.")
    parts.append("He knew how many of his facts are wrong and how the release was made.")
    return parts
