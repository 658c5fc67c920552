"""A trained model whose training records may be rebuilt, as a user holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from confide.core.access import Task, WhiteBox
from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, HOW, KNOWS, Flag, OptionalColumn, Table
from confide.core.who import whose
from confide.inputs.model import Model
from confide.inputs.model_data import ModelData, read_model
from confide.inputs.reading import Decimal, Separator, reading_of
from confide.views.records import Records

MOST_TARGETS = 100_000
"""Records asked about: each takes a solution, and the rate is known to .2 % long before."""


PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt")
"""Ends of files that can run code when they are read."""


@dataclass(frozen=True, slots=True, eq=False)
class Rebuild:
    """A trained model, and all records that trained it: can the last one be rebuilt from the others?

    The adversary holds the model's weights and all training records but one, and rebuilds that one. It is
    judged by how near it comes, for records that trained the model and for records that did not. Of a network
    of one hidden layer it holds the weights alone, and no record (research).

    Args:
        model: The model: net.safetensors with --architecture, model.skops, or mypkg.mymodel:net; in Python
            also an estimator, an nn.Module or a view.
        members: All records that trained it: .parquet, .csv or .npz; in Python also (X, y), Records or a
            frame.
        nonmembers: Records from the same distribution that did not train it.
        architecture: The module that the weights of a .safetensors file belong to, mypkg.net:build; in Python
            also an nn.Module.
        label: The column to be predicted, where records are tables.
        user: The column, or the array of an .npz file, that says whose record it is. It is no feature.
        transform: What makes of a picture what the model takes, where records are folders of pictures.
        trust: A type in a .skops file that you know, and know to do no harm: mypkg.steps.MyStep. Repeatable.
        task: What the model does, where neither the model nor the labels say it.
        classes: The labels in the order of the model's outputs, where it does not name them. Repeatable.
        allow_overlap: Leave records that are among members and non-members out of the questions, instead of
            refusing them.
        penalty: Of half the squared weights, beside the sum of the losses, as it was in training (1/C of
            scikit-learn). By default the one that fits all training records best.
        weight_decay: The same beside the mean of the losses, as optimisers of PyTorch take it.
        targets: How many members and how many others are asked about.
        radius: How near a rebuilt record must come, in the features as the model sees them. By default half
            the median distance of a record to the nearest other one.
        epsilon: The epsilon under which the model was trained, for any one record, if it was.
        delta: The delta that goes with it.
        timeout: Seconds that one call of the model may take.
        harm: What is learnt about a person whose record is rebuilt: one sentence for the report.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.
        decimal: The decimal sign of csv files, . or a comma, where that is not seen.

    Raises:
        DataError: for numbers out of range, or weights without an architecture.

    Source: Balle, Cherubin, Hayes 2022; Haim et al. 2022; attacks each name their own (`confide attacks`).
    """

    _: KW_ONLY
    model: Annotated[Any, Flag(group=HOLD, metavar="FILE")]
    members: Table
    nonmembers: Table
    architecture: Annotated[Any, Flag(group=HOLD, metavar="MODULE:FUNCTION", parse=str)] = None
    label: OptionalColumn = None
    user: OptionalColumn = None
    transform: Annotated[Any, Flag(group=HOLD, metavar="MODULE:FUNCTION", parse=str)] = None
    trust: Annotated[Sequence[str], Flag(group=HOLD, metavar="TYPE")] = ()
    task: Annotated[Task | None, Flag(group=HOLD)] = None
    classes: Annotated[Sequence[Any], Flag(group=HOLD, name="--class", metavar="LABEL")] = ()
    allow_overlap: Annotated[bool, Flag(group=HOLD)] = False
    penalty: Annotated[float | None, Flag(group=KNOWS)] = None
    weight_decay: Annotated[float | None, Flag(group=KNOWS)] = None
    targets: Annotated[int, Flag(group=HOW, least=1, most=MOST_TARGETS)] = 1_000
    radius: Annotated[float | None, Flag(group=HOW)] = None
    epsilon: Annotated[float | None, Flag(group=HOLD)] = None
    delta: Annotated[float | None, Flag(group=HOLD)] = None
    timeout: Annotated[int | None, Flag(group=HOW, least=1)] = None
    harm: Annotated[str, Flag(group=GET)] = ""
    separator: Separator = None
    decimal: Decimal = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = reading_of(self), self.promise, self.as_model  # what cannot be is said before any file is read
        if self.penalty is not None and self.weight_decay is not None:
            raise DataError("penalty and weight_decay are two ways to say the same: give one of them.")
        for name in ("penalty", "weight_decay"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise DataError(f"{name} is {value}: give 0 or more.")
        if self.radius is not None and self.radius <= 0:
            raise DataError(f"radius is {self.radius}: give a distance above 0.")
        if not 1 <= self.targets <= MOST_TARGETS:
            raise DataError(f"targets is {self.targets:,}: give 1 to {MOST_TARGETS:,}.")

    @property
    def promise(self) -> Budget | None:
        """The budget under which the model was trained."""
        if self.epsilon is None:
            if self.delta is not None:
                raise DataError("delta is given without an epsilon: give both, or neither.")
            return None
        return Budget(self.epsilon, self.delta or 0.0)

    @property
    def as_model(self) -> Model:
        """The same as the door to a model's members takes it."""
        suffix = Path(self.model).suffix.lower() if isinstance(self.model, str | Path) else ""
        if suffix in PICKLES:
            raise DataError(
                f"{Path(self.model).name} is refused, because {suffix} files can run any code: save the "
                "weights by safetensors.torch.save_file, and name the module by --architecture "
                "mypkg.net:build; or write an estimator with skops.io.dump."
            )
        if suffix == ".safetensors" and self.architecture is None:
            raise DataError(
                f"{Path(self.model).name} holds weights alone: say with --architecture mypkg.net:build which "
                "module they belong to."
            )
        return Model(
            self.model if self.architecture is None else self.architecture,
            members=self.members,
            nonmembers=self.nonmembers,
            label=self.label,
            user=self.user,
            transform=self.transform,
            trust=self.trust,
            task=self.task,
            classes=self.classes,
            allow_overlap=self.allow_overlap,
            # Whatever else is given beside an architecture is refused there, with the sentence for it.
            weights=None if self.architecture is None else self.model,
            access="white-box",
            references=0,
            timeout=self.timeout,
            harm=self.harm,
            separator=self.separator,
            decimal=self.decimal,
        )


