"""ONNX models as black boxes, run by onnxruntime; they can come from any framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from confide.core.access import Task
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import ModelError
from confide.core.foreign import in_one_line
from confide.core.paths import is_there
from confide.models.guard import Guard
from confide.models.kinds import Kind
from confide.models.onnx_outputs import Meaning, Output, meaning_of, table_of
from confide.models.onnx_session import Port, Session, feed_of, stoppable
from confide.models.replies import Classes, codes_of, known_codes, need_classes, ordered_by_name, outputs_of

_SCORES = ("tensor(float)", "tensor(double)", "tensor(float16)")
_LABELS = ("tensor(int64)", "tensor(int32)", "tensor(string)", "tensor(bool)")


@dataclass(frozen=True, slots=True, eq=False)
class OnnxModel:
    """An ONNX graph that answers with scores or values; made by `load_onnx`.

    The first answer decides which output is used and what it means (`models/onnx_outputs.py`). It is a ZipMap
    output (class -> probability) if there is one; else the floating-point output that holds probabilities;
    else the only floating-point output. Where the graph has an output of labels too, it tells the classes of
    the columns.

    Args:
        path: the file.
        session: the session of onnxruntime.
        task: classification or regression.
        classes: the labels in the order of their codes, or how many classes the labels need.
        answers: the kind of the output; by default decided from the first answer.
        output: the name of the output to use, where there are several.
    """

    path: Path
    session: Session = field(repr=False)
    task: Task
    classes: Classes = None
    answers: Kind | None = None
    output: str | None = None
    _settled: dict[str, Meaning] = field(default_factory=dict[str, Meaning], init=False, repr=False)
    _guard: Guard = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_guard", Guard(self.name))

    @property
    def name(self) -> str:
        """The model's name in messages."""
        return f"the model {self.path}"

    @property
    def meaning_found(self) -> Meaning | None:
        """What the outputs mean; None before the first query."""
        return self._settled.get("meaning")

    def meaning(self, x: Batch) -> Meaning:
        """What the outputs mean, settled by the first query."""
        self._outputs(x)
        return self._settled["meaning"]

    def predict(self, x: Batch) -> Floats:
        """The logits float64[n, C] in the order of the class codes, or values float64[n, 1].

        Raises:
            ModelError: if the graph cannot take these records, or its answers cannot be used.
        """
        found = self._outputs(x)
        meaning = self._settled["meaning"]
        if not meaning.output:
            raise ModelError(f"{self.name} has no scores of classes: ask for its labels.")
        scores, mapped = table_of(found[meaning.output])
        outputs = outputs_of(scores, meaning.kind, name=self.name)
        own = mapped or meaning.own
        if self.task == "regression":
            return outputs
        if own is not None and not isinstance(self.classes, int | None):
            return ordered_by_name(outputs, own, self.classes, name=self.name)
        need_classes(outputs.shape[1], self.classes, name=self.name)
        return outputs

    def labels(self, x: Batch) -> Array:
        """The class of the highest score int64[n]; values float64[n] in a regression."""
        outputs = self.predict(x)
        return outputs[:, 0] if self.task == "regression" else outputs.argmax(axis=1)

    def own_labels(self, x: Batch) -> Array:
        """The class codes int64[n] of the graph's own labels."""
        found = self._outputs(x)
        said = cast("Array", found[self._settled["meaning"].labels]).reshape(-1)
        own: list[object] = np.unique(said).tolist()
        plain: dict[object, int] = {c: int(c) for c in own if isinstance(c, int) and c >= 0}
        codes = plain if isinstance(self.classes, int | None) else known_codes(own, self.classes)
        return codes_of(said, codes, name=self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        # A session cannot be sent to another process; the path can.
        told = (self.task, self.classes, self.answers, self.output)
        return _again, (self.path, *told, self._settled, self._guard)

    def _outputs(self, x: Batch) -> dict[str, Output]:
        """All usable outputs of all batches by name; the first query settles what they mean."""
        ports = [o.name for o in self.session.get_outputs() if _is_usable(o)]
        parts = self._run(x, ports)
        joined = {name: _joined([part[place] for part in parts]) for place, name in enumerate(ports)}
        found = {name: out for name, out in joined.items() if out is not None and len(out) == len(x)}
        if not found:
            raise ModelError(
                f"{self.name} does not answer each record once: export it so that its first dimension is "
                "that of the records."
            )
        if not self._settled and len(x):
            # Settled once: a later batch that happens to look different must not be read in another way.
            self._settled["meaning"] = meaning_of(
                found,
                wanted=self.output,
                answers=self.answers,
                task=self.task,
                classes=self.classes,
                name=self.name,
            )
        return found

    def _run(self, x: Batch, outputs: Sequence[str]) -> list[list[Output]]:
        """For each batch the outputs, cut to the records of the query."""
        inputs = self.session.get_inputs()
        fixed = inputs[0].shape[0] if inputs[0].shape else None
        # Batches bound the memory; a free batch size is a name or None.
        size = fixed if isinstance(fixed, int) and fixed > 0 else 4096
        parts: list[list[Output]] = []
        for start in range(0, len(x), size):
            rows = np.arange(start, start + size)
            # A graph exported for a fixed batch size needs full batches: the last record is repeated.
            rows = np.minimum(rows, len(x) - 1) if size == fixed else rows[: len(x) - start]
            try:
                feed = feed_of(x[rows], inputs, self.name)
                answers = stoppable(self.session, outputs, feed, self._guard)
            except ModelError:
                raise
            except Exception as error:
                raise ModelError(
                    f"{self.name} cannot deal with these records ({in_one_line(error)}): "
                    "give them with the shape and types that it was exported with: "
                    + ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs[:6])
                ) from error
            # A scalar is no answer about records.
            cut = [a if isinstance(a, np.ndarray) and not a.ndim else a[: len(x) - start] for a in answers]
            parts.append(cut)
        return parts


