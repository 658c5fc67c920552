"""Everybody who was in the data, the most exposed first."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from confide.core.evidence import Evidence
from confide.core.who import of_attack
from confide.measure import records


def most_exposed(
    release: str,
    headline: str,
    *,
    evidence: Mapping[str, Evidence],
    lows: Mapping[str, float],
    who: Callable[[str], pl.DataFrame | None],
) -> pl.DataFrame:
    """The table of one release: release, attack, target, times_in, lookalikes, and who they are.

    Each person stands in it once, as the headline's attack sees them. Where that asked about a sample,
    everybody else is there by the strongest attack that asked about all: a list that leaves people out would
    be read as if they were safe.

    Args:
        release: its name.
        headline: the name of the attack.
        evidence: of each attack.
        lows: of each attack the low end of its AUC.
        who: of an attack's targets who they are; None where nobody says.
    """
    asked_all = [attack for attack in evidence if not evidence[attack].sample_of]
    strongest = sorted(asked_all, key=lambda attack: -lows[attack])
    seen, frames = pl.Series("target", [], pl.Int64), list[pl.DataFrame]()
    for attack in (headline, *(strongest[:1] if evidence[headline].sample_of else ())):
        rows = records(evidence[attack]).select("target", times_in="worlds_in", lookalikes="fpr")
        rows = rows.filter(~pl.col("target").is_in(seen.implode()))
        seen = pl.concat([seen, rows["target"]])
        if (known := who(attack)) is not None:
            rows = rows.join(of_attack(known, attack), on="target", how="left")
        named = (("release", release), ("attack", attack))
        frames.append(rows.select(*(pl.lit(text).alias(name) for name, text in named), pl.all()))
    return pl.concat(frames, how="diagonal_relaxed").sort("lookalikes", "target")
