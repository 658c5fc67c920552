"""Beside the findings on ratings: thresholds, from how few facts, and who is singled out by which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from confide.attacks.linkage import Likelihood, Scoreboard
from confide.attacks.linkage.ratings.scoreboard import PUBLISHED_PHI
from confide.core.arrays import Ints
from confide.core.evidence import Evidence
from confide.core.nouns import Attack
from confide.core.play import play
from confide.games.linkage.ratings import FewerFacts, LinkageWorld, RatingsLinkage
from confide.inputs.ratings import RatingsData
from confide.measure.identification import at_false_match_rate, linked, rank_one
from confide.report import Line, Plot, Table
from confide.views.interactions import Interactions

RATES = (0.05, 0.01)
SHOWN = 20
"""So many of the people who are easiest to recognise are listed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sitting:
    """One audit's game, with its worlds dealt once for all that is asked besides the findings.

    Args:
        game: as it was played.
        worlds: as the attacks met them.
        evidence: of the attacks that ran.
        best: the attack to look at closer.
        rated: whose codes the worlds speak of.
        seed: of the audit.
    """

    game: RatingsLinkage
    worlds: tuple[LinkageWorld, ...]
    evidence: Sequence[Evidence]
    best: Attack[Any, Any, Any]
    rated: RatingsData
    seed: int

    def again(
        self, attack: Attack[Any, Any, Any], rank: tuple[Ints, ...], first: int | None = None
    ) -> Evidence:
        """Another attack in the same worlds, with fewer facts."""
        game = FewerFacts(worlds=self.worlds, rank=rank, first=first)
        return play(game, attack, worlds=len(self.worlds), rng=np.random.default_rng(self.seed))

    @property
    def as_told(self) -> tuple[Ints, ...]:
        """The order in which the facts become known: at random, each person's wrong ones among them."""
        rng = np.random.default_rng([self.seed, 3])
        return tuple(_ranks(w.case.targets, rng.random(len(w.case.targets))) for w in self.worlds)

    @property
    def rarest_first(self) -> tuple[Ints, ...]:
        """The true facts alone, those that fewest people share first; a wrong one has rank -1."""
        raters = self.rated.records.raters()
        return tuple(
            np.where(true, _ranks(w.case.targets, np.where(true, raters[w.case.targets.item], np.inf)), -1)
            for w, true in ((w, self._true(w)) for w in self.worlds)
        )

    def _true(self, world: LinkageWorld) -> Any:
        facts, records = world.case.targets, self.rated.records
        assert world.ids is not None
        keys = records.person.astype(np.int64) * records.items + records.item
        asked = world.ids[facts.person] * records.items + facts.item
        return keys[np.searchsorted(keys, asked).clip(0, len(keys) - 1)] == asked


def deal_all(game: RatingsLinkage, *, seed: int) -> tuple[LinkageWorld, ...]:
    """The worlds that `play` with this seed deals."""
    children = np.random.default_rng(seed).spawn(game.parts)
    return tuple(game.deal(i, rng=child.spawn(2)[0]) for i, child in enumerate(children))


def best_of(evidence: Sequence[Evidence], attacks: Sequence[Attack[Any, Any, Any]]) -> Attack[Any, Any, Any]:
    """The attack that names most people rightly at the lowest false-match rate that can be had."""

    def reach(e: Evidence) -> tuple[float, ...]:
        found = [at_false_match_rate(e, rate=rate) for rate in sorted(RATES)]
        return (*(-1.0 if f is None else f.right.value for f in found), rank_one(e).value)

    name = max(evidence, key=reach).attack
    return next(a for a in attacks if a.name == name)


def threshold_table(sitting: Sitting) -> Table:
    """Right, wrong, nobody and false matches, at each threshold, for each adversary."""
    parts = [(e.attack, e) for e in sitting.evidence]
    every = tuple(np.zeros(len(w.case.targets), np.int64) for w in sitting.worlds)
    view = sitting.worlds[0].case.view
    names = {e.attack for e in sitting.evidence}
    for kind in (Scoreboard, Likelihood):
        if kind.name in names and view.rating is not None and view.day is not None:
            parts += [
                (f"{kind.name} without dates", sitting.again(kind(dates=False), every)),
                (f"{kind.name} without ratings", sitting.again(kind(ratings=False), every)),
            ]
    published = [(name, e) for name, e in parts if name.startswith(Scoreboard.name)]
    rows: list[tuple[Any, ...]] = [
        _row(f"{name}, published threshold {PUBLISHED_PHI:g}", linked(e, threshold=PUBLISHED_PHI))
        for name, e in published
    ]
    for rate in RATES:
        at = [(name, at_false_match_rate(e, rate=rate)) for name, e in parts]
        rows += [_row(f"{name}, set for {rate:.0%} false matches", f) for name, f in at if f is not None]
    rows += [(f"{name}, best fit whatever it is", rank_one(e), None, None, None) for name, e in parts]
    own = (
        "The published threshold was set on half a million people and does not hold false matches down in a "
    )
    return Table(
        title="Whose record is named",
        reading="Of the people in the release: how many get their own record named, another one, or none. "
        "Of the people who are not in it: how many get one named all the same. "
        + (own + "small release. " if published else "")
        + "A threshold set for a rate was set on half of the absent people, and false matches counted on the "
        "other half.",
        head=(
            "adversary and threshold",
            "named rightly",
            "named wrongly",
            "nobody named",
            "absent, yet named",
        ),
        rows=tuple(sorted(rows, key=lambda row: " without " in str(row[0]))),
        of=int(sitting.evidence[0].exposed.sum()),
    )


