"""Data sets of PyTorch, and loaders of them: read once and in order, as records with labels."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from confide.core.arrays import Batch
from confide.core.errors import DataError
from confide.core.language import t
from confide.core.who import standing
from confide.inputs.arrays_given import as_array, as_labels, texts
from confide.inputs.columns import need_ids
from confide.inputs.frames import is_pandas_series
from confide.inputs.keys import as_ids
from confide.inputs.records import TEXT, RawRecords
from confide.inputs.stacking import TWICE, need_same_twice, read_safely, stacked

LABELS = ("label", "labels", "target", "targets", "y")
"""What the label of a record is called where it is a mapping, as data sets of Hugging Face are."""

CHUNK = 64
"""Records that are read in one guarded call, which takes a quarter of a millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """How a data set is read.

    Args:
        dataset: the data set itself.
        rows: of it, in the order in which they are read.
        collate: of a loader, where it is the user's own.
        size: how many records it makes a batch of.
        notes: on what was done otherwise than the loader does.
    """

    dataset: Any
    rows: Sequence[int]
    collate: Callable[[list[Any]], Any] | None = None
    size: int = 1
    notes: tuple[str, ...] = ()


def is_dataset(given: object) -> bool:
    """Whether this is a data set or a loader of PyTorch, or has the methods of a data set."""
    data = _torch_data()
    if data is not None and isinstance(given, data.Dataset | data.DataLoader):
        return True
    # A lazy frame is one by its type: to ask for its columns computes it.
    plain = isinstance(given, Sequence | Mapping | np.ndarray | pl.LazyFrame | type)
    plain = plain or is_pandas_series(given)
    return not plain and not hasattr(given, "columns") and hasattr(type(given), "__getitem__")


def read_dataset(given: Any, *, label: str | None, user: str | None, name: str) -> RawRecords:
    """The records of a data set, or of a loader, and their labels.

    A record is (x, y), or a mapping with the label under `label` or a usual name, and one more entry.

    Args:
        label: of a mapping, the entry that is the label.
        user: of a mapping, the entry that says whose record it is.
        name: what to call it in messages.

    Raises:
        DataError: if it has no length or no labels, gives a record in two ways, or records of several shapes.
    """
    plan = _planned(given, name)
    # Before all are read: a random crop or flip shows in the first few.
    need_same_twice(
        lambda row: _fetched(plan, name, [row]),
        plan.rows[:TWICE],
        what=f"the {type(plan.dataset).__name__} of {name}",
    )
    split = partial(_parts, label=label, user=user, name=name)
    labels: list[object] = []
    ids: list[object] = []

    def features() -> Iterator[tuple[str, object]]:
        for at, item in enumerate(_items(plan, name)):
            x, y, who = split(item, at)
            labels.append(_plain(y, f"the label of {_called(name, at)}"))
            ids.append(who)
            yield _called(name, at), x

    x = _together(features(), len(plan.rows), name)
    known = None if user is None else _ids(ids, user, name)
    place = standing(name, row=np.array(plan.rows, np.int64) + 1, ids=known)
    return RawRecords(x, as_labels(labels, name=name), name, known, place=place, notes=plan.notes)


def _ids(given: Sequence[object], user: str, name: str) -> pl.Series:
    column = pl.Series(user, [_plain(i, f"the {user} of {_called(name, at)}") for at, i in enumerate(given)])
    need_ids(column.to_frame(), [user], name=name)
    return as_ids(column)


def _together(rows: Iterator[tuple[str, object]], count: int, name: str) -> Batch:
    called, first = next(rows)
    if isinstance(first, str):
        rest = [row for _, row in rows]
        odd = next((r for r in rest if not isinstance(r, str)), None)
        if odd is not None:
            raise DataError(f"{name}: a record is {odd!r:.60}, and others are texts: give one text for each.")
        return texts([first, *map(str, rest)], name=name).alias(TEXT).to_frame()

    def every() -> Iterator[tuple[str, object]]:
        yield called, first
        yield from rows

    return stacked(every(), count, name=name)


def _planned(given: Any, name: str) -> Plan:
    data = _torch_data()
    if data is None or not isinstance(given, data.DataLoader):
        return Plan(dataset=given, rows=range(_length(given, name)))
    dataset, sampler = given.dataset, given.sampler
    n = _length(dataset, name)
    own = type(given.batch_sampler) not in (data.BatchSampler, type(None))
    notes: list[str] = []
    if not own and type(sampler) is data.SequentialSampler:
        rows: Sequence[int] = range(n)
    elif not own and type(sampler) is data.RandomSampler and not sampler.replacement and len(sampler) == n:
        rows = range(n)
        notes.append(t("The loader of {name} shuffles: its data set was read once, in order.", name=name))
    elif not own and type(sampler) is data.SubsetRandomSampler:
        rows = sorted(int(i) for i in sampler.indices)
        notes.append(
            t(
                "The loader of {name} draws {k:,} of {n:,} records: these were read.",
                name=name,
                k=len(rows),
                n=n,
            )
        )
    else:
        kind = type(given.batch_sampler if own else sampler).__name__
        raise DataError(
            f"the loader of {name} draws its records by a {kind}, so that some may come twice or never: give "
            "its data set, or torch.utils.data.Subset(dataset, rows) of those that are meant."
        )
    if not rows:
        raise DataError(f"the loader of {name} draws no records: give a few hundred or more.")
    batch = given.batch_size
    plain = batch is None or given.collate_fn in (data.default_collate, data.default_convert)
    return Plan(
        dataset=dataset,
        rows=rows,
        collate=None if plain else given.collate_fn,
        size=batch or 1,
        notes=tuple(notes),
    )


