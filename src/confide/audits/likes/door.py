"""You hold who liked what: what do people's likes give away about a trait of theirs?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from confide.attacks import attribute
from confide.attacks.attribute import LikesSVD, LikesTfIdf
from confide.audits.frontier import frontier
from confide.audits.likes.accuracy import ascriptions
from confide.audits.likes.counterfactuals import counterfactuals, crossed, targets_of
from confide.audits.outcome import Audit, conclude, parse_audience, parse_limits
from confide.audits.playing import Played, Progress, play_all
from confide.audits.protections import UNPROTECTED, frontier_exhibits, parse_protections, something_left
from confide.core.arrays import Ints, Rng
from confide.core.budget import Budget
from confide.core.cache import cache_folder, key_of
from confide.core.errors import DataError
from confide.core.estimate import Measured
from confide.core.evidence import Evidence
from confide.core.nouns import Mechanism
from confide.games.attribute.likes import TraitInference, parts
from confide.inputs.likes import LikesData, read_people
from confide.measure import measure
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.rare_items import WithoutRareItems
from confide.mechanisms.randomize.item_response import RandomisedResponse
from confide.report import Exhibit, Limit, coarse
from confide.utility.ratings import hit_rate, items_kept
from confide.views.interactions import Interactions

PROTECTIONS: Mapping[str, Any] = {
    "rare": (lambda people: WithoutRareItems(people=int(people)), "rare:20"),
    "response": (
        lambda epsilon: RandomisedResponse(budget=Budget(float(epsilon)), noise="rehearsal"),
        "response:4",
    ),
}
"""Protections of likes by name; an audit is a rehearsal, so their noise comes from its seed."""

AS_PUBLISHED = "likes-svd, directions from all people (as published)"


def likes(
    records: Any,
    *,
    user: str,
    item: str,
    traits: Any,
    trait: str,
    seed: int,
    kind: str = "auto",
    having: str | None = None,
    folds: int = 10,
    attacks: str | Sequence[Any] | None = None,
    protect: Sequence[str] = (),
    limits: Sequence[str | Limit] = (),
    audience: str = "internal",
    strict: bool = False,
    name: str | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Audit likes: what do they tell about people to somebody who knows others' likes and traits?

    The adversary knows the trait of most people (the panel), learns what likes go with it, and ascribes it
    to the others by their likes. People are cut into parts; each part is the target once. Beside the attacks
    stand the counterfactuals: what is left to learn without the most telling items, and how much hangs on a
    person's own likes. Memory: some 100 bytes a like, and 300 MB for the last of these.

    Args:
        records: a row for each like: a .parquet or .csv file, a polars or a pandas frame.
        user, item: the columns that say who and what; `user` in both tables.
        traits: a table with one row a user, likewise. Who is in one table only, or has no trait, is left out
            and counted.
        trait: its column with the trait.
        seed: the same seed gives the same evidence and report.
        kind: 'binary' (the claim is the rarer of two values), 'classes', 'number' (the claim is 'above the
            middle'), or 'auto': a column of more than 20 different numbers is a number.
        having: one value of the trait as text; the claim is then that a person has it.
        folds: into how many parts people are cut.
        attacks: names ('likes-tfidf,likes-svd'), attack objects, or None for all.
        protect: protections such as 'rare:20' or 'response:4'; each is a release of its own, and all are
            compared with the likes as they are.
        limits: such as 'tpr@0.01=0.05'; they decide the verdict.
        audience: 'internal' (rows, ids and items by name) or 'public' (none of these).
        strict: let an inconclusive verdict fail.
        name: what to call the release in the report.
        cache: where finished attacks are kept; by default a `confide` folder in the user's cache.
        progress: called with (attacks done, attacks in all).

    Raises:
        DataError, KnowledgeError: one sentence on what is wrong with the input and what to do.

    Source: Kosinski, Stillwell, Graepel 2013.
    """
    parse_limits(limits)
    parse_audience(audience)
    chosen = _chosen(attacks)
    mechanisms = parse_protections(protect, PROTECTIONS)
    if folds < 2 or seed < 0:
        raise DataError(
            f"folds is {folds} and seed is {seed}: give 2 or more folds and a seed of at least 0."
        )
    people = read_people(
        records, traits, user=user, item=item, trait=trait, kind=kind, having=having, parts=folds
    )
    if name is not None:
        people = replace(people, name=name)
    something_left(people.items, mechanisms, what="likes", seed=seed)
    room = _Room(
        people=people,
        part=parts(people.value, people.kind, count=folds, rng=np.random.default_rng([seed, 1])),
        seed=seed,
        cache=cache_folder() if cache is None else cache,
        progress=progress,
    )
    settings = {"limits": limits, "audience": audience, "strict": strict, "seed": seed}
    audits = [
        _one(room, spec, mechanism, chosen, trait=trait, settings=settings)
        for spec, mechanism in (mechanisms or {UNPROTECTED: Published()}).items()
    ]
    found = Audit.merge(audits)
    if not mechanisms:
        return found
    first, *others = found.sections
    compared = _frontier(room, {UNPROTECTED: Published(), **mechanisms})
    first = replace(first, exhibits=(*compared, *first.exhibits))
    return replace(found, sections=(first, *others))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Room:
    """What all releases of one audit share."""

    people: LikesData
    part: Ints
    seed: int
    cache: Path
    progress: Progress | None

    def rng(self, number: int) -> Rng:
        return np.random.default_rng([self.seed, number])

    def game(self, mechanism: Mechanism[Interactions]) -> TraitInference:
        people = self.people
        return TraitInference(
            items=people.items,
            value=people.value,
            kind=people.kind,
            classes=people.classes,
            part=self.part,
            mechanism=mechanism,
        )

    def play(self, mechanism: Mechanism[Interactions], attacks: Sequence[Any]) -> Played:
        people = self.people
        key = key_of(
            people.items.digest(), people.value.tobytes(), people.kind, self.part.tobytes(), repr(mechanism)
        )
        return play_all(
            self.game(mechanism),
            attacks,
            seed=self.seed,
            key=key,
            worlds=int(self.part.max()) + 1,
            cache=self.cache,
            progress=self.progress,
        )


