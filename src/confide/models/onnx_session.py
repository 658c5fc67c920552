"""Sessions of onnxruntime: what is fed to a graph, and runs that can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import polars as pl

from confide.core.arrays import Array, Batch
from confide.core.errors import ModelError
from confide.core.foreign import in_one_line
from confide.models.guard import Guard
from confide.models.onnx_outputs import Output

# The types of inputs that records can be converted to, by their names in onnxruntime.
_TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(uint8)": np.uint8,
    "tensor(string)": np.object_,
}


class Port(Protocol):
    """An input or output of a graph, as onnxruntime describes it."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def shape(self) -> list[int | str | None]: ...


class Session(Protocol):
    """The part of onnxruntime's InferenceSession that is used here."""

    def get_inputs(self) -> Sequence[Port]: ...

    def get_outputs(self) -> Sequence[Port]: ...

    def run(
        self, names: Sequence[str], feed: Mapping[str, Array], options: object = None, /
    ) -> Sequence[Output]: ...


def stoppable(
    session: Session, names: Sequence[str], feed: dict[str, Array], guard: Guard
) -> Sequence[Output]:
    """Run the graph so that Ctrl-C and the end of patience stop it: a loop in a graph may never end."""
    import onnxruntime

    options: Any = onnxruntime.RunOptions()  # pyright: ignore[reportAttributeAccessIssue]
    options.log_severity_level = 4  # what fails is reported in our own messages
    found: list[Sequence[Output]] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            found.append(session.run(names, feed, options))
        except Exception as error:
            failed.append(error)

    # The main thread waits, since Python acts on signals only between its own steps.
    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    try:
        worker.join(guard.timeout)
        late = worker.is_alive()
    finally:
        if worker.is_alive():
            options.terminate = True
            worker.join(5)
    if late:
        raise ModelError(
            f"{guard.name} took more than {guard.timeout:g} seconds for one call: look why it hangs, or "
            "give it more with --timeout."
        )
    if failed:
        raise failed[0]
    return found[0]


def feed_of(x: Batch, inputs: Sequence[Port], name: str) -> dict[str, Array]:
    if len(inputs) == 1:
        matrix = x.to_numpy() if isinstance(x, pl.DataFrame) else x
        return {inputs[0].name: _cast(matrix, inputs[0], name)}
    if not isinstance(x, pl.DataFrame):
        if x.ndim != 2 or x.shape[1] != len(inputs):
            raise ModelError(
                f"{name} takes {len(inputs)} columns, the records have shape {x.shape[1:]}: give the same."
            )
        return {i.name: _cast(x[:, [place]], i, name) for place, i in enumerate(inputs)}
    missing = [i.name for i in inputs if i.name not in x.columns]
    if missing:
        raise ModelError(
            f"{name} takes the columns {', '.join(i.name for i in inputs)}; the records have no "
            f"{', '.join(missing)}: give the same columns."
        )
    return {i.name: _cast(x[i.name].to_numpy()[:, None], i, name) for i in inputs}


def _cast(values: Array, given: Port, name: str) -> Array:
    if given.type not in _TYPES:
        raise ModelError(f"{name} takes {given.name} as {given.type}, which is not supported: export floats.")
    try:
        return np.ascontiguousarray(values.astype(_TYPES[given.type]))
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{name} takes {given.name} as {given.type}, but the records have another type "
            f"({in_one_line(error)}): encode them as for the training of the model."
        ) from error