@dataclass(frozen=True, slots=True, eq=False)
class OnnxLabels:
    """An ONNX graph of which the labels alone can be used; it has no `predict`."""

    graph: OnnxModel

    def labels(self, x: Batch) -> Array:
        """The class codes int64[n]."""
        return self.graph.own_labels(x)


def _joined(pieces: Sequence[Output]) -> Output | None:
    """An output of all batches; None if it has no row for each record."""
    if pieces and isinstance(pieces[0], list):
        return [row for piece in pieces for row in cast("list[dict[object, float]]", piece)]
    arrays = [cast("Array", piece) for piece in pieces]
    # Of other shapes in each batch it is not about records.
    whole = all(a.ndim for a in arrays) and len({a.shape[1:] for a in arrays}) == 1
    return np.concatenate(arrays) if whole else None


def _again(
    path: Path,
    task: Task,
    classes: Classes,
    answers: Kind | None,
    output: str | None,
    settled: dict[str, Meaning],
    guard: Guard,
) -> OnnxModel:
    model = load_onnx(path, task=task, classes=classes, answers=answers, output=output)
    model._settled.update(settled)  # pyright: ignore[reportPrivateUsage]
    object.__setattr__(model, "_guard", guard)
    return model


def load_onnx(
    path: Path,
    *,
    task: Task | None = None,
    classes: Classes = None,
    answers: Kind | None = None,
    output: str | None = None,
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
    if not session.get_inputs():
        raise ModelError(f"{path} takes no input, so nothing can be asked: export a graph of the records.")
    outputs = session.get_outputs()
    usable = [o for o in outputs if _is_usable(o)]
    if not usable:
        raise ModelError(
            f"{path} answers with {', '.join(o.name for o in outputs)}, neither scores nor labels: export it "
            "with its probabilities, or wrap it in a `predict(X)`."
        )
    if task is None:
        one = len(outputs) == 1 and outputs[0].type in _SCORES and outputs[0].shape[1:] in ([], [1])
        task = "regression" if one else "classification"
    return OnnxModel(path, cast(Session, session), task, classes, answers, output)


def _is_usable(output: Port) -> bool:
    # A sequence of maps is a ZipMap.
    return output.type in (*_SCORES, *_LABELS) or output.type.startswith("seq(map(")


def _refusal(path: Path, error: Exception) -> ModelError:
    text = in_one_line(error)
    if not is_there(path):
        return ModelError(f"there is no file {path}: check the path.")
    if "xternal data" in text:  # "External data path ..." or "external data ..."
        return ModelError(
            f"{path} keeps weights in a file outside its own folder, which is not read ({text}): "
            "export the model into one file, or put its data file beside it."
        )
    return ModelError(f"{path} is not a readable ONNX model ({text}): export it again.")
