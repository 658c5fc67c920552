"""Models of outsourced scores, read as arithmetic from files that hold no code, or from import paths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from confide.core.errors import ModelError
from confide.mechanisms.encrypt.arithmetic import Arithmetic, Link, read_model


def read_arithmetic(
    model: Any, *, architecture: Any = None, link: Link | None = None, shape: tuple[int, ...] = ()
) -> Arithmetic:
    """Read a model as matrices and activations that can be computed on encrypted rows.

    Args:
        model: a .safetensors, .onnx or .skops file, an import path, an estimator, or a torch module.
        architecture: the module that the weights of a .safetensors file belong to, or its import path.
        link: of a .safetensors file that says none.
        shape: of one input, where the model begins with a convolution.

    Raises:
        ModelError: if it cannot be read, or has a step that cannot be computed; says the nearest that can.
    """
    from confide.models.loading import load_object

    suffix = Path(model).suffix.lower() if isinstance(model, str | Path) else ""
    if suffix != ".safetensors" and architecture is not None:
        raise ModelError("an architecture is that of a .safetensors file: leave it out.")
    if suffix == ".safetensors":
        if architecture is not None:
            return _filled(architecture, Path(model), shape)
        from confide.releases.outsourcing.weights_file import read_weights

        return read_weights(Path(model), link=link)
    if suffix == ".onnx":
        from confide.releases.outsourcing.onnx_graph import read_graph

        return read_graph(Path(model))
    found: Any = load_object(str(model)) if isinstance(model, str | Path) else model
    _refuse_pipeline(found)
    return read_model(found.eval() if hasattr(found, "eval") else found, shape=shape or None)


def columns_known(model: Any) -> tuple[str, ...]:
    """The names of the inputs that an estimator of scikit-learn was trained with; else none."""
    from confide.models.loading import load_object

    suffix = Path(model).suffix.lower() if isinstance(model, str | Path) else ""
    if suffix in (".safetensors", ".onnx"):
        return ()
    found: Any = load_object(str(model)) if isinstance(model, str | Path) else model
    names: Sequence[object] = getattr(found, "feature_names_in_", ())
    return tuple(str(name) for name in names)


def _filled(architecture: Any, weights: Path, shape: tuple[int, ...]) -> Arithmetic:
    from confide.models.checkpoints import with_weights
    from confide.models.loading import load_object

    module = load_object(architecture) if isinstance(architecture, str) else architecture
    return read_model(with_weights(module, weights).eval(), shape=shape or None)


def _refuse_pipeline(found: Any) -> None:
    if type(found).__name__ == "Pipeline" and hasattr(found, "steps"):
        raise ModelError(
            "a Pipeline prepares rows before its model, and that step runs at the client: give the model "
            "alone (`pipeline[-1]`), and let the client ask about rows that `pipeline[:-1]` has transformed."
        )
