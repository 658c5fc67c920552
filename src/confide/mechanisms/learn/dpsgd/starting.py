"""What happens around the loop: the module's mode, first or stored state, and an interruption's note."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from confide.core.errors import ConfideError, ModelError
from confide.core.foreign import in_one_line
from confide.mechanisms.learn.dpsgd import checkpoint
from confide.mechanisms.learn.dpsgd.run import Loop


@contextmanager
def in_training(module: nn.Module) -> Generator[None]:
    """Training mode inside the block, with frozen normalisation left in eval mode.

    At an error everything is as it was: weights, buffers and modes.
    """
    modes = {part: part.training for part in module.modules()}
    before = {name: t.detach().clone() for name, t in module.state_dict().items()}
    fixed = [p for p in module.modules() if isinstance(p, nn.modules.batchnorm._NormBase) and not p.training]
    module.train()
    for part in fixed:
        part.training = False
    try:
        yield
    except BaseException:
        module.load_state_dict(before)
        for part, mode in modes.items():
            part.training = mode
        raise
    finally:
        for p in module.parameters():
            p.grad = None


def held(path: Path | None) -> checkpoint.Held | nullcontext[None]:
    """The checkpoint, for this process alone; nothing if there is none."""
    return nullcontext() if path is None else checkpoint.alone(path)


def restore(loop: Loop, tensors: dict[str, Tensor]) -> None:
    """Put a checkpoint's state into a loop and its module."""
    checkpoint.restore(loop.module, tensors)
    loop.stepper.restore(tensors)
    if loop.spending is not None:
        loop.spending.counts = tensors["spending/counts"].numpy().astype(np.int64)
        loop.spending.last = tensors["spending/last"].numpy().astype(np.int64)


@contextmanager
def saying_what_was_charged(charged: str | None) -> Generator[None]:
    """Add to any error that the run was charged all the same."""
    try:
        yield
    except BaseException as error:
        if charged is not None:
            error.add_note(charged)
        raise


@contextmanager
def asking(module: nn.Module) -> Generator[None]:
    """Turn what a module cannot take into an error for people."""
    try:
        with torch.enable_grad():
            yield
    except ConfideError:
        raise
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise ModelError(
            f"the module or the loss cannot take the records ({in_one_line(error)}): give a module from "
            "rows [b, ...] to outputs [b, C], and records of that form."
        ) from error
