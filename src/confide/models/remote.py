"""Remote models: a user's `predict(X)` as a black box, with batches, retries and a count of queries."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from confide.core.access import Task
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import ConfideError, ModelError
from confide.models.guard import Guard, guarded_error
from confide.models.kinds import Kind, kind_of
from confide.models.named import Reply, reply_of
from confide.models.replies import (
    Classes,
    codes_of,
    known_codes,
    need_classes,
    ordered_by_name,
    outputs_of,
)


class Line:
    """A connection to a remote model: it queries in batches, retries after a failure, and counts queries.

    Args:
        ask: a function that takes a batch of records and returns one answer for each.
        batch_size: the number of records in one query.
        attempts: how often a query is tried before giving up.
        wait: seconds before the second attempt, doubled for each further attempt.
        sleep: a function that waits this time; a test passes its own.
        name: what to call the model in messages; by default the function's own name.
    """

    def __init__(
        self,
        ask: Callable[[Batch], object],
        *,
        batch_size: int = 1024,
        attempts: int = 3,
        wait: float = 0.5,
        sleep: Callable[[float], None] = time.sleep,
        name: str = "",
    ) -> None:
        if batch_size < 1 or attempts < 1:
            raise ModelError(f"batch_size is {batch_size} and attempts {attempts}: give 1 or more of both.")
        self.name = name or f"`{getattr(ask, '__qualname__', type(ask).__name__)}`"
        self.queries = 0
        self._ask, self._batch_size = ask, batch_size
        self._attempts, self._wait, self._sleep = attempts, wait, sleep
        self._guard = Guard(self.name)
        self._known: tuple[Batch, Reply] | None = None

    @property
    def noticed(self) -> set[str]:
        """What the model did besides answering, in a few words each."""
        return self._guard.noticed

    def __call__(self, x: Batch) -> Array:
        """Query all records in batches; one answer for each.

        Raises:
            ModelError: after the last attempt, or if the numbers of answers and of records differ.
        """
        return self.reply(x).table

    def first(self, x: Batch) -> Reply:
        """As `reply`, and remembered: the next query about this very object costs nothing."""
        self._known = (x, self.reply(x))
        return self._known[1]

    def reply(self, x: Batch) -> Reply:
        """The same with the names of columns, where the model gives them."""
        if self._known is not None and self._known[0] is x:
            return self._known[1]
        starts = range(0, max(len(x), 1), self._batch_size)  # at least one query, which shows the shape
        replies = [self._one(x[start : start + self._batch_size]) for start in starts]
        return Reply.joined(replies, name=self.name)

    def _one(self, batch: Batch) -> Reply:
        reply = self._tried(batch)
        table = reply.table
        if table.ndim == 0 or len(table) != len(batch):
            given = (
                len(table) if table.ndim else "one object as" if table.dtype == object else "one number as"
            )
            raise ModelError(
                f"{self.name} gave {given} answers to {len(batch)} records: answer each record once, "
                f"in order.{'' if table.ndim else _makes(self._ask)}"
            )
        return reply

    def _tried(self, batch: Batch) -> Reply:
        attempt = 1
        while True:  # left by a reply or by the error of the last attempt
            self.queries += len(batch)  # a failed attempt counts too: the model may charge for it
            try:
                # A copy: a model that works in place would change the audited records.
                own = batch.copy() if isinstance(batch, np.ndarray) else batch.clone()
                return reply_of(self._guard(partial(self._ask, own)), name=self.name)
            except ConfideError:
                raise
            except Exception as error:
                if attempt == self._attempts:
                    raise ModelError(
                        f"{self.name} failed {attempt} times on a batch of {len(batch)} records "
                        f"({guarded_error(error)}): try it on a few records by hand, "
                        f"or give a smaller batch_size or more attempts.{_makes(self._ask)}"
                    ) from error
            self._sleep(self._wait * 2 ** (attempt - 1))
            attempt += 1


def _makes(ask: object) -> str:
    """What to say where a function may be one that makes a model, and was asked as one."""
    if not inspect.isfunction(ask):
        return ""
    return (
        " A function with one argument is taken for `predict(X)`: if it makes a model, it must need no "
        "arguments (`def make():`)."
    )


@dataclass(frozen=True, slots=True, eq=False)
class RemoteLabels:
    """A remote model that answers with labels only; it has no `predict`.

    Args:
        line: the connection to the model.
        classes: the labels in the order of their codes, or their number if the model answers with codes.
    """

    line: Line
    classes: Classes

    @property
    def queries(self) -> int:
        """The number of records queried, repeated attempts included."""
        return self.line.queries

    @property
    def noticed(self) -> set[str]:
        """What the model did besides answering, in a few words each."""
        return self.line.noticed

    @property
    def kind(self) -> Kind:
        """Labels."""
        return "labels"

    def labels(self, x: Batch) -> Array:
        """The class codes int64[n].

        Raises:
            ModelError: if the model cannot be queried, or answers with an unknown label.
        """
        reply = self.line(x).reshape(len(x), -1)
        if reply.shape[1] != 1:
            raise ModelError(
                f"{self.line.name} gives {reply.shape[1]} labels for each record: answer with one."
            )
        return codes_of(reply, _label_codes(reply, self.classes), name=self.line.name)


@dataclass(frozen=True, slots=True, eq=False)
class RemoteModel:
    """A remote model that answers with probabilities, logits or values.

    Args:
        line: the connection to the model.
        kind: the kind of its answers.
        task: classification or regression.
        classes: the labels in the order of their codes, or how many classes the labels need.
        own: the model's classes in the order of its columns; by default as its replies name them, and else
            in the order of the codes.
    """

    line: Line
    kind: Kind
    task: Task
    classes: Classes = None
    own: Sequence[object] | None = None

    @property
    def queries(self) -> int:
        """The number of records queried, repeated attempts included."""
        return self.line.queries

    @property
    def noticed(self) -> set[str]:
        """What the model did besides answering, in a few words each."""
        return self.line.noticed

    def predict(self, x: Batch) -> Floats:
        """The logits float64[n, C] in the order of the class codes, or values float64[n, 1] in a regression.

        Raises:
            ModelError: if the model cannot be queried, or its answers cannot be used.
        """
        reply = self.line.reply(x)
        outputs = outputs_of(reply.table, self.kind, name=self.line.name)
        if self.task == "regression":
            return outputs
        names = reply.names or self.own
        if names is not None and not isinstance(self.classes, int | None):
            return ordered_by_name(outputs, names, self.classes, name=self.line.name)
        need_classes(outputs.shape[1], self.classes, name=self.line.name)
        return outputs

    def labels(self, x: Batch) -> Array:
        """The class of the highest score int64[n]; values float64[n] in a regression."""
        outputs = self.predict(x)
        return outputs[:, 0] if self.task == "regression" else outputs.argmax(axis=1)


def remote(
    line: Line,
    *,
    task: Task | None = None,
    classes: Classes = None,
    answers: Kind | None = None,
    probe: Batch | None = None,
    own: Sequence[object] | None = None,
) -> RemoteModel | RemoteLabels:
    """Build a view on a remote model: `RemoteLabels` if it answers with labels, else `RemoteModel`.

    Args:
        line: the connection to the model.
        task: classification or regression; by default values mean a regression.
        classes: the labels in the order of their codes, or how many classes the labels need.
        answers: the kind of its answers; by default decided from its answers to `probe` (see `replies`).
        probe: records for a first query; the more there are, the surer is the kind.
        own: the model's classes in the order of its columns, where it has them.

    Raises:
        ModelError: if neither `answers` nor `probe` is given, or the answer to the probe cannot be used.

    >>> view = remote(Line(lambda x: x > 0), probe=np.array([-1.0, 1.0]))
    >>> view.labels(np.array([3.0, -2.0])), hasattr(view, "predict"), view.queries
    (array([1, 0]), False, 4)
    """
    probed = None if probe is None or not len(probe) else line.first(probe)
    if answers is None:
        if probed is None:
            raise ModelError(
                f"the kind of answers of {line.name} is not known before a query: give a few records as "
                '`probe`, or give answers="probabilities", "logits", "values" or "labels".'
            )
        answers = kind_of(probed.table, task=task, name=line.name)
    if answers == "labels":
        return RemoteLabels(line, classes)
    fitting: Task = "regression" if answers == "values" else "classification"
    if task not in (None, fitting):
        raise ModelError(f"{line.name} answers with {answers}, which do not fit a {task}: check the task.")
    view = RemoteModel(line, answers, fitting, classes, own)
    # The reply to the probe goes through the view, which checks the numbers and the classes.
    if probe is not None:
        view.predict(probe)
    return view


def _label_codes(reply: Array, classes: Classes) -> dict[object, int]:
    own: list[object] = np.unique(reply).tolist()
    if classes is None or isinstance(classes, int):
        whole = [label for label in own if isinstance(label, int | float) and label >= 0 and label % 1 == 0]
        return {label: int(label) for label in whole if classes is None or label < classes}
    return {**{label: code for code, label in enumerate(classes)}, **known_codes(own, classes)}
