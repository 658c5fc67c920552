"""Modules that end in a softmax or a sigmoid, as modules that answer with logits."""

from __future__ import annotations

import copy
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from confide.core.errors import ModelError
from confide.models.kinds import Kind, kind_of

ENDS = (nn.Softmax, nn.Sigmoid)
"""Last layers that turn logits into probabilities."""

MOST_PROBED = 4096
"""The number of records that show what a module answers with: one answers the same whenever it is asked."""

# The least probability that is told from 0: its logit counts as saturated, and 1 / 1e-37 is still a float32.
_LEAST = 1e-37


def ending_of(module: nn.Module) -> tuple[nn.Sequential, str] | None:
    """The chain that ends the module, and the name of its last part, if that part is one of `ENDS`."""
    if not isinstance(module, nn.Sequential) or type(module).forward is not nn.Sequential.forward:
        return None
    if not len(module):
        return None
    name, last = list(module.named_children())[-1]
    return (module, name) if isinstance(last, ENDS) else ending_of(last)


def without_ending(module: nn.Module) -> nn.Module:
    """A module that shares all tensors with this one and leaves its last softmax or sigmoid out.

    Names of layers and parameters stay. A logit says more than the probability, which is rounded near 0 and
    1.
    """
    shared: dict[int, object] = {id(t): t for t in (*module.parameters(), *module.buffers())}
    bare = copy.deepcopy(module, shared)
    found = ending_of(bare)
    assert found is not None, "asked only where there is one"
    chain, name = found
    setattr(chain, name, nn.Identity())
    return bare


def with_logits(module: nn.Module, kind: Kind) -> nn.Module:
    """A module that shares all tensors with this one, whose answers are converted from `kind` to logits.

    Raises:
        ModelError: for answers that are no scores of classes.
    """
    if kind in ("logits", "log-probabilities"):
        return module
    if kind in ("labels", "values"):
        raise ModelError(
            f"the module answers with {kind}, which have no logits: give one that answers with scores [n, C]."
        )
    shared: dict[int, object] = {id(t): t for t in (*module.parameters(), *module.buffers())}
    converted = copy.deepcopy(module, shared)
    # The recipe of reference models is written from plain attributes, and hooks are none.
    converted.confide_answers = kind  # pyright: ignore[reportAttributeAccessIssue, reportArgumentType]
    converted.register_forward_hook(partial(_to_logits, kind))
    return converted


def kind_of_outputs(outputs: Tensor) -> Kind:
    """The kind of a module's outputs on some records."""
    table = outputs.double().cpu().numpy()
    # Class numbers would be whole; a module that was trained by gradients gives none.
    found = kind_of(table, task="classification", name="the module")
    return "logits" if found == "labels" else found


def _to_logits(kind: Kind, _module: nn.Module, _given: object, out: Tensor) -> Tensor:
    table = cast("Tensor", out.unsqueeze(1) if out.ndim == 1 else out).double()
    single = table.shape[1] == 1
    if kind == "costs":
        return -table
    if kind == "percent":
        table = table / 100 if single else table / table.sum(dim=1, keepdim=True)
    if kind == "top-k":
        missing = (1 - table.sum(dim=1, keepdim=True)).clamp(min=0)
        cut = table <= 0
        table = torch.where(cut, missing / cut.sum(dim=1, keepdim=True).clamp(min=1), table)
    logs = torch.log(table.clamp(0, 1) + _LEAST)
    # One sigmoid, or one for each class: the logit of it.
    return logs - torch.log((1 - table).clamp(0, 1) + _LEAST) if single or kind == "sigmoids" else logs
