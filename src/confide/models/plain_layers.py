"""Plain networks: models that can show what they are as layers, whatever they are made of."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from confide.views.shared_gradient import Layer


@runtime_checkable
class HasPlainLayers(Protocol):
    """A model that may be a plain network."""

    def plain_layers(self) -> tuple[Layer, ...] | None:
        """Its layers; None if it is another network, or was trained by another loss than cross-entropy."""
        ...


def plain_layers_of(view: object) -> tuple[Layer, ...] | None:
    """The layers of a plain network whose loss is the cross-entropy of its outputs; None for any other model.

    >>> plain_layers_of(object()) is None
    True
    """
    return view.plain_layers() if isinstance(view, HasPlainLayers) else None
