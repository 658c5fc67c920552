"""Beside the findings on a table: whose row is named, and whose secret the adversary gets right."""

from __future__ import annotations

import polars as pl

from confide.attacks.linkage.table import FellegiSunter
from confide.audits.release import AuditedRelease
from confide.audits.right_claims import told
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.language import t
from confide.inputs.columns import SHOWN
from confide.inputs.several_rows import SeveralRows
from confide.measure.identification import at_false_match_rate, linked, rank_one
from confide.report import Table

RATES = (0.05, 0.01)
"""Of false matches."""


def linked_table(release: AuditedRelease) -> Table:
    """Right, wrong, nobody and false matches, at each threshold, for each attack."""
    rows = [
        (
            t("{attack}, set for {rate:.0%} false matches", attack=e.attack, rate=rate),
            at.right,
            at.wrong,
            at.abstained,
            at.false_matches,
        )
        for rate in RATES
        for e in release.evidence
        if (at := at_false_match_rate(e, rate=rate)) is not None
    ]
    half = [
        (t("{attack}, where its own posterior is above one half", attack=e.attack), *posterior_above_half(e))
        for e in release.evidence
        if e.attack == FellegiSunter.name
    ]
    best = [
        (t("{attack}, best fit whatever it is", attack=e.attack), rank_one(e), None, None, None)
        for e in release.evidence
    ]
    return Table(
        title=t("Whose row is named"),
        reading=t(
            "Of the people in the release: how many get their own row named, another one, or none. Of the "
            "people who are not in it: how many get one named all the same. A posterior of one half is no "
            "guard against false matches; a threshold set for a rate is where that share of all absent "
            "people would get a row named. The intervals count that few absent people show only roughly "
            "where it is."
        ),
        head=(
            t("adversary and threshold"),
            t("named rightly"),
            t("named wrongly"),
            t("nobody named"),
            t("absent, yet named"),
        ),
        rows=(*rows, *half, *best),
        of=_people(release),
    )


def posterior_above_half(evidence: Evidence) -> tuple[Estimate, ...]:
    """Named rightly, named wrongly, nobody named, and absent yet named, at a posterior of one half."""
    # The score is the log-odds of the posterior.
    at = linked(evidence, threshold=0.0)
    return at.right, at.wrong, at.abstained, at.false_matches


def several_table(several: SeveralRows, who: pl.DataFrame) -> Table:
    """The first two rows of those who have several, with their id, for internal use.

    Args:
        who: where each row stands, and its id, as `confide.core.who` writes it.
    """
    ids = who["id"]
    return Table(
        title=t("Who has several rows"),
        reading=t(
            "Of the first {n} people with several rows of one {column} the first two rows.",
            n=SHOWN,
            column=several.id,
        ),
        head=(t("id"), t("first row"), t("second row")),
        rows=tuple((str(ids[a - 1]), f"{a}", f"{b}") for a, b in several.pairs[:SHOWN].tolist()),
        internal=True,
    )


def told_table(release: AuditedRelease, *, confidence: float) -> Table:
    """What each attack tells rightly of people in the release and of people outside, without a threshold."""
    rows = tuple((e.attack, *told(e, confidence=confidence)) for e in release.evidence)
    return Table(
        title=t("Whose secret the adversary gets right"),
        reading=t(
            "The adversary says of everybody what it thinks most likely. What it gets right about people "
            "outside follows from how things go together in everybody; the difference is what the release "
            "gives away about the people in it."
        ),
        head=(t("adversary"), t("right, people in the release"), t("right, people outside"), t("difference")),
        rows=rows,
        of=_people(release),
    )


def described_table(release: AuditedRelease, *, confidence: float) -> Table:
    """How often a description holds for exactly one person, of those in the release and of those outside."""
    made = [(e, e.table["score"].to_numpy() > 0) for e in release.evidence]
    rows = tuple(
        (
            t("{attack}, {n:,} descriptions", attack=e.attack, n=int(claims.sum())),
            *told(e, confidence=confidence, of=claims),
        )
        for e, claims in made
        if claims.any()
    )
    return Table(
        title=t("Who is described so that nobody else fits"),
        reading=t(
            "The adversary writes descriptions of which it thinks that exactly one person fits. By luck a "
            "description that one person in n fits does so for 37 in 100 groups of n people. The difference "
            "to what it reaches among people outside is what the release gives away."
        ),
        head=(
            t("adversary"),
            t("one person fits, in the release"),
            t("one person fits, outside"),
            t("difference"),
        ),
        rows=rows,
        of=_people(release),
    )


def _people(release: AuditedRelease) -> int:
    return min(int(e.exposed.sum()) for e in release.evidence)
