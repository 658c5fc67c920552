"""Records as tensors on the module's device, and all checks of them and of the module."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from confide.core.access import Task
from confide.mechanisms.learn.dpsgd.checking import CHECKED, check_before
from confide.mechanisms.learn.dpsgd.clipping import LONGEST
from confide.mechanisms.learn.dpsgd.groups import trainable
from confide.mechanisms.learn.dpsgd.losses import Losses, row_losses
from confide.mechanisms.learn.dpsgd.mixing import check_views
from confide.mechanisms.learn.dpsgd.people import People
from confide.mechanisms.learn.dpsgd.refusals import check_codes, check_forecast, check_labels
from confide.mechanisms.learn.dpsgd.rows import Rows
from confide.mechanisms.learn.dpsgd.schedule import Plan
from confide.mechanisms.learn.dpsgd.tensors import Augment, Data
from confide.models.torch.batches import number_type, tensor_of, truth_of
from confide.views.records import Records


def tensors_of(
    module: nn.Module,
    records: Records,
    people: People,
    *,
    task: Task,
    device: str,
    views: int,
    augment: Augment | None,
) -> Data:
    """The records as tensors.

    Raises:
        DataError: if the features are not numbers, or labels not codes of classes.
    """
    if task == "classification":
        check_codes(records.y)
    x = tensor_of(records.x)
    x = x.to(device, number_type(module, x))
    if x.is_floating_point():
        # So large that factors of it lose their digits: such a row is not a number, and is clipped to zero.
        x = torch.where(x.abs() < LONGEST, x, torch.nan)
    y = truth_of(records.y, task).to(device)
    return Data(x=x, y=y, people=people, views=views, augment=augment)


def passing(data: Data, at_once: int, plan: Plan) -> Rows:
    """As many rows as one pass takes of a sample of the expected size, each a unit of its own."""
    units = torch.arange(min(at_once, plan.batch, plan.people))
    found = data.rows(units, torch.Generator().manual_seed(0))
    count = min(at_once, len(found.x))
    return Rows(found.x[:count], found.y[:count], None, count)


def check_all(module: nn.Module, losses: Losses, data: Data, plan: Plan, *, task: Task | None) -> None:
    """Refuse records, a module or a loss that cannot be trained so.

    Args:
        module: in the mode in which it is trained.
        losses: of rows.
        data: all records.
        plan: of the run.
        task: whose labels are checked; None where the loss is the user's own.

    Raises:
        ModelError: for a module, a loss or an `augment` that mixes rows, or leaves weights unused.
        DataError: for a label outside the classes.
        PromiseError: if nothing but noise would be learned.
    """
    if data.augment is not None:
        index, _ = data.people.rows_of(np.arange(min(plan.batch, plan.people)))
        check_views(data.augment, data.x[index.to(data.x.device)])
    found = data.rows(torch.arange(min(CHECKED, plan.people)), torch.Generator().manual_seed(0))
    few = Rows(found.x[:CHECKED], found.y[:CHECKED], None, len(found.x[:CHECKED]))
    with torch.no_grad():
        out = module(few.x)
    if task is not None:
        check_labels(data.y, out.shape[1] if out.ndim > 1 else 1, task)
    row_losses(losses, out, few.y)
    check_before(module, losses, few)
    numbers = sum(p.numel() for p in trainable(module).values())
    check_forecast(
        multiplier=plan.multiplier, batch=plan.batch, steps=plan.steps, numbers=numbers, people=plan.people
    )
