"""Loading of weights into an architecture, from a safetensors file, a state dict or a module."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from confide.core.access import WhiteBox
from confide.core.errors import ModelError
from confide.models.loading import is_module

if TYPE_CHECKING:
    from torch import Tensor, nn

    from confide.models.torch.model import TorchModel

Weights: TypeAlias = object
"""A .safetensors file, a mapping from parameters' names to tensors, or a module that holds them."""

# Reading a pickle can run any code, so files with these suffixes are never opened.
_PICKLES = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle")
_SAVE = "save them with `safetensors.torch.save_model(net, 'net.safetensors')`"


def with_weights(held: object, weights: Weights) -> Any:
    """A copy of the module, or of the view on a module, with other weights.

    Args:
        held: a torch module or a `TorchModel`: the architecture.
        weights: a .safetensors file, a state dict, or a module.

    Raises:
        ModelError: if there is no architecture, or the weights cannot be read or do not fit it.
    """
    module = _architecture(held)
    filled = _filled(module, weights)
    return filled if held is module else replace(cast("TorchModel", held), module=filled)


def with_snapshots(view: object, checkpoints: Sequence[Weights]) -> TorchModel:
    """A view on a torch module that also shows earlier states of its training run.

    Args:
        view: a `TorchModel`.
        checkpoints: weights of the same architecture, oldest first.

    Raises:
        ModelError: if it is not a torch module, or a checkpoint cannot be read or does not fit it.
    """
    module, shown = _architecture(view), cast("TorchModel", view)
    earlier = [replace(shown, module=_filled(module, c), snapshots=()) for c in checkpoints]
    return replace(shown, snapshots=tuple(earlier))


def name_of(weights: Weights, *, number: int) -> str:
    """The name of a checkpoint: its file's name without the suffix, or its number.

    >>> name_of("runs/epoch5.safetensors", number=2), name_of({}, number=2)
    ('epoch5', 'checkpoint 2')
    """
    return Path(weights).stem if isinstance(weights, str | Path) else f"checkpoint {number}"


def digest_of(view: object) -> str:
    """A digest of a model's parameters, twelve hexadecimal digits; empty if the view does not show them."""
    # Twelve digits are enough to recognise a file by, and short enough for a report.
    return sum_of_parameters(view)[:12]


def sum_of_parameters(view: object) -> str:
    """SHA-256 of a model's parameters in hexadecimal; empty if the view does not show them.

    For a torch module it is the SHA-256 of the state dict: each tensor's name, type, shape and bytes, in
    the order of the names. For another white box it is that of the layers' names and weights.
    """
    module: object = getattr(view, "module", None)
    sha = sha256()
    if is_module(module):
        for part in _parts_of(module):
            sha.update(part)
    elif isinstance(view, WhiteBox):
        for name, weights in zip(view.layers, view.weights(), strict=True):
            sha.update(f"{name} {weights.dtype} {weights.shape}".encode() + weights.tobytes())
    else:
        return ""
    return sha.hexdigest()


def parameters_of(module: nn.Module) -> bytes:
    """The SHA-256 of a torch module's state: the name, type, shape and bytes of each tensor."""
    sha = sha256()
    for part in _parts_of(module):
        sha.update(part)
    return sha.digest()


def _parts_of(module: nn.Module) -> Generator[bytes]:
    for name, tensor in sorted(module.state_dict().items()):
        if hasattr(tensor, "dtype"):  # the state of a quantised module holds more than tensors
            yield f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode()
            yield _bytes_of(tensor)


def _bytes_of(tensor: Tensor) -> bytes:
    from torch import uint8

    plain = tensor.detach().cpu()
    # The bytes of a quantised tensor are those of its whole numbers; numpy knows no other form.
    plain = (plain.int_repr() if plain.is_quantized else plain).contiguous().reshape(-1)
    return plain.view(uint8).numpy().tobytes()


def _architecture(held: object) -> nn.Module:
    module: object = held if is_module(held) else getattr(held, "module", None)
    if not is_module(module):
        raise ModelError(
            f"weights and checkpoints go into a torch module, but this is of type {type(held).__name__}: "
            "give an import path to the module (`mypkg.mymodel:net`), or leave them out."
        )
    return module


def _filled(module: nn.Module, weights: Weights) -> nn.Module:
    """A copy of the module with these weights; each must fit, and none may be missing."""
    state, name = _state(weights)
    # The user's own module must not change under their hands.
    filled = deepcopy(module)
    faults = _faults(filled, state)
    if faults:
        raise ModelError(
            f"{name} does not fit the architecture {type(module).__name__}: {'; '.join(faults)}. Give the "
            "weights of this architecture, or the architecture of these weights."
        )
    filled.load_state_dict(dict(state), strict=False)  # files name tied weights only once
    return filled


def _state(weights: Weights) -> tuple[Mapping[str, Tensor], str]:
    """The tensors by name, and a name of their source for messages."""
    from torch import Tensor

    if is_module(weights):
        return weights.state_dict(), f"the {type(weights).__name__} given as weights"
    if isinstance(weights, str | Path):
        return _read(Path(weights)), Path(weights).name
    if isinstance(weights, Mapping) and all(isinstance(value, Tensor) for value in weights.values()):
        return cast("Mapping[str, Tensor]", weights), "the state dict"
    raise ModelError(
        f"an object of type {type(weights).__name__} holds no weights: give a .safetensors file, a "
        "state dict or a module."
    )


def _read(path: Path) -> Mapping[str, Tensor]:
    suffix = path.suffix.lower()
    if suffix in _PICKLES:
        raise ModelError(
            f"{path} is refused, because {suffix} files are pickles, which can run any code when read: "
            f"load them where you trust them, and {_SAVE}."
        )
    if suffix != ".safetensors":
        raise ModelError(f"{path} is not a .safetensors file: load the weights, and {_SAVE}.")
    if not path.is_file():
        raise ModelError(f"there is no file {path}: check the path.")
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise ModelError(
            "safetensors is not installed: `pip install safetensors` to read weights."
        ) from error
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} cannot be read as safetensors ({error}): {_SAVE} again.") from error


def _faults(module: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    """The reasons why the weights do not fit, one phrase for each kind."""
    own: Mapping[str, Tensor] = module.state_dict()
    # Tied weights share their memory: one that was given under another name is not lacking.
    given = {(own[name].data_ptr(), own[name].shape) for name in state if name in own}
    lacking = [n for n in own if n not in state and (own[n].data_ptr(), own[n].shape) not in given]
    extra = [n for n in state if n not in own]
    both = [n for n in state if n in own]
    shapes = [
        f"{n} is {tuple(state[n].shape)}, not {tuple(own[n].shape)}"
        for n in both
        if state[n].shape != own[n].shape
    ]
    kinds = [
        f"{n} holds {str(state[n].dtype).removeprefix('torch.')}"
        for n in both
        if own[n].is_floating_point() and not state[n].is_floating_point()
    ]
    named = [("it lacks ", lacking), ("it has, and the architecture has not, ", extra)]
    # Whole numbers in place of floating-point weights are a sign of quantisation.
    undo = [f"{_few(kinds)} (undo the quantisation)"] if kinds else []
    return [start + _few(names) for start, names in named if names] + [_few(p) for p in [shapes] if p] + undo


def _few(phrases: Sequence[str], *, most: int = 6) -> str:
    more = f" and {len(phrases) - most} more" if len(phrases) > most else ""
    return ", ".join(phrases[:most]) + more
