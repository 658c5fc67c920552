"""Models in ONNX files, run by onnxruntime: a foreign black box, from whatever framework it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from confide.core.access import Task
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import ModelError
from confide.models.replies import Classes, Kind, columns_of, kind_of, need_classes, outputs_of

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


@dataclass(frozen=True, slots=True, eq=False)
class OnnxModel:
    """An ONNX graph that answers with probabilities, logits or values; made by `load_onnx`.

    Which output is asked, and what it means, is settled once, by the first answer: a ZipMap output
    (class -> probability); else the floating-point output whose rows are non-negative and sum to 1
    (probabilities); else the first floating-point output (logits; values in a regression).

    Args:
        path: the file.
        session: onnxruntime's.
        task: classification or regression.
        classes: the labels in the order of their codes, or how many the labels need.
        answers: what the output holds, if not to be told from the first answer.
    """

    path: Path
    session: Any = field(repr=False)
    task: Task
    classes: Classes = None
    answers: Kind | None = None
    _settled: dict[str, Kind] = field(default_factory=dict, init=False, repr=False)

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"the model {self.path}"

    def predict(self, x: Batch) -> Floats:
        """Logits float64[n, C] in the order of the class codes, or values float64[n, 1].

        Raises:
            ModelError: if the graph cannot take these records, or its answers cannot be used.
        """
        scores, own = self._scores(x)
        if not self._settled:
            kind = self.answers or kind_of(scores, task=self.task)
            self._settled["kind"] = "values" if self.task == "regression" else kind
        outputs = outputs_of(scores, self._settled["kind"], name=self.name)
        if self.task == "regression":
            return outputs
        if own is None:
            need_classes(outputs.shape[1], self.classes, name=self.name)
            return outputs
        ordered = np.empty_like(outputs)
        ordered[:, columns_of(own, self.classes, name=self.name)] = outputs
        return ordered

    def labels(self, x: Batch) -> Array:
        """The class of the highest score int64[n]; values float64[n] in a regression."""
        outputs = self.predict(x)
        return outputs[:, 0] if self.task == "regression" else outputs.argmax(axis=1)

    def __reduce__(self) -> tuple[Any, ...]:
        # A session cannot travel to another process; the path can.
        again = partial(load_onnx, task=self.task, classes=self.classes, answers=self.answers)
        return again, (self.path,)

    def _scores(self, x: Batch) -> tuple[Array, list[object] | None]:
        """The chosen output of all batches, and its classes where a ZipMap names them."""
        parts = self._run(x)
        maps = [place for place, part in enumerate(parts[0]) if isinstance(part, list)]
        if maps:
            rows: list[dict[object, float]] = [row for part in parts for row in part[maps[0]]]
            own = list(rows[0])
            return np.array([list(row.values()) for row in rows]), own
        whole = [np.concatenate(pieces) for pieces in zip(*parts, strict=True)]
        flat = [a.reshape(len(a), -1) for a in whole]
        chances = [a for a in flat if a.shape[1] > 1 and kind_of(a) == "probabilities"]
        return (chances or flat)[0], None

    def _run(self, x: Batch) -> list[list[Any]]:
        """For each batch the ZipMap and floating-point outputs, cut to the records asked about."""
        inputs = self.session.get_inputs()
        outputs = [o.name for o in self.session.get_outputs() if _is_score(o)]
        fixed = inputs[0].shape[0] if inputs[0].shape else None
        size = fixed if isinstance(fixed, int) and fixed > 0 else 4096
        parts: list[list[Any]] = []
        for start in range(0, len(x), size):
            rows = np.arange(start, start + size)
            rows = np.minimum(rows, len(x) - 1) if size == fixed else rows[: len(x) - start]
            try:
                answers = self.session.run(outputs, _feed(x[rows], inputs, self.name))
            except ModelError:
                raise
            except Exception as error:
                raise ModelError(
                    f"{self.name} cannot deal with these records ({_first_line(error)}): "
                    "give them in the shape and types that it was exported with: "
                    + ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs[:6])
                ) from error
            parts.append([answer[: len(x) - start] for answer in answers])
        return parts


def load_onnx(
    path: Path, *, task: Task | None = None, classes: Classes = None, answers: Kind | None = None
) -> OnnxModel:
    """A model from an .onnx file.

    Its inputs are one matrix, or one column each (matched by name to a frame, by position to an array).
    A graph with labels, or with a score for each of several classes, is a classification; a single number
    a record means a regression unless `task` says otherwise.

    Raises:
        ModelError: if onnxruntime is missing, the file is damaged, keeps weights outside its folder, or has
            no scores among its outputs.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError("reading .onnx files needs onnxruntime: `pip install 'confide[onnx]'`.") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise _refusal(path, error) from error
    outputs = session.get_outputs()
    scores = [output for output in outputs if _is_score(output)]
    if not scores:
        raise ModelError(
            f"{path} answers with {', '.join(o.name for o in outputs)} and no scores: export it with its "
            "probabilities, or wrap it in a `predict(X)` that gives labels."
        )
    if task is None:
        one = len(outputs) == 1 and outputs[0].type in _SCORES and outputs[0].shape[1:] in ([], [1])
        task = "regression" if one else "classification"
    return OnnxModel(path, session, task, classes, answers)


def _is_score(output: Any) -> bool:
    return output.type in _SCORES or output.type.startswith("seq(map(")


def _refusal(path: Path, error: Exception) -> ModelError:
    text = _first_line(error)
    if not path.exists():
        return ModelError(f"there is no file {path}: check the path.")
    if "xternal data" in text:
        return ModelError(
            f"{path} keeps weights in a file outside its own folder, which is not read ({text}): "
            "export the model into one file, or put its data file beside it."
        )
    return ModelError(f"{path} is not a readable ONNX model ({text}): export it again.")


def _feed(x: Batch, inputs: Sequence[Any], name: str) -> dict[str, Array]:
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


def _cast(values: Array, given: Any, name: str) -> Array:
    if given.type not in _TYPES:
        raise ModelError(f"{name} takes {given.name} as {given.type}, which is not supported: export floats.")
    try:
        return np.ascontiguousarray(values.astype(_TYPES[given.type]))
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{name} takes {given.name} as {given.type}, but the records are not that ({error}): "
            "encode them as the model was trained on them."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
