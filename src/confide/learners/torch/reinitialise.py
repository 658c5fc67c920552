"""Re-initialised torch modules, and the number of epochs until one fits as well as the target."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from torch import nn

from confide.core.arrays import Rng
from confide.core.errors import ModelError
from confide.learners.target_fit import WATCHED, TargetFit
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.training import MakeSchedule
from confide.models.torch.model import TorchModel
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class Reinitialise:
    """A factory of modules like this one, with new weights from each part's own `reset_parameters`.

    Frozen parameters (of a pretrained part) keep their values. A completely frozen module, as some are after
    training, is made trainable first.

    Args:
        module: the target's module; it is copied and never changed.

    Raises:
        ModelError: if a part has trainable parameters of its own and cannot reset them.

    >>> old = nn.Linear(2, 2)
    >>> new = Reinitialise(old)()
    >>> new is old, bool((new.weight == old.weight).any())
    (False, False)
    """

    module: nn.Module

    def __post_init__(self) -> None:
        parts = _thawed(self.module).modules()
        stuck = [type(part).__name__ for part in parts if _trains(part) and _reset_of(part) is None]
        if stuck:
            raise ModelError(
                f"{type(self.module).__name__} cannot be trained again from its architecture: its part "
                f"{stuck[0]} has parameters but no `reset_parameters`. Add that method, or give a training "
                "function with --train."
            )

    def __call__(self) -> nn.Module:
        return _thawed(self.module).apply(_reset).train()

    def __repr__(self) -> str:
        return f"Reinitialise({self.module!r})"


@dataclass(frozen=True, slots=True, eq=False)
class Mlp:
    """A factory of networks with one hidden layer of ReLUs."""

    features: int
    hidden: int
    outputs: int

    def __call__(self) -> nn.Module:
        return nn.Sequential(
            nn.Linear(self.features, self.hidden), nn.ReLU(), nn.Linear(self.hidden, self.outputs)
        )

    def __repr__(self) -> str:
        return f"Mlp({self.features}, {self.hidden}, {self.outputs})"


MANY_STEPS = 200
"""Steps of an epoch from which on a network may have learnt all that it can within a few epochs."""


class _Enough(Exception):  # noqa: N818 - a signal, not an error
    """The signal that the goal is reached; it ends the training from inside the loop."""


def epochs_to_match(
    learner: TorchLearner, records: Records, goal: TargetFit, *, rng: Rng
) -> tuple[TorchLearner, str]:
    """Find the number of epochs that reaches the goal; return the learner with it, and a comparison in words.

    One trial model is trained on `records` for at most `learner.epochs` and measured after each epoch.
    """
    made: list[nn.Module] = []
    scores: list[float] = []
    confidences: list[float] = []
    many = len(records) >= MANY_STEPS * learner.batch_size
    sample = records.take(range(min(len(records), WATCHED)))

    def factory() -> nn.Module:
        made.append(learner.factory())
        return made[-1]

    class Watch:
        """A schedule that measures the model once for each epoch; the learning rate stays."""

        def __init__(self, optimiser: object) -> None:
            pass

        def step(self) -> None:
            view = TorchModel(made[-1], task=learner.task, device=learner.device)
            scores.append(goal.score_of(view, sample))
            enough = goal.reached(view, sample, scores[-1])
            if many and not enough:
                confidences.append(goal.confidence_of(view, sample))
                enough = goal.settled(scores, confidences)
            made[-1].train()  # the view has put it into eval mode
            if enough:
                raise _Enough

    watched = replace(learner, factory=factory, schedule=cast("MakeSchedule", Watch))
    try:
        watched.fit(records, rng=rng)
        reached = False
    except _Enough:
        reached = True
    return replace(learner, epochs=len(scores)), goal.in_words(scores[-1], reached)


def _thawed(module: nn.Module) -> nn.Module:
    """A copy with trainable parameters."""
    new = copy.deepcopy(module)
    return new if any(p.requires_grad for p in new.parameters()) else new.requires_grad_(True)


def _trains(part: nn.Module) -> bool:
    return any(p.requires_grad for p in part.parameters(recurse=False))


def _reset_of(part: nn.Module) -> Callable[[], object] | None:
    # Only nn.MultiheadAttention has it under a private name.
    return getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)


def _reset(part: nn.Module) -> None:
    reset = _reset_of(part)
    # A part without parameters is reset too: the running statistics of a batch norm, for example.
    trains_or_counts = _trains(part) or not any(True for _ in part.parameters(recurse=False))
    if reset is not None and trains_or_counts:
        reset()
