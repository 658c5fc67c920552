"""The people who became more exposed from one report to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.who import named
from confide.measure import records
from confide.measure.changed_records import controls_needed, more_exposed
from confide.measure.rows import shape
from confide.report.compare import words
from confide.report.compare.page_types import MoreExposedRecord
from confide.report.compare.pairing import Asked, SharedPeople
from confide.report.compare.reading import Pair

RATE = 0.1
"""Of those who are named, the share that may be there by chance."""
SHOWN = 50
"""People on the page; the file has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreExposed:
    """Who became more exposed: the part for the page, and all of them as a table.

    Args:
        record: for the page.
        table: release, attack, file, row and id as far as they are known, lookalikes_before and
            lookalikes_after.
    """

    record: MoreExposedRecord
    table: pl.DataFrame


def who_rose(pair: Pair, shared: SharedPeople, attack: str) -> MoreExposed | None:
    """The people who were in the data both times and became more exposed; None where nobody can be matched.

    Args:
        attack: in both reports the same one, chosen by its numbers in both the same: with two attacks, people
            would seem to rise where one sees more than the other.
    """
    sides = shared.before[attack], shared.after[attack]
    was, now = (_exposure(side) for side in sides)
    both = was.select("key").join(now.select("key"), on="key")
    if not both.height:
        return None
    controls, least = _controls(*sides), controls_needed(both.height)
    rose = more_exposed(was, now, rate=RATE)
    if controls < least:
        rose = rose.clear()
    whose = pair.after.who[attack].join(sides[1].keys, on="target")
    whose = whose.unique("key", keep="first", maintain_order=True)
    known = [c for c in ("file", "row", "id") if c in whose.columns]
    table = rose.join(whose.select("key", *known), on="key", how="left", maintain_order="left").select(
        pl.lit(pair.after.release).alias("release"),
        pl.lit(attack).alias("attack"),
        *known,
        lookalikes_before="before",
        lookalikes_after="after",
    )
    first = table.head(SHOWN)
    record: MoreExposedRecord = {
        "attack": attack,
        "rate": RATE,
        "among": both.height,
        "people": [
            {"who": who, "before": before, "after": after}
            for who, before, after in zip(
                named(first), first["lookalikes_before"], first["lookalikes_after"], strict=True
            )
        ],
        "sentence": words.more_exposed(
            table.height, among=both.height, rate=RATE, controls=controls, least=least
        ),
    }
    return MoreExposed(record=record, table=table)


def _controls(before: Asked, after: Asked) -> int:
    """Control people of both; of several worlds that are ranked by themselves, no more than the fewest."""
    each = [
        asked.evidence.table.filter(~pl.col("exposed")).select("target").join(asked.keys, on="target")["key"]
        for asked in (before, after)
    ]
    return min(len(set(each[0]) & set(each[1])), *(_fewest(asked) for asked in (before, after)))


def _fewest(asked: Asked) -> int:
    """Control rows that a member is ranked among."""
    evidence = asked.evidence
    if shape(evidence) != "pool":
        return int((~evidence.exposed).sum())
    _, number = np.unique(evidence.table["world"].to_numpy(), return_inverse=True)
    return int(np.bincount(number, weights=~evidence.exposed).min())


def _exposure(asked: Asked) -> pl.DataFrame:
    """The key and the share of lookalikes of everybody who was in the data; of several targets the surest."""
    found = records(asked.evidence).select("target", "fpr").join(asked.keys, on="target")
    return found.group_by("key", maintain_order=True).agg(pl.col("fpr").min())
