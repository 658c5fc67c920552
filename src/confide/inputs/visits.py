"""Visits of one or two tables as they were read: to the second, and with places under common codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Ints
from confide.core.language import later
from confide.core.who import first_rows, standing
from confide.inputs.columns import coded
from confide.inputs.keys import as_ids, numbered, original_ids
from confide.inputs.places import Columns, Places, read_places
from confide.inputs.reading import Reading
from confide.inputs.source import Source
from confide.inputs.tables import AS_FOUND, Tabular
from confide.inputs.times import Times
from confide.inputs.visit_tables import read_visit_table, refuse_elsewhere
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visits:
    """The visits of the original, and of a released file matched to it.

    Args:
        exact: the original visits, to the second.
        people: what the codes of people stand for.
        who: where each of them stands in the original (`core.who.standing`).
        places: all places of both files.
        names: what the two files are called; twice the same where there is one.
        sources: of the original, and of the released file where there is one.
        notes: how the times were read, in sentences.
        span: from when to when they are, in sentences.
        keyed: whether a key says who is who.
        shown: the released visits, a person for each of their ids; None where the originals are released.
        owner: int64[ids], the person behind each id of the released visits.
        rows: int64[m], the row of the released file behind each visit of `shown`, from 0.
        told: int64[m], the person behind each row of the released file.
    """

    exact: Traces
    people: pl.Series
    who: pl.DataFrame
    places: Places
    names: tuple[str, str]
    sources: tuple[Source, ...]
    notes: tuple[str, ...]
    span: tuple[str, ...]
    keyed: bool = False
    shown: Traces | None = None
    owner: Ints | None = None
    rows: Ints | None = None
    told: Ints | None = None


def read_visits(
    records: Tabular,
    released: Tabular | None,
    *,
    key: Tabular | None,
    columns: Columns,
    reading: Reading = AS_FOUND,
    sure: bool = False,
) -> Visits:
    """Read both tables; a released one has its people matched to those of the original.

    Args:
        reading: what the user says about the files.
        sure: the released file was made from the records just now, and need not resemble them.

    Raises:
        DataError: for a column that is missing or cannot be read (rows are named), or ids whose owner is not
            known.
    """
    given = [
        (records, later("the traces")),
        *([] if released is None else [(released, later("the released file"))]),
    ]
    read = [read_visit_table(g, name=name, columns=columns, reading=reading) for g, name in given]
    tables, times = [table for table, _ in read], [when for _, when in read]
    ids = [as_ids(t.frame[columns.user]) for t in tables]
    names, pseudonyms = (tables[0].name, tables[-1].name), ids[-1]
    if released is not None:
        ids[1] = original_ids(ids[1], ids[0], key=key, split=True, names=names)
        if not sure:
            refuse_elsewhere(tables, times, columns)
    people = coded(pl.concat(ids))
    places = read_places(tables, columns)
    cut = tables[0].frame.height
    exact = _traces(people.codes[:cut], times[0], places.code[:cut], places, people=len(people.labels))
    sources = tuple(Source.of(t, columns.roles, time=w.form) for t, w in zip(tables, times, strict=True))
    who = standing(names[0], row=first_rows(ids[0], people.labels), ids=people.labels)
    about = {"people": people.labels, "who": who, "places": places, "names": names, "sources": sources}
    form = times[0].form
    about |= {"notes": (sources[0].said, *form.notes), "span": form.span}
    if released is None:
        return Visits(exact=exact, **about)
    row, owner = numbered(people.codes[cut:], coded(pseudonyms))
    code = places.code[cut:]
    return Visits(
        exact=exact,
        keyed=key is not None,
        shown=_traces(row, times[1], code, places, people=len(owner)),
        owner=owner,
        # As `Traces.of` sorts them.
        rows=np.lexsort((code, _seconds(times[1]), row)),
        told=people.codes[cut:],
        **about,
    )


def _traces(who: Ints, when: Times, code: Ints, places: Places, *, people: int) -> Traces:
    return Traces.of(who, _seconds(when), code, people=people, places=places.number, where=places.where)


def _seconds(times: Times) -> Ints:
    return np.floor(times.seconds).astype(np.int64)
