"""Replies of a user's model as one table: frames, mappings, tensors and lists, with the names of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import ModelError
from confide.core.foreign import in_one_line


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """What a model said of n records.

    Args:
        table: [n] or [n, C].
        names: the class of each column, where the reply names them.
    """

    table: Array
    names: tuple[object, ...] | None = None

    @classmethod
    def joined(cls, parts: Sequence[Reply], *, name: str) -> Reply:
        """The replies of several batches as one; columns are matched by their names.

        Raises:
            ModelError: if batches differ in shape, or in whether columns are named.
        """
        shapes = {part.table.shape[1:] for part in parts}
        names = parts[0].names
        if names is None or any(part.names is None for part in parts):
            # Joined, such batches would be no table, and numpy's message names no batch.
            if len(shapes) > 1 or any(part.names != names for part in parts):
                raise ModelError(
                    f"{name} answers with different shapes in different batches, {sorted(shapes)}: "
                    "answer with one shape."
                )
            return cls(np.concatenate([part.table for part in parts]))
        # A batch may lack a class that none of its records got among the best k.
        everything = list(dict.fromkeys(n for part in parts for n in cast("tuple[object, ...]", part.names)))
        tables: list[Array] = []
        for part in parts:
            place = [everything.index(n) for n in cast("tuple[object, ...]", part.names)]
            table = np.zeros((len(part.table), len(everything)), part.table.dtype)
            table[:, place] = part.table
            tables.append(table)
        return cls(np.concatenate(tables), tuple(everything))


def reply_of(said: object, *, name: str) -> Reply:
    """Read whatever a model returned for a batch.

    A frame and a mapping of columns name their classes. So does a list with a mapping for each record: class
    -> score, or a list of {"label": ..., "score": ...}; classes that a record lacks get 0.

    Raises:
        ModelError: if it cannot be read as a table of numbers or labels.
    """
    try:
        return _read(said)
    except (TypeError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"{name} answers with {type(said).__name__}, which cannot be read as a table "
            f"({in_one_line(error)}): answer with an array [n, C], or a frame with a column for each class."
        ) from error


def _read(said: object) -> Reply:
    thing: Any = said
    if hasattr(thing, "columns") and hasattr(thing, "to_numpy"):
        names = [n.item() if isinstance(n, np.generic) else n for n in thing.columns]
        if len(set(names)) < len(names):
            raise ValueError("two of its columns have one name")
        return Reply(np.asarray(thing.to_numpy()), tuple(names))
    if isinstance(said, Mapping):
        columns = cast("Mapping[object, Any]", said)
        return Reply(np.column_stack([_plain(c) for c in columns.values()]), tuple(columns))
    rows = _scores_by_class(said)
    if rows:
        names = tuple(dict.fromkeys(key for row in rows for key in row))
        return Reply(np.array([[row.get(n, 0.0) for n in names] for row in rows], np.float64), names)
    table = _plain(said)
    if table.dtype.kind == "c":
        raise ValueError("its numbers are complex")
    return Reply(table)


def _scores_by_class(said: object) -> list[Mapping[object, float]] | None:
    """A mapping class -> score for each record, if that is what was said."""
    if not isinstance(said, list | tuple) or not said:
        return None
    first = said[0]
    if isinstance(first, list | tuple) and first and isinstance(first[0], Mapping):
        return [{e["label"]: float(e["score"]) for e in row} for row in cast("Any", said)]
    if not isinstance(first, Mapping):
        return None
    if set(cast("Mapping[object, object]", first)) == {"label", "score"}:
        return [{row["label"]: float(row["score"])} for row in cast("Any", said)]
    return list(cast("Sequence[Mapping[object, float]]", said))


def _plain(said: Any) -> Array:
    """An array of a tensor on any device, with gradients or in half precision, or of anything else."""
    if hasattr(said, "detach") and hasattr(said, "cpu"):
        tensor = said.detach().cpu()
        # numpy has no bfloat16.
        return np.asarray((tensor.double() if tensor.is_floating_point() else tensor).numpy())
    return np.asarray(said)