@dataclass(frozen=True, slots=True, eq=False)
class RebuildData:
    """A model and all its training records, and which records are asked about.

    Args:
        held: as the user gave it.
        read: the model and both sides, with copies in `given`.
        view: the model, as a white box.
        records: all members and then all others.
        member: bool[n], who of them trained the model.
        asked: int64[t], the records that are asked about, each once, in an order that says nothing.
    """

    held: Rebuild
    read: ModelData
    view: WhiteBox
    records: Records
    member: Bools
    asked: Ints

    @property
    def person(self) -> Ints | None:
        """Whom each of all records is about: several of one person are no several people."""
        known = whose(self.read.who)
        if known is None:
            return None
        # Copies that are not asked about stand for nobody.
        person = known.max() + 1 + np.arange(len(self.records))
        person[self.read.at] = known
        return person


def read_rebuild(held: Rebuild, *, rng: Rng) -> RebuildData:
    """Load the model, read both sides, and draw whom to ask about.

    Raises:
        DataError, ModelError: one sentence that says what is wrong and what to do.
    """
    read = read_model(held.as_model, rng=rng)
    if not isinstance(read.asked, WhiteBox):
        raise DataError(
            f"{read.name} shows no weights, and a record is rebuilt from weights: give the model itself "
            "(.skops, .safetensors with --architecture, or an import path), or audit it with `confide audit "
            "model`."
        )
    listed = len(read.given[0])
    # The targets stand in random order, so that the first of each side are a random part of it.
    sides = [read.at[read.member == side][: held.targets] for side in (True, False)]
    return RebuildData(
        held=held,
        read=read,
        view=read.asked,
        records=Records.concat(read.given),
        member=np.arange(listed + len(read.given[1])) < listed,
        asked=rng.permutation(np.concatenate(sides)),
    )
