"""Releases of ratings under protections: by name, and side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from confide.audits.frontier import frontier
from confide.audits.playing import Played
from confide.audits.protections import frontier_exhibits
from confide.audits.ratings.exhibits import RATES, best_of
from confide.core.arrays import Ints
from confide.core.budget import Budget
from confide.core.estimate import Estimate, Measured
from confide.core.evidence import Evidence
from confide.core.nouns import Attack, Mechanism
from confide.games.linkage.ratings import RatingsLinkage
from confide.measure.identification import at_false_match_rate, rank_one
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.coarse_ratings import CoarseRatings
from confide.mechanisms.anonymize.rare_items import WithoutRareItems
from confide.mechanisms.randomize.item_response import RandomisedResponse
from confide.report import Exhibit
from confide.utility.ratings import hit_rate, items_kept
from confide.views.interactions import Interactions

MONTH = 365.2425 / 12

PROTECTIONS = {
    "rare": (lambda people: WithoutRareItems(people=int(people)), "rare:20"),
    "stars": (lambda step: CoarseRatings(step=float(step)), "stars:1"),
    "months": (lambda months: CoarseRatings(days=MONTH * float(months)), "months:1"),
    "response": (lambda e: RandomisedResponse(budget=Budget(float(e)), noise="rehearsal"), "response:4"),
}


def compared(
    mechanisms: Mapping[str, Mechanism[Any]],
    played: Mapping[Mechanism[Any], Played],
    game: RatingsLinkage,
    chosen: Sequence[Attack[Any, Any, Any]],
    seed: int,
) -> Sequence[Exhibit]:
    """All releases side by side: what the best attack on the records as they are reaches, and what is left.

    Args:
        mechanisms: by name; `Published` among them.
        played: what was played against each of them.
        game: with the records, and what is published.
        chosen: the attacks.
        seed: of the audit.
    """
    plain = played[Published()]
    if not plain.evidence:
        return ()
    best = best_of(plain.evidence, chosen).name
    published = game.records if game.released is None else game.released
    training, test = _split(published, game.records, seed=seed)

    def attacked(mechanism: Mechanism[Any]) -> Evidence:
        return next((e for e in played[mechanism].evidence if e.attack == best), plain.evidence[0])

    def risk(evidence: Evidence) -> Estimate:
        found = at_false_match_rate(evidence, rate=RATES[0])
        return rank_one(evidence) if found is None else found.right

    def left(view: Interactions) -> Measured:
        return {
            "items kept": items_kept(view, training),
            "hit rate at 10": hit_rate(view, test, rng=np.random.default_rng([seed, 6])),
        }

    found = frontier(
        mechanisms,
        training,
        attacked=attacked,
        risk=risk,
        left=left,
        words=f"recognised by '{best}' at {RATES[0]:.0%} false matches",
        seed=seed,
    )
    return frontier_exhibits(found, across="hit rate at 10")


def _split(published: Interactions, records: Interactions, *, seed: int) -> tuple[Interactions, Interactions]:
    """Four fifths of the released people to learn from; the originals of the others to recommend to."""
    people: Ints = np.random.default_rng([seed, 7]).permutation(np.flatnonzero(published.counts() > 0))
    cut = len(people) // 5
    return published.take(np.sort(people[cut:])), records.take(np.sort(people[:cut]))
