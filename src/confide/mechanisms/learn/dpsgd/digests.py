"""Digests of what a run depends on: data, settings, module, code; and of the weights that it ends with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn

from confide.account.history import canonical
from confide.core.arrays import Array
from confide.core.version import VERSION
from confide.learners.recipe import recipe_text
from confide.views.records import Records

_LEFT_OUT = (
    "net", "budget", "ledger", "analyst", "source", "checkpoint", "every", "memory_mb", "processes", "tap",
)  # fmt: skip
"""Settings that a run may change when it goes on; `every` only where no rule is asked then."""


def data_digest(records: Records, people: Array | None) -> str:
    """The digest of the records, and of whose they are."""
    if people is None:
        return records.digest()
    ids = recipe_text(np.asarray(people).tolist())
    return hashlib.sha256(f"{records.digest()} {ids}".encode()).hexdigest()


def settings_digest(module: nn.Module, settings: Mapping[str, object]) -> str:
    """The digest of settings, of the module's form and class, and of the code that trains.

    Args:
        module: its weights are not in the digest, since a checkpoint holds them.
        settings: the fields of `DPSGD`: numbers and texts by name; of functions the source.
    """
    asked = settings["until"] is not None or callable(settings["noise_multiplier"])
    named = {name: value for name, value in settings.items() if name not in _LEFT_OUT}
    named |= {"budget": str(settings["budget"])} | ({"every": settings["every"]} if asked else {})
    form = [[name, list(t.shape), str(t.dtype)] for name, t in module.state_dict().items()]
    trained = [name for name, p in module.named_parameters() if p.requires_grad]
    kinds = sorted({recipe_text(type(part)) for part in module.modules()})
    words = {name: value if _plain(value) else recipe_text(value) for name, value in named.items()}
    said = [VERSION, torch.__version__, _code(), str(module), form, trained, kinds, words]
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def weights_digest(module: nn.Module) -> str:
    """The digest of all tensors of a module."""
    sha = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        sha.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return sha.hexdigest()


def _plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


@cache
def _code() -> str:
    """The digest of this folder's code."""
    sha = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        sha.update(path.read_bytes())
    return sha.hexdigest()
