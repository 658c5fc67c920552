"""A closer look at one release of ratings: its best attack with fewer facts, and who is singled out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from confide.audits.release import AuditedRelease
from confide.core.arrays import Bools, Floats, Ints
from confide.core.evidence import Evidence
from confide.core.nouns import AnyAttack
from confide.core.play import play
from confide.core.who import table_of
from confide.games.linkage.ratings import FewerFacts, LinkageWorld
from confide.inputs.ratings import RatingsData
from confide.knowledge.ratings import Knowing
from confide.measure.identification import at_false_match_rate, rank_one
from confide.views.interactions import Interactions

RATES = (0.05, 0.01)
"""Of false matches, at which people are called recognised."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Closer:
    """A closer look at one release: its best attack, asked again in the same worlds with fewer facts.

    Args:
        release: as it was played.
        knowing: what the adversary knows of each person.
        data: the ratings whose codes the worlds speak of.
    """

    release: AuditedRelease
    knowing: Knowing
    data: RatingsData

    @cached_property
    def best(self) -> AnyAttack:
        """The attack to look at closer."""
        return best_of(self.release.evidence, self.release.attacks)

    @property
    def worlds(self) -> tuple[LinkageWorld, ...]:
        """As every attack met them."""
        return self.release.worlds

    def again(self, attack: AnyAttack, rank: tuple[Ints, ...], first: int | None = None) -> Evidence:
        """Another attack in the same worlds, with fewer facts."""
        game = FewerFacts(worlds=self.worlds, rank=rank, first=first)
        # The stream of the main game, so that an attack's own random choices are the same.
        rng = self.release.settings.rng("worlds")
        return play(game, attack, worlds=len(self.worlds), rng=rng, across_units=True)

    @property
    def in_order(self) -> tuple[Ints, ...]:
        """The order in which the facts become known: at random, each person's wrong ones among them."""
        rng = self.release.settings.rng("order of facts")
        return tuple(_ranks(w.case.targets, rng.random(len(w.case.targets))) for w in self.worlds)

    @property
    def rarest_first(self) -> tuple[Ints, ...]:
        """The true facts alone, those that fewest people share first; a wrong one has rank -1."""
        raters = self.data.records.raters()
        return tuple(
            # Wrong facts go last, so that the ranks of the true ones have no gaps.
            np.where(true, _ranks(w.case.targets, np.where(true, raters[w.case.targets.item], np.inf)), -1)
            for w, true in ((w, self._true(w)) for w in self.worlds)
        )

    @cached_property
    def people(self) -> pl.DataFrame:
        """Each target with the facts that single them out; see `singled_out`."""
        return singled_out(self)

    def _true(self, world: LinkageWorld) -> Bools:
        facts, records = world.case.targets, self.data.records
        assert world.ids is not None
        # A fact is true if the person has the item in the original: a sorted search finds it without a set.
        keys = records.person.astype(np.int64) * records.items + records.item
        asked = world.ids[facts.person] * records.items + facts.item
        return keys[np.searchsorted(keys, asked).clip(0, len(keys) - 1)] == asked


def best_of(evidence: Sequence[Evidence], attacks: Sequence[AnyAttack]) -> AnyAttack:
    """The attack that names most people rightly at the lowest false-match rate that can be had."""

    def reach(e: Evidence) -> tuple[float, ...]:
        # The lowest rate first: an adversary that accuses the wrong people is little use to anybody.
        found = [at_false_match_rate(e, rate=rate) for rate in sorted(RATES)]
        return (*(-1.0 if f is None else f.right.value for f in found), rank_one(e).value)

    name = max(evidence, key=reach).attack
    return next(a for a in attacks if a.name == name)


def singled_out(closer: Closer) -> pl.DataFrame:
    """Table of targets: who they are, the fewest of their rarest known facts that single them out, and which.

    Singled out: the attack names the person's own record, above the threshold that keeps false matches to
    5 % with that many facts. Empty for people who are not singled out, or not in the release.
    """
    rank = closer.rarest_first
    fewest: dict[int, int] = {}
    # Up to the true facts: a wrong one singles out nobody.
    for first in range(1, closer.knowing.facts - closer.knowing.wrong + 1):
        evidence = closer.again(closer.best, rank, first)
        at = at_false_match_rate(evidence, rate=RATES[0])
        if at is None:
            continue
        caught = evidence.table.filter(pl.col("exposed") & pl.col("hit") & (pl.col("score") > at.threshold))
        for target in caught["target"].to_list():
            # The first number that does it stays.
            fewest.setdefault(target, first)
    rows: list[dict[str, str | int | None]] = []
    for world, ranks in zip(closer.worlds, rank, strict=True):
        rows += _facts_of(world, ranks, fewest, closer.data)
    schema = {"target": pl.Int64, "fewest_facts": pl.Int64, "singled_out_by": pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row").sort("target")
    return table_of(frame["target"], closer.data.who[frame["target"]], *frame.drop("target").get_columns())


def _facts_of(
    world: LinkageWorld, rank: Ints, fewest: dict[int, int], data: RatingsData
) -> list[dict[str, str | int | None]]:
    facts, start = world.case.targets, world.case.targets.start
    assert world.ids is not None
    rows: list[dict[str, str | int | None]] = []
    for place, code in enumerate(world.ids.tolist()):
        mine = np.arange(start[place], start[place + 1])
        few = fewest.get(code)
        # The rarest first, as the adversary got them.
        shown = sorted((int(rank[i]), int(i)) for i in mine if few is not None and 0 <= rank[i] < few)
        rows.append(
            {
                "target": code,
                "fewest_facts": few,
                "singled_out_by": "; ".join(_words(facts, i, data) for _, i in shown) or None,
            }
        )
    return rows


def _words(facts: Interactions, i: int, data: RatingsData) -> str:
    rating = None if facts.rating is None else float(facts.rating[i])
    return data.fact(int(facts.item[i]), rating, None if facts.day is None else float(facts.day[i]))


def _ranks(facts: Interactions, key: Floats) -> Ints:
    """int64[facts]: the place of each fact among its person's, by rising key."""
    # By person, and inside by key: people's facts stay together.
    order = np.lexsort((key, facts.person))
    rank = np.empty(len(facts), np.int64)
    rank[order] = np.arange(len(facts)) - facts.start[facts.person[order]]
    return rank
