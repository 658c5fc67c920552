"""Arguments of estimators from a file: checked one by one, because references are fitted with them.

A listed type is not enough. `Pipeline(memory="folder")` makes joblib unpickle what is in that folder,
`TfidfVectorizer(input="filename")` opens the files that the records name, and ten million trees never end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from inspect import signature
from itertools import pairwise
from math import inf, prod
from typing import Any, cast

import numpy as np

from confide.core.errors import ModelError
from confide.models.sklearn.model import Estimator
from confide.models.skops.refusal import refused_argument
from confide.models.skops.trusted import FUNCTIONS, NUMBERS

RESET = ("memory", "n_jobs", "verbose", "pre_dispatch", "cache_size", "n_threads")
"""Arguments that change no result, and say where to write, how much to take, or what to compute it with."""

FITS = 1_000_000
"""How many models one fit of what is in a file may train; forests count each tree."""

_TREES = 10_000
_LARGEST = 1_000_000  # of whole numbers: scikit-learn takes memory by some of them
_FAR = 1e30  # of other numbers: with C=1e110 liblinear never ends
_ANY_SIZE = {"random_state", "max_iter", "n_features", "max_fun"}
_WEIGHTS = 10**8  # of a network


def check_arguments(estimator: Estimator, *, also: Collection[str] = ()) -> None:
    """Refuse arguments that could do more than train a model, and reset those that change no result.

    Args:
        also: functions that are taken besides the listed ones, by full name.

    Raises:
        ModelError: with the argument.
    """
    names = cast("Sequence[str]", type(estimator)._get_param_names())
    own, defaults = vars(estimator), signature(type(estimator).__init__).parameters
    for name in names:
        if name in RESET:
            own[name] = defaults[name].default
        elif name not in own:
            raise _refused(
                estimator, name, None, "which is missing: another version of scikit-learn wrote it"
            )
        else:
            _check(estimator, name, own[name], also)
    try:
        # What scikit-learn itself demands of each argument, here before anything is fitted.
        if hasattr(type(estimator), "_parameter_constraints"):
            estimator._validate_params()
    except Exception as error:
        raise _refused(estimator, "an argument", str(error), "which scikit-learn does not take") from error
    _check_together(estimator, own)


def fits_of(estimator: Estimator) -> int:
    """How many models one fit of this estimator trains, with those inside it."""
    own = {name: vars(estimator).get(name) for name in type(estimator)._get_param_names()}
    inside = [part for value in own.values() for part in leaves(value) if hasattr(part, "get_params")]
    return _times(own) * max(1, sum(fits_of(part) for part in inside))


def leaves(value: object) -> Iterator[object]:
    """What containers at any depth hold."""
    todo = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            todo += [*cast("dict[object, object]", part).keys(), *cast("dict[object, object]", part).values()]
        elif isinstance(part, list | tuple | set):
            todo += cast("Sequence[object]", part)
        elif isinstance(part, np.ndarray) and part.dtype == object:
            todo += cast("Sequence[object]", list(part.flat))
        else:
            yield part


def _check(estimator: Estimator, name: str, value: object, also: Collection[str]) -> None:
    for part in leaves(value):
        if isinstance(part, partial) and name == "func":
            continue  # the one that may be built at all: see `building`
        if isinstance(part, type):
            if name != "dtype" or f"{part.__module__}.{part.__name__}" not in NUMBERS:
                raise _refused(estimator, name, part, "a type where a file may only name values")
        elif callable(part) and not hasattr(part, "get_params") and name != "kernel":
            if _full_name(part) not in (*FUNCTIONS.get(name, ()), *also):
                raise _refused(estimator, name, part, "a function that is not on the list")
        elif isinstance(part, int) and abs(part) > _LARGEST and name not in _ANY_SIZE:
            raise _refused(estimator, name, part, f"more than {_LARGEST:,}")
        elif isinstance(part, float) and _FAR < abs(part) < inf:
            raise _refused(estimator, name, part, f"further from 0 than {_FAR:g}")
    if name in _ONLY and not _ONLY[name](value):
        raise _refused(estimator, name, value, "which a file may not say")


def _named_parts(value: object, *, width: int) -> bool:
    """Whether each row is a name with what it names: so scikit-learn keeps the parts of a whole."""
    rows = cast("Sequence[object]", value) if isinstance(value, list | tuple) else [None]
    return all(
        isinstance(row, list | tuple)
        and len(cast("Sequence[object]", row)) == width
        and isinstance(row[0], str)
        for row in rows
    )


_ONLY: Mapping[str, Callable[[object], bool]] = {
    "steps": lambda value: bool(value) and _named_parts(value, width=2),
    "transformer_list": lambda value: _named_parts(value, width=2),
    "transformers": lambda value: _named_parts(value, width=3),
    "estimators": lambda value: bool(value) and _named_parts(value, width=2),
    "input": lambda value: value == "content",  # else the records name files to open
    "kernel": lambda value: not callable(value) or _is_kernel(value),
    "metric_params": lambda value: value is None,
    "kernel_params": lambda value: value is None,
    "kw_args": lambda value: not value,
    "inv_kw_args": lambda value: not value,
    "fun_args": lambda value: not value,
    "importance_getter": lambda value: isinstance(value, str) and value.isidentifier(),
    "verbose_feature_names_out": lambda value: isinstance(value, bool),  # a text is a pattern of any width
    "n_estimators": lambda value: not isinstance(value, int) or value <= _TREES,
}


def _check_together(estimator: Estimator, own: Mapping[str, Any]) -> None:
    sizes = own.get("hidden_layer_sizes")
    if sizes is not None:
        layers = [sizes] if isinstance(sizes, int) else list(sizes)
        if sum(prod(pair) for pair in pairwise(layers)) > _WEIGHTS or len(layers) > 100:
            raise _refused(estimator, "hidden_layer_sizes", sizes, f"more than {_WEIGHTS:,} weights")
    # Another model as a start may answer in any shape, and the trees add to its answer in place.
    if type(estimator).__name__.startswith("GradientBoosting") and own["init"] not in (None, "zero"):
        raise _refused(estimator, "init", type(own["init"]).__name__, "which is not None or 'zero'")
    if (fits := fits_of(estimator)) > FITS:
        raise _refused(
            estimator, "arguments", fits, f"the number of models in it; at most {FITS:,} are trained"
        )


def _times(own: Mapping[str, Any]) -> int:
    """How often an estimator with these arguments fits what is inside it."""
    many = 1
    for name in ("n_estimators", "n_iter", "n_repeats"):
        many *= max(1, _whole(own.get(name)))
    if own.get("min_samples_leaf") is not None and "max_bins" in own:
        many *= max(1, _whole(own.get("max_iter")))  # histogram boosting calls its trees so
    if "cv" in own:
        cv = own["cv"]
        many *= max(1, _whole(getattr(cv, "n_splits", cv)) or 5)
    grids = own.get("param_grid") or ()
    grids = [grids] if isinstance(grids, dict) else grids
    return many * max(1, sum(prod(len(values) for values in grid.values()) for grid in grids))


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _is_kernel(value: object) -> bool:
    return type(value).__module__ == "sklearn.gaussian_process.kernels"


def _full_name(function: object) -> str:
    home = getattr(function, "__module__", None) or "numpy"  # numpy's own functions may not say it
    return f"{home}.{getattr(function, '__name__', repr(function))}"


def _refused(estimator: Estimator, name: str, value: object, why: str) -> ModelError:
    return refused_argument(type(estimator).__name__, name, value, why)
