"""Learners that train any PyTorch module: one model at a time, or several stacked models at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from confide.core.access import BlackBox, Task
from confide.core.arrays import Ints, Rng
from confide.core.errors import ModelError
from confide.learners.recipe import recipe_text
from confide.learners.torch.stacked import can_stack, train_stacked
from confide.learners.torch.stacked_conv import depends_on_batch
from confide.learners.torch.training import (
    MakeOptimiser,
    MakeSchedule,
    Precision,
    Recipe,
    Seeds,
    adam,
    has_bfloat16,
    laid_out,
    one_thread,
    seeded,
    train,
    without_compiler,
)
from confide.models.torch.batches import tensor_of, truth_of
from confide.models.torch.losses import Loss, default_loss
from confide.models.torch.model import TorchModel
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TorchLearner:
    """A learner that builds a module and trains it by the usual loop: shuffle, batches, loss, step.

    Small networks are stacked and trained together (see `stacked`). On a CPU, networks with larger
    convolutions are trained one by one, with channels last and fused optimisers. Torch's global random state
    is restored after training, and all sums are computed by one thread. The same `rng` therefore gives the
    same model everywhere. A module that draws random numbers in training (dropout) uses torch's global
    generator. In threads such modules wait for each other, so distribute them over processes.

    Args:
        factory: builds the untrained module, each time with the same shape.
        epochs: the number of passes over the records.
        batch_size: the number of records in a step; the last batch of an epoch may be smaller.
        optimiser: builds the optimiser from the parameters; by default Adam with a learning rate of 0.001.
        schedule: builds a schedule from the optimiser; it is stepped once for each epoch.
        loss: the mean loss of (outputs, y); by default cross-entropy or the squared residual.
        task: classification or regression.
        precision: "bfloat16" multiplies in bfloat16 (weights stay float32) if the processor supports it.
        device: where to train.
        together: how many models to stack if this is possible. More than 8 gain little, and a pool is
            distributed over workers in groups of this size.

    >>> from functools import partial
    >>> learner = TorchLearner(factory=partial(nn.Linear, 2, 3), epochs=2)
    >>> model = learner.fit(Records(np.eye(2), np.array([0, 2])), rng=np.random.default_rng(7))
    >>> model.predict(np.eye(2)).shape
    (2, 3)
    """

    factory: Callable[[], nn.Module]
    epochs: int
    batch_size: int = 128
    optimiser: MakeOptimiser = adam
    schedule: MakeSchedule | None = None
    loss: Loss | None = None
    task: Task = "classification"
    precision: Precision = "float32"
    device: str = "cpu"
    together: int = 8

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "together"):
            if getattr(self, name) < 1:
                raise ModelError(f"{name} is {getattr(self, name)}: give 1 or more.")

    @property
    @without_compiler()
    def group(self) -> int:
        """The number of models that are stacked: 1 if the module or the optimiser does not allow it."""
        module = self.built(0)
        return self.together if can_stack([module, module], self._recipe()) else 1

    def fit(self, records: Records, *, rng: Rng) -> BlackBox:
        """Train one model; all its randomness comes from `rng`.

        Raises:
            ModelError: if the module cannot take the records, or has too few outputs for their classes.
        """
        return self.fit_group(records, [np.arange(len(records))], rngs=[rng])[0]

    @without_compiler()
    def fit_group(self, records: Records, subsets: Sequence[Ints], *, rngs: Sequence[Rng]) -> list[BlackBox]:
        """Train one model for each subset (row numbers of `records`), with the same result as `fit`.

        The first weights, batches and steps are the same. Sums are computed in another order, so the weights
        differ by rounding: by less than 1e-4 in all tests, while another seed changes them by 1e-2 and more.
        """
        x = tensor_of(records.x).to(self.device)
        y = truth_of(records.y, self.task).to(self.device)
        rows = [torch.from_numpy(np.array(subset, np.int64)) for subset in subsets]
        seeds = [Seeds.draw(rng) for rng in rngs]
        with one_thread():
            # Two records show whether the module takes them, before any model is trained.
            modules = [self.built(seed.weights, x[:2], int(y.max())) for seed in seeds]
            self.train_in_place(modules, x, y, rows, seeds)
        return [self.shown(module) for module in modules]

    def train_in_place(
        self,
        modules: Sequence[nn.Module],
        x: Tensor,
        y: Tensor,
        rows: Sequence[Tensor],
        seeds: Sequence[Seeds],
    ) -> None:
        """Train modules from the weights that they have, each on its rows of (x, y); stacked if possible."""
        recipe = self._recipe()
        # Stacked models take equally many steps; with a batch norm their subsets have equal sizes.
        equal = 1 if depends_on_batch(modules[0]) else self.batch_size
        for same in _by_steps(rows, equal):
            together = [modules[k] for k in same]
            if y.ndim == 1 and can_stack(together, recipe):
                train_stacked(together, x, y, [rows[k] for k in same], [seeds[k] for k in same], recipe)
            else:
                for k in same:
                    train(modules[k], x, y, rows[k], seeds[k], recipe)

    @without_compiler()
    def recipe(self) -> str:
        """All settings, the code that they name, the first weights for a fixed seed, and torch's version."""
        module = self.built(0)
        loss = _module_text(self.loss) if isinstance(self.loss, nn.Module) else recipe_text(self.loss)
        return "\n".join(
            [
                f"torch {torch.__version__} {self.task} {self.epochs} epochs of batches of {self.batch_size} "
                f"on {self.device} in {'bfloat16' if self._recipe().bfloat16 else 'float32'}, "
                f"{self.group} together",
                # With the first weights, because a factory may read settings that its text does not show.
                f"factory {recipe_text(self.factory)} {_module_text(module)}",
                f"optimiser {recipe_text(self.optimiser)} {self.optimiser(module.parameters())}",
                f"schedule {recipe_text(self.schedule)} loss {loss}",
            ]
        )

    def save(self, models: Sequence[BlackBox], path: Path) -> None:
        """Write the models' weights to one safetensors file.

        Raises:
            ModelError: if one is not a PyTorch model, or its state is more than tensors.
        """
        tensors: dict[str, Tensor] = {}
        for k, model in enumerate(models):
            if not isinstance(model, TorchModel):
                raise ModelError(f"model {k} is a {type(model).__name__}: a TorchLearner keeps TorchModels.")
            for name, tensor in model.module.state_dict().items():
                if not isinstance(tensor, Tensor):
                    raise ModelError(
                        f"{name} of the module is not a tensor and cannot be kept: give no cache."
                    )
                # A copy, because safetensors refuses weights that share memory.
                tensors[f"{k}/{name}"] = tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        save_file(tensors, path, metadata={"models": str(len(models))})

    def load(self, path: Path) -> list[BlackBox]:
        """Read models that `save` wrote.

        Raises:
            ModelError: if the file is damaged, or holds the weights of another module.
        """
        try:
            with safe_open(path, framework="pt") as file:
                count = int(file.metadata()["models"])
                states: list[dict[str, Tensor]] = [{} for _ in range(count)]
                for key in file.keys():  # noqa: SIM118 - the file is not a dict and cannot be iterated
                    k, name = key.split("/", 1)
                    states[int(k)][name] = file.get_tensor(key)
            modules = [self.built(0) for _ in states]  # the file holds weights only
            for module, state in zip(modules, states, strict=True):
                module.load_state_dict(state)
        except (SafetensorError, RuntimeError, KeyError, TypeError, ValueError, IndexError, OSError) as error:
            raise ModelError(f"{path} does not hold this recipe's models ({error}): delete it.") from error
        return [self.shown(module) for module in modules]

    def _recipe(self) -> Recipe:
        bfloat16 = self.precision == "bfloat16" and has_bfloat16(torch.device(self.device))
        loss = self.loss or default_loss(self.task)
        return Recipe(self.epochs, self.batch_size, self.optimiser, self.schedule, loss, bfloat16)

    def built(self, seed: int, sample: Tensor | None = None, highest: int = 0) -> nn.Module:
        """Build a new module; a query about a sample shows before training whether it fits the records."""
        with seeded(seed, torch.device(self.device)):
            module = laid_out(self.factory().to(self.device))
            if sample is not None:
                outputs = self.shown(module).predict(sample.cpu().numpy())
                if self.task == "classification" and highest >= outputs.shape[1]:
                    raise ModelError(
                        f"the records have class code {highest}, but the module has only {outputs.shape[1]} "
                        "outputs: build it with one output for each class."
                    )
        return module

    def shown(self, module: nn.Module) -> TorchModel:
        """The module as a model that can be asked."""
        return TorchModel(module, task=self.task, loss_function=self.loss, device=self.device)


def _by_steps(rows: Sequence[Tensor], batch_size: int) -> list[list[int]]:
    """The positions of the subsets, grouped by their number of batches."""
    same: defaultdict[int, list[int]] = defaultdict(list)
    for k, subset in enumerate(rows):
        same[-(-len(subset) // batch_size)].append(k)
    return list(same.values())


def _module_text(module: nn.Module) -> str:
    """Describe a module by its parts, their plain attributes, code that is not torch's, and its weights."""
    plain = [
        f"{name}.{key}={value!r}"
        for name, part in module.named_modules()
        for key, value in sorted(vars(part).items())
        if not key.startswith("_") and isinstance(value, int | float | str | tuple | None)
    ]
    kinds = {type(part) for part in module.modules()}
    own = sorted(recipe_text(kind) for kind in kinds if not kind.__module__.startswith("torch."))
    weights = sha256()
    for name, tensor in module.state_dict().items():
        weights.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        weights.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return f"{module} {plain} {own} {weights.hexdigest()}"
