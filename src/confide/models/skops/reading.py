"""scikit-learn models in skops files: reading runs no code that a file could choose."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, MutableMapping, Sequence
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from confide.core.access import Task
from confide.core.atomic import atomic_write
from confide.core.errors import ModelError
from confide.models.replies import Classes
from confide.models.sklearn.model import Estimator, SklearnModel
from confide.models.skops.archive import Archive
from confide.models.skops.building import built, names_in
from confide.models.skops.checking import check
from confide.models.skops.refusal import damaged
from confide.models.skops.vouching import vouched


def load_skops(
    path: Path, *, task: Task | None = None, classes: Classes = None, trusted: Sequence[str] = ()
) -> SklearnModel:
    """Load a model from a .skops file; only listed types, with checked arguments, are built from it.

    The list is in `skops/trusted.py`. The arguments `memory`, `n_jobs` and `verbose` are reset everywhere.

    Args:
        trusted: full names of more types and functions, for a file whose maker you trust as you trust code.

    Raises:
        ModelError: if the file is damaged, holds a type or an argument that is not on the list, or does not
            hold one that is trusted.
    """
    found = _read(path, also=trusted, vouched_for=trusted)
    try:
        return SklearnModel(found, task=task, classes=classes)  # pyright: ignore[reportArgumentType]
    except ModelError:
        raise
    except Exception as error:  # what a state that no scikit-learn leaves makes it raise
        raise damaged(path, error) from error


def save_estimators(fitted: Sequence[tuple[Estimator, list[object]]], path: Path) -> None:
    """Write fitted estimators with their labels to one file, atomically.

    Raises:
        ModelError: if one holds an object that skops cannot write.
    """
    try:
        content = _skops().dumps([list(pair) for pair in fitted])
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"skops cannot keep these models ({type(error).__name__}: {error}): train them without a cache."
        ) from error
    with atomic_write(path) as draft:
        draft.write_bytes(content)


def load_estimators(path: Path, *, like: Estimator) -> list[tuple[Estimator, list[object]]]:
    """Read a file of `save_estimators` by the same rules as a file from anybody.

    Besides the list, the types and functions that occur in `like` are trusted by their names: `like` is in
    memory already, and the user answers for it.

    Raises:
        ModelError: if the file is damaged, or holds any other type.
    """
    found = _read(path, also=own_types(like))
    pairs: list[Any] = found if isinstance(found, list) else [found]
    if not all(isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], list) for pair in pairs):
        raise damaged(path, "it holds no pairs of a model and its labels")
    return [(estimator, labels) for estimator, labels in pairs]


def is_listed(like: Estimator) -> bool:
    """Whether models that are trained like this one can be read back for sure: all it holds is listed."""
    if own_types(like):
        return False
    from sklearn.base import clone

    try:
        check(deepcopy(clone(like)))  # a copy: a check resets arguments, and a frozen part is not cloned
    except ModelError:
        return False
    return True


def own_types(like: Estimator) -> frozenset[str]:
    """The types and functions that an estimator in memory holds and that are not on the list."""
    try:
        if like in _OWN:
            return _OWN[like]
        content = _skops().dumps(like)
    except Exception:  # what cannot be written is not kept either, and then nothing is read
        return frozenset()
    with zipfile.ZipFile(BytesIO(content)) as file:
        _OWN[like] = names_in(Archive(file, Path("the model in memory"), len(content)))
    return _OWN[like]


_OWN: MutableMapping[Estimator, frozenset[str]] = WeakKeyDictionary()
"""What was found in an estimator, because writing a large one takes long."""


def _read(path: Path, *, also: Collection[str], vouched_for: Sequence[str] = ()) -> Any:
    try:
        with zipfile.ZipFile(path) as file:
            archive = Archive.of(file, path)
            if vouched_for:
                vouched(path, vouched_for, unknown=names_in(archive))
            found = built(archive, also=also)
        check(found, also=also)
    except ModelError:
        raise
    # Whatever a crafted file makes these libraries raise, it is a fault of the file.
    except Exception as error:
        raise damaged(path, error) from error
    return found


def _skops() -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise ModelError("writing .skops files needs skops: `pip install 'confide[skops]'`.") from error
    return skops.io
