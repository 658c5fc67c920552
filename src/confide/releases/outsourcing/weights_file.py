"""Weights in a .safetensors file without an architecture: its metadata says the layers and the link."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import ModelError
from confide.mechanisms.encrypt.approximation import ACTIVATIONS, refusal
from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic, Layer, Link, Square

LAYERS, LINK = "layers", "link"
"""Names in the metadata: "linear square linear", and "softmax"."""
WEIGHT, BIAS = "weight", "bias"


def read_weights(path: Path, *, link: Link | None = None) -> Arithmetic:
    """Read linear layers, in the order of their names, and squares between them.

    Args:
        path: a .safetensors file with tensors NAME.weight, [outputs, inputs], and NAME.bias, [outputs].
            Metadata "layers" says what follows what; one linear layer needs none.
        link: where metadata "link" does not say it.

    Raises:
        ModelError: if it cannot be read, or does not say which layers its tensors are.
    """
    tensors, said = _opened(path)
    linear = _linear(tensors, path)
    order = said.get(LAYERS, "linear" if len(linear) == 1 else "").split()
    if other := [kind for kind in order if kind not in ("linear", "square")]:
        torch = {name.casefold(): name for name in ACTIVATIONS}
        raise ModelError(f"{path}: {refusal(torch.get(other[0].casefold(), other[0]))[:400]}")
    if order.count("linear") != len(linear):
        raise ModelError(
            f"{path} holds {len(linear)} linear layers, and what stands between them is not said: name the "
            'module with --architecture mypkg.net:build, or save with metadata={"layers": "linear square '
            'linear", "link": "softmax"}.'
        )
    stated = said.get(LINK, link or "identity")
    if stated not in get_args(Link):
        raise ModelError(f"{path} has the link {stated!r:.40}: choose one of {', '.join(get_args(Link))}.")
    if link is not None and stated != link:
        raise ModelError(
            f"{path} says the link {stated}, and not {link}: give the model of that link, or leave the link "
            "out."
        )
    rest = iter(linear)
    layers: list[Layer] = [next(rest) if kind == "linear" else Square() for kind in order]
    return Arithmetic(tuple(layers), cast("Link", stated))


def _opened(path: Path) -> tuple[dict[str, Floats], dict[str, str]]:
    if not path.is_file():
        raise ModelError(f"there is no file {path}: check the path.")
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise ModelError("a .safetensors file needs safetensors: pip install 'confide[encrypt]'.") from error
    try:
        with safe_open(path, framework="numpy") as held:
            opened: Any = held
            tensors = {name: np.asarray(opened.get_tensor(name), float) for name in opened.keys()}  # noqa: SIM118
            return tensors, opened.metadata() or {}
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as safetensors of numbers: save it again.") from error


def _linear(tensors: dict[str, Floats], path: Path) -> list[Affine]:
    found = list[Affine]()
    rest = dict(tensors)
    for name in sorted((n for n in tensors if n.split(".")[-1] == WEIGHT), key=_place):
        weights = rest.pop(name)
        offset = rest.pop(f"{name.removesuffix(WEIGHT)}{BIAS}", None)
        if weights.ndim != 2:
            raise ModelError(
                f"{path}: {name} has shape {weights.shape}, which is no linear layer: name the module with "
                "--architecture mypkg.net:build."
            )
        found.append(Affine(weights, np.zeros(len(weights)) if offset is None else offset))
    if rest or not found:
        raise ModelError(
            f"{path} holds {min(rest, default='no tensors')}: a linear layer is NAME.weight and NAME.bias; "
            "for others name the module with --architecture mypkg.net:build."
        )
    return found


def _place(name: str) -> tuple[tuple[int, str], ...]:
    """The order of names in which 10 comes after 9."""
    return tuple((int(n) if n else -1, w) for n, w in re.findall(r"(\d+)|(\D+)", name))
