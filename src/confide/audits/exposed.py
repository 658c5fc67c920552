"""Who was in the data of a release, and how many look like each of them to an attack."""

from __future__ import annotations

import polars as pl

from confide.core.who import of_attack
from confide.measure import records
from confide.report import Section


def exposed_in(section: Section, who: pl.DataFrame | None) -> list[pl.DataFrame]:
    """Everybody who was in the data of one release, by the headline's attack.

    Where it asked about a sample, everybody else by the strongest attack that asked about all: a list that
    leaves people out would be read as if they were safe.

    Args:
        section: of the release, with the evidence.
        who: who the targets are, where somebody says it.

    Returns:
        frames with release, attack, target, times_in, lookalikes and the columns of `who`; no target twice.
    """
    first = section.evidence[section.headline.risk.attack]
    strongest = sorted(section.findings, key=lambda f: -f.risk.auc.low)
    every = next((f for f in strongest if not section.evidence[f.risk.attack].sample_of), None)
    rest = [section.evidence[every.risk.attack]] if first.sample_of and every is not None else []
    seen, frames = pl.Series("target", [], pl.Int64), list[pl.DataFrame]()
    for evidence in (first, *rest):
        rows = records(evidence).select("target", times_in="worlds_in", lookalikes="fpr")
        rows = rows.filter(~pl.col("target").is_in(seen.implode()))
        seen = pl.concat([seen, rows["target"]])
        if who is not None:
            rows = rows.join(of_attack(who, evidence.attack), on="target", how="left")
        named = (("release", section.release), ("attack", evidence.attack))
        frames.append(rows.select(*(pl.lit(text).alias(name) for name, text in named), pl.all()))
    return frames