def _length(dataset: Any, name: str) -> int:
    data = _torch_data()
    endless = data is not None and isinstance(dataset, data.IterableDataset)
    try:
        n = -1 if endless or not hasattr(type(dataset), "__getitem__") else len(dataset)
    except (TypeError, NotImplementedError):
        n = -1
    if n < 0:
        raise DataError(
            f"the {type(dataset).__name__} of {name} has no length, or no record by its number, so that it "
            "may never end and nobody could be named: give a data set with __len__ and __getitem__, such as "
            "a list of its records in a TensorDataset."
        )
    if not n:
        raise DataError(f"{name} has no records: give a few hundred or more.")
    return n


def _fetched(plan: Plan, name: str, rows: Sequence[int]) -> list[Any]:
    """The records of these rows."""
    reached = [0]

    def read() -> list[Any]:
        found: list[Any] = []
        for row in rows:
            reached[0] = row + 1
            found.append(plan.dataset[row])
        return found

    return read_safely(read, lambda: f"record {reached[0]}", f"the {type(plan.dataset).__name__} of {name}")


def _items(plan: Plan, name: str) -> Iterator[Any]:
    """Every record; with a `collate_fn` of the user's own by way of the batches that it makes."""
    size = CHUNK if plan.collate is None else plan.size
    for start in range(0, len(plan.rows), size):
        found, collate = _fetched(plan, name, plan.rows[start : start + size]), plan.collate
        if collate is None:
            yield from found
            continue
        which = f"records {start + 1} to {start + len(found)}"
        batch = read_safely(partial(collate, found), which, f"the collate_fn of {name}")
        yield from _unbatched(batch, len(found), name)


def _unbatched(batch: Any, n: int, name: str) -> Iterator[Any]:
    """The records of a batch."""
    named = isinstance(batch, Mapping)
    parts = batch.values() if named else batch if isinstance(batch, tuple | list) else [batch]
    columns: list[Any] = list(parts)
    if any(not hasattr(column, "__len__") or len(column) != n for column in columns):
        raise DataError(
            f"the collate_fn of {name} makes of {n} records a batch whose parts are not of {n} rows each: "
            "let it answer with (x, y)."
        )
    for row in zip(*columns, strict=True):
        yield dict(zip(batch, row, strict=True)) if named else row if len(columns) > 1 else row[0]


def _parts(item: Any, at: int, *, label: str | None, user: str | None, name: str) -> tuple[Any, Any, Any]:
    """Features, label and perhaps whose record it is."""
    called = _called(name, at)
    if isinstance(item, Mapping):
        return _of_mapping(item, called, label, user)
    if not isinstance(item, tuple | list) or len(item) < 2:
        raise DataError(
            f"{called} is {_shown(item)}, and has no label: attacks compare what the model says with the "
            "label, so give a data set of (x, y)."
        )
    if len(item) > 2:
        raise DataError(
            f"{called} has {len(item)} parts ({', '.join(map(_shown, item))}): which are the features, and "
            "which the label? Give a data set of (x, y)."
        )
    if user is not None:
        raise DataError(f"{called} is (x, y), so that none of its parts is called {user!r}: give mappings.")
    return item[0], item[1], None


def _of_mapping(
    item: Mapping[Any, Any], called: str, label: str | None, user: str | None
) -> tuple[Any, Any, Any]:
    has = ", ".join(map(str, item))
    for wanted in (label, user):
        if wanted is not None and wanted not in item:
            raise DataError(f"{called} has no entry {wanted!r}: it has {has}.")
    found = [label] if label is not None else [key for key in LABELS if key in item]
    if len(found) != 1:
        raise DataError(
            f"{called} has the entries {has}, and {'none' if not found else 'more than one'} of them is "
            f"called like a label ({', '.join(LABELS)}): say which it is (`--label`)."
        )
    rest = [key for key in item if key not in (found[0], user)]
    if len(rest) != 1:
        raise DataError(
            f"{called} has the entries {', '.join(map(str, rest)) or 'none'} beside its label {found[0]!r}: "
            "a model is asked about one array, so give a data set of (x, y), and let the model work out the "
            "others."
        )
    return item[rest[0]], item[found[0]], None if user is None else item[user]


def _plain(given: object, called: str) -> object:
    """A label or an id as a number, a truth value or a text."""
    if given is None or isinstance(given, str | bool | int | float):
        return given
    found = as_array(given, name=called)
    if found.size != 1 or found.ndim > 1:
        raise DataError(f"{called} is {'x'.join(map(str, found.shape))} values: give one, such as 3.")
    return found.reshape(-1)[0].item()


def _shown(part: object) -> str:
    shape = getattr(part, "shape", None)
    return f"{type(part).__name__}{'' if shape is None else ' ' + str(tuple(shape))}"


def _called(name: str, at: int) -> str:
    return f"record {at + 1} of {name}"


def _torch_data() -> Any:
    """`torch.utils.data`, where torch is loaded: without it there is no data set of its kind."""
    return None if sys.modules.get("torch") is None else sys.modules.get("torch.utils.data")
