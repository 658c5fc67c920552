"""Background knowledge of an adversary who takes part in a collaboration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from confide.core.access import WhiteBox
from confide.core.arrays import Array
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.knowledge.models import Background, SupervisedBackground
from confide.knowledge.rebuilding import KnownRange


# Without slots of its own, so that it can stand beside `SupervisedBackground` as a base.
@dataclass(frozen=True)
class UpdatesBackground(Background):
    """The form of the model is known to every party; parameters travel as one vector.

    Args:
        model: the model with these parameters, float[p] -> view.
        about: the parties whose records are asked about; none stands for all.
    """

    model: Callable[[Array], object] | None = None
    about: tuple[str, ...] = ()

    def shown(self, parameters: Array, attack: str) -> WhiteBox:
        """The model with these parameters, from inside.

        Raises:
            KnowledgeError: if its form is not known, or it shows no inside.
        """
        view = None if self.model is None else self.model(parameters)
        if not isinstance(view, WhiteBox):
            raise KnowledgeError(
                keep(
                    "{attack} needs the form of the model whose parameters were exchanged, with its "
                    "gradients: give `model`.",
                    attack=attack,
                )
            )
        return view


@dataclass(frozen=True)
class SupervisedUpdatesBackground(UpdatesBackground, SupervisedBackground):
    """The same, of an adversary who knows of some targets whether their record was used.

    Only attacks that name this type see it. They score the other targets only, and give NaN for these.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownInputs(KnownRange):
    """The range of features, and the form of one record as the network takes it.

    Args:
        low, high: of every feature.
        shape: of one record: (features,), or (channels, height, width) of a picture.
    """

    shape: tuple[int, ...]
