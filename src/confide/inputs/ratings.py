"""Ratings as a user holds them: read, checked, turned into codes; and a released file matched to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Annotated

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Ints
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOW, KNOWS, Column, Flag, Held, OptionalColumn
from confide.core.flags import Table as AnyTable
from confide.core.language import number, t
from confide.core.who import first_rows, standing
from confide.inputs.columns import coded, need, need_ids
from confide.inputs.keys import as_ids, original_ids, refuse_strangers
from confide.inputs.measures import A_DAY, Measures
from confide.inputs.reading import Decimal, Separator, TimeFormat, TimeZone, reading_of
from confide.inputs.resemblance import unsettled
from confide.inputs.source import Role, Source
from confide.inputs.tables import Table, read_table
from confide.inputs.times import parse_span, refuse_other_zone
from confide.knowledge.ratings import Knowing
from confide.views.interactions import Interactions


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Ratings of items by people, under pseudonyms, and what somebody knows of these people besides.

    The adversary knows a few items that a person rated, roughly how and when, and some of it is wrong. It is
    to name the person's record. It is judged on people in the release, and on people held out of it, for whom
    every record that it names is a false match.

    Args:
        records: Everybody's ratings, one row a rating: .parquet or .csv; in Python also a data frame.
        user: The column that says who.
        item: The column that says what was rated.
        rating: The column with the rating.
        time: The column with the time: dates, or seconds since 1970.
        released: What will be published, if that is another table with the same columns; rating and time may
            be missing.
        key: Where the released table has new ids: a table of two columns, a user of the records and the same
            user in the released table.
        made_by: The protections by which the released table was made, NAME:SETTINGS as of --protect, several
            joined by a plus: the adversary knows them. By default what the sidecar of the table says
            (FILE.confide.json), or else what a comparison with the records shows.
        facts: How many facts the adversary knows about a person: an item, roughly how it was rated and when.
        wrong: How many of these facts are wrong.
        within: By how much known dates may be off, such as 14d.
        off_by: By how many stars known ratings are off, such as 1.
        beyond: No fact is about one of this many most common items, which say little about a person.
        targets: About how many people the adversary is asked about.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.
        decimal: The decimal sign of csv files, . or a comma, where that is not seen.
        time_format: How times are written, such as %d.%m.%Y %H:%M; or s, ms, us or ns since 1970.
        time_zone: The zone of times that name none, such as Europe/Berlin; by default UTC.

    Raises:
        DataError: for numbers that leave no true fact, or a span without a unit.

    Source: Narayanan, Shmatikov 2008.
    """

    records: Held
    _: KW_ONLY
    user: Column
    item: Column
    rating: OptionalColumn = None
    time: OptionalColumn = None
    released: AnyTable | None = None
    key: AnyTable | None = None
    made_by: Annotated[str | None, Flag(group=KNOWS, metavar="NAME:SETTINGS")] = None
    facts: Annotated[int, Flag(group=KNOWS, least=1)] = 8
    wrong: Annotated[int, Flag(group=KNOWS, least=0)] = 2
    within: Annotated[str, Flag(group=KNOWS, metavar="SPAN")] = "14d"
    off_by: Annotated[float, Flag(group=KNOWS)] = 0.0
    beyond: Annotated[int, Flag(group=KNOWS, least=0)] = 0
    targets: Annotated[int, Flag(group=HOW, least=2)] = 1_000
    separator: Separator = None
    decimal: Decimal = None
    time_format: TimeFormat = None
    time_zone: TimeZone = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = reading_of(self)
        _ = self.knowing  # what cannot be is said before any file is read
        if self.targets < 2:
            raise DataError(f"targets is {self.targets}: ask about 2 people or more.")
        if self.made_by is not None and self.released is None:
            raise DataError(
                f"--made-by {self.made_by} says how a released table was made: give that too (`--released`)."
            )

    @property
    def knowing(self) -> Knowing:
        """The adversary's knowledge, as the game takes it."""
        return Knowing(
            facts=self.facts,
            wrong=self.wrong,
            within_days=parse_span(self.within) / A_DAY,
            off_by=self.off_by,
            beyond=self.beyond,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RatingsData:
    """Everybody's ratings, and what is released of them where that is another file.

    Args:
        records: the original ratings.
        people, items: what the codes stand for.
        name: of the file.
        source: of the original ratings.
        who: where each of `people` stands in the original ratings (`confide.core.who.standing`).
        released: the released ones, with the same codes; None where the originals are released.
        released_source: of the released ones.
        absent: bool[n], who of `people` is not in the release.
        notes: what the release lacks and how its times were read, in sentences.
        counted: what was left out or merged, in sentences that count people or items.
        unsettled: what no audit of this release can settle, in a few words -> why.
    """

    records: Interactions
    people: pl.Series
    items: pl.Series
    name: str
    source: Source
    who: pl.DataFrame
    released: Interactions | None = None
    released_source: Source | None = None
    absent: Bools | None = None
    notes: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    unsettled: Mapping[str, str] = field(default_factory=dict)

    def fact(self, item: int, rating: float | None, day: float | None) -> str:
        """A fact in words, such as "'Fargo' (5) in 1997-11"."""
        stars = "" if rating is None else f" ({number(rating, 'g')})"
        what = f"{self.items[item]!r}{stars}"
        if day is None:
            return what
        return t("{fact} in {month}", fact=what, month=np.datetime64(int(day), "D").astype("datetime64[M]"))


def read_ratings(held: Ratings) -> RatingsData:
    """Read the ratings, and match a released file to them.

    Of a pair of user and item that comes twice, the last row counts.

    Raises:
        DataError: for a column that is missing or cannot be read, or a release that cannot be matched.
    """
    ids = (held.user, held.item)
    table = read_table(held.records, name="the ratings", reading=reading_of(held), ids=ids)
    roles: dict[Role, str | None] = {
        "user": held.user,
        "item": held.item,
        "rating": held.rating,
        "time": held.time,
    }
    columns = [c for c in roles.values() if c is not None]
    # A column named as two things, item and rating say, would be compared with itself.
    if len(set(columns)) < len(columns):
        raise DataError(f"one column is named twice among {', '.join(columns)}: give each its own.")
    need(table.frame, columns, name=table.name)
    need_ids(table.frame, [held.user, held.item], name=table.name)
    if held.released is not None:
        # A released file may have other codes for items: both are read under common ones.
        other = read_table(held.released, name="the released file", reading=reading_of(held), ids=ids)
        return _matched(table, roles, other, held)
    if held.key is not None:
        raise DataError("a key says who is who in a released file: give that file too (`--released`).")
    who, what = coded(table.frame[held.user]), coded(table.frame[held.item])
    more = Measures.of(table, held.rating, held.time, reading_of(held))
    records = Interactions.of(who.codes, what.codes, rating=more.rating, day=more.day)
    return RatingsData(
        records=records,
        people=who.labels,
        items=what.labels,
        name=table.name,
        source=Source.of(table, roles, time=more.form),
        who=_standing(table, table.frame[held.user], who.labels),
        notes=more.notes,
        counted=(*(() if more.form is None else more.form.span), *_merged(table, records)),
    )


def _matched(table: Table, roles: Mapping[Role, str | None], other: Table, held: Ratings) -> RatingsData:
    """Both files under the same codes."""
    user, item, rating, time = (roles[r] for r in ("user", "item", "rating", "time"))
    assert user is not None and item is not None
    names = (table.name, other.name)
    need_ids(other.frame, [user, item], name=other.name)
    # A release may drop ratings or times to protect people; the attack then does without.
    kept: dict[Role, str | None] = {r: c if c in other.frame.columns else None for r, c in roles.items()}
    need(other.frame, [c for c in kept.values() if c is not None], name=other.name)
    ids = as_ids(table.frame[user])
    theirs = original_ids(as_ids(other.frame[user]), ids, key=held.key, split=False, names=names)
    # Sorted, so that codes say nothing about the order of either file.
    people = pl.concat([ids, theirs]).unique().sort()
    items = pl.concat([as_ids(f[item].unique()) for f in (table.frame, other.frame)]).unique().sort()

    def read(of: Table, who: pl.Series, stars: str | None, when: str | None) -> tuple[Interactions, Measures]:
        more = Measures.of(of, stars, when, reading_of(held))
        made = Interactions.of(
            coded(who, labels=people).codes,
            coded(as_ids(of.frame[item]), labels=items).codes,
            people=len(people),
            items=len(items),
            rating=more.rating,
            day=more.day,
        )
        return made, more

    # One after the other, and each column as text only while it is coded: text takes the most memory here.
    records, more = read(table, ids, rating, time)
    public, others = read(other, theirs, kept["rating"], kept["time"])
    form, shown_form = more.form, others.form
    refuse_other_zone(form, shown_form, names)
    who = _standing(table, ids, people)
    del ids, theirs
    alike = refuse_strangers(
        _pairs(records),
        _pairs(public),
        things=len(items),
        what="item",
        names=names,
        keyed=held.key is not None,
    )
    missing = [c for r, c in roles.items() if c is not None and kept[r] is None]
    lacks = [
        t("The released file has no column {column!r}: the adversary cannot compare it.", column=c)
        for c in missing
    ]
    # People in the release alone are candidates, but nobody knows facts about them.
    outsiders = int((records.counts() == 0).sum())
    unasked = t(
        "{n:,} people of {file} are not in {records}: nobody asks about them.",
        n=outsiders,
        file=other.name,
        records=table.name,
    )
    return RatingsData(
        records=records,
        people=people,
        items=items,
        name=other.name,
        source=Source.of(table, roles, time=form),
        who=who,
        released=public,
        released_source=Source.of(other, kept, time=shown_form),
        # The owner has left them out already: they are controls without a coin.
        absent=public.counts() == 0,
        notes=(*lacks, *more.notes),
        counted=(
            *(() if form is None else form.span),
            *_merged(table, records),
            *(unasked,) * (outsiders > 0),
        ),
        unsettled=unsettled(alike),
    )


def _standing(table: Table, ids: pl.Series, people: pl.Series) -> pl.DataFrame:
    return standing(table.name, row=first_rows(ids, people), ids=as_ids(people))


def _pairs(records: Interactions) -> Ints:
    """person * items + item of each interaction, int64[k], rising."""
    return records.person.astype(np.int64) * records.items + records.item


def _merged(table: Table, records: Interactions) -> tuple[str, ...]:
    # `Interactions.of` has merged them, so the difference counts them.
    twice = table.frame.height - len(records)
    notes = [
        t(
            "{n:,} rows of {file} rate what the same person rated already: the last one counts.",
            n=twice,
            file=table.name,
        )
    ] * (twice > 0)
    # Said although no attack has run: such a rating names its person with certainty.
    single = int((records.raters() == 1).sum())
    if single:
        notes.append(
            t(
                "{n:,} items were rated by one person alone: an adversary that knows one of these ratings "
                "knows whose record it is.",
                n=single,
            )
        )
    return tuple(notes)
