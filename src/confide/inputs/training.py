"""A training function that promises differential privacy, and records to train it on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from math import isfinite
from typing import Annotated, Any, Literal

import numpy as np

from confide.core.budget import Budget
from confide.core.errors import DataError, ModelError
from confide.core.fields import check_fields
from confide.core.flags import HOLD, HOW, KNOWS, Flag, Held, OptionalColumn, Table
from confide.inputs.labels import same_labels
from confide.inputs.reading import Decimal, Separator, reading_of
from confide.inputs.records import as_raw_records, with_codes
from confide.models.importing import import_object
from confide.views.records import Records

FEWEST = 100
"""Canaries: fewer prove next to nothing."""
MOST = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """A training function that promises differential privacy for each record.

    It is called as train(data, tap): `data.x` and `data.y` are features and class codes, and the tap is
    called in every step (see the docs). It is trained twice: once with canaries, each put in or left out by
    its own coin, and once for the audit of single steps. Then it is begun once more, to see a seed. The
    adversary knows all other records and what the training accounts for, and is to say which canaries were
    in.

    Args:
        train: The training function: mypkg.train:train; in Python also the function.
        data: Records to train on: .parquet, .csv or .npz; in Python also (X, y), Records or a frame.
        label: The column to be predicted, where the records are a table.
        epsilon: What the training promises: epsilon.
        delta: And delta, below 1 in the number of records.
        canaries: How many records the adversary asks about. More can prove more.
        access: What the adversary sees: the noised gradients of all steps, or the final model alone.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.
        decimal: The decimal sign of csv files, . or a comma, where that is not seen.

    Raises:
        DataError: for numbers out of range.

    Source: Nasr et al. 2023; Steinke, Nasr and Jagielski 2023; Mahloujifar, Melis and Chaudhuri 2025.
    """

    train: Held
    _: KW_ONLY
    data: Table
    label: OptionalColumn = None
    epsilon: Annotated[float, Flag(group=HOLD)]
    delta: Annotated[float, Flag(group=HOLD)]
    canaries: Annotated[int, Flag(group=HOW, least=FEWEST, most=MOST)] = 1_000
    access: Annotated[Literal["gradients", "model"], Flag(group=KNOWS)] = "gradients"
    separator: Separator = None
    decimal: Decimal = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = reading_of(self)
        if not (self.epsilon > 0 and isfinite(self.epsilon)):
            raise DataError(f"epsilon is {self.epsilon}: give the finite number above 0 that is promised.")
        if not 0 < self.delta < 1:
            raise DataError(f"delta is {self.delta}: give the number above 0 and below 1 that is promised.")
        if not FEWEST <= self.canaries <= MOST:
            raise DataError(f"canaries is {self.canaries:,}: give {FEWEST} to {MOST:,}.")
        if self.access not in ("gradients", "model"):
            raise DataError(f"there is no access {self.access!r}: choose gradients or model.")

    @property
    def promise(self) -> Budget:
        """What the training promises."""
        return Budget(self.epsilon, self.delta)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingData:
    """The function and the records, read.

    Args:
        train: the function.
        name: what to call it.
        records: to train on.
        classes: how many there are.
    """

    train: Callable[..., object]
    name: str
    records: Records
    classes: int


def read_training(held: Training) -> TrainingData:
    """Read the function and the records.

    Raises:
        ModelError: if there is no such function, or it cannot be called as train(data, tap).
        DataError: if the records cannot be read, or are too few for delta or the canaries.
    """
    given: Any = held.train
    train = import_object(str(given)) if isinstance(given, str) or hasattr(given, "__fspath__") else given
    name = str(given) if train is not given else getattr(train, "__name__", type(train).__name__)
    _need_signature(train, name)
    (raw,) = same_labels([as_raw_records(held.data, label=held.label, name="data", reading=reading_of(held))])
    if raw.y.dtype.kind == "f":
        raise DataError(f"{raw.name}: the labels are not classes: audit a training on class labels.")
    labels = np.unique(raw.y).tolist()
    records = with_codes(raw, labels)
    _refuse_few(held, len(records), raw.name)
    return TrainingData(train=train, name=name, records=records, classes=len(labels))


def _need_signature(train: Any, name: str) -> None:
    try:
        signature = inspect.signature(train)
        more = {"rng": None} if "rng" in signature.parameters else {}
        signature.bind(None, None, **more)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{name} cannot be called as train(data, tap) ({error}): write `def train(data, tap):` and "
            "return the trained model."
        ) from error


def _refuse_few(held: Training, records: int, name: str) -> None:
    if records * held.delta >= 1:
        raise DataError(
            f"delta is {held.delta:g} and {name} has {records:,} records: a mechanism that publishes one "
            f"record whole would keep that promise. Promise a delta below {1 / records:.2g}."
        )
    if held.access == "model" and records < held.canaries:
        raise DataError(
            f"{held.canaries:,} canaries are made from as many records, and {name} has {records:,}: give "
            "fewer canaries, or more records."
        )
