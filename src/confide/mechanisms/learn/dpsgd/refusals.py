"""What DP-SGD cannot train, or cannot promise anything for, refused with the layer's name and what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from confide.core.access import Task
from confide.core.arrays import Array
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, ModelError, PromiseError
from confide.learners.tap import SILENT
from confide.mechanisms.learn.dpsgd.groups import trainable
from confide.views.records import Records

_WORDS = {"optimiser": ("sgd", "adam"), "precision": ("float32", "bfloat16")}
_BATCH_NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)


def check_settings(given: Mapping[str, Any]) -> None:
    """Refuse settings of DP-SGD that cannot be, or not together.

    Args:
        given: the fields of `DPSGD` by name.

    Raises:
        PromiseError: with the value, and what to give.
    """
    budget, adaptive = given["budget"], callable(given["noise_multiplier"])
    if not isinstance(budget, Budget):
        raise PromiseError(f"budget is {budget!r:.60}: give confide.Budget(epsilon, delta).")
    check_budget(epsilon=budget.epsilon, delta=budget.delta, people=0)
    for name in ("clip", "learning_rate", "epochs", *([] if adaptive else ["noise_multiplier"])):
        if given[name] is not None and not 0 < given[name] < math.inf:
            raise PromiseError(f"{name} is {given[name]}: give a finite number above 0.")
    for name in ("momentum", "average"):
        if not 0 <= given[name] < 1:
            raise PromiseError(f"{name} is {given[name]}: give a number from 0 to below 1.")
    for name in ("views", "memory_mb", "every", "processes"):
        if given[name] < 1:
            raise PromiseError(f"{name} is {given[name]}: give 1 or more.")
    for name, known in _WORDS.items():
        if given[name] not in known:
            raise PromiseError(f"{name} is {given[name]!r}: say {known[0]!r} or {known[1]!r}.")
    if given["views"] > 1 and given["augment"] is None:
        raise PromiseError(f"there are {given['views']} views of each row, and no augment that makes them.")
    if adaptive and given["epochs"] is None:
        raise PromiseError("noise_multiplier is a function: give epochs, the most that it may take.")
    if adaptive and given["individual"]:
        raise PromiseError(
            "what each unit spent is computed for noise that is fixed beforehand: leave out individual, or "
            "give noise_multiplier as a number."
        )
    if given["processes"] > 1 and given["device"] != "cpu":
        raise PromiseError(
            f"processes add up gradients on the processor, and device is {given['device']!r}: give "
            "processes=1."
        )
    if given["tap"] is not SILENT:
        _check_watched(given, adaptive)


def _check_watched(given: Mapping[str, Any], adaptive: bool) -> None:
    if not (given["noise"] == "rehearsal" and given["budget"].unit == Unit.record()):
        raise PromiseError(
            "a tap sees gradients without noise, and whose they are: watch a rehearsal "
            "(noise='rehearsal') that hides records, and no release."
        )
    if adaptive or given["until"] is not None or given["processes"] > 1:
        raise PromiseError(
            "a tap watches runs that are fixed beforehand, in one process: leave out until and processes, "
            "and give noise_multiplier as a number."
        )


def check_records(given: object) -> None:
    """Refuse what holds batches already, or is no records at all.

    Raises:
        DataError: with what to give.
    """
    if not isinstance(given, Records):
        raise DataError(
            f"the records are of type {type(given).__name__}: give confide.Records(x, y) with all of them. "
            "DP-SGD draws its batches itself, by a coin for each record; those of a loader are no such "
            "samples, and the promise would not hold for them."
        )


def check_module(module: nn.Module) -> None:
    """Refuse a module in which a row's gradient depends on other rows, or that has nothing to train.

    Raises:
        ModelError: with the layer's name and what to put in its place.
    """
    if not isinstance(module, nn.Module):
        raise ModelError(f"net is a {type(module).__name__}: give a torch.nn.Module.")
    if isinstance(module, torch.jit.ScriptModule):
        raise ModelError("net is compiled by TorchScript, which hides its layers: give the plain nn.Module.")
    for name, part in module.named_modules():
        if any(isinstance(p, UninitializedParameter) for p in part.parameters(recurse=False)):
            raise ModelError(f"layer {name!r} has no weights yet: run the module once on two rows first.")
        if isinstance(part, _BATCH_NORMS) and not _is_fixed(part):
            raise ModelError(_batch_norm(name, part))
        if isinstance(part, nn.Embedding | nn.EmbeddingBag) and part.sparse:
            raise ModelError(f"layer {name!r} has sparse gradients, which noise fills: give sparse=False.")
        if isinstance(part, nn.Embedding | nn.EmbeddingBag) and part.max_norm is not None:
            raise ModelError(
                f"layer {name!r} ({type(part).__name__}) has max_norm={part.max_norm:g}, which rewrites the "
                "weights of each token that it meets, without any noise: give max_norm=None, and shorten the "
                "layer's output instead, such as by nn.LayerNorm."
            )
    there = trainable(module)
    if not there:
        raise ModelError("every parameter is frozen: set requires_grad of those that are to be trained.")
    kinds = {p.dtype for p in there.values()}
    if not all(p.is_floating_point() for p in there.values()) or len(kinds) > 1:
        raise ModelError(f"trainable parameters are {sorted(map(str, kinds))}: give all one floating type.")
    if kinds & {torch.float16, torch.bfloat16}:
        raise ModelError(
            f"trainable parameters are {kinds.pop()}, in which sums of gradients lose their digits: give "
            "net.float(), and precision='bfloat16' if its passes are to be in bfloat16."
        )
    for name, p in there.items():
        if not bool(torch.isfinite(p).all()):
            raise ModelError(f"parameter {name!r} is not finite: build the module again.")


def _is_fixed(part: nn.modules.batchnorm._NormBase) -> bool:
    """Whether the layer is a function of the row alone: its statistics are fixed, or each row's own."""
    if isinstance(part, nn.modules.instancenorm._InstanceNorm):
        return not part.track_running_stats
    frozen = not any(p.requires_grad for p in part.parameters(recurse=False))
    return frozen and not part.training and part.running_mean is not None


