"""Views that remember their answers, so that several attacks share one model's answers."""

from __future__ import annotations

from collections.abc import Sequence

from confide.core.access import BlackBox, LabelOnly, Softenable, Task, WhiteBox
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.models.answers import Answers
from confide.models.linear_form import LinearForm, linear_form_of


def asked_once(view: LabelOnly, *known: tuple[Answers, int]) -> LabelOnly:
    """Wrap a view so that it answers from `known` when it is queried about exactly those records.

    The wrapped view gives the same access as the view. A view without scores is returned as it is.

    Args:
        known: kept answers, each with the number of this model among them.
    """
    if isinstance(view, WhiteBox):
        return _Inside(view, known)
    # `Answers` keeps scores; labels alone have none.
    return _Scores(view, known) if isinstance(view, BlackBox) else view


def told_labels(view: LabelOnly, *known: tuple[Batch, Array]) -> LabelOnly:
    """Wrap a view on labels so that it is not asked again about records whose labels are known.

    Args:
        known: the very features, and their labels.
    """
    return view if isinstance(view, BlackBox) else _Labels(view, known)


class _Labels:
    """Labels alone, with remembered ones."""

    def __init__(self, view: LabelOnly, known: Sequence[tuple[Batch, Array]]) -> None:
        self._view, self._known = view, tuple(known)

    def labels(self, x: Batch) -> Array:
        for given, labels in self._known:
            if given is x:
                return labels
        return self._view.labels(x)


class _Scores:
    """A black box with remembered answers."""

    def __init__(self, view: BlackBox, known: Sequence[tuple[Answers, int]]) -> None:
        self._view = view
        self._known = tuple(known)

    @property
    def task(self) -> Task:
        return self._view.task

    def predict(self, x: Batch) -> Floats:
        for answers, number in self._known:
            if x is answers.records.x:  # the same object; comparing the content would cost more than asking
                return answers.outputs(number)
        return self._view.predict(x)

    def labels(self, x: Batch) -> Array:
        return self._view.labels(x)


class _Inside(_Scores):
    """A white box with remembered answers."""

    def __init__(self, view: WhiteBox, known: Sequence[tuple[Answers, int]]) -> None:
        super().__init__(view, known)
        self._inside = view

    @property
    def layers(self) -> tuple[str, ...]:
        return self._inside.layers

    @property
    def snapshots(self) -> tuple[WhiteBox, ...]:
        return self._inside.snapshots

    def weights(self) -> tuple[Floats, ...]:
        return self._inside.weights()

    def penalty_gradient(self) -> tuple[Floats, ...]:
        return self._inside.penalty_gradient()

    def loss(self, x: Batch, y: Array) -> Floats:
        return self._inside.loss(x, y)

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        return self._inside.gradient(x, y, layers=layers)

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        return self._inside.gradient_norms(x, y)

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        return self._inside.gradient_along(x, y, direction)

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        return self._inside.gradient_gram(x, y, layers=layers)

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        return self._inside.layer_outputs(x, layers=layers)

    def linear_form(self) -> LinearForm | None:
        return linear_form_of(self._inside)

    def softened(self, temperature: float) -> WhiteBox:
        if not isinstance(self._inside, Softenable):
            raise KnowledgeError(keep("this model has no gradients at a temperature: ask at temperature 1."))
        return self._inside.softened(temperature)
