"""What is found about each person who was asked about, for internal use."""

from __future__ import annotations

import numpy as np
import polars as pl

from confide.attacks.linkage.table.fellegi_sunter import FellegiSunter
from confide.audits.release import AuditedRelease
from confide.audits.right_claims import told
from confide.audits.table.smallest_keys import keys_in
from confide.audits.table.whole import whole
from confide.core.arrays import Ints
from confide.core.who import table_of
from confide.inputs.table import TableData
from confide.measure.best_suppression import best_suppression


def linked_people(release: AuditedRelease, data: TableData, rows: Ints) -> pl.DataFrame:
    """For each person: the link, what singles them out, and the column whose suppression helps most.

    Of somebody with several rows it is said of the one that was asked about.

    Columns beside who they are: linked with probability (the posterior of the row that is named), linked
    rightly (empty for those who were held out), people like them, smallest key, singled out by (one smallest
    set of columns in which nobody else looks the same), best to suppress, people like them then. The last
    five are of the release with everybody, and missing where people were drawn from it.
    """
    who = table_of(rows, data.who[rows])
    found = next((e for e in release.evidence if e.attack == FellegiSunter.name), None)
    if found is not None:
        links = found.table.unique("target", keep="first").select(
            "target",
            # The score is the log-odds of the posterior.
            (1 / (1 + (-pl.col("score")).exp())).alias("linked with probability"),
            pl.when("exposed").then("hit").alias("linked rightly"),
        )
        who = who.join(links, on="target", how="left")
    if data.drawn is not None:  # who is alone in a sample has company among all
        return who
    return who.join(_singled_out(release, rows), on="target", how="left")


def _singled_out(release: AuditedRelease, rows: Ints) -> pl.DataFrame:
    everybody = pl.DataFrame({"target": rows})
    made, keys = whole(release), keys_in(release)
    if made is None or keys is None:
        return everybody
    sets = keys.sets
    row = made.row_of(rows)
    here, row = rows[row >= 0], row[row >= 0]
    best = best_suppression(made.seen)
    column = best.column[row]
    # The first minimal set of each row is one of the smallest: they come in the order of their sizes.
    person, first = np.unique(sets.person, return_index=True)
    set_of = np.full(len(made.rows), -1, np.int64)
    set_of[person] = sets.set_of[first]
    names = [" + ".join(np.array(made.known)[one]) for one in sets.sets]
    found = pl.DataFrame(
        {
            "target": here,
            "people like them": best.now[row],
            "smallest key": [k or None for k in sets.smallest[row].tolist()],
            "singled out by": [names[i] if i >= 0 else None for i in set_of[row].tolist()],
            "best to suppress": [made.known[i] if i >= 0 else None for i in column.tolist()],
            "people like them then": best.then[row],
        },
        schema_overrides={
            "smallest key": pl.Int64,
            "singled out by": pl.String,
            "best to suppress": pl.String,
        },
    )
    return everybody.join(found, on="target", how="left")


def told_people(release: AuditedRelease, data: TableData, asked: Ints) -> pl.DataFrame:
    """For each person: whether the most telling attack got their secret right, and whether they were in.

    Columns beside who they are: secret told by (the attack), secret told rightly, told while in the release.
    Each person is asked about once, so that for one person there is an answer with them or without them.
    """
    who = table_of(asked, data.who[asked])
    if not release.evidence:
        return who
    best = max(release.evidence, key=lambda e: told(e, confidence=0.95)[2].low)
    rows = best.table.unique("target", keep="first").select(
        "target",
        pl.lit(best.attack).alias("secret told by"),
        pl.col("hit").alias("secret told rightly"),
        pl.col("exposed").alias("told while in the release"),
    )
    return who.join(rows, on="target", how="left")
