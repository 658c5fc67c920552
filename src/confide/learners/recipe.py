"""Recipe texts for cache keys: a text that changes whenever the recipe would train another model."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np

from confide.learners.imported import imported_text

# Part of the text of objects that have no reliable text; no other process writes the same, so a cache never
# takes one for another.
_HERE = uuid4().hex


def recipe_text(value: object) -> str:
    """Describe a value: estimators by class and parameters, arrays by content, functions by source files.

    A `random_state` is left out, because a learner draws it. An object that is shown by its address gets a
    word that no other process writes.

    >>> from sklearn.linear_model import LogisticRegression
    >>> recipe_text(LogisticRegression(C=2.0)) == recipe_text(LogisticRegression(C=2.0, random_state=5))
    True
    >>> recipe_text(LogisticRegression(C=2.0)) == recipe_text(LogisticRegression(C=3.0))
    False
    """
    parameters = getattr(value, "get_params", None)
    if parameters is not None and not isinstance(value, type):
        words = parameters(deep=False)
        # Sorted by name: the order of parameters changes nothing.
        inside = ", ".join(f"{k}={recipe_text(v)}" for k, v in sorted(words.items()) if k != "random_state")
        return f"{_kind(type(value))}({inside})"
    if is_dataclass(value) and not isinstance(value, type):
        inside = ", ".join(f"{f.name}={recipe_text(getattr(value, f.name))}" for f in fields(value))
        return f"{_kind(type(value))}({inside})"
    if isinstance(value, np.ndarray):
        content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return (
            f"array({value.dtype}, {value.shape}, {content})"
            if value.dtype != object
            else recipe_text(value.tolist())
        )
    if isinstance(value, partial):
        return f"partial({recipe_text([value.func, value.args, value.keywords])})"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(recipe_text(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{recipe_text(k)}: {recipe_text(v)}" for k, v in value.items()) + "}"
    if inspect.isroutine(value) or isinstance(value, type):
        return f"{_place(value)}[{_source(value)}]"
    text = repr(value)  # "<object at 0x7f...>" says nothing about the content
    return f"{text} {_HERE}" if " at 0x" in text else text


def _place(thing: object) -> str:
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', repr(thing))}"


def _kind(kind: type) -> str:
    """A class by its import path and, where it is the user's own, its source."""
    own = imported_text([kind.__module__])
    return f"{_place(kind)}[{hashlib.sha256(own.encode()).hexdigest()}]" if own else _place(kind)


def _source(function: Callable[..., object] | type) -> str:
    """A hash of the whole file that defines a function, of own modules that it imports, and of what it holds.

    Other functions of the same file count, as do all of these modules; installed packages do not.
    """
    try:
        text = Path(inspect.getsourcefile(function) or "").read_bytes()
    except (TypeError, OSError):
        return "builtin" if inspect.isbuiltin(function) else _HERE
    # Two closures of one file can hold different values, such as a learning rate.
    held = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    held += [getattr(function, "__defaults__", None), getattr(function, "__kwdefaults__", None)]
    # Functions can hold each other, which would never end; their import path is enough.
    words = [_place(value) if inspect.isroutine(value) else recipe_text(value) for value in held]
    # A wrapped function stands in another file than the one that wraps it.
    origins = [getattr(value, "__module__", None) for value in (function, *filter(inspect.isroutine, held))]
    words.append(imported_text([name for name in origins if isinstance(name, str)]))
    return hashlib.sha256(text + "\n".join(words).encode()).hexdigest()
