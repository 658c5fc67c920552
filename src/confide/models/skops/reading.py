"""scikit-learn models in skops files: reading runs no code of types that are not trusted."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from confide.core.access import Task
from confide.core.atomic import atomic_write
from confide.core.errors import ModelError
from confide.models.replies import Classes
from confide.models.sklearn.model import Estimator, SklearnModel
from confide.models.skops.trees import check_trees
from confide.models.skops.trusted import VETTED

# skops itself judges the types of these packages. Almost every estimator uses them, and some of their types
# can run code, so use does not make them trusted.
_FAMILIAR = ("numpy", "scipy", "builtins", "operator", "functools")


def load_skops(
    path: Path, *, task: Task | None = None, classes: Classes = None, trusted: Sequence[str] = ()
) -> SklearnModel:
    """Load a model from a .skops file; its types must be known to skops or named in `trusted`.

    Some more types of scikit-learn are known here (see `skops/trusted.py`): simple containers of numbers, and
    trees after a check.

    Raises:
        ModelError: if skops is missing, the file is damaged, or it holds a type that is not trusted.
    """
    estimator = _read(path, trusted=[*trusted, *VETTED])
    check_trees(estimator)
    return SklearnModel(estimator, task=task, classes=classes)  # pyright: ignore[reportArgumentType]


def save_estimators(fitted: Sequence[tuple[Estimator, list[object]]], path: Path) -> None:
    """Write fitted estimators with their labels to one file, atomically.

    Raises:
        ModelError: if one holds an object that skops cannot write.
    """
    io = _skops()
    try:
        content = io.dumps([list(pair) for pair in fitted])
    except Exception as error:
        raise ModelError(
            f"skops cannot keep these models ({type(error).__name__}: {error}): train them without a cache."
        ) from error
    with atomic_write(path) as draft:
        draft.write_bytes(content)


def load_estimators(path: Path, *, like: Estimator) -> list[tuple[Estimator, list[object]]]:
    """Read a file of `save_estimators`; only types that an estimator `like` these can hold are trusted.

    These are the types that skops knows, those of `skops/trusted.py`, those found in `like`, and those of
    scikit-learn and of the packages that the steps of `like` come from. It is only for files that confide
    wrote itself.

    Raises:
        ModelError: if the file is damaged, or holds any other type.
    """
    io = _skops()
    own = VETTED | set(io.get_untrusted_types(data=io.dumps(like)))
    homes = {type(part).__module__.partition(".")[0] for part in _parts(like)} - set(_FAMILIAR) | {"sklearn"}
    found = _untrusted(path)
    return _read(path, trusted=[t for t in found if t in own or t.partition(".")[0] in homes])


def _read(path: Path, *, trusted: Sequence[str]) -> Any:
    unknown = [kind for kind in _untrusted(path) if kind not in trusted]
    if unknown:
        raise ModelError(
            f"{path} holds types that cannot be trusted: {', '.join(unknown)}. Only types that are known not "
            "to run code and not to reach outside their memory are read from a file. If it is yours, give an "
            'import path to a function that loads the model ("mypkg.mymodel:load", with skops.io.load(path, '
            "trusted=[...]) in it). Otherwise ask its maker for an ONNX file."
        )
    try:
        return _skops().load(path, trusted=sorted(set(_untrusted(path)) & set(trusted)))
    except Exception as error:
        raise _damaged(path, error) from error


def _untrusted(path: Path) -> list[str]:
    io = _skops()
    if not zipfile.is_zipfile(path):
        raise _damaged(path, "not a zip archive")
    try:
        return io.get_untrusted_types(file=path)
    except Exception as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: object) -> ModelError:
    kind = type(error).__name__ + ": " if isinstance(error, Exception) else ""
    return ModelError(
        f"{path} is not a readable skops file ({kind}{error}): "
        "write it again with `skops.io.dump(model, path)`."
    )


def _parts(estimator: Estimator) -> list[Estimator]:
    inside = estimator.get_params(deep=True).values() if hasattr(estimator, "get_params") else []
    return [estimator, *(part for part in inside if hasattr(part, "get_params"))]


def _skops() -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise ModelError("reading .skops files needs skops: `pip install 'confide[skops]'`.") from error
    return skops.io
