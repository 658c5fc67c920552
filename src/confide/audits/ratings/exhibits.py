"""Beside the findings on ratings: thresholds, from how few facts, and who is singled out by which."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import polars as pl

from confide.attacks.linkage import Likelihood, Scoreboard
from confide.attacks.linkage.ratings.scoreboard import PUBLISHED_PHI
from confide.audits.ratings.closer import RATES, Closer
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.language import later, t
from confide.core.who import COUNTED, named
from confide.measure.identification import Linked, at_false_match_rate, linked, rank_one
from confide.report import Line, Plot, Table

SHOWN = 20
"""How many of the people who are easiest to recognise are listed."""
Row: TypeAlias = tuple[str, Estimate | None, Estimate | None, Estimate | None, Estimate | None]


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
