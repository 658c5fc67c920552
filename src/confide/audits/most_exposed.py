"""Everybody who was in the data, the most exposed first."""

from __future__ import annotations

import polars as pl

from confide.core.evidence import Evidence
from confide.core.who import of_attack
from confide.measure import records


def most_exposed(release: str, found: Evidence, attack: str, who: pl.DataFrame | None) -> pl.DataFrame:
    """The table of one release: release, attack, target, times_in, lookalikes, and who they are.

    Args:
        found: the evidence of the headline attack.
        attack: its name.
        who: of each target who it is; None where nobody says.
    """
    rows = records(found).select("target", times_in="worlds_in", lookalikes="fpr")
    if who is not None:
        rows = rows.join(of_attack(who, attack), on="target", how="left")
    first = [pl.lit(text).alias(name) for name, text in (("release", release), ("attack", attack))]
    return rows.sort("lookalikes", "target").select(*first, pl.all())