def _chosen(attacks: str | Sequence[Any] | None) -> list[Any]:
    """The attacks by name, or all."""
    if attacks is None or attacks == "all":
        return [attack() for attack in attribute.ALL]
    names = attacks.split(",") if isinstance(attacks, str) else attacks
    return [attribute.by_name(n.strip())() if isinstance(n, str) else n for n in names]


def _one(
    room: _Room,
    spec: str,
    mechanism: Mechanism[Interactions],
    attacks: Sequence[Any],
    *,
    trait: str,
    settings: Mapping[str, Any],
) -> Audit:
    """One release, attacked by all."""
    people, learner = room.people, next((a for a in attacks if isinstance(a, LikesTfIdf)), LikesTfIdf())
    public = settings["audience"] == "public"
    played = room.play(mechanism, attacks)
    seen = mechanism(people.items, rng=room.rng(3)).view
    open_ = crossed(people, seen, room.part, attack=learner)
    return conclude(
        release=people.name if spec == UNPROTECTED else f"{people.name}, {spec}",
        played=played,
        blind=None,
        goal="attribute",
        subject=f"Somebody who knows the likes and the {trait} of {_panel(room):,} others",
        about=_about(people, mechanism, trait, folds=int(room.part.max()) + 1, public=public),
        adversary=(
            f"He learned from {_many(_panel(room), public)} people whose {trait} he knows, as released, and "
            "knows how the likes were protected.",
            f"What he claims of a person: {people.claim}.",
        ),
        exhibits=(
            *ascriptions(_named(room, mechanism, played), people),
            *counterfactuals(people, seen, open_, attack=learner, rng=room.rng(4)),
        ),
        notes=(
            *_left_out(people, int(open_.blank.sum()), public=public),
            "Exposed are the people of whom the claim is true. Nobody tossed a coin over that: no bound is "
            "certified.",
        ),
        promise=mechanism.budget,
        who=targets_of(people, open_) if settings["audience"] == "internal" else None,
        **settings,
    )


def _left_out(people: LikesData, blank: int, *, public: bool) -> tuple[str, ...]:
    """Who could not be asked about, or only blindly; counts of few people are not for the public."""
    words = f"{blank:,} people have no item that the panel knows: they get the shares of the panel."
    return () if public else (*people.left_out, *([words] if blank else []))


def _panel(room: _Room) -> int:
    return int((room.part != 0).sum())


def _many(count: int, public: bool) -> str:
    """A count in words, coarse for the public."""
    return coarse(count) if public else f"{count:,}"


def _about(
    people: LikesData, mechanism: Mechanism[Interactions], trait: str, *, folds: int, public: bool
) -> dict[str, str]:
    items = people.items
    kinds = {"binary": "yes or no", "classes": f"{people.classes} classes", "number": "a number"}
    return {
        "release": f"{_many(len(items), public)} likes of {_many(items.people, public)} people, "
        f"{_many(items.items, public)} items",
        "trait": f"{trait}, {kinds[people.kind]}; the claim: {people.claim}",
        "protection": "none" if isinstance(mechanism, Published) else repr(mechanism),
        "compared": f"every person once, in {folds} parts; learned from the other parts",
    }


def _named(room: _Room, mechanism: Mechanism[Interactions], played: Played) -> list[tuple[str, Evidence]]:
    """The evidence with what to call it; with the SVD also as it was published, where it ran."""
    named = [(e.attack, e) for e in played.evidence]
    svd = next((a for a in played.attacks if isinstance(a, LikesSVD)), None)
    if svd is None or svd.transductive or svd.name not in dict(named):
        return named
    published = room.play(mechanism, [replace(svd, transductive=True)])
    return [*named, *((AS_PUBLISHED, e) for e in published.evidence)]


def _frontier(room: _Room, mechanisms: Mapping[str, Mechanism[Interactions]]) -> tuple[Exhibit, ...]:
    """What each protection leaves to the adversary, and to a recommender."""
    items, rest = room.people.items, np.flatnonzero(room.part != 0)
    test = items.take(np.flatnonzero(room.part == 0))

    def attacked(mechanism: Mechanism[Interactions]) -> Evidence:
        return room.play(mechanism, [LikesTfIdf()]).evidence[0]

    def left(view: Interactions) -> Measured:
        pairs = [i.person.astype(np.int64) * items.items + i.item for i in (view, items)]
        true = len(np.intersect1d(*pairs, assume_unique=True))
        return {
            "items kept": round(items_kept(view, items), 3),
            "likes kept": round(true / max(len(items), 1), 3),
            "true among the likes": round(true / max(len(view), 1), 3),
            "hit rate of 10 recommendations": hit_rate(view.take(rest), test, rng=room.rng(6)),
        }

    found = frontier(
        mechanisms,
        items,
        attacked=attacked,
        risk=lambda evidence: measure(evidence).auc,
        left=left,
        words="AUC of likes-tfidf",
        seed=room.seed,
    )
    return frontier_exhibits(found, across="hit rate of 10 recommendations")
