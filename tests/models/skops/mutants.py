"""A process that reads and asks mutants of fitted estimators; it must not be ended by a signal.

It is started by `test_mutants` with the names of entries of the zoo, and by `make fuzz` with none: for all.
For each it changes one attribute after the other, at any depth, writes the file as skops would, reads it as
confide does and asks what was read. With --few each attribute is changed in some ways only.
"""

from __future__ import annotations

import resource
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from copy import deepcopy
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.base import BaseEstimator, clone

from confide.core.errors import ModelError
from confide.models.skops.reading import load_skops

from . import zoo

HUGE = 10**9
MOST = 120
FEW = 4


def changed(value: Any) -> Iterator[Any]:
    """What a value could be replaced by to lead native code out of an array."""
    if isinstance(value, np.ndarray) and value.dtype != object and value.dtype.names is None and value.size:
        yield value[..., :-1] if value.ndim else value
        yield np.concatenate([value, value]) if value.ndim else value
        if value.dtype.kind in "iu":
            for far in (HUGE, -HUGE, 7):
                yield np.full_like(value, np.clip(far, np.iinfo(value.dtype).min, np.iinfo(value.dtype).max))
                yield np.where(np.arange(value.size).reshape(value.shape) == 0, value.flat[-1], value)
        if value.dtype.kind == "f":
            yield np.full_like(value, np.nan)
            yield value[::-1].copy()
            yield value.astype(np.float32)
            yield (value * 1e9).astype(np.int64) if np.isfinite(value).all() else value
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int | np.integer):
        yield from (0, 1, -1, 7, HUGE, -HUGE)
    elif isinstance(value, float):
        yield from (0.0, -1.0, 1e300, float("nan"))
    elif isinstance(value, list | tuple) and value:
        yield value[:-1]
        if not hasattr(value, "_fields"):  # a named tuple has its length
            yield type(value)([*value, value[-1]])
            yield from (type(value)([new, *value[1:]]) for new in changed(value[0]))
    elif isinstance(value, np.ndarray) and value.dtype == object and value.size:
        yield value[:-1]
        yield np.concatenate([value, value], axis=-1)
        yield from (
            np.array([new, *value[1:]], dtype=object) for new in changed(value.flat[0]) if value.ndim == 1
        )
    elif isinstance(value, dict) and value:
        first, *rest = value
        yield {key: value[key] for key in rest}
        for new in changed(value[first]):
            yield {**value, first: new}
    elif value is None:
        yield from (1, HUGE, np.arange(3))


def inside(model: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """The way to each attribute of each object inside a model: how to get to its owner, and its name."""
    for name, value in vars(model).items():
        yield path, name
        parts = value if isinstance(value, list | tuple) else list(value.flat) if _objects(value) else [value]
        for place, part in enumerate(parts[:2]):
            part = part[1] if isinstance(part, tuple) and len(part) > 1 else part
            if isinstance(part, BaseEstimator) or type(part).__name__ in (
                "_CalibratedClassifier",
                "TreePredictor",
            ):
                yield from inside(part, (*path, (name, place)))


def _objects(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object


def owner(model: Any, path: tuple[Any, ...]) -> Any:
    """The object at the end of a path of `inside`."""
    for name, place in path:
        value = getattr(model, name)
        part = (
            value[place]
            if isinstance(value, list | tuple)
            else value.flat[place]
            if _objects(value)
            else value
        )
        model = part[1] if isinstance(part, tuple) else part
    return model


def mutants(model: Any, *, few: bool = False) -> Iterator[tuple[str, Any, bool]]:
    """Copies of a model, each with another attribute changed, and whether that is an argument.

    Of many, `MOST` that are spread evenly: an ensemble has the same attributes again and again. If `few`,
    each attribute is changed in every fourth way, from another one on: every way is met at some attribute.
    """
    places: list[tuple[tuple[Any, ...], str, int]] = []
    for at, (path, name) in enumerate(inside(model)):
        ways = sum(1 for _ in changed(getattr(owner(model, path), name)))
        step = min(FEW, ways) if few else 1
        places += ((path, name, number) for number in range(at % max(step, 1), ways, max(step, 1)))
    for path, name, number in places[:: -(-len(places) // MOST)]:
        copy = deepcopy(model)
        holder = owner(copy, path)
        vars(holder)[name] = next(islice(changed(getattr(holder, name)), number, None))
        argument = isinstance(holder, BaseEstimator) and name in type(holder)._get_param_names()
        yield f"{'.'.join(step for step, _ in path)}.{name} #{number}", copy, argument


def met(entry: zoo.Entry, mutant: Any, file: Path, *, argument: bool) -> str:
    """What becomes of a mutant: cannot be written, refused, fails in Python, or answers."""
    try:
        skops.io.dump(mutant, file)
    except Exception:
        return "unwritten"
    try:
        read = load_skops(file, task="regression").estimator
    except ModelError:
        return "refused"
    try:
        entry.ask(read)
        if argument:  # fitted states are not used in training
            entry.ask(clone(read).fit(entry.x, zoo.labels()[: len(entry.x)]))
    except Exception:
        return "failed"
    return "answered"


def main(names: list[str], *, few: bool) -> None:
    """Meet mutants of the entries of these names, or of all; a line for each says what became of them."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))
    with tempfile.TemporaryDirectory() as folder:
        for entry in chain(zoo.each_listed_class(), zoo.others()):
            if names and entry.name not in names:
                continue
            counts: dict[str, int] = {}
            for name, mutant, argument in mutants(entry.model, few=few):
                print(
                    entry.name, name, file=sys.stderr, flush=True
                )  # the last line names the one that killed
                signal.alarm(30)  # an endless walk ends this process by a signal too
                outcome = met(entry, mutant, Path(folder) / "model.skops", argument=argument)
                signal.alarm(0)
                counts[outcome] = counts.get(outcome, 0) + 1
            print(entry.name, counts, flush=True)


if __name__ == "__main__":
    main([word for word in sys.argv[1:] if word != "--few"], few="--few" in sys.argv)
