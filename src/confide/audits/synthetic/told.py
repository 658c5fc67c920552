"""Whose secret the adversary gets right, and which descriptions fit one person alone."""

from __future__ import annotations

import polars as pl

from confide.audits.release import AuditedRelease
from confide.audits.right_claims import told
from confide.core.language import t
from confide.core.who import table_of
from confide.inputs.synthetic import SyntheticData
from confide.report import Table


def told_table(release: AuditedRelease, *, confidence: float) -> Table:
    """What each attack tells rightly of people behind the file and of people held out."""
    return Table(
        title=t("Whose secret the adversary gets right"),
        reading=t(
            "The adversary says of everybody what it thinks most likely. What it gets right about people "
            "who were held out follows from how things go together in everybody, which the file is made to "
            "show; the difference is what it gives away about the people behind it."
        ),
        head=(t("adversary"), t("right, behind the file"), t("right, held out"), t("difference")),
        rows=tuple((e.attack, *told(e, confidence=confidence)) for e in release.evidence),
        of=_people(release),
    )


def described_table(release: AuditedRelease, *, confidence: float) -> Table:
    """How often a description holds for exactly one person, behind the file and held out."""
    made = [(e, e.table["score"].to_numpy() > 0) for e in release.evidence]
    return Table(
        title=t("Who is described so that nobody else fits"),
        reading=t(
            "The adversary writes descriptions from the synthetic rows, of which it thinks that exactly one "
            "person fits. By luck a description that one person in n fits does so for 37 in 100 groups of n "
            "people. The difference to what it reaches among people held out is what the file gives away."
        ),
        head=(
            t("adversary"),
            t("one person fits, behind the file"),
            t("one person fits, held out"),
            t("difference"),
        ),
        rows=tuple(
            (
                t("{attack}, {n:,} descriptions", attack=e.attack, n=int(claims.sum())),
                *told(e, confidence=confidence, of=claims),
            )
            for e, claims in made
            if claims.any()
        ),
        of=_people(release),
    )


def told_people(release: AuditedRelease, data: SyntheticData) -> pl.DataFrame | None:
    """For each person asked about: whether the most telling attack got their secret right.

    Columns beside who they are: secret told by (the attack), secret told rightly, behind the file.
    """
    if not release.evidence:
        return None
    best = max(release.evidence, key=lambda e: told(e, confidence=0.95)[2].low)
    rows = best.table.unique("target", keep="first").sort("target")
    asked = rows["target"].cast(pl.Int64).to_numpy()
    return table_of(
        asked,
        data.who[asked],
        pl.Series("secret told by", [best.attack] * len(asked)),
        rows["hit"].alias("secret told rightly"),
        rows["exposed"].alias("behind the file"),
    )


def _people(release: AuditedRelease) -> int:
    return min(int(e.exposed.sum()) for e in release.evidence)