def _row(name: str, found: Any) -> tuple[Any, ...]:
    return (name, found.right, found.wrong, found.abstained, found.false_matches)


def few_facts_plot(sitting: Sitting) -> tuple[Plot, Table]:
    """The share recognised with one fact, two, ... up to all."""
    counts = range(1, sitting.game.knowing.facts + 1)
    rank = sitting.as_told
    evidence = [sitting.again(sitting.best, rank, first) for first in counts]
    lines: list[Line] = []
    cells: dict[str, list[Any]] = {}
    for words, rate in (
        ("best fit whatever it is", None),
        *((f"at {r:.0%} false matches", r) for r in RATES),
    ):
        found = [rank_one(e) if rate is None else _right(e, rate) for e in evidence]
        if any(f is None for f in found):
            continue
        cells[words] = found
        lines.append(
            Line(
                name=words,
                x=tuple(map(float, counts)),
                y=tuple(f.value for f in found),
                low=tuple(f.low for f in found),
                high=tuple(f.high for f in found),
            )
        )
    wrong = sitting.game.knowing.wrong
    reading = f"The adversary '{sitting.best.name}' learns the facts one by one, in random order" + (
        f"; {wrong} of all {max(counts)} are wrong." if wrong else "."
    )
    plot = Plot(
        title="From how few facts",
        reading=reading,
        x_title="facts known about a person",
        y_title="people whose record is named rightly",
        lines=tuple(lines),
    )
    table = Table(
        title="From how few facts, in numbers",
        reading=reading,
        head=("facts", *cells),
        rows=tuple((str(count), *(c[i] for c in cells.values())) for i, count in enumerate(counts)),
        of=int(evidence[0].exposed.sum()),
    )
    return plot, table


def _right(evidence: Evidence, rate: float) -> Any:
    found = at_false_match_rate(evidence, rate=rate)
    return None if found is None else found.right


def who_by_what(sitting: Sitting) -> pl.DataFrame:
    """For each target who he is, with how few of his rarest known facts he is singled out, and with which.

    Singled out: his record is named rightly, above the threshold that keeps false matches to 5 % with that
    many facts. Empty where he is not, or is not in the release.
    """
    rank = sitting.rarest_first
    fewest: dict[int, int] = {}
    for first in range(1, sitting.game.knowing.facts - sitting.game.knowing.wrong + 1):
        evidence = sitting.again(sitting.best, rank, first)
        at = at_false_match_rate(evidence, rate=RATES[0])
        if at is None:
            continue
        caught = evidence.table.filter(pl.col("exposed") & pl.col("hit") & (pl.col("score") > at.threshold))
        for target in caught["target"].to_list():
            fewest.setdefault(target, first)
    rows: list[dict[str, Any]] = []
    for world, ranks in zip(sitting.worlds, rank, strict=True):
        rows += _told_of(world, ranks, fewest, sitting.rated)
    schema = {"target": pl.Int64, "person": pl.String, "fewest_facts": pl.Int64, "singled_out_by": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("target")


def _told_of(
    world: LinkageWorld, rank: Ints, fewest: dict[int, int], rated: RatingsData
) -> list[dict[str, Any]]:
    facts, start = world.case.targets, world.case.targets.start
    assert world.ids is not None
    rows: list[dict[str, Any]] = []
    for place, code in enumerate(world.ids.tolist()):
        mine = np.arange(start[place], start[place + 1])
        few = fewest.get(code)
        shown = sorted((int(rank[i]), int(i)) for i in mine if few is not None and 0 <= rank[i] < few)
        rows.append(
            {
                "target": code,
                "person": str(rated.people[code]),
                "fewest_facts": few,
                "singled_out_by": "; ".join(_words(facts, i, rated) for _, i in shown) or None,
            }
        )
    return rows


def _words(facts: Interactions, i: int, rated: RatingsData) -> str:
    rating = None if facts.rating is None else float(facts.rating[i])
    return rated.fact(int(facts.item[i]), rating, None if facts.day is None else float(facts.day[i]))


def easiest_table(who: pl.DataFrame) -> Table:
    """The people who are singled out by fewest facts."""
    caught = who.filter(pl.col("fewest_facts").is_not_null())
    listed = caught.sort("fewest_facts", "target").head(SHOWN)
    return Table(
        title="Who is singled out by fewest facts",
        reading=f"{caught.height:,} people are singled out at 5 % false matches by true facts that he knows; "
        f"these are the {listed.height} for whom fewest are needed, the rarest fact first.",
        head=("person", "facts needed", "which"),
        rows=tuple(
            (str(r["person"]), str(r["fewest_facts"]), r["singled_out_by"]) for r in listed.to_dicts()
        ),
        internal=True,
    )


def _ranks(facts: Interactions, key: Any) -> Ints:
    """int64[facts]: the place of each fact among its person's, by rising key."""
    order = np.lexsort((key, facts.person))
    rank = np.empty(len(facts), np.int64)
    rank[order] = np.arange(len(facts)) - facts.start[facts.person[order]]
    return rank
