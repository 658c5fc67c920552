"""No more access and knowledge than is said: a view narrowed, and a case cut to the type of an attack."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

from confide.core.access import LADDER, BlackBox, LabelOnly, Task, WhiteBox
from confide.core.arrays import Array, Batch, Floats
from confide.core.nouns import Attack, Case


class _Labels:
    """Decisions, and nothing else of what the view could tell."""

    def __init__(self, view: LabelOnly) -> None:
        self._view = view

    def labels(self, x: Batch) -> Array:
        return self._view.labels(x)


class _Scores(_Labels):
    """Decisions and scores, and nothing else of what the view could tell."""

    def __init__(self, view: BlackBox) -> None:
        super().__init__(view)
        self._scored = view

    @property
    def task(self) -> Task:
        return self._scored.task

    def predict(self, x: Batch) -> Floats:
        return self._scored.predict(x)


def narrowed(view: LabelOnly, access: str | None) -> LabelOnly:
    """The view with no more than this access; one that gives less, or None, leaves it as it is."""
    if access == "black-box" and isinstance(view, WhiteBox):
        return _Scores(view)
    if access == "label-only" and isinstance(view, BlackBox):
        return _Labels(view)
    return view


def asks_for(attack: Attack[Any, Any, Any]) -> tuple[Any, Any]:
    """The view and the background that an attack names in the annotation of its `case`."""
    view, known, _ = get_args(get_type_hints(type(attack).__call__)["case"])
    return view, known


def told(attack: Attack[Any, Any, Any]) -> str:
    """What this adversary is told besides the view, in words: the background that it names says so."""
    return str(getattr(asks_for(attack)[1], "told_in_words", ""))


def for_attack(attack: Attack[Any, Any, Any], case: Case[Any, Any, Any]) -> Case[Any, Any, Any]:
    """The case as this attack may see it: no more access and no more background than its annotation names.

    What is annotated `Any`, or is less than what is named, stays as it is.
    """
    view, known = asks_for(attack)
    return Case(_as_view(case.view, view), _as_known(case.known, known), case.targets)


def _as_view(view: Any, kind: Any) -> Any:
    if kind is object and (isinstance(view, LabelOnly) or hasattr(view, "shown")):
        return object()  # a blind adversary never sees the release
    names = {kind: name for name, kind in LADDER}
    return narrowed(view, names.get(kind))


def _as_known(known: Any, kind: type) -> Any:
    if kind is Any or not is_dataclass(kind) or not isinstance(known, kind) or type(known) is kind:
        return known
    return kind(**{f.name: getattr(known, f.name) for f in fields(kind) if f.init})
