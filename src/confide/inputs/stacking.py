"""Records that come one by one, stacked into one array: of one form, within the memory, the same twice."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import ConfideError, DataError
from confide.inputs.arrays_given import MOST, as_array
from confide.models.guard import Guard, guarded_error

TWICE = 32
"""Records that are read a second time. A transform that flips half of all passes once in 4 billion times."""


def stacked(rows: Iterable[tuple[str, object]], count: int, *, name: str, finite: bool = False) -> Array:
    """One array of all records, filled as they come: none is held twice.

    Args:
        rows: what to call each record in messages, and the record.
        count: how many there are.
        name: of all of them.
        finite: whether numbers that are not finite are refused; else they stand for what is missing.

    Raises:
        DataError: for a record that is no array of numbers, or is of another shape or type than the first;
            and where all together take too much memory.
    """
    made: Array | None = None
    first = ""
    for at, (called, row) in enumerate(rows):
        found = _numbers(row, called)
        if finite and found.dtype.kind == "f" and not np.isfinite(found).all():
            raise DataError(
                f"{called} has {int((~np.isfinite(found)).sum())} values that are not finite (NaN or "
                "infinity): look at how it is prepared."
            )
        if made is None:
            made, first = _room_for(count, found, name), called
        if found.shape != made.shape[1:] or found.dtype != made.dtype:
            raise DataError(
                f"{called} is {_form(found)}, and {first} is {_form(made[0])}: a model is asked about "
                "records of one shape and type, so bring all to the same (cut, resize or pad them)."
            )
        made[at] = found
    if made is None:
        raise DataError(f"{name} has no records: give a few hundred or more.")
    return made


def need_same_twice(read: Callable[[int], object], rows: Sequence[int], *, what: str) -> None:
    """Refuse records that change when they are read again, as random crops and flips do.

    An adversary asks about a record as the model was trained on it. Asked about a random variant of it, every
    attack looks weaker than it is.

    Args:
        read: the record of a row.
        rows: a few rows.
        what: to call what reads them, for the message.

    Raises:
        DataError: if a record is not the same twice.
    """
    for row in rows:
        once, again = read(row), _with_other_draws(partial(read, row), seed=row)
        if not _same(once, again):
            raise DataError(
                f"{what} gives other values for the same record when it is asked twice: take out what is "
                "random (crops, flips, noise), as for testing; an audit that asks about variants of "
                "people's records finds less than there is."
            )


def read_safely(read: Callable[[], Any], called: str | Callable[[], str], what: str) -> Any:
    """What foreign code answers.

    Args:
        read: asks it.
        called: what it is asked about, known perhaps only when it fails.
        what: to call it.

    Raises:
        DataError: if it fails, with its own error in words.
    """
    try:
        return Guard(what)(read)
    except ConfideError:
        raise
    except Exception as error:
        where = called if isinstance(called, str) else called()
        raise DataError(f"{what} fails for {where} ({guarded_error(error)}): call it by hand.") from error


def _numbers(row: object, called: str) -> Array:
    if type(row).__module__.partition(".")[0] == "PIL":
        raise DataError(f"{called} is still a picture, and no array: end with numpy.asarray, or ToTensor().")
    if row is None or isinstance(row, Mapping | str | bytes):
        raise DataError(f"{called} is {_kind(row)}: give an array of numbers, or a tensor.")
    found = as_array(row, name=called)
    if found.dtype.kind not in "biuf":
        raise DataError(f"{called} is an array of {found.dtype}: give numbers.")
    if not found.size:
        raise DataError(f"{called} is {_form(found)}, without any value: look at how it is prepared.")
    return found


def _room_for(count: int, one: Array, name: str) -> Array:
    size = count * one.nbytes
    if size > MOST:
        raise DataError(
            f"{name}: {count:,} records of {_form(one)} take {size / 1e9:.1f} GB, more than "
            f"{MOST / 1e9:.0f}: give fewer (a random part of members and of non-members is enough), or "
            "smaller numbers, such as uint8 with the scaling inside the model."
        )
    return np.empty((count, *one.shape), one.dtype)


def _form(found: Array) -> str:
    return f"{'x'.join(map(str, found.shape)) or 'a single number'} of {found.dtype}"


def _kind(row: object) -> str:
    return "nothing (None)" if row is None else f"of type {type(row).__name__}"


def _same(one: object, other: object) -> bool:
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, str | bytes) or one is None or other is None:
        return one == other
    a, b = (as_array(value, name="a record") for value in (one, other))
    if a.dtype.kind not in "biufU":
        return True  # what is no number is refused when it is stacked
    return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == b.dtype.kind == "f"))


def _with_other_draws(read: Callable[[], Any], *, seed: int) -> Any:
    """The answer after other random draws: a guard puts the global states back, so they would be the same."""

    def drawn() -> Any:
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the generator that other people's code shares
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.manual_seed(seed)
        return read()

    return Guard("a second look")(drawn)
