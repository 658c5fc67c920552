"""What a user fills in to train a model under a budget; the fields are the options of `confide train`."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, HOW, Flag, Held
from confide.releases.session.settings import budget_of, unit_of

LOGISTIC = "logistic"
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
RECORD = Unit.record()
OF_MODULES = (
    "epochs", "batch", "learning_rate", "clip", "noise_multiplier", "precision", "processes", "checkpoint",
)  # fmt: skip
"""Settings of DP-SGD by these names; those that are not given are its own defaults."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Train a model that hides any one record, or all rows of any one person.

    The whole cost is charged to the ledger before the first step. Bounds and categories are public: they come
    from a schema that you write, never from the data. The model's folder appears whole or not at all.

    Args:
        data: Records to train on: .parquet or .csv.
        label: The column to be predicted; its classes are its values in the schema.
        schema: A .toml file with the columns: values of categories, low and high of numbers.
        model: logistic (regression, or softmax for three classes or more), or mypkg.net:build, a function
            build(features, classes) that returns a PyTorch module.
        epsilon: The promise: epsilon.
        delta: And delta, below 1 in the number of records.
        unit: What the promise hides: record, or the person's column and the most rows of one person,
            user_id:20.
        ledger: Where it stands what everything costs: a FILE, or postgresql://HOST/DATABASE.
        budget: Of a new ledger: EPSILON,DELTA for everything together. Leave it out to go on with one.
        analyst: Whose part of the ledger pays.
        out: The folder of the model.
        force: Put the new model in the place of one that is there.
        epochs: Of a module: how often each record is taken in expectation.
        batch: Of a module: the expected number of records in a step.
        learning_rate: Of a module.
        clip: Of a module: the length that gradients are shortened to.
        noise_multiplier: Of a module: the noise's deviation over the clip; it is trained as long as the
            promise pays for, and for --epochs at most.
        precision: Of a module: bfloat16 runs it in mixed precision.
        processes: Of a module: how many processes add up gradients.
        checkpoint: Of a module: a file. The same command goes on from it after an interruption, and is
            charged nothing new.
        rehearse: Draw the noise from this seed: for tests, and no release, as anyone who knows it can take
            the noise off.

    Raises:
        DataError: for settings that cannot be.
    """

    data: Held
    _: KW_ONLY
    label: Annotated[str, Flag(group=HOLD, metavar="COLUMN")]
    schema: Annotated[Path, Flag(group=HOLD, metavar="FILE")]
    model: Annotated[str, Flag(group=HOW, metavar="MODEL")] = LOGISTIC
    epsilon: Annotated[float, Flag(group=HOLD)]
    delta: Annotated[float, Flag(group=HOLD)]
    unit: Annotated[Unit, Flag(group=HOLD, metavar="COLUMN:ROWS", parse=unit_of)] = RECORD
    ledger: Annotated[str | None, Flag(group=HOLD, metavar="ADDRESS")] = None
    budget: Annotated[Budget | None, Flag(group=HOLD, metavar="EPSILON,DELTA", parse=budget_of)] = None
    analyst: Annotated[str | None, Flag(group=HOLD)] = None
    out: Annotated[Path, Flag(group=GET, metavar="FOLDER")]
    force: Annotated[bool, Flag(group=GET)] = False
    epochs: Annotated[float | None, Flag(group=HOW)] = None
    batch: Annotated[int | None, Flag(group=HOW, least=1)] = None
    learning_rate: Annotated[float | None, Flag(group=HOW)] = None
    clip: Annotated[float | None, Flag(group=HOW)] = None
    noise_multiplier: Annotated[float | None, Flag(group=HOW)] = None
    precision: Annotated[Literal["float32", "bfloat16"] | None, Flag(group=HOW)] = None
    processes: Annotated[int | None, Flag(group=HOW, least=1)] = None
    checkpoint: Annotated[Path | None, Flag(group=HOW, metavar="FILE")] = None
    rehearse: Annotated[int | None, Flag(group=HOW, least=0)] = None

    def __post_init__(self) -> None:
        check_fields(self)
        if not isinstance(self.data, str | Path):
            # A ledger is bound to a file's bytes; the value is not shown, as it may hold rows.
            raise DataError(f"data is of type {type(self.data).__name__}: give the path of a file.")
        for name in ("schema", "out", "checkpoint"):
            given: Any = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, Path(given))
        for name in ("epsilon", "epochs", "learning_rate", "clip", "noise_multiplier"):
            value: float | None = getattr(self, name)
            if value is not None and not (value > 0 and isfinite(value)):
                raise DataError(f"{name} is {value}: give a finite number above 0.")
        if not 0 < self.delta < 1:
            raise DataError(f"delta is {self.delta}: give a number above 0 and below 1, such as 1e-6.")
        if self.unit.kind == "person" and self.unit.column == self.label:
            raise DataError(f"{self.label!r} is the label and cannot be the person's column too.")
        if self.ledger is None and self.budget is not None:
            raise DataError("--budget is that of a ledger: give --ledger too, or leave it out.")
        if self.ledger is not None and self.rehearse is not None:
            raise DataError("--rehearse makes no release, so there is nothing to charge: leave out --ledger.")
        _check_model(self.model)
        unused = [f"--{name.replace('_', '-')}" for name in OF_MODULES if getattr(self, name) is not None]
        if self.model == LOGISTIC and unused:
            raise DataError(f"a logistic regression takes no {', '.join(unused)}: leave it out.")

    @property
    def of_module(self) -> dict[str, Any]:
        """The settings of DP-SGD that were given."""
        return {name: getattr(self, name) for name in OF_MODULES if getattr(self, name) is not None}

    @property
    def promise(self) -> Budget:
        """What the model promises."""
        return Budget(self.epsilon, self.delta, self.unit)


def _check_model(model: str) -> None:
    if model == LOGISTIC or _FUNCTION.fullmatch(model):
        return
    made = (
        " Weights in a file are what a training makes: .safetensors, whose module is named like this too."
        if Path(model).suffix
        else ""
    )
    raise DataError(
        f"--model {model:.80}: name a model to train as package.module:function, which returns a PyTorch "
        f"module, or say logistic.{made}"
    )
