"""People who are singled out by points: for each target the fewest known points that do it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from confide.audits.release import AuditedRelease
from confide.core.arrays import Ints, Rng
from confide.core.language import t
from confide.core.who import COUNTED, named, table_of
from confide.games.linkage.traces import TracesWorld
from confide.inputs.traces import TracesData
from confide.knowledge.traces import pieces
from confide.report import Table
from confide.views.points import PointIndex
from confide.views.traces import Traces

SHOWN = 20
"""The number of people who are listed: those who are easiest to single out."""


def who_by_what(release: AuditedRelease, data: TracesData) -> pl.DataFrame:
    """List the targets: who they are, and the fewest known points that fit a single trace, their own.

    The points are those of the game of known points, the rarest first, as they stand in the release. Of the
    targets of the other game only who they are is shown.
    """
    rng = release.settings.rng
    frames = [_singled_out(world, data, rng("points in the release")) for world in release.worlds]
    others = np.unique(np.concatenate([[], *(e.table["target"] for e in release.evidence)])).astype(np.int64)
    found = pl.concat(frames).sort("points that do it", nulls_last=True).unique("target", keep="first")
    more = np.setdiff1d(others, found["target"].to_numpy())
    names = pl.DataFrame({"target": more}, schema={"target": pl.Int64})
    every = pl.concat([found, names], how="diagonal")
    every = every.sort("target")
    return table_of(every["target"], data.who[every["target"]], *every.drop("target").get_columns())


def _singled_out(world: TracesWorld, data: TracesData, rng: Rng) -> pl.DataFrame:
    case, ids = world.case, world.ids
    assert ids is not None
    parts, owner = pieces(case.known.mechanism, case.targets, release=case.view, rng=rng)
    index = PointIndex.of(case.view)
    key = index.key(parts.place.astype(np.int64), parts.time)
    order = np.lexsort((index.count(key), parts.person))
    part, key = parts.person[order].astype(np.int64), key[order]
    rank = np.arange(len(part)) - np.searchsorted(part, part)
    least = np.full(parts.people, -1)
    for p in range(int(rank.max(initial=-1)) + 1, 0, -1):
        whole = np.bincount(part, minlength=parts.people) >= p
        first = (rank < p) & whole[part]
        query, row = index.holders(part[first], key[first])
        alone = np.bincount(query, minlength=parts.people) == 1
        own = (world.secrets[owner[query]] == row[:, None]).any(axis=1)
        least[query[alone[query] & own]] = p
    told = pl.DataFrame(
        {
            "target": ids[owner[part]],
            "n": least[part],
            "text": _texts(parts, order, data),
        }
    ).filter(pl.Series(rank < least[part]))
    named = told.group_by("target", "n", maintain_order=True).agg(pl.col("text").str.join("; "))
    best = named.sort("n").unique("target", keep="first", maintain_order=True)
    everybody = pl.DataFrame({"target": ids})
    return everybody.join(best, on="target", how="left").rename(
        {"n": "points that do it", "text": "singled out by"}
    )


def _texts(parts: Traces, order: Ints, data: TracesData) -> list[str]:
    """The points in words, in the names of the release where its places are others than the records'."""
    coarse = parts.places != data.records.places
    names = replace(data, records=parts, places=None) if coarse else data
    return [names.point(int(parts.place[i]), int(parts.time[i])) for i in order]


def easiest_table(who: pl.DataFrame) -> Table:
    """The people whom the fewest points single out."""
    found = who.drop_nulls("points that do it").sort("points that do it", "target").head(SHOWN)
    return Table(
        title=t("Who is singled out by the fewest points"),
        reading=t(
            "Points are taken the rarest first, of those that the adversary knew. {counted}",
            counted=t(COUNTED),
        ),
        head=(t("person"), t("points"), t("which")),
        rows=tuple(
            (who, *cells)
            for who, cells in zip(
                named(found), found.select("points that do it", "singled out by").iter_rows(), strict=True
            )
        ),
        internal=True,
    )
