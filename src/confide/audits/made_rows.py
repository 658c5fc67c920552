"""How a released table of ratings or likes was made, as the adversary knows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from confide.audits.making import UNRELEASED, HowMade, how_made
from confide.audits.protections import Protection
from confide.inputs.file_rows import rows_behind
from confide.inputs.likes import Likes
from confide.inputs.ratings import Ratings
from confide.inputs.reading import reading_of
from confide.inputs.worked_out.making import Making
from confide.inputs.worked_out.rows_as_said import contrasts
from confide.views.interactions import Interactions


def made_of(
    held: Ratings | Likes,
    records: Interactions,
    released: Interactions | None,
    protections: Mapping[str, Protection],
    *,
    kind: str,
    work_out: Callable[[Interactions, Interactions], Making],
    people: pl.Series,
    items: pl.Series,
) -> HowMade:
    """How the released table was made: by its sidecar, as is said, or as a comparison of the rows shows.

    Args:
        held: the filled-in record.
        records, released: the original and the release, under the same codes.
        protections: what can be written.
        kind: of the release, as the door reads it.
        work_out: compares the two.
        people, items: what the codes stand for.

    Raises:
        DataError: as `how_made`.
    """
    table = held.released
    if released is None or table is None:
        return UNRELEASED
    return how_made(
        table,
        held.made_by,
        protections,
        kind=kind,
        work_out=lambda: work_out(records, released),
        contrasts=lambda mechanism: contrasts(mechanism, records, released),
        rows=lambda: rows_behind(
            released,
            table,
            user=held.user,
            item=held.item,
            people=people,
            items=items,
            key=held.key,
            reading=reading_of(held),
        ),
    )
