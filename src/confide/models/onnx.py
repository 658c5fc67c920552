"""ONNX models as black boxes, run by onnxruntime; they can come from any framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias, cast

import numpy as np
import polars as pl

from confide.core.access import Task
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import ModelError
from confide.models.replies import Classes, Kind, columns_of, kind_of, need_classes, outputs_of

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
_SCORES = ("tensor(float)", "tensor(double)", "tensor(float16)")


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

    def run(self, names: Sequence[str], feed: Mapping[str, Array], /) -> Sequence[Output]: ...


Output: TypeAlias = Array | list[dict[object, float]]
"""One output for a batch: an array, or of a ZipMap the probability of each class for each record."""


@dataclass(frozen=True, slots=True, eq=False)
class OnnxModel:
    """An ONNX graph that answers with probabilities, logits or values; made by `load_onnx`.

    The first answer decides which output is used and what it means. It is a ZipMap output (class ->
    probability) if there is one; else the floating-point output whose rows are non-negative and sum to 1
    (probabilities); else the first floating-point output (logits, or values in a regression).

    Args:
        path: the file.
        session: the session of onnxruntime.
        task: classification or regression.
        classes: the labels in the order of their codes, or how many classes the labels need.
        answers: the kind of the output; by default decided from the first answer.
    """

    path: Path
    session: Session = field(repr=False)
    task: Task
    classes: Classes = None
    answers: Kind | None = None
    _settled: dict[str, Kind] = field(default_factory=dict, init=False, repr=False)

    @property
    def name(self) -> str:
        """The model's name in messages."""
        return f"the model {self.path}"

    def predict(self, x: Batch) -> Floats:
        """The logits float64[n, C] in the order of the class codes, or values float64[n, 1].

        Raises:
            ModelError: if the graph cannot take these records, or its answers cannot be used.
        """
        scores, own = self._scores(x)
        if not self._settled:
            kind = self.answers or kind_of(scores, task=self.task)
            # Settled once: a later batch that happens to look different must not be read in another way.
            self._settled["kind"] = "values" if self.task == "regression" else kind
        outputs = outputs_of(scores, self._settled["kind"], name=self.name)
        if self.task == "regression":
            return outputs
        if own is None:
            need_classes(outputs.shape[1], self.classes, name=self.name)
            return outputs
        ordered = np.empty_like(outputs)
        # A ZipMap has its own order of classes.
        ordered[:, columns_of(own, self.classes, name=self.name)] = outputs
        return ordered

    def labels(self, x: Batch) -> Array:
        """The class of the highest score int64[n]; values float64[n] in a regression."""
        outputs = self.predict(x)
        return outputs[:, 0] if self.task == "regression" else outputs.argmax(axis=1)

    def __reduce__(self) -> tuple[partial[OnnxModel], tuple[Path]]:
        # A session cannot be sent to another process; the path can.
        again = partial(load_onnx, task=self.task, classes=self.classes, answers=self.answers)
        return again, (self.path,)

    def _scores(self, x: Batch) -> tuple[Array, list[object] | None]:
        """The chosen output of all batches, and its classes if a ZipMap names them."""
        parts = self._run(x)
        for place, first in enumerate(parts[0]):
            if isinstance(first, list):
                maps = [cast("list[dict[object, float]]", part[place]) for part in parts]
                rows = [row for each in maps for row in each]
                return np.array([list(row.values()) for row in rows]), list(rows[0])
        whole = [np.concatenate(pieces) for pieces in zip(*parts, strict=True)]
        flat = [a.reshape(len(a), -1) for a in whole]
        probabilities = [a for a in flat if a.shape[1] > 1 and kind_of(a) == "probabilities"]
        return (probabilities or flat)[0], None

    def _run(self, x: Batch) -> list[list[Output]]:
        """For each batch the ZipMap and floating-point outputs, cut to the records of the query."""
        inputs = self.session.get_inputs()
        outputs = [o.name for o in self.session.get_outputs() if _is_score(o)]
        fixed = inputs[0].shape[0] if inputs[0].shape else None
        # Batches bound the memory; a free batch size is a name or None.
        size = fixed if isinstance(fixed, int) and fixed > 0 else 4096
        parts: list[list[Output]] = []
        for start in range(0, len(x), size):
            rows = np.arange(start, start + size)
            # A graph exported for a fixed batch size needs full batches: the last record is repeated.
            rows = np.minimum(rows, len(x) - 1) if size == fixed else rows[: len(x) - start]
            try:
                answers = self.session.run(outputs, _feed(x[rows], inputs, self.name))
            except ModelError:
                raise
            except Exception as error:
                raise ModelError(
                    f"{self.name} cannot deal with these records ({_first_line(error)}): "
                    "give them with the shape and types that it was exported with: "
                    + ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs[:6])
                ) from error
            parts.append([answer[: len(x) - start] for answer in answers])
        return parts


def load_onnx(
    path: Path, *, task: Task | None = None, classes: Classes = None, answers: Kind | None = None
) -> OnnxModel:
    """Load a model from an .onnx file.

    Its inputs are one matrix, or one input for each column (matched by name to a frame, by position to an
    array). A graph with labels, or with a score for each of several classes, is a classification. A single
    number for each record means a regression unless `task` says something else.

    Raises:
        ModelError: if onnxruntime is missing, or the file is damaged, keeps weights outside its folder, or
            has no scores among its outputs.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError("reading .onnx files needs onnxruntime: `pip install 'confide[onnx]'`.") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # only fatal errors: what fails is reported in our own messages
    try:
        # The processor alone, so that answers do not depend on the graphics card of a machine.
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise _refusal(path, error) from error
    outputs = session.get_outputs()
    scores = [output for output in outputs if _is_score(output)]
    if not scores:
        raise ModelError(
            f"{path} answers with {', '.join(o.name for o in outputs)} and no scores: export it with its "
            "probabilities, or wrap it in a `predict(X)` that returns labels."
        )
    if task is None:
        one = len(outputs) == 1 and outputs[0].type in _SCORES and outputs[0].shape[1:] in ([], [1])
        task = "regression" if one else "classification"
    return OnnxModel(path, cast(Session, session), task, classes, answers)


def _is_score(output: Port) -> bool:
    return output.type in _SCORES or output.type.startswith("seq(map(")  # the latter is a ZipMap


def _refusal(path: Path, error: Exception) -> ModelError:
    text = _first_line(error)
    if not path.exists():
        return ModelError(f"there is no file {path}: check the path.")
    if "xternal data" in text:  # "External data path ..." or "external data ..."
        return ModelError(
            f"{path} keeps weights in a file outside its own folder, which is not read ({text}): "
            "export the model into one file, or put its data file beside it."
        )
    return ModelError(f"{path} is not a readable ONNX model ({text}): export it again.")


def _feed(x: Batch, inputs: Sequence[Port], name: str) -> dict[str, Array]:
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
            f"{name} takes {given.name} as {given.type}, but the records have another type ({error}): "
            "encode them as for the training of the model."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
