"""What each client of a collaboration trains: a network by its name, or a function of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.util import find_spec
from math import inf
from typing import TYPE_CHECKING, Any, cast

from confide.core.errors import ConfideError, DataError, ModelError
from confide.core.fields import check_fields
from confide.learners.local import LocalLearner
from confide.models.importing import import_object, is_import_path

if TYPE_CHECKING:
    from torch import nn

LOGISTIC, PERCEPTRON = "logistic", "mlp"
MODELS = (LOGISTIC, PERCEPTRON)
"""Networks that go by a name."""
SOFTMAX, KERNEL = "softmax", "kernel"
FITTED = (SOFTMAX, KERNEL)
"""Models that are fitted whole, without steps: for exchanges of predictions alone."""
LARGEST_RATE = 1e38
"""Of learning: a larger one is no number of PyTorch's."""
_METHODS = ("shapes", "start", "train", "gradients", "model")
"""Of a `LocalLearner`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTraining:
    """Local training of a client: some epochs of plain stochastic gradient descent.

    Args:
        model: logistic (softmax regression), mlp (layers of `hidden` with ReLU), or mypkg.net:build, a
            function build(features, classes) that returns a PyTorch module or a `LocalLearner`.
        hidden: of an mlp, the widths of its layers.
        epochs: passes over the client's records in a round; none where a `LocalLearner` has its own.
        batch: records in a step.
        rate: the learning rate.
        penalty: of a softmax regression, of half its squared weights against the sum of losses.
        width: of a kernel machine, of its kernel, in units of the encoded features.
        ridge: of a kernel machine, added to its kernel's diagonal.

    A model of softmax or kernel is fitted whole, and takes penalty, or width and ridge, in place of the
    others: parties can exchange its predictions, and no updates.

    Raises:
        DataError: for numbers out of range, and a model that is none.
    """

    model: str = LOGISTIC
    hidden: Sequence[int] = (64,)
    epochs: int = 1
    batch: int = 32
    rate: float = 0.1
    penalty: float = 1.0
    width: float | None = None
    ridge: float = 0.1

    def __post_init__(self) -> None:
        check_fields(self)
        object.__setattr__(self, "hidden", tuple(self.hidden))
        if self.model not in (*MODELS, *FITTED) and not is_import_path(self.model):
            raise DataError(
                f"model is {self.model!r:.80}: say {' or '.join(MODELS)}, or name a function as "
                f"package.module:function; or {' or '.join(FITTED)} where predictions are exchanged."
            )
        for name, least in (("epochs", 1), ("batch", 1)):
            if getattr(self, name) < least:
                raise DataError(f"{name} is {getattr(self, name)}: give {least} or more.")
        if any(width < 1 for width in self.hidden) or (self.model == PERCEPTRON and not self.hidden):
            raise DataError(
                f"hidden is {list(self.hidden)}: give widths of 1 or more; without a hidden layer an mlp is "
                "logistic."
            )
        if not 0 < self.rate < LARGEST_RATE:
            raise DataError(f"rate is {self.rate}: give a number above 0 and below {LARGEST_RATE:g}.")
        if self.model == KERNEL and self.width is None:
            raise DataError("a kernel machine needs width, in units of the encoded features: give it.")
        for name in ("penalty", "width", "ridge"):
            value: float | None = getattr(self, name)
            if value is not None and not 0 < value < inf:
                raise DataError(f"{name} is {value}: give a finite number above 0.")

    @property
    def fitted(self) -> bool:
        """Whether the model is fitted whole, so that there are no updates of it."""
        return self.model in FITTED

    @property
    def said(self) -> dict[str, Any]:
        """The settings as plain types, from which the same can be made again."""
        return {**asdict(self), "hidden": list(self.hidden)}

    def learner(self, *, features: int, classes: int) -> LocalLearner:
        """The learner on records with this many features and classes.

        Raises:
            ModelError: if there is no such function, or it gives no module.
        """
        if self.fitted:
            return self._whole(features, classes)
        own = self._own(features, classes)
        if own is not None:
            return own
        need("torch", "local training", extra="torch")
        import torch

        from confide.learners.torch.learner import TorchLearner
        from confide.learners.torch.local import TorchLocal

        optimiser = partial(torch.optim.SGD, lr=self.rate)
        return TorchLocal(
            TorchLearner(
                factory=self._factory(features, classes),
                epochs=self.epochs,
                batch_size=self.batch,
                optimiser=optimiser,
            )
        )

    def _whole(self, features: int, classes: int) -> LocalLearner:
        """A model that is fitted whole."""
        from confide.mechanisms.federate.fitted import Fitted
        from confide.mechanisms.federate.students import KernelRidge, SoftmaxRegression

        recipe = SoftmaxRegression(penalty=self.penalty)
        if self.model == KERNEL:
            assert self.width is not None
            recipe = KernelRidge(width=self.width, ridge=self.ridge)
        return Fitted(recipe=recipe, features=features, classes=classes)

    def _own(self, features: int, classes: int) -> LocalLearner | None:
        """The user's own learner, which may need no PyTorch; None where a module is trained."""
        if self.model in MODELS:
            return None
        return _learner_of(import_object(self.model), features, classes, self.model)

    def _factory(self, features: int, classes: int) -> partial[nn.Module]:
        """What builds the untrained module."""
        from confide.learners.torch.networks import logistic, perceptron
        from confide.mechanisms.learn.building import Build, built

        if self.model == LOGISTIC:
            return partial(logistic, features, classes)
        if self.model == PERCEPTRON:
            return partial(perceptron, features, classes, hidden=self.hidden)
        build: Build = import_object(self.model)
        _ = built(build, features=features, classes=classes, name=self.model)  # tried once
        return partial(build, features, classes)


def need(package: str, what: str, *, extra: str) -> None:
    """Refuse what needs a package that is not installed.

    Raises:
        DataError: with the extra that installs it.

    >>> need("numpy", "this", extra="none")
    """
    if find_spec(package) is None:
        raise DataError(f"{what} needs {package}: pip install 'confide[{extra}]'.")


def _learner_of(build: Any, features: int, classes: int, name: str) -> LocalLearner | None:
    """What the function gives, where that is a learner of the user's own."""
    try:
        made: object = build(features, classes)
    except ConfideError:
        raise
    except Exception as error:
        raise ModelError(
            f"{name} cannot be called as build(features, classes): it gives {type(error).__name__}."
        ) from error
    return cast("LocalLearner", made) if all(hasattr(made, name) for name in _METHODS) else None
