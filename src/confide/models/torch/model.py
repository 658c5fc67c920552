"""A PyTorch module that can be asked: logits, losses and per-example gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from confide.core.access import Task
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import KnowledgeError, ModelError
from confide.models.torch.batches import number_type, tensor_of, truth_of
from confide.models.torch.gram import gram_of
from confide.models.torch.inside import Inside, named_parts, thawed
from confide.models.torch.losses import Loss, default_loss


@dataclass(frozen=True, slots=True, eq=False)
class TorchModel:
    """Any `nn.Module`, put into eval mode and shown from outside (`BlackBox`) and inside (`WhiteBox`).

    In a classification a module with one output column is taken as a binary logit z, and answers with
    the two logits [0, z]; in a regression the module has one output.

    Args:
        module: maps a batch [b, ...] to outputs [b, C] or [b]; set to eval mode and moved to `device`.
        task: classification (outputs are logits) or regression (outputs are values).
        loss_function: the training loss; cross-entropy of the logits, or the squared residual, by default.
        device: where the module runs, for example "cpu" or "cuda".
        chunk: so many records are asked about at once.
        gradient_bytes: per-example gradients are made in chunks that take about this much memory, besides
            the answer itself; one record's gradient is the least.
        snapshots: earlier states of the same training run that are published too, oldest first.

    >>> model = TorchModel(nn.Linear(3, 1))
    >>> model.predict(np.zeros((2, 3), np.uint8)).shape
    (2, 2)
    """

    module: nn.Module
    _: KW_ONLY
    task: Task = "classification"
    loss_function: Loss | None = None
    device: str = "cpu"
    chunk: int = 1024
    gradient_bytes: int = 2**28
    snapshots: tuple[TorchModel, ...] = ()

    def __post_init__(self) -> None:
        self.module.to(self.device).eval()

    def predict(self, x: Batch) -> Floats:
        """Classification: logits float64[n, C]; regression: values float64[n, 1].

        Raises:
            ModelError: if the module fails, or answers with another shape or with non-finite numbers.
        """
        data = tensor_of(x)
        with torch.inference_mode():
            parts = [self._outputs(chunk).double().cpu() for chunk in data.split(self.chunk)]
        outputs = torch.cat(parts).numpy() if parts else np.empty((0, 1))
        _must_be_finite(outputs)
        if self.task == "classification" and outputs.shape[1] == 1:
            return np.concatenate([np.zeros_like(outputs), outputs], axis=1)
        return outputs

    def labels(self, x: Batch) -> Array:
        """The winning class, int64[n]; in a regression the value, float64[n]."""
        outputs = self.predict(x)
        return outputs[:, 0] if self.task == "regression" else outputs.argmax(axis=1)

    def loss(self, x: Batch, y: Array) -> Floats:
        """The training loss of each record, float64[n]; computed in float64 from the module's outputs."""
        data, truth = tensor_of(x), truth_of(y, self.task)
        with torch.inference_mode():
            losses = [
                self._losses(self._outputs(rows).double(), labels.to(self.device)).cpu()
                for rows, labels in zip(data.split(self.chunk), truth.split(self.chunk), strict=True)
            ]
        return torch.cat(losses).double().numpy() if losses else np.empty(0)

    @property
    def layers(self) -> tuple[str, ...]:
        """The modules that own trainable parameters, by name; the module's own kind if it is one layer."""
        return tuple(self._owned())

    def weights(self) -> tuple[Floats, ...]:
        """The trainable parameters of each layer, flattened: L arrays float64[p_l]."""
        parameters = dict(self.module.named_parameters())
        return tuple(
            np.concatenate([parameters[n].detach().double().flatten().cpu().numpy() for n in names])
            for names in self._need_owned().values()
        )

    def penalty_gradient(self) -> tuple[Floats, ...]:
        """The weights: weight decay as torch's optimisers do it, on all parameters alike."""
        return self.weights()

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """The gradient of each record's loss in the trainable parameters, float64[n, p].

        Parameters come in the order of `module.parameters()`, each flattened.
        """
        inside = self._inside(x, y, layers)
        size = sum(inside.sizes().values())
        answer = np.empty((len(inside.rows), size))
        for here, found in inside.each(made=size):
            answer[here] = torch.cat([f.gradients() for f in found.values()], dim=1).cpu().numpy()
        return answer

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        """The Euclidean norm of each record's gradient in each layer, float64[n, L].

        Layers that multiply by their weights need no gradients for it (`learners/torch_layers.py`).
        """
        inside = self._inside(x, y)
        answer = np.empty((len(inside.rows), len(inside.owned)))
        for here, found in inside.each():
            answer[here] = torch.stack([f.squares().sqrt() for f in found.values()], dim=1).cpu().numpy()
        return answer

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        """The inner product of each record's gradient with a direction (as `weights`), float64[n, L]."""
        inside = self._inside(x, y)
        ways = [torch.from_numpy(np.array(d, np.float64)).to(self.device) for d in direction]
        answer = np.empty((len(inside.rows), len(inside.owned)))
        for here, found in inside.each():
            along = [f.along(way) for f, way in zip(found.values(), ways, strict=True)]
            answer[here] = torch.stack(along, dim=1).cpu().numpy()
        return answer

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """The inner products of all records' gradients, in these layers (all by default): float64[n, n].

        Summed in float64 (`learners/torch_gram.py` says what is lost before).
        """
        return gram_of(self._inside(x, y, layers))

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        """What these layers (all by default) answer for each record, flattened: float64[n, f_l] each.

        A layer that answers several times has its answers side by side; one whose parameters are used
        without asking it has none: f_l = 0.
        """
        chosen = self._chosen(layers)
        parts = named_parts(self.module)
        found: dict[str, list[Floats]] = {name: [] for name in chosen}
        for rows in tensor_of(x).split(self.chunk):
            said = {name: [torch.empty(len(rows), 0, dtype=torch.float64)] for name in chosen}
            hooks = [parts[name].register_forward_hook(partial(_note, said[name])) for name in chosen]
            try:
                with torch.inference_mode():
                    self._outputs(rows)
            finally:
                for hook in hooks:
                    hook.remove()
            for name in chosen:
                found[name].append(torch.cat(said[name], dim=1).numpy())
        return tuple(np.concatenate(found[name]) for name in chosen)

    def softened(self, temperature: float) -> TorchModel:
        """The same module, its loss taken of outputs / temperature.

        Raises:
            KnowledgeError: in a regression, whose outputs are no logits.
        """
        if self.task == "regression":
            raise KnowledgeError("a regression has no logits to soften: ask at temperature 1.")
        loss = self.loss_function or default_loss(self.task)
        return replace(self, loss_function=lambda outputs, y: loss(outputs / temperature, y))

    def _inside(self, x: Batch, y: Array, layers: Sequence[str] | None = None) -> Inside:
        owned = self._need_owned()
        if not any(p.requires_grad for p in self.module.parameters()):
            return replace(self, module=thawed(self.module))._inside(x, y, layers)
        return Inside(
            module=self.module,
            forward=self._outputs,
            losses=self._losses,
            rows=tensor_of(x),
            labels=truth_of(y, self.task).to(self.device),
            owned={name: owned[name] for name in self._chosen(layers)},
            chunk=self.chunk,
            room=self.gradient_bytes,
        )

    def _losses(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """The loss of each record, as if it were a batch of its own; in the numbers of `outputs`, which are
        float64 so that the gradient of a record that is fitted to the last bit is not yet 0."""
        if self.loss_function is None:
            return default_loss(self.task)(outputs, labels, "none")
        loss = self.loss_function
        return torch.func.vmap(lambda o, t: loss(o.unsqueeze(0), t.unsqueeze(0)))(outputs, labels)

    def _owned(self) -> dict[str, list[str]]:
        """The layers, each with the full names of its trainable parameters; shared ones with the first.

        A module that is frozen as a whole, as is usual for inference, was trained before: all count then.
        """
        owned: dict[str, list[str]] = {}
        frozen = not any(p.requires_grad for p in self.module.parameters())
        for name, parameter in self.module.named_parameters():
            if parameter.requires_grad or (frozen and parameter.is_floating_point()):
                layer = name.rpartition(".")[0] or type(self.module).__name__.lower()
                owned.setdefault(layer, []).append(name)
        return owned

    def _need_owned(self) -> dict[str, list[str]]:
        owned = self._owned()
        if not owned:
            raise KnowledgeError(
                f"{type(self.module).__name__} has no floating-point parameters, so there is nothing inside "
                "to look at: audit it with black-box access."
            )
        return owned

    def _chosen(self, layers: Sequence[str] | None) -> tuple[str, ...]:
        there = tuple(self._need_owned())
        unknown = [name for name in layers or () if name not in there]
        if unknown:
            raise KnowledgeError(
                f"there is no layer {unknown[0]!r}: the layers with parameters are {', '.join(there)}."
            )
        return there if layers is None else tuple(name for name in there if name in set(layers))

    def _outputs(self, rows: Tensor, weights: Mapping[str, Tensor] | None = None) -> Tensor:
        try:
            ready = rows.to(self.device).to(number_type(self.module, rows))
            if weights is None:
                out = _columns(self.module(ready))
            else:
                out = _columns(torch.func.functional_call(self.module, dict(weights), (ready,)))
        except (RuntimeError, IndexError, TypeError) as error:
            raise ModelError(
                f"{type(self.module).__name__} cannot be asked about a batch of shape {tuple(rows.shape)} "
                f"({_first_line(error)}): give features of the shape it was trained on."
            ) from error
        if self.task == "regression" and out.shape[1] != 1:
            raise ModelError(f"a regression has one output, and this module {out.shape[1]}: give its task.")
        return out


def _note(said: list[Tensor], _part: nn.Module, _given: Any, out: Any) -> None:
    """Keep what a layer answers, of several answers the first; records lead, or stand second in sequences."""
    first = next((o for o in (out if isinstance(out, tuple) else (out,)) if isinstance(o, Tensor)), None)
    b = len(said[0])
    if first is not None and first.ndim > 1 and len(first) != b and first.shape[1] == b:
        first = first.transpose(0, 1)
    if first is not None and len(first) == b:
        said.append((first.flatten(1) if first.ndim > 1 else first[:, None]).double().cpu())


def _columns(out: object) -> Tensor:
    if not isinstance(out, Tensor) or out.ndim not in (1, 2):
        shape = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
        raise ModelError(f"the module answers a batch with {shape}: wrap it so that it gives logits [n, C].")
    return out.unsqueeze(1) if out.ndim == 1 else out


def _must_be_finite(outputs: Floats) -> None:
    bad = np.asarray(~np.isfinite(outputs).all(axis=1))
    if bad.any():
        raise ModelError(
            f"the model answers {bad.sum()} of {len(bad)} records with NaN or infinite numbers, first in "
            f"row {bad.argmax()}: check the features for missing or huge values, and that training converged."
        )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
