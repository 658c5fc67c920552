"""Likes and a table of traits, joined into one set of people: what each person likes, and their trait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, get_args

import numpy as np
import polars as pl

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOLD, HOW, KNOWS, Column, Flag, Held
from confide.core.flags import Table as AnyTable
from confide.core.language import later, t
from confide.core.who import first_rows, standing
from confide.inputs.columns import coded, in_order, missing, named_rows, need, need_ids
from confide.inputs.keys import as_ids, original_ids, refuse_strangers
from confide.inputs.reading import Decimal, Separator, reading_of
from confide.inputs.resemblance import unsettled
from confide.inputs.source import Source
from confide.inputs.tables import Table, read_table
from confide.inputs.trait_values import need_enough, trait_values
from confide.knowledge.likes import Kind
from confide.views.interactions import Interactions

AskedKind: TypeAlias = Literal["auto", Kind]

WIDE = (pl.UInt64, pl.Int128)
"""Whole numbers that Int64 may not hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Likes:
    """Likes of items by people, under pseudonyms, and a trait that likes may give away.

    The adversary knows the trait of most people and learns which likes go with it. It is to say of each of
    the others whether they have it. It is judged on people who have the trait, and on people who do not, for
    whom every claim is wrong. A binary trait is claimed by its rarer value, classes by each value, and a
    number by being above the middle. People who are in one table only, or have no trait, are left out and
    counted. Memory: about 100 bytes a like, and 300 MB to leave people out one by one.

    Args:
        records: Everybody's likes, one row a like: .parquet or .csv; in Python also a data frame.
        user: The column that says who, in both tables.
        item: The column that says what was liked.
        traits: A table with one row a user: .parquet or .csv; in Python also a data frame.
        trait: The column of that table with the trait that the adversary wants to know.
        released: What will be published, if that is another table with the same columns of users and items.
        key: Where the released table has new ids: a table of two columns, a user of the records and the same
            user in the released table.
        made_by: The protections by which the released table was made, NAME:SETTINGS as of --protect, several
            joined by a plus: the adversary knows them. By default what the sidecar of the table says
            (FILE.confide.json), or else what a comparison with the records shows.
        kind: What the trait is; auto takes a column of more than 20 different numbers for a number.
        having: The value that counts as having the trait; all other values count as not having it.
        folds: Into how many parts people are cut; the adversary is asked about one part at a time.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.
        decimal: The decimal sign of csv files, . or a comma, where that is not seen.

    Raises:
        DataError: for an unknown kind, or fewer than two parts.

    Source: Kosinski, Stillwell, Graepel 2013.
    """

    records: Held
    _: KW_ONLY
    user: Column
    item: Column
    traits: AnyTable
    trait: Column
    released: AnyTable | None = None
    key: AnyTable | None = None
    made_by: Annotated[str | None, Flag(group=KNOWS, metavar="NAME:SETTINGS")] = None
    kind: Annotated[AskedKind, Flag(group=HOLD)] = "auto"
    having: Annotated[str | None, Flag(group=KNOWS, metavar="VALUE")] = None
    folds: Annotated[int, Flag(group=HOW, least=2)] = 10
    separator: Separator = None
    decimal: Decimal = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = reading_of(self)  # what cannot be is said before any file is read
        if self.kind not in ("auto", *get_args(Kind)):
            raise DataError(f"the kind of trait is {self.kind!r}: choose auto, binary, classes or number.")
        if self.folds < 2:
            raise DataError(f"folds is {self.folds}: cut people into 2 parts or more.")
        if self.released is None and self.key is not None:
            raise DataError("a key says who is who in a released table: give that too (`--released`).")
        if self.released is None and self.made_by is not None:
            raise DataError(
                f"--made-by {self.made_by} says how a released table was made: give that too (`--released`)."
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LikesData:
    """The likes and the trait of everybody of whom both are known.

    Args:
        name: of the records.
        items: the likes; n people.
        value: float64[n], the trait: 0 or 1 where it is binary, a class code, or a number.
        kind: of the trait.
        labels: the classes' names, by code ("not F", "F"); for a number its column's name.
        person, item: the user's own ids, by code.
        who: where each person stands in the likes (`confide.core.who.standing`).
        left_out: who had to be left out, one sentence for each reason.
        source: of the likes.
        released: the released likes of the same people, under the same codes; None where `items` is released.
        unsettled: what no audit of this release can settle, in a few words -> why.
    """

    name: str
    items: Interactions
    value: Floats
    kind: Kind
    labels: tuple[str, ...]
    person: pl.Series
    item: pl.Series
    who: pl.DataFrame
    left_out: tuple[str, ...]
    source: Source
    released: Interactions | None = None
    unsettled: Mapping[str, str] = field(default_factory=dict)

    @property
    def classes(self) -> int:
        return len(self.labels) if self.kind == "classes" else 2

    @property
    def middle(self) -> tuple[str, ...]:
        """What the middle of a number is, in a sentence for internal use: it is the value of one person."""
        if self.kind != "number":
            return ()
        return (t("The middle of {trait} is {value:g}.", trait=self.labels[0], value=np.median(self.value)),)

    @property
    def claim(self) -> str:
        """What is claimed of a person, in words."""
        if self.kind == "number":
            return t("{trait} above the middle", trait=self.labels[0])
        return self.labels[1] if self.kind == "binary" else t("each class")


def read_likes(held: Likes, *, sure: bool = False) -> LikesData:
    """Read both tables and keep the people who are in both; match a released table to them.

    Args:
        held: the record.
        sure: the released table was made from the records just now. The check that people resemble themselves
            more than others is left out: a strong protection may make it fail.

    Raises:
        DataError: if a column is missing, a user has two traits, nothing can be learned about the trait, or
            the released table cannot be matched.
    """
    user, item, trait = held.user, held.item, held.trait
    ids = (user, item)
    table = read_table(held.records, name="the records", reading=reading_of(held), ids=ids)
    likes, name = table.frame, table.name
    about, traits_name = _traits(held, user, trait)
    need_ids(likes, [user, item], name=name)
    # Int32 in one file and Int64 in the other are the same ids; anything else is compared as text.
    whole = all(f[user].dtype.is_integer() and f[user].dtype not in WIDE for f in (likes, about))
    likes, about = (
        f.with_columns(f[user].cast(pl.Int64) if whole else as_ids(f[user])) for f in (likes, about)
    )
    empty = missing(about[trait])
    known = about.filter(~empty)
    # Sorted, so that the order of people is that of no file.
    both = known.join(likes.select(user).unique(), on=user, how="semi")
    both = in_order(both[user]).to_frame().join(both, on=user, how="left", maintain_order="left")
    if not both.height:
        raise DataError(f"no user of {name} has {trait!r} in {traits_name}: give the same ids in both.")
    mine = likes.join(both.select(user), on=user, how="semi")
    # A person's code is their row in `both`, and so the position of their trait.
    who, what = coded(mine[user], labels=both[user]), coded(mine[item])
    items = Interactions.of(who.codes, what.codes, people=both.height, items=len(what.labels))
    value, found, labels = trait_values(both, trait, held.kind, held.having, name=traits_name)
    need_enough(value, found, labels, trait=trait, parts=held.folds)
    without = likes.select(user).unique().join(about, on=user, how="anti").height
    data = LikesData(
        name=Path(name).stem if table.path is not None else name,
        items=items,
        value=value,
        kind=found,
        labels=labels,
        person=as_ids(both[user]),
        item=as_ids(what.labels),
        who=standing(name, row=first_rows(likes[user], both[user]), ids=as_ids(both[user])),
        left_out=tuple(
            t(words, n=count, trait=trait, file=traits_name)
            for count, words in (
                (int(empty.sum()), later("{n:,} people have no {trait} in {file} and are left out.")),
                (
                    known.height - both.height,
                    later("{n:,} people with a {trait} have no likes and are left out."),
                ),
                (without, later("{n:,} people with likes are not in {file} and are left out.")),
                (mine.height - len(items), later("{n:,} rows repeat a person and an item, and count once.")),
            )
            if count
        ),
        source=Source.of(table, {"user": user, "item": item}),
    )
    if held.released is None:
        return data
    other = read_table(held.released, name="the released table", reading=reading_of(held), ids=ids)
    return _with_released(data, held, as_ids(likes[user]), other, sure=sure)


def _with_released(data: LikesData, held: Likes, known: pl.Series, other: Table, *, sure: bool) -> LikesData:
    """The same people with what is released of them; items of either table have one list of codes.

    Args:
        known: the user of each row of the records, as text.
    """
    user, item = held.user, held.item
    names = (data.source.name, other.name)
    need_ids(other.frame, [user, item], name=other.name)
    owner = original_ids(as_ids(other.frame[user]), known, key=held.key, split=False, names=names)
    people = data.person
    asked = owner.is_in(people.implode())
    owner, what = owner.filter(asked), as_ids(other.frame[item]).filter(asked)
    # A release may have items that the original lacks, randomised response for one.
    labels = pl.concat([data.item, what]).unique().sort()
    again = coded(data.item, labels=labels).codes
    n, m = len(people), len(labels)
    items = Interactions.of(data.items.person, again[data.items.item], people=n, items=m)
    who = coded(owner, labels=people).codes
    released = Interactions.of(who, coded(what, labels=labels).codes, people=n, items=m)
    # Ids that were given out again would make every attack look weak: a false all-clear.
    mine, shown = (likes.person.astype(np.int64) * likes.items + likes.item for likes in (items, released))
    keyed = held.key is not None
    alike = sure or refuse_strangers(mine, shown, things=m, what="item", names=names, keyed=keyed)
    rest = int((~asked).sum())
    return replace(
        data,
        name=data.name if other.path is None else other.path.stem,
        items=items,
        item=labels,
        released=released,
        unsettled=unsettled(alike),
        left_out=(
            *data.left_out,
            *[t("{n:,} rows of {file} are about people left out here.", n=rest, file=other.name)]
            * (rest > 0),
        ),
    )


def _traits(held: Likes, user: str, trait: str) -> tuple[pl.DataFrame, str]:
    """The table of traits, and what to call it; one row for each user."""
    table = read_table(held.traits, name="the traits", reading=reading_of(held), ids=[user])
    about, name = table.frame, table.name
    need_ids(about, [user], name=name)
    # `need` would refuse gaps too; people without the trait are left out instead.
    if trait not in about.columns:
        need(about, [trait], name=name)  # it names the nearest columns
    twice = about[user].is_duplicated()
    if twice.any():
        raise DataError(f"{name} has users more than once, in {named_rows(twice)}: give one row for each.")
    return about, name