def _batch_norm(name: str, part: nn.modules.batchnorm._NormBase) -> str:
    channels = part.num_features
    groups = next(g for g in range(min(32, channels), 0, -1) if channels % g == 0)
    return (
        f"layer {name!r} ({type(part).__name__}) mixes the rows of a batch, so that no row has a gradient of "
        f"its own: put nn.GroupNorm({groups}, {channels}) in its place, or freeze it and set it to eval."
    )


def check_budget(*, epsilon: float, delta: float, people: int) -> None:
    """Refuse a promise that is none.

    Raises:
        PromiseError: if epsilon or delta is 0, or delta is so large that one of the people may be published.
    """
    if not (epsilon > 0 and delta > 0):
        raise PromiseError(f"normal noise keeps no epsilon {epsilon:g}, delta {delta:g}: give both above 0.")
    if people and delta * people >= 1:
        there = f"{'is' if people == 1 else 'are'} {_people(people)}"
        raise PromiseError(
            f"delta is {delta:g}, and there {there}: with a delta of 1 / {people:,} or more, publishing one "
            f"of them whole would keep the promise. Give one below {1 / people:.1g}, such as "
            f"{10.0 ** math.floor(-math.log10(people) - 1):.0e}."
        )


def check_codes(y: Array) -> None:
    """Refuse labels that are no whole numbers; rounding would make other labels of them.

    Raises:
        DataError: with the kind, or the first such label.
    """
    if y.dtype.kind not in "biuf":
        raise DataError(f"labels are {y.dtype}: give codes of classes, whole numbers from 0.")
    wrong = ~(y == np.floor(y)) if y.dtype.kind == "f" else np.zeros(len(y), np.bool_)
    if wrong.any():
        raise DataError(f"a label is {y[wrong][0]}: give codes of classes, or task='regression' for values.")


def check_labels(y: Tensor, classes: int, task: Task) -> None:
    """Refuse labels outside the module's classes, or values that are not finite.

    Raises:
        DataError: with the label.
    """
    if not len(y):
        return
    if task == "regression":
        if not bool(torch.isfinite(y).all()):
            raise DataError("a value to predict is not finite: leave its row out.")
        return
    # One output is a binary logit.
    top, low = max(classes, 2), int(y.min())
    wrong = int(y.max()) if low >= 0 else low
    if not 0 <= wrong < top:
        raise DataError(
            f"a label is {wrong}, and the module has the classes 0 to {top - 1}: give codes of classes, or a "
            "module with more outputs."
        )


def check_forecast(*, multiplier: float, batch: int, steps: int, numbers: int, people: int) -> None:
    """Refuse a budget whose noise is longer than everything that could be learned.

    In all steps together the gradients add up to `steps * batch` clips at most, and the noise to
    `multiplier * sqrt(steps * numbers)` of them.

    Raises:
        PromiseError: with the number of people that would do.
    """
    most = batch * math.sqrt(steps) / (multiplier * math.sqrt(numbers))
    if most < 1:
        raise PromiseError(
            f"over {steps:,} steps the noise on {numbers:,} weights is {1 / most:.1f} times as long as the "
            f"longest sum of gradients of {_people(batch)} in each, so nothing but noise would be learned: "
            f"train on some {_people(math.ceil(people / most))} or more, with a larger epsilon, or with "
            "fewer weights."
        )


def _people(number: int) -> str:
    return f"{number:,} {'person' if number == 1 else 'people'}"
