"""Checkpoints of a run: one safetensors file, written whole or not at all, that a killed run goes on from.

The file holds the weights, the optimiser's state, how many steps were made, what the run was charged for, and
digests of data, settings and code. A rehearsal also keeps its seeds, so that it ends with the same weights; a
real run keeps none, and draws fresh samples, masks and noise for the steps that were lost, which nobody has
seen: rules that look at weights (`stopping.py`) are asked where a checkpoint was just written, and nowhere
else. The file is for its owner alone: it may hold what each unit spent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.mechanisms.learn.dpsgd.groups import Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run is, besides its tensors.

    Args:
        token: its random name; what was charged is charged for this name.
        data: the digest of records and people.
        settings: the digest of everything else that the result depends on, the code too.
        ways: of the groups of parameters: another way rounds differently.
        at_once: units in one pass.
        seed: of a rehearsal's noise; None for a real run.
        other_seed: of dropout and views; None for a real run, which draws secrets at each step (`masks.py`).
        step: how many were made.
        unusable: gradients so far that were not finite.
        order: of the filter, where noise is chosen on the way; fixed before the first step.
        spent: the divergence of that order, so far.
        ended: whether no step follows, as planned or by a rule.
    """

    token: str
    data: str
    settings: str
    ways: tuple[Way, ...]
    at_once: int
    seed: int | None
    other_seed: int | None
    step: int = 0
    unusable: int = 0
    order: int | None = None
    spent: float = 0.0
    ended: bool = False


def write(path: Path, run: Run, module: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Write a checkpoint in place of an older one; only its owner may read it."""
    tensors = {f"weights/{name}": t for name, t in module.state_dict().items()} | dict(state)
    # Copies, because safetensors refuses tensors that share memory.
    plain = {
        name: t.detach().cpu().clone(memory_format=torch.contiguous_format) for name, t in tensors.items()
    }
    with atomic_write(path) as draft:
        save_file(plain, draft, metadata={"run": json.dumps(asdict(run))})


def read(path: Path, *, data: str, settings: str) -> tuple[Run, dict[str, Tensor]]:
    """Read a checkpoint of the same data, settings and code.

    Raises:
        DataError: if it is damaged, or something of it has changed: the promise would be void.
    """
    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads((file.metadata() or {})["run"])
            run = Run(**{**told, "ways": tuple(told["ways"])})
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        raise DataError(f"{path} is no checkpoint of DP-SGD ({error!s:.100}): give another path.") from error
    for name, ours, theirs in (("data", data, run.data), ("settings or code", settings, run.settings)):
        if ours != theirs:
            raise DataError(
                f"{path} is the checkpoint of a run with other {name}: its promise does not hold for a run "
                "that goes on with these. Go back to the former ones, or give another path to start again."
            )
    return run, tensors


def restore(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put the weights of a checkpoint into the module."""
    own = {k.removeprefix("weights/"): t for k, t in tensors.items() if k.startswith("weights/")}
    module.load_state_dict(own)


Held: TypeAlias = AbstractContextManager[None]
