"""Key matching: the user ids of a released file as those of the original, and whether they mean the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import DataError
from confide.inputs.columns import Coded, first_of, named_rows, need_ids
from confide.inputs.resemblance import ahead, someones_things
from confide.inputs.tables import Tabular, read_table

WHOLE_FLOAT = r"^-?(?:0|[1-9][0-9]{0,17})(?:\.0*)?$"
"""Whole numbers as text, with or without a fraction of zeros."""


class Every:
    """All columns, where one asks which of them hold ids."""

    def __contains__(self, column: object) -> bool:
        return True


EVERY = Every()
PIECE = 4_000_000
"""Rows that are compared at a time: what a comparison needs besides the rows takes some 200 MB at most."""


def as_ids(column: pl.Series) -> pl.Series:
    """Ids as text, so that 7, 7.0 and '7' are one id, and 7 and '0007' are two.

    >>> as_ids(pl.Series([7.0, 8.0])).to_list(), as_ids(pl.Series(["007", "7"])).to_list()
    (['7', '8'], ['007', '7'])
    >>> as_ids(pl.Series(["7.0", "8"])).to_list(), as_ids(pl.Series(["7.0", "7.1"])).to_list()
    (['7', '8'], ['7.0', '7.1'])
    """
    if column.dtype.is_decimal():
        column = column.cast(pl.Float64)
    # A column of whole numbers with a gap comes out of pandas as floats: 7 would be the text "7.0".
    if column.dtype.is_float() and (column == column.floor()).all():
        column = column.cast(pl.Int64)
    text = column.cast(pl.String)
    # The same column as text. Where one value is no whole number, 7.0 may be a name of its own.
    if column.dtype == pl.String and len(text) and text.str.contains(WHOLE_FLOAT).all():
        return text.str.replace(r"\.0*$", "")
    return text


def original_ids(
    released: pl.Series,
    original: pl.Series,
    *,
    key: Tabular | None,
    split: bool,
    names: tuple[str, str],
) -> pl.Series:
    """The original id of each row of a released file.

    Without a key, every id of the released file must be one of the original's. With a key, every id must
    have a row in it. Then the released file may hold people who are not in the original: the key names them,
    so they are no mistake in the ids.

    Args:
        released: the ids of the released file, text[m].
        original: the ids of the original, text[n].
        key: a table of two columns, the user in the original and the same user in the released file.
        split: whether one original user may have several released ids, as in traces cut into pieces.
        names: of the original and of the released file.

    Raises:
        DataError: for a key that is not so, or for ids whose owner is not known; the rows are named.
    """
    ours, theirs = names
    known, ask = original.unique(), _ask(names)
    if key is None:
        lost = ~released.is_in(known.implode())
        # Two messages: with no id in common the column is another; with some, the release has other people
        # too.
        if lost.all():
            raise DataError(
                f"no user of {theirs} is among the users of {ours}, so no guess can be judged: {ask}."
            )
        if lost.any():
            raise DataError(
                f"{theirs}: the user in {named_rows(lost)} of column {released.name!r} "
                f"({first_of(released, lost)}) is not among the users of {ours}: {ask}. It also names "
                f"people who are not in {ours}."
            )
        return released
    pairs, what = key_pairs(key, split=split)
    # A left join keeps each row of the release in its place.
    found = released.to_frame("released").join(pairs, on="released", how="left", maintain_order="left")
    back, lost = found["original"], found["original"].is_null()
    if lost.any():
        raise DataError(
            f"{what} lacks user {first_of(released, lost)} of {theirs} ({named_rows(lost)}): add a row."
        )
    # The most likely reason is that the columns of the key were swapped, so the message says their order.
    if not back.is_in(known.implode()).any():
        raise DataError(
            f"{what} names no user of {ours} in its first column ({first_of(back)}): put the user in {ours} "
            f"first, and the same user in {theirs} second."
        )
    return back.alias(released.name)


def numbered(owner: Ints, ids: Coded) -> tuple[Ints, Ints]:
    """Numbers for the ids of a released file, in the order of the people behind them.

    Args:
        owner: int64[m], the person behind each row.
        ids: the id of each row.

    Returns:
        int64[m], the number of each row's id, and int64[ids], the person behind each number.

    >>> from confide.inputs.columns import coded
    >>> number, person = numbered(np.array([1, 0, 1]), coded(pl.Series(["a", "b", "c"])))
    >>> number.tolist(), person.tolist()
    ([1, 0, 2], [0, 1, 1])
    """
    # One number for a pair of person and id: sorted, it counts a person's ids one after the other.
    many = len(ids.labels)
    pairs, number = np.unique(owner * many + ids.codes, return_inverse=True)
    return number.astype(np.int64), pairs // many


def refuse_strangers(
    original: Ints,
    released: Ints,
    *,
    things: int,
    what: str,
    names: tuple[str, str],
    keyed: bool,
) -> bool:
    """Check that an id stands for the same person in both files.

    Each person's released record is compared with their own original record and with the next person's. If
    the ids were given out again, people resemble others as much as themselves. So they do where released
    records were drawn without looking at anybody's. A key that says whose is whose is believed there, unless
    the records are other people's.

    Args:
        original: int64[k], person * things + thing, sorted; each at most once.
        released: int64[m], the same of the released file, in any order.
        things: how many codes of things there are.
        what: a thing's name, such as "item".
        names: of the original and of the released file.
        keyed: whether a key was given.

    Returns:
        whether people resemble themselves; if not, the key alone says that they are the same.

    Raises:
        DataError: if they do not share a person or a thing, or if people resemble others more than
            themselves, or nobody and there is no key.
    """
    ours, theirs = names
    # Both files may end in different people.
    people = 1 + int(max(original.max(initial=0), released.max(initial=0))) // things
    mine, shown = (_counts(rows, things, people) for rows in (original, released))
    here = np.flatnonzero((mine > 0) & (shown > 0))
    if not len(here):
        raise DataError(
            f"no user of {theirs} is among the users of {ours}, so no guess can be judged: {_ask(names)}."
        )
    if not (_present(original, things) & _present(released, things)).any():
        raise DataError(
            f"{theirs} and {ours} have no {what} in common: give both files the same {what}s, as the "
            "adversary knows them."
        )
    if len(here) < 2:  # nobody to compare with
        return True
    follower = np.full(people, -1)
    # The next person in a ring: everybody is compared with one other, who has a record in both files.
    follower[here] = np.roll(here, 1)
    own, others = np.zeros(people, np.int64), np.zeros(people, np.int64)
    for rows in _pieces(released):
        # People without both records have nobody to be compared with.
        rows = rows[follower[rows // things] >= 0]
        person, thing = rows // things, rows % things
        own += np.bincount(person[_among(original, rows)], minlength=people)
        others += np.bincount(person[_among(original, follower[person] * things + thing)], minlength=people)
    # Shares, not counts: one person with a long record must not decide for everybody.
    gains: Floats = (own - others)[here] / shown[here]
    if ahead(gains):
        return True
    if keyed and not someones_things(original, released, people=people, things=things):
        return False
    todo = "check the rows of the key" if keyed else _ask(names)
    raise DataError(
        f"users of {theirs} carry ids of {ours}, but not their records: {todo}. If the released file "
        f"was changed this much on purpose, audit {ours} with `--protect` instead."
    )


def _ask(names: tuple[str, str]) -> str:
    """What to do where the owners of released ids are not known."""
    return (
        f"give a key (`--key`) that the adversary never sees: a table of two columns, the user in {names[0]} "
        f"and the same user in {names[1]}"
    )


def key_pairs(key: Tabular, *, split: bool, who: str = "user") -> tuple[pl.DataFrame, str]:
    """The columns `original` and `released` of a key, as ids, and what the key is called.

    Args:
        key: a table of two columns.
        split: whether one original may have several released ids.
        who: what the ids name, for messages.

    Raises:
        DataError: for another number of columns, or an id that stands twice.
    """
    table = read_table(key, name="the key", ids=EVERY)
    frame, what = table.frame, table.name
    if frame.width != 2:
        raise DataError(
            f"{what} has {frame.width} column{'s' * (frame.width > 1)}: give two, the {who} in the original "
            f"and the same {who} in the released {'file' if who == 'user' else 'ones'}."
        )
    need_ids(frame, frame.columns, name=what)
    pairs = pl.DataFrame(
        [as_ids(frame[c]).alias(a) for c, a in zip(frame.columns, ("original", "released"), strict=True)]
    )
    # Released ids must always be unique: a row of the release has one owner.
    for side in ("released", "original"):
        twice = pairs[side].is_duplicated()
        if twice.any() and not (split and side == "original"):
            raise DataError(
                f"{what} names the {side} {who} {first_of(pairs[side], twice)} more than once, in "
                f"{named_rows(twice)}: give each {side} {who} one row."
            )
    return pairs, what


def _pieces(rows: Ints) -> Iterator[Ints]:
    """The rows, some at a time."""
    return (rows[i : i + PIECE] for i in range(0, len(rows), PIECE))


def _counts(rows: Ints, things: int, people: int) -> Ints:
    """How many rows each person has, int64[people]."""
    found = np.zeros(people, np.int64)
    for piece in _pieces(rows):
        found += np.bincount(piece // things, minlength=people)
    return found


def _present(rows: Ints, things: int) -> Bools:
    """Which things occur in the rows, bool[things]."""
    found = np.zeros(things, np.bool_)
    for piece in _pieces(rows):
        found[piece % things] = True
    return found


def _among(ordered: Ints, asked: Ints) -> Bools:
    """Which of these numbers are among the sorted ones."""
    # A binary search in sorted rows needs no more memory than the answer, as a set or `isin` would.
    return ordered[np.searchsorted(ordered, asked).clip(0, len(ordered) - 1)] == asked
