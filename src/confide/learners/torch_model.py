"""A PyTorch module that can be asked: logits, losses and per-example gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn
from torch.nn import functional

from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import DataError, KnowledgeError, ModelError
from confide.core.views import Task

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""The mean loss of a batch: (outputs [b, C], y [b]) -> scalar, as `nn.CrossEntropyLoss()`."""


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
        loss = self.loss_function or default_loss(self.task)
        each = torch.func.vmap(lambda out, label: loss(out.unsqueeze(0), label.unsqueeze(0)))
        with torch.inference_mode():
            losses = [
                each(self._outputs(rows).double(), labels.to(self.device)).cpu()
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
            for names in self._owned().values()
        )

    def penalty_gradient(self) -> tuple[Floats, ...]:
        """The weights: weight decay as torch's optimisers do it, on all parameters alike."""
        return self.weights()

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """The gradient of each record's loss in the trainable parameters, float64[n, p].

        Parameters come in the order of `module.parameters()`, each flattened.
        """
        owned = self._owned()
        chosen = {n for layer in self._chosen(layers) for n in owned[layer]}
        every = {k: p.detach() for k, p in self.module.named_parameters()}
        weights = {k: p for k, p in every.items() if k in chosen}
        rest = {k: p for k, p in every.items() if k not in chosen}
        loss = self.loss_function or default_loss(self.task)

        def of_one(weights: dict[str, Tensor], row: Tensor, label: Tensor) -> Tensor:
            out = torch.func.functional_call(self.module, {**rest, **weights}, (row.unsqueeze(0),))
            # In float64, so that the gradient of a record that is fitted to the last bit is not yet 0.
            return loss(_columns(out).double(), label.unsqueeze(0))

        grads = torch.func.vmap(torch.func.grad(of_one), in_dims=(None, 0, 0))
        data, truth = tensor_of(x), truth_of(y, self.task)
        size = sum(p.numel() for p in weights.values())
        rows_at_once = max(1, self.gradient_bytes // (12 * max(size, 1)))  # gradients, their join, workspace
        answer = np.empty((len(data), size))
        for start in range(0, len(data), rows_at_once):
            here = slice(start, start + rows_at_once)
            found = grads(weights, self._ready(data[here]), truth[here].to(self.device))
            answer[here] = torch.cat([g.flatten(1) for g in found.values()], dim=1).cpu().numpy()
        return answer

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        """The Euclidean norm of each record's gradient in each layer, float64[n, L]."""
        return np.stack(
            [np.linalg.norm(self.gradient(x, y, layers=[n]), axis=1) for n in self.layers], axis=1
        )

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        """The inner product of each record's gradient with a direction (as `weights`), float64[n, L]."""
        each = zip(self.layers, direction, strict=True)
        return np.stack([self.gradient(x, y, layers=[name]) @ along for name, along in each], axis=1)

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """The inner products of all records' gradients, in these layers (all by default): float64[n, n]."""
        gram = np.zeros((len(y), len(y)))
        for name in self._chosen(layers):
            each = self.gradient(x, y, layers=[name])
            gram += each @ each.T
        return gram

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        """What these layers (all by default) answer for each record, flattened: float64[n, f_l] each."""
        parts = {name or type(part).__name__.lower(): part for name, part in self.module.named_modules()}
        chosen, found = self._chosen(layers), dict[str, list[Tensor]]()
        hooks = [
            parts[name].register_forward_hook(
                lambda _part, _given, out, name=name: found.setdefault(name, []).append(
                    out.flatten(1).double().cpu()
                )
            )
            for name in chosen
        ]
        try:
            self.predict(x)
        finally:
            for hook in hooks:
                hook.remove()
        return tuple(torch.cat(found[name]).numpy() for name in chosen)

    def _owned(self) -> dict[str, list[str]]:
        """The layers, each with the full names of its trainable parameters; shared ones with the first."""
        owned: dict[str, list[str]] = {}
        for name, parameter in self.module.named_parameters():
            if parameter.requires_grad:
                layer = name.rpartition(".")[0] or type(self.module).__name__.lower()
                owned.setdefault(layer, []).append(name)
        return owned

    def _chosen(self, layers: Sequence[str] | None) -> tuple[str, ...]:
        there = self.layers
        unknown = [name for name in layers or () if name not in there]
        if unknown:
            raise KnowledgeError(
                f"there is no layer {unknown[0]!r}: the layers with parameters are {', '.join(there)}."
            )
        return there if layers is None else tuple(name for name in there if name in set(layers))

    def _ready(self, rows: Tensor) -> Tensor:
        return rows.to(self.device).to(number_type(self.module, rows))

    def _outputs(self, rows: Tensor) -> Tensor:
        try:
            out = _columns(self.module(self._ready(rows)))
        except (RuntimeError, IndexError, TypeError) as error:
            raise ModelError(
                f"{type(self.module).__name__} cannot be asked about a batch of shape {tuple(rows.shape)} "
                f"({_first_line(error)}): give features of the shape it was trained on."
            ) from error
        if self.task == "regression" and out.shape[1] != 1:
            raise ModelError(f"a regression has one output, and this module {out.shape[1]}: give its task.")
        return out


def tensor_of(x: Batch) -> Tensor:
    """Features as a tensor: whole numbers stay as small as they are, others become float32."""
    if isinstance(x, pl.DataFrame):
        odd = [c for c, kind in x.schema.items() if not (kind.is_numeric() or kind == pl.Boolean)]
        if odd:
            raise DataError(f"column {odd[0]} is {x.schema[odd[0]]}: a module needs numbers, so encode it.")
        x = x.select(pl.all().cast(pl.Float32)).to_numpy()
    if x.dtype.kind not in "biuf":
        raise DataError(f"the features are {x.dtype}: a module needs numbers, so encode them.")
    if x.dtype.kind == "f":
        x = x.astype(np.float32, copy=False)
    elif x.dtype.kind == "u" and x.dtype.itemsize > 1:
        x = x.astype(np.int64)
    x = np.ascontiguousarray(x)
    return torch.from_numpy(x if x.flags.writeable else x.copy())


def truth_of(y: Array, task: Task) -> Tensor:
    """Labels as a tensor: class codes int64[n], or values float32[n]."""
    return torch.from_numpy(np.array(y, np.int64 if task == "classification" else np.float32))


def number_type(module: nn.Module, data: Tensor) -> torch.dtype:
    """The numbers a module is fed: those of its weights, or whole ones if it looks them up."""
    looks_up = any(isinstance(part, nn.Embedding | nn.EmbeddingBag) for part in module.modules())
    if looks_up and not data.is_floating_point():
        return torch.int64
    return next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.float32)


def default_loss(task: Task) -> Loss:
    """Cross-entropy (binary where there is one logit), or the mean squared residual."""
    return cross_entropy if task == "classification" else squared_residual


def cross_entropy(outputs: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    """Of logits [b, C], or of one binary logit [b, 1]."""
    if outputs.shape[1] == 1:
        return functional.binary_cross_entropy_with_logits(
            outputs[:, 0], y.to(outputs.dtype), reduction=reduction
        )
    return functional.cross_entropy(outputs, y, reduction=reduction)


def squared_residual(outputs: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    """Of values [b, 1]."""
    return functional.mse_loss(outputs[:, 0], y.to(outputs.dtype), reduction=reduction)


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
