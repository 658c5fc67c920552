"""Columns in memory and arrays of odd types, at every door that takes them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .desk import Tried, inputs_of
from .doors import audited, records_of, right
from .kinds import Kind
from .tables import TRAITS, every_type, people_table
from .values import odd_arrays, odd_frames

ROLES = {
    "ratings": ("user", "item", "rating", "time"),
    "traces": ("user", "time", "item"),
    "likes": ("user", "item"),
    "counts": ("user", "time", "item"),
    "scores": ("exposed", "score"),
}
"""The columns of each door."""


def columns(_: Path) -> Iterator[Tried]:
    """Each column of each door in a frame in memory, of each type of polars and of pandas; and odd arrays."""
    plain = people_table()
    for column in dict.fromkeys(c for columns in ROLES.values() for c in columns):
        frames = [(n, plain.with_columns(v.alias(column))) for n, v in every_type()]
        frames += odd_frames(plain, column)
        for door in (door for door, columns in ROLES.items() if column in columns):
            for name, frame in frames:
                given = {**right()[door], "evidence" if door == "scores" else "records": frame}
                yield Tried(f"{door}, type of column {column}", name, partial(audited, door, given, {}))
    for name, trait in every_type(40):
        given = {**right()["likes"], "traits": TRAITS.with_columns(trait.alias("trait"))}
        yield Tried("likes, type of trait", name, partial(audited, "likes", given, {}))
    for name, snp in every_type(30):
        for side in ("records", "reference", "targets"):
            one = right()["frequencies"]
            given = {**one, side: one[side].with_columns(snp.alias("rs0"))}
            yield Tried(
                f"frequencies, type of a SNP of {side}", name, partial(audited, "frequencies", given, {})
            )


def arrays(_: Path) -> Iterator[Tried]:
    """Records and answers of a model, as each array."""
    x, y = records_of()
    for side in ("members", "nonmembers", "population"):
        for part in "Xy":
            for name, array in odd_arrays():
                given = {**right()["model"], side: (array, y) if part == "X" else (x, array)}
                yield Tried(f"model, {part} of {side}", name, partial(audited, "model", given, {}))
    for name, answers in odd_arrays():
        given = {**right()["model"], "model": lambda X, answers=answers: answers}
        yield Tried("model, answers", name, partial(audited, "model", given, {}))


def both(here: Path) -> Iterator[Tried]:
    yield from columns(here)
    yield from arrays(here)


KINDS = (Kind("Python: each column in memory and each array, of odd types", inputs_of(both), parted=True),)
