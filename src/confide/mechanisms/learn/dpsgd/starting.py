"""What happens around the loop: the module's mode, first or stored state, and an interruption's note."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from confide.core.alone import alone
from confide.core.arrays import Rng
from confide.core.errors import ConfideError, ModelError
from confide.core.foreign import in_one_line
from confide.learners.torch.training import Precision
from confide.mechanisms.learn.dpsgd import checkpoint
from confide.mechanisms.learn.dpsgd.checkpoint import Run
from confide.mechanisms.learn.dpsgd.losses import Losses
from confide.mechanisms.learn.dpsgd.planning import planned, rows_at_once, units_at_once
from confide.mechanisms.learn.dpsgd.rows import Rows
from confide.mechanisms.learn.dpsgd.run import Loop
from confide.mechanisms.noise.source import Noise


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
    return nullcontext() if path is None else alone(path)


def keep(loop: Loop, run: Run, tensors: Mapping[str, Tensor] | None) -> None:
    """Put a checkpoint's tensors into a loop and its module, or write a new run's first checkpoint."""
    if tensors is None:
        if loop.path is not None:
            loop.save(run)
        return
    checkpoint.restore(loop.module, tensors)
    loop.stepper.restore(tensors)
    if loop.spending is not None:
        loop.spending.counts = tensors["spending/counts"].numpy().astype(np.int64)
        loop.spending.last = tensors["spending/last"].numpy().astype(np.int64)


def begun(
    module: nn.Module, losses: Losses, some: Rows, rng: Rng, *, noise: Noise, precision: Precision,
    memory_mb: int, batch: int, most: int, data: str, settings: str,
) -> Run:  # fmt: skip
    """A new run: its name, how norms are computed, and its seeds.

    Args:
        module: in the mode in which it is trained.
        losses: of rows.
        some: units to plan with.
        rng: whose first words are the seeds of a rehearsal; a real run has none.
        noise, precision, memory_mb: settings.
        batch: rows of a sample, or of each process's share of it, in expectation.
        most: rows of one unit.
        data, settings: digests.
    """
    groups = planned(module, losses, some, timed=noise == "secure")
    if precision == "float32":
        at_once = units_at_once(module, losses, groups, some, memory_mb=memory_mb)
    else:
        at_once = rows_at_once(module, losses, groups, some, memory_mb=memory_mb, batch=batch, most=most)
    seeds = rng.integers(1 << 62, size=2).tolist() if noise == "rehearsal" else [None, None]
    return Run(
        token=secrets.token_hex(16),
        data=data,
        settings=settings,
        ways=tuple(group.way for group in groups),
        at_once=at_once,
        seed=seeds[0],
        other_seed=seeds[1],
    )


@contextmanager
def noting_charge(charged: str | None) -> Generator[None]:
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
