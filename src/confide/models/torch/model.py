"""PyTorch modules as white boxes: logits, losses and per-record gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from confide.core.access import Task
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import KnowledgeError, ModelError
from confide.core.foreign import in_one_line
from confide.core.language import keep
from confide.models.chain import chosen_layers
from confide.models.guard import Guard
from confide.models.hidden_layer import HiddenLayer
from confide.models.kinds import Kind
from confide.models.linear_form import LinearForm
from confide.models.torch.batches import number_type, tensor_of, truth_of
from confide.models.torch.endings import MOST_PROBED, ending_of, kind_of_outputs, with_logits, without_ending
from confide.models.torch.gram import gram_of
from confide.models.torch.hidden_layer import hidden_layer_of_module
from confide.models.torch.inside import Inside, named_parts, thawed
from confide.models.torch.linear_form import linear_form_of_module
from confide.models.torch.losses import Loss, default_loss
from confide.models.torch.plain_layers import plain_layers_of_module
from confide.views.shared_gradient import Layer


@dataclass(frozen=True, slots=True, eq=False)
class TorchModel:
    """Any `nn.Module` in eval mode, as a `BlackBox` and a `WhiteBox`.

    In a classification one output column is taken as a binary logit z, and the model answers with the two
    logits [0, z]. In a regression the module has one output.

    Args:
        module: maps a batch [b, ...] to outputs [b, C] or [b]; set to eval mode and moved to `device`.
        task: classification (outputs are logits) or regression (outputs are values).
        loss_function: the training loss; cross-entropy of the logits, or the squared residual, by default.
        device: where the module runs, for example "cpu" or "cuda".
        chunk: the number of records in one query.
        gradient_bytes: the memory for per-record gradients besides the answer; they are made in chunks of at
            least one record.
        snapshots: earlier states of the same training run that are published too, oldest first.
        guard: calls the module, which may be the user's own code.

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
    guard: Guard = field(default_factory=partial(Guard, "the module"), repr=False)

    def __post_init__(self) -> None:
        self.module.to(self.device).eval()

    def predict(self, x: Batch) -> Floats:
        """The logits float64[n, C] in a classification, the values float64[n, 1] in a regression.

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

    def with_logits(self, answers: Kind | None, probe: Batch | None) -> TorchModel:
        """This model with logits for answers, where the module ends in a softmax or a sigmoid.

        The last layer shows it, or the answers to the first records of `probe` (see `models.kinds`), or the
        user names the kind.
        """
        if ending_of(self.module) is not None and answers in (None, "probabilities", "sigmoids"):
            return replace(self, module=without_ending(self.module))
        if answers is None and probe is not None and len(probe):
            with torch.inference_mode():
                rows = tensor_of(probe[:MOST_PROBED])
                answers = kind_of_outputs(
                    torch.cat([self._outputs(chunk) for chunk in rows.split(self.chunk)])
                )
        return self if answers is None else replace(self, module=with_logits(self.module, answers))

    def labels(self, x: Batch) -> Array:
        """The class of the highest logit, int64[n]; in a regression the value, float64[n]."""
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
        """The names of the parts that own trainable parameters; the class name if the module is one layer."""
        return tuple(self._owned())

    def weights(self) -> tuple[Floats, ...]:
        """The trainable parameters of each layer, flattened: L arrays float64[p_l]."""
        parameters = dict(self.module.named_parameters())
        return tuple(
            np.concatenate([parameters[n].detach().double().flatten().cpu().numpy() for n in names])
            for names in self._need_owned().values()
        )

    def penalty_gradient(self) -> tuple[Floats, ...]:
        """The weights: torch's optimisers apply weight decay to all parameters in the same way."""
        return self.weights()

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """The gradient of each record's loss in the trainable parameters, float64[n, p].

        Parameters are in the order of `module.parameters()`, each flattened.
        """
        inside = self._inside(x, y, layers)
        size = sum(inside.sizes().values())
        answer = np.empty((len(inside.rows), size))
        for here, found in inside.each(made=size):
            answer[here] = torch.cat([f.gradients() for f in found.values()], dim=1).cpu().numpy()
        return answer

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        """The Euclidean norm of each record's gradient in each layer, float64[n, L].

        Layers that multiply by their weights need no gradients for it (`models/torch/layers.py`).
        """
        inside = self._inside(x, y)
        answer = np.empty((len(inside.rows), len(inside.owned)))
        for here, found in inside.each():
            answer[here] = torch.stack([f.squares().sqrt() for f in found.values()], dim=1).cpu().numpy()
        return answer

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        """Each record's gradient times a direction (shaped as `weights`), by layer: float64[n, L]."""
        inside = self._inside(x, y)
        ways = [torch.from_numpy(np.array(d, np.float64)).to(self.device) for d in direction]
        answer = np.empty((len(inside.rows), len(inside.owned)))
        for here, found in inside.each():
            along = [f.along(way) for f, way in zip(found.values(), ways, strict=True)]
            answer[here] = torch.stack(along, dim=1).cpu().numpy()
        return answer

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """The inner products of all records' gradients, in these layers (all by default): float64[n, n].

        They are summed in float64 (`models/torch/gram.py` says which rounding happens before).
        """
        return gram_of(self._inside(x, y, layers))

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        """The outputs of these layers (all by default) for each record, flattened: float64[n, f_l] each.

        A layer that is called several times has its outputs side by side. A layer whose parameters are used
        without a call has none: f_l = 0.
        """
        chosen = self._chosen(layers)
        parts = named_parts(self.module)
        found: dict[str, list[Floats]] = {name: [] for name in chosen}
        for rows in tensor_of(x).split(self.chunk):
            # The empty first column gives a layer that is never called its n rows.
            seen = {name: [torch.empty(len(rows), 0, dtype=torch.float64)] for name in chosen}
            hooks = [parts[name].register_forward_hook(partial(_note, seen[name])) for name in chosen]
            try:
                with torch.inference_mode():
                    self._outputs(rows)
            finally:
                for hook in hooks:
                    hook.remove()
            for name in chosen:
                found[name].append(torch.cat(seen[name], dim=1).numpy())
        return tuple(np.concatenate(found[name]) for name in chosen)

    def input_gradient(self, x: Batch, y: Array) -> tuple[Floats, Floats]:
        """The loss of each record, float64[n], and its gradient in the record, shaped as `x`."""
        rows = tensor_of(x).to(self.device)
        rows = rows.to(number_type(self.module, rows)).detach().clone().requires_grad_(True)
        losses = self._losses(self._columns_of(rows).double(), truth_of(y, self.task).to(self.device))
        (slope,) = torch.autograd.grad(losses.sum(), rows)
        return losses.detach().double().cpu().numpy(), slope.double().cpu().numpy()

    def _columns_of(self, rows: Tensor) -> Tensor:
        return _columns(self.guard(lambda: self.module(rows)))

    def linear_form(self) -> LinearForm | None:
        """The weights, where the module is one linear layer behind layers that only change the shape."""
        # A loss of the user's own has another gradient than the form would say.
        return None if self.loss_function is not None else linear_form_of_module(self.module, task=self.task)

    def hidden_layer(self) -> HiddenLayer | None:
        """The weights, where the module is one hidden layer of ReLU units with one output."""
        other = self.loss_function is not None or self.task == "regression"
        return None if other else hidden_layer_of_module(self.module)

    def plain_layers(self) -> tuple[Layer, ...] | None:
        """Its layers, where the module is a plain network with one output a class."""
        other = self.loss_function is not None or self.task == "regression"
        return None if other else plain_layers_of_module(self.module)

    def softened(self, temperature: float) -> TorchModel:
        """The same module with the loss computed from outputs / temperature.

        Raises:
            KnowledgeError: in a regression, whose outputs are not logits.
        """
        if self.task == "regression":
            raise KnowledgeError(keep("a regression has no logits to soften: ask at temperature 1."))
        loss = self.loss_function or default_loss(self.task)
        return replace(self, loss_function=lambda outputs, y: loss(outputs / temperature, y))

    def _inside(self, x: Batch, y: Array, layers: Sequence[str] | None = None) -> Inside:
        owned = self._need_owned()
        if not any(p.requires_grad for p in self.module.parameters()):
            # A frozen module has no gradients; a copy that shares its tensors has, and costs no memory.
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
        """The loss of each record as a batch of its own, in the number type of `outputs`.

        They are float64: in float32 the gradient of a perfectly fitted record would be 0.
        """
        if self.loss_function is None:
            return default_loss(self.task)(outputs, labels, "none")
        loss = self.loss_function  # the user's own gives the mean of a batch: ask it about batches of one
        return torch.func.vmap(lambda o, t: loss(o.unsqueeze(0), t.unsqueeze(0)))(outputs, labels)

    def _owned(self) -> dict[str, list[str]]:
        """The layers, each with the full names of its trainable parameters; shared ones belong to the first.

        A module that is completely frozen, as is usual for inference, was trained before: all its parameters
        count.
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
                keep(
                    "{kind} has no floating-point parameters, so a white box would show nothing: audit it "
                    "with black-box access.",
                    kind=type(self.module).__name__,
                )
            )
        return owned

    def _chosen(self, layers: Sequence[str] | None) -> tuple[str, ...]:
        there = tuple(self._need_owned())
        return tuple(there[place] for place in chosen_layers(layers, there))

    def _outputs(self, rows: Tensor, weights: Mapping[str, Tensor] | None = None) -> Tensor:
        try:
            ready = rows.to(self.device).to(number_type(self.module, rows))
            if weights is None:
                # A copy of the records where they are the user's own array: a module may work in place.
                own = ready.clone() if ready is rows else ready
                out = _columns(self.guard(lambda: self.module(own)))
            else:
                out = _columns(torch.func.functional_call(self.module, dict(weights), (ready,)))
        except (RuntimeError, IndexError, TypeError) as error:
            raise ModelError(
                f"{type(self.module).__name__} cannot be asked about a batch of shape {tuple(rows.shape)} "
                f"({in_one_line(error)}): give features of the shape it was trained on."
            ) from error
        if self.task == "regression" and out.shape[1] != 1:
            raise ModelError(
                f"a regression has one output, but this module has {out.shape[1]}: give its task."
            )
        return out


def _note(seen: list[Tensor], _part: nn.Module, _given: object, out: object) -> None:
    """Keep the output of a layer, or the first of several.

    The records are in its first dimension, or in the second one for sequences.
    """
    first = next((o for o in (out if isinstance(out, tuple) else (out,)) if isinstance(o, Tensor)), None)
    b = len(seen[0])
    if first is not None and first.ndim > 1 and len(first) != b and first.shape[1] == b:
        first = first.transpose(0, 1)
    if first is not None and len(first) == b:
        seen.append((first.flatten(1) if first.ndim > 1 else first[:, None]).double().cpu())


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
