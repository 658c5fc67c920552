"""A sample of people of a large table, with everybody who looks like them, for attacks to be played on."""

from __future__ import annotations

import numpy as np
import polars as pl

from confide.core.arrays import Floats, Rng
from confide.core.who import standing
from confide.inputs.coded_table import InCodes, in_codes
from confide.inputs.keys import as_ids
from confide.inputs.large.drawn import Drawn
from confide.inputs.large.reading import LargeTable
from confide.inputs.large.sql import CHOSEN
from confide.inputs.source import Source
from confide.inputs.table import Table, TableData
from confide.inputs.table_words import dates_as_text
from confide.measure.anonymity import Classes, anonymity, classes, k_of_subsets
from confide.views.table import Table as Cells

SAMPLE = 40_000
"""About this number of rows are drawn: attacks on a thousand people among them take seconds."""
WHOLE = 1_000
"""Classes of up to this number of rows are drawn whole. In a larger one nobody is found by its look."""


def drawn_data(
    held: Table, large: LargeTable, view: Cells | None, *, rng: Rng, seed: int, rows: int = SAMPLE
) -> TableData:
    """Draw people with equal chances, and bring their rows into codes.

    Classes are drawn and not rows: with a tenth of its people a class of ten would be one person, and
    everybody linked. Each class has the same chance, so that each person has it. Of a class of more than
    1,000 rows, and of rows that say nothing, each row is drawn by itself with that chance.

    Args:
        held: the record that the user filled in.
        large: the table.
        view: what is released of each distinct row; None for the table as it is.
        rng: for the choice of classes.
        seed: of the audit, for the choice of rows.
        rows: about how many are drawn.

    Raises:
        DataError: if a column cannot be read.
    """
    keys, known = large.tally, large.known
    shown = keys.rows if view is None else view
    found = classes(shown, known, count=keys.count)
    chance = _chances(found, min(1.0, rows / keys.total), rng)
    frame, others = _fetched(large, chance, seed)
    at = frame["id"].cast(pl.Int64).to_numpy()
    rest = (
        in_codes(others, large.others) if large.others else InCodes((), np.empty((len(at), 0), np.int32), ())
    )
    domains = (*keys.rows.domains, *rest.domains)
    cells = Cells.of(domains, np.hstack([keys.rows.low[at], rest.codes]))
    released = None
    if view is not None:
        low, high = np.hstack([view.low[at], rest.codes]), np.hstack([view.high[at], rest.codes])
        released = Cells(domains, low.astype(np.int32), high.astype(np.int32))
    secret = large.secret or None
    # A secret of ranges has no l and no t.
    plain = secret is None or shown.only([secret]).precise
    drawn = Drawn(
        total=keys.total,
        rows=len(at),
        seed=seed,
        size=found.size,
        silent=found.suppressed,
        stands=anonymity(shown, known, secret=secret if plain else None, count=keys.count),
        subsets={} if held.subsets is None else k_of_subsets(shown, known, held.subsets, count=keys.count),
    )
    store = large.store
    place = (
        frame["place"].cast(pl.Int64).to_numpy() + 1 if store.dialect.place else np.zeros(len(at), np.int64)
    )
    return TableData(
        name=store.name,
        cells=cells,
        known=known,
        secret=large.secret,
        hierarchies=large.hierarchies,
        made=large.made,
        source=_plain_source(large),
        who=standing(store.name, row=place, ids=as_ids(frame["who"]) if large.id else None),
        released=released,
        notes=(large.read_as,),
        warnings=dates_as_text(large.tally.rows.domains),
        naming=_naming(large, cells),
        drawn=drawn,
    )


def keys_data(large: LargeTable) -> TableData:
    """The distinct rows as a table, for its domains and hierarchies. No row of it is a person."""
    return TableData(
        name=large.store.name,
        cells=large.tally.rows,
        known=large.known,
        secret=large.secret,
        hierarchies=large.hierarchies,
        made=large.made,
        source=_plain_source(large),
        who=standing(large.store.name, row=np.empty(0, np.int64)),
    )


def _plain_source(large: LargeTable) -> Source:
    return Source(name=large.store.name, format="frame", columns=dict(large.store.kinds), roles={})


def _chances(found: Classes, share: float, rng: Rng) -> Floats:
    """The chance of each distinct row's people to be drawn, float64[q]."""
    whole = found.size <= WHOLE
    of_class = np.where(whole, (rng.random(len(found.size)) < share).astype(np.float64), share)
    # The last one is for rows in no class.
    return np.append(of_class, share)[found.row]


def _fetched(large: LargeTable, chance: Floats, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows drawn: their distinct rows, places and ids; and their further columns."""
    store = large.store
    chosen = np.flatnonzero(chance > 0)
    store.do(f"DROP TABLE IF EXISTS {CHOSEN}")
    store.load(CHOSEN, pl.DataFrame({"id": chosen, "chance": chance[chosen]}))
    asked = [*large.others, *([large.id] if large.id else [])]
    if store.dialect.seeding:
        store.do(store.dialect.seeding.format(seed=seed % 2**31 / 2**31))
    found = store.fetch(
        store.dialect.sampled(store.source, large.key, asked, seed % 2**31),
        [pl.Int64(), pl.Int64(), *(store.kinds[c] for c in asked)],
    )
    if store.dialect.place:
        found = found.sort("place")
    others = found.select(pl.col(f"o{i}").alias(c) for i, c in enumerate(large.others))
    who = [pl.col(f"o{len(large.others)}").alias("who")] if large.id else []
    return found.select("id", "place", *who), others


def _naming(large: LargeTable, cells: Cells) -> tuple[str, ...]:
    """Columns of which every row of the whole table has another value."""
    like = [
        d.name
        for d, code in zip(cells.domains, cells.low.T, strict=True)
        if len(np.unique(code)) == len(code)
    ]
    dialect, store = large.store.dialect, large.store
    return tuple(name for name in like if not store.ask(dialect.twice(store.source, name)))
