"""Content of a model: a digest of all that decides its answers, or nothing where there is none."""

from __future__ import annotations

import pickle
from hashlib import sha256
from pathlib import Path
from typing import Any

from confide.models.checkpoints import parameters_of
from confide.models.loading import is_module

_FAULTS = (TypeError, ValueError, AttributeError, RuntimeError, RecursionError, OSError, ImportError)
"""How objects say that they have no bytes: a lambda, a lock, an open file."""


def content_of(model: object) -> str:
    """A SHA-256 over what a model is made of, in hexadecimal; empty where no such content can be read.

    Of a torch module its type and state, of a scikit-learn estimator its type and everything that it has
    learnt, of an ONNX graph its file. A function, or a model that answers from elsewhere, has no content
    here: it may answer in another way tomorrow.

    Args:
        model: a view, as `models.loading` makes it.

    >>> from sklearn.dummy import DummyClassifier
    >>> from confide.models.sklearn.model import SklearnModel
    >>> one, two = (SklearnModel(DummyClassifier().fit([[0.0]] * 3, [0, 1, y])) for y in (0, 1))
    >>> content_of(one) == content_of(one), content_of(one) == content_of(two), content_of(len)
    (True, False, '')
    """
    seen: Any = model
    states = [content_of(state) for state in getattr(seen, "snapshots", ())]
    module, estimator, path = (getattr(seen, name, None) for name in ("module", "estimator", "path"))
    if is_module(module):
        kind = f"{type(module).__module__}.{type(module).__qualname__} {module!r}"
        own = sha256(kind.encode() + parameters_of(module)).hexdigest()
    elif estimator is not None:
        own = _of_estimator(estimator)
    elif isinstance(path, Path) and hasattr(seen, "session"):
        own = sha256(path.read_bytes()).hexdigest()
    else:
        own = ""
    if not own or not all(states):
        return ""
    return sha256(" ".join([type(seen).__qualname__, own, *states]).encode()).hexdigest()


def bytes_of(model: object) -> int:
    """About how many bytes a model takes; 0 where nobody can say.

    >>> from sklearn.dummy import DummyClassifier
    >>> from confide.models.sklearn.model import SklearnModel
    >>> 100 < bytes_of(SklearnModel(DummyClassifier().fit([[0.0]] * 3, [0, 1, 1]))) < 10_000
    True
    """
    seen: Any = model
    module, estimator = getattr(seen, "module", None), getattr(seen, "estimator", None)
    if is_module(module):
        return sum(t.numel() * t.element_size() for t in module.state_dict().values() if hasattr(t, "numel"))
    if estimator is None:
        return 0
    counted = _Counted()
    try:
        pickle.dump(estimator, counted)  # written to nowhere, and never read
    except (*_FAULTS, pickle.PicklingError):
        return 0
    return counted.size


class _Counted:
    """A file that counts what is written to it."""

    size: int = 0

    def write(self, data: Any) -> int:
        self.size += len(memoryview(data).cast("B"))
        return len(data)


def _of_estimator(estimator: Any) -> str:
    """The digest of an estimator at any depth, by joblib, which comes with scikit-learn."""
    import joblib

    try:
        # It writes an object down as a pickle would be, and reads none. What it cannot write has no content.
        found = str(joblib.hash(estimator, hash_name="sha1"))
    except _FAULTS:
        return ""
    except Exception as error:
        # pickle has an error of its own, under several names.
        if "pickl" not in f"{type(error).__name__} {error}".lower():
            raise
        return ""
    return f"{type(estimator).__module__}.{type(estimator).__qualname__} {found}"
