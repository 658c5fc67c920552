"""Narrowing of access: a view and a case reduced to what the type of an attack names."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import cast, get_args, get_type_hints

from confide.core.access import LADDER, BlackBox, LabelOnly, Task, WhiteBox
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import AnyAttack, AnyCase, Case


class _Labels:
    """A view that answers with labels only, even if the wrapped view can do more."""

    def __init__(self, view: LabelOnly) -> None:
        self._view = view

    def labels(self, x: Batch) -> Array:
        return self._view.labels(x)


class _Scores(_Labels):
    """A view that answers with labels and scores only."""

    def __init__(self, view: BlackBox) -> None:
        super().__init__(view)
        self._scored = view

    @property
    def task(self) -> Task:
        return self._scored.task

    def predict(self, x: Batch) -> Floats:
        return self._scored.predict(x)


def narrowed(view: LabelOnly, access: str | None) -> LabelOnly:
    """Reduce a view to this access; a view that gives less stays as it is, and so does any view for None."""
    # A wrapper is made only where there is something to hide; otherwise attacks keep the view's own methods.
    if access == "black-box" and isinstance(view, WhiteBox):
        return _Scores(view)
    if access == "label-only" and isinstance(view, BlackBox):
        return _Labels(view)
    return view


def asks_for(attack: AnyAttack) -> tuple[object, object]:
    """The view and the background knowledge that an attack names in the annotation of its `case`."""
    # Case[view, known, targets]
    view, known, _ = get_args(get_type_hints(type(attack).__call__)["case"])
    return view, known


def told(attack: AnyAttack) -> str:
    """The knowledge of this adversary besides the view, in words that its background type provides."""
    # `Any` and most knowledge say nothing: then the adversary has nothing besides the view.
    return str(getattr(asks_for(attack)[1], "told_in_words", ""))


def for_attack(attack: AnyAttack, case: AnyCase) -> AnyCase:
    """Reduce a case to what this attack may see: the access and the background that its annotation names.

    A part that is annotated `Any`, or that holds less than the annotation names, stays as it is.

    Raises:
        KnowledgeError: if the adversary of this game knows something else than the annotation names.
    """
    view, known = asks_for(attack)
    if _unrelated(case.known, known):
        raise KnowledgeError(
            keep("{attack} needs other knowledge than the adversary of this game has.", attack=attack.name)
        )
    return Case(_as_view(case.view, view), _as_known(case.known, known), case.targets)


def _as_view(view: object, kind: object) -> object:
    if kind is object and (isinstance(view, LabelOnly) or hasattr(view, "shown")):
        return object()  # a blind adversary never sees the release
    access = next((name for name, rung in LADDER if rung is kind), None)
    return narrowed(view, access) if isinstance(view, LabelOnly) else view


def _unrelated(known: object, kind: object) -> bool:
    """Whether knowledge is of another kind: no more than is named, and no less either."""
    if not (isinstance(kind, type) and is_dataclass(kind) and is_dataclass(known)):
        return False
    named, given = cast(type, kind), cast(type, type(known))
    return not issubclass(given, named) and not issubclass(named, given)


def _as_known(known: object, kind: object) -> object:
    if not isinstance(kind, type) or not is_dataclass(kind):
        return known  # `Any` and other annotations that are not records: the game decides what is known
    # Less knowledge is left to the attack: it says itself what it lacks.
    if not isinstance(known, kind) or type(known) is kind:
        return known
    # The record is built again with the fields of the named type, so that no further field stays in reach.
    return kind(**{f.name: getattr(known, f.name) for f in fields(kind) if f.init})
