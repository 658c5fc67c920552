"""Spelling out a recipe: a text that changes whenever the recipe would train another model."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

_HERE = uuid4().hex  # part of what cannot be spelled: such a text is never met again in another process


def recipe_text(value: Any) -> str:
    """A value in words: estimators by class and parameters, arrays by content, functions by source file.

    A `random_state` is left out, since a learner draws it. What cannot be told from its text (an object
    shown by its address) gets a word that no other process will ever say.

    >>> from sklearn.linear_model import LogisticRegression
    >>> recipe_text(LogisticRegression(C=2.0)) == recipe_text(LogisticRegression(C=2.0, random_state=5))
    True
    >>> recipe_text(LogisticRegression(C=2.0)) == recipe_text(LogisticRegression(C=3.0))
    False
    """
    if hasattr(value, "get_params") and not isinstance(value, type):
        words = value.get_params(deep=False)
        inside = ", ".join(f"{k}={recipe_text(v)}" for k, v in sorted(words.items()) if k != "random_state")
        return f"{_place(type(value))}({inside})"
    if is_dataclass(value) and not isinstance(value, type):
        inside = ", ".join(f"{f.name}={recipe_text(getattr(value, f.name))}" for f in fields(value))
        return f"{_place(type(value))}({inside})"
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
    text = repr(value)
    return f"{text} {_HERE}" if " at 0x" in text else text


def _place(thing: Any) -> str:
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', repr(thing))}"


def _source(function: Callable[..., Any] | type) -> str:
    """A hash of the whole file that defines it, and of the values it holds: helpers beside it count, modules
    that the file imports do not."""
    try:
        text = Path(inspect.getsourcefile(function) or "").read_bytes()
    except (TypeError, OSError):
        return "builtin" if inspect.isbuiltin(function) else _HERE
    held = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    held += [getattr(function, "__defaults__", None), getattr(function, "__kwdefaults__", None)]
    # Functions held may hold each other; their place in the file is enough.
    words = [_place(value) if inspect.isroutine(value) else recipe_text(value) for value in held]
    return hashlib.sha256(text + "\n".join(words).encode()).hexdigest()
