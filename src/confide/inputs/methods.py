"""Functions and methods that stand for a model: what they are called, and whose methods they are."""

from __future__ import annotations

import inspect
from typing import Any

from confide.core.access import BlackBox, Task
from confide.core.errors import ModelError
from confide.core.language import t
from confide.models.loading import is_estimator
from confide.models.sklearn.model import task_of


def name_of(model: object) -> str:
    """What to call a model: a function by its name, a method with its class before it, else its class.

    >>> name_of(len), name_of([].append), name_of(3)
    ('len', 'list.append', 'int')
    """
    if inspect.ismethod(model):
        owner: object = model.__self__
        # Not its qualified name, which is that of the class that it was inherited from.
        return f"{owner.__name__ if inspect.isclass(owner) else type(owner).__name__}.{model.__name__}"
    own = "" if inspect.isclass(model) else str(getattr(model, "__qualname__", ""))
    # What was defined inside of a function has the name of that before its own.
    return own.rpartition("<locals>.")[2] or type(model).__name__


def owner_of(model: object) -> Any:
    """The object whose method this is; of anything else itself."""
    return getattr(model, "__self__", model) if inspect.ismethod(model) else model


def shown_task(model: object) -> Task | None:
    """The task that a model shows, or the object whose method it is; None where only answers can say it."""
    owner = owner_of(model)
    if is_estimator(owner):
        try:
            return task_of(owner)
        except ModelError:
            return None
    return "classification" if _has_scores(owner) or hasattr(owner, "classes_") else None


def instead(model: object, view: object) -> str:
    """What to hand in where a method shows labels alone and its object has scores; else empty."""
    owner = owner_of(model)
    if owner is model or isinstance(view, BlackBox) or not _has_scores(owner):
        return ""
    return t("hand in the {name} itself, which has predict_proba", name=type(owner).__name__)


def less_than_its_object(model: object, view: object, access: str | None) -> tuple[str, ...]:
    """A warning where a method shows labels alone, its object has scores, and the user wants no less."""
    todo = "" if access == "label-only" else instead(model, view)
    said = t(
        "`{name}` answers with labels alone, and the scores may give away more: {todo}.",
        name=name_of(model),
        todo=todo,
    )
    return (said,) if todo else ()


def _has_scores(owner: object) -> bool:
    return not inspect.isclass(owner) and callable(getattr(owner, "predict_proba", None))
