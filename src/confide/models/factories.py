"""Classes and functions that make a model: called once, without arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from confide.core.errors import ConfideError, ModelError
from confide.models.guard import Guard, guarded_error


def made(found: object, name: str, *, what: str = "the model") -> object:
    """What a class or a function makes that can be called without arguments; anything else as it is.

    A function whose arguments all have defaults makes something, too: one that is asked itself, as
    `predict(X)`, takes `X` without a default.

    Args:
        name: as the user gave it, for messages.
        what: it is to make.

    Raises:
        ModelError: if it fails, or is a class or a function that needs arguments and cannot be `predict(X)`.

    >>> made(dict, "dict"), made(len, "len") is len
    ({}, True)
    """
    makes_objects = inspect.isclass(found)
    function = inspect.isfunction(found) or inspect.ismethod(found) or isinstance(found, partial)
    if not (makes_objects or function):
        return found
    needed, several = _arguments(found)
    # Of a function, one argument that may be given by position is the records.
    if not makes_objects and (several or (len(needed) == 1 and needed[0].kind != needed[0].KEYWORD_ONLY)):
        return found
    if needed:
        raise needs_arguments(found, name, what=what)
    return _called(found, name, what)  # pyright: ignore[reportArgumentType]


def needs_arguments(found: object, name: str, *, what: str = "the model") -> ModelError:
    """The error for a class or a function that makes a model from arguments that nobody gave."""
    asked = [p.name for p in _arguments(found)[0]]
    called = getattr(found, "__name__", name)
    shown = ", ".join(f"{a}=..." for a in asked)
    many = f"the argument{'s' * (len(asked) > 1)} {' and '.join(asked)}"
    return ModelError(
        f"{name} needs {many}, and {what} is made without any: write a function, such as `def make(): return "
        f"{called}({shown})`, and name that one."
    )


def _arguments(found: object) -> tuple[list[inspect.Parameter], bool]:
    """The arguments that must be given, and whether any number more is taken by position alone."""
    try:
        taken = list(inspect.signature(found).parameters.values())  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):  # native code may have no signature; calling it shows what it needs
        return [], False
    any_more = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p for p in taken if p.default is p.empty and p.kind not in any_more]
    return needed, not needed and any(p.kind == p.VAR_POSITIONAL for p in taken)


def _called(function: Callable[[], Any], name: str, what: str) -> object:
    try:
        return Guard(f"{name}()")(function)
    except ConfideError:
        raise
    except Exception as error:
        raise ModelError(
            f"{name}() fails ({guarded_error(error)}): call it by hand; it must return {what}."
        ) from error
