"""Beside the findings on ratings: thresholds, from how few facts, and who is singled out by which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import polars as pl

from confide.attacks.linkage import Likelihood, Scoreboard
from confide.attacks.linkage.ratings.scoreboard import PUBLISHED_PHI
from confide.audits.release import AuditedRelease
from confide.core.arrays import Bools, Floats, Ints
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.language import later, t
from confide.core.nouns import AnyAttack
from confide.core.play import play
from confide.core.who import COUNTED, named, table_of
from confide.games.linkage.ratings import FewerFacts, LinkageWorld
from confide.inputs.ratings import RatingsData
from confide.knowledge.ratings import Knowing
from confide.measure.identification import Linked, at_false_match_rate, linked, rank_one
from confide.report import Line, Plot, Table
from confide.views.interactions import Interactions

RATES = (0.05, 0.01)
SHOWN = 20
"""How many of the people who are easiest to recognise are listed."""
Row: TypeAlias = tuple[str, Estimate | None, Estimate | None, Estimate | None, Estimate | None]


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


SMALL = later(
    "The published threshold was set on half a million people and does not hold false matches down in a "
    "small release."
)


def threshold_table(closer: Closer) -> Table:
    """Right, wrong, nobody and false matches, at each threshold, for each adversary."""
    # What it is called, what it scores, and whether it goes without something: then it comes last.
    parts = [(e.attack, e, False) for e in closer.release.evidence]
    every = tuple(np.zeros(len(w.case.targets), np.int64) for w in closer.worlds)
    view = closer.worlds[0].case.view
    names = {e.attack for e in closer.release.evidence}
    for kind in (Scoreboard, Likelihood):
        # Without one of the two the variants would be the same attack.
        if kind.name in names and view.rating is not None and view.day is not None:
            parts += [
                (t("{attack} without dates", attack=kind.name), closer.again(kind(dates=False), every), True),
                (
                    t("{attack} without ratings", attack=kind.name),
                    closer.again(kind(ratings=False), every),
                    True,
                ),
            ]
    # The published threshold is in the scoreboard's own score; it means nothing for another.
    published = [part for part in parts if part[1].attack == Scoreboard.name]
    rows: list[tuple[bool, Row]] = [
        (
            last,
            _row(
                t("{attack}, published threshold {phi:g}", attack=name, phi=PUBLISHED_PHI),
                linked(e, threshold=PUBLISHED_PHI),
            ),
        )
        for name, e, last in published
    ]
    for rate in RATES:
        at = [(name, at_false_match_rate(e, rate=rate), last) for name, e, last in parts]
        rows += [
            (last, _row(t("{attack}, set for {rate:.0f}% false matches", attack=name, rate=100 * rate), f))
            for name, f, last in at
            if f is not None
        ]
    rows += [
        (last, (t("{attack}, best fit whatever it is", attack=name), rank_one(e), None, None, None))
        for name, e, last in parts
    ]
    return Table(
        title=t("Whose record is named"),
        reading=" ".join(
            [
                t(
                    "Of the people in the release: how many get their own record named, another one, or "
                    "none. Of the people who are not in it: how many get one named all the same."
                ),
                *[t(SMALL)] * bool(published),
                t(
                    "A threshold set for a rate is where that share of all absent people would get a record "
                    "named; the intervals count that few absent people show only roughly where it is."
                ),
            ]
        ),
        head=(
            t("adversary and threshold"),
            t("named rightly"),
            t("named wrongly"),
            t("nobody named"),
            t("absent, yet named"),
        ),
        # The variants last; sorting is stable, so the rest keeps its order.
        rows=tuple(row for _, row in sorted(rows, key=lambda row: row[0])),
        # By this count a public report decides whether it may show the shares.
        of=len(np.unique(closer.release.evidence[0].person[closer.release.evidence[0].exposed])),
    )


def _row(name: str, found: Linked) -> Row:
    return (name, found.right, found.wrong, found.abstained, found.false_matches)


def few_facts(closer: Closer) -> tuple[Plot, Table]:
    """The share recognised with one fact, two, ... up to all."""
    counts = range(1, closer.knowing.facts + 1)
    rank = closer.in_order
    evidence = [closer.again(closer.best, rank, first) for first in counts]
    lines: list[Line] = []
    cells: dict[str, list[Estimate]] = {}
    for words, rate in (
        (t("best fit whatever it is"), None),
        *((t("at {rate:.0f}% false matches", rate=100 * r), r) for r in RATES),
    ):
        every = [rank_one(e) if rate is None else _right(e, rate) for e in evidence]
        found = [f for f in every if f is not None]
        # A line with gaps would be read as a line without.
        if len(found) < len(every):
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
    wrong = closer.knowing.wrong
    people = len(np.unique(evidence[0].person[evidence[0].exposed]))
    reading = (
        t(
            "The adversary '{attack}' learns the facts one by one, in random order; {wrong} of all {n} "
            "are wrong.",
            attack=closer.best.name,
            wrong=wrong,
            n=max(counts),
        )
        if wrong
        else t(
            "The adversary '{attack}' learns the facts one by one, in random order.", attack=closer.best.name
        )
    )
    plot = Plot(
        title=t("From how few facts"),
        reading=reading,
        x_title=t("facts known about a person"),
        y_title=t("people whose record is named rightly"),
        lines=tuple(lines),
        of=people,
    )
    table = Table(
        title=t("From how few facts, in numbers"),
        reading=reading,
        head=(t("facts"), *cells),
        rows=tuple((str(count), *(c[i] for c in cells.values())) for i, count in enumerate(counts)),
        of=people,
    )
    return plot, table


def _right(evidence: Evidence, rate: float) -> Estimate | None:
    found = at_false_match_rate(evidence, rate=rate)
    return None if found is None else found.right


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


def easiest_table(who: pl.DataFrame) -> Table:
    """The people who are singled out by fewest facts."""
    caught = who.filter(pl.col("fewest_facts").is_not_null())
    listed = caught.sort("fewest_facts", "target").head(SHOWN)
    return Table(
        title=t("Who is singled out by fewest facts"),
        reading=" ".join(
            [
                t(
                    "{n:,} people are singled out at 5 % false matches by true facts that the adversary "
                    "knows; these are the {shown} for whom fewest are needed, the rarest fact first.",
                    n=caught.height,
                    shown=listed.height,
                ),
                t(COUNTED),
            ]
        ),
        head=(t("person"), t("facts needed"), t("which")),
        rows=tuple(
            (who, str(r["fewest_facts"]), r["singled_out_by"])
            for who, r in zip(named(listed), listed.to_dicts(), strict=True)
        ),
        internal=True,
    )


def _ranks(facts: Interactions, key: Floats) -> Ints:
    """int64[facts]: the place of each fact among its person's, by rising key."""
    # By person, and inside by key: people's facts stay together.
    order = np.lexsort((key, facts.person))
    rank = np.empty(len(facts), np.int64)
    rank[order] = np.arange(len(facts)) - facts.start[facts.person[order]]
    return rank
