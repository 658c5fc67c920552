"""A trained model as a user holds it, and records that did and did not train it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

import numpy as np

from confide.core.access import LADDER, Task
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.fields import shown as shown_value
from confide.core.flags import GET, HOLD, HOW, KNOWS, Flag, Held, OptionalColumn, Table
from confide.inputs.model_form import (
    Told,
)
from confide.inputs.reading import Decimal, Separator, reading_of
from confide.models.kinds import Kind

Access: TypeAlias = Literal["white-box", "black-box", "label-only"]
ACCESSES: tuple[str, ...] = tuple(name for name, kind in LADDER if kind is not object)
"""The kinds of access to a model, from the most to the least."""
MOST_REFERENCES = 10_000
"""Reference models: no attack gains from more, and all answers are held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A trained model, and records that did and did not train it.

    The adversary can query the model, knows people's records, and trains reference models by the same recipe.
    It is to say who was among the training records. It is judged by how much more often it claims members
    than non-members.

    Args:
        model: The model: mypkg.mymodel:net (a model, a class or a function that makes one, or predict(X)),
            model.onnx or model.skops; in Python also an estimator, an nn.Module, a callable or a view.
        members: Records that trained it: .parquet, .csv or .npz, a folder of pictures, or mypkg.data:train
            (a data set); in Python also (X, y), Records, a frame, a Dataset or a DataLoader.
        nonmembers: Records from the same distribution that did not train it.
        population: More such records that did not train it: they calibrate, and are never scored.
        label: The column to be predicted, where records are tables.
        transform: What makes of a picture what the model takes: a function of a picture of Pillow. Without it
            an ONNX graph says it.
        user: The column, or the array of an .npz file, that says whose record it is. It is no feature.
        task: What the model does, where neither the model nor the labels say it.
        answers: What the model's answers are, where they do not show it: probabilities, percent, sigmoids (a
            class against the rest each), top-k, log-probabilities, costs (the lowest wins), logits, values or
            labels.
        classes: The labels in the order of the model's outputs, where it does not name them. Repeatable.
        output: The output of an ONNX model that holds its scores or labels, where it has several.
        allow_overlap: Leave records that are among members and non-members out of both, instead of refusing
            them.
        weights: Weights to put into a PyTorch module: a .safetensors file; in Python also a state dict.
        trust: A type in a .skops file that you know, and know to do no harm: mypkg.steps.MyStep. Repeatable.
        checkpoints: Earlier weights of the same training run, published too, oldest first. Repeatable.
        access: What will be published: the weights, the scores, or the decisions. White-box plays the attacks
            on weights too, and says what each kind of access gives. By default whatever the model shows.
        references: How many reference models the adversary trains; 0 for none.
        train: The target's recipe, train(X, y, *, rng) -> model. Without it a scikit-learn model is cloned,
            and a PyTorch module is re-initialised and trained until its accuracy on training records matches.
        trained_on: How many records trained the model in all, where the members are only a part of them.
        sample: About how many records attacks are asked that put many questions about each (label-only:
            33), drawn at random from members and non-members; 0 for all. By default 10,000, or as many as a
            limit takes.
        timeout: Seconds that one call of the model, or one training, may take.
        harm: What is learnt about a person who is found to be in the data: one sentence for the report.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.
        decimal: The decimal sign of csv files, . or a comma, where that is not seen.

    Raises:
        DataError: for numbers out of range, or checkpoints that the access does not show.

    Source: Shokri, Stronati, Song, Shmatikov 2017; the attacks each name their own (`confide attacks`).
    """

    model: Held
    _: KW_ONLY
    members: Table
    nonmembers: Table
    population: Table | None = None
    label: OptionalColumn = None
    user: OptionalColumn = None
    transform: Annotated[Any, Flag(group=HOLD, metavar="MODULE:FUNCTION", parse=str)] = None
    task: Annotated[Task | None, Flag(group=HOLD)] = None
    answers: Annotated[Kind | None, Flag(group=HOLD)] = None
    classes: Annotated[Sequence[Any], Flag(group=HOLD, name="--class", metavar="LABEL")] = ()
    output: Annotated[str | None, Flag(group=HOLD, metavar="NAME")] = None
    allow_overlap: Annotated[bool, Flag(group=HOLD)] = False
    weights: Annotated[Any, Flag(group=HOLD, metavar="FILE")] = None
    checkpoints: Annotated[Sequence[Any], Flag(group=HOLD, name="--checkpoint", metavar="FILE")] = ()
    trust: Annotated[Sequence[str], Flag(group=HOLD, metavar="TYPE")] = ()
    access: Annotated[Access | None, Flag(group=KNOWS)] = None
    references: Annotated[int, Flag(group=KNOWS, least=0, most=MOST_REFERENCES)] = 16
    train: Annotated[Any, Flag(group=KNOWS, metavar="MODULE:FUNCTION", parse=str)] = None
    trained_on: Annotated[int | None, Flag(group=KNOWS, least=1, most=10**15)] = None
    sample: Annotated[int | None, Flag(group=HOW, least=0, most=10**12)] = None
    timeout: Annotated[int | None, Flag(group=HOW, least=1)] = None
    harm: Annotated[str, Flag(group=GET)] = ""
    separator: Separator = None
    decimal: Decimal = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = reading_of(self), self.told  # what cannot be is said before any file is read
        if self.access is not None and self.access not in ACCESSES:
            raise DataError(f"there is no access {self.access!r}: choose from {', '.join(ACCESSES)}.")
        if not 0 <= self.references <= MOST_REFERENCES:
            raise DataError(f"references is {self.references:,}: give 0 to {MOST_REFERENCES:,}.")
        if self.answers is not None and self.answers not in get_args(Kind):
            raise DataError(
                f"there is no kind of answers {self.answers!r}: choose from {', '.join(get_args(Kind))}."
            )
        if self.task not in (None, *get_args(Task)):
            raise DataError(f"there is no task {self.task!r}: choose classification or regression.")
        if self.task == "regression" and self.told.classes:
            raise DataError("a regression has no classes: leave out --class, or --task regression.")
        if self.sample is not None and self.sample < 0:
            raise DataError(f"sample is {self.sample}: give 1 or more records, or 0 to ask about all.")
        if self.timeout is not None and self.timeout < 1:
            raise DataError(f"timeout is {self.timeout}: give 1 second or more.")
        if self.states and self.access not in (None, "white-box"):
            raise DataError(
                f"checkpoints show the inside of a model, and the audit has {self.access} access: ask for "
                "white-box access, or leave them out."
            )

    @property
    def states(self) -> Sequence[Any]:
        """The checkpoints as a list, even where a single file was given."""
        return [self.checkpoints] if isinstance(self.checkpoints, str | Path) else list(self.checkpoints)

    @property
    def vouched(self) -> Sequence[str]:
        """The types that are trusted as a list, even where a single one was given."""
        return [self.trust] if isinstance(self.trust, str) else list(self.trust)

    @property
    def told(self) -> Told:
        """What the user says of the model's answers."""
        several = [self.classes] if isinstance(self.classes, str | Path) else list(self.classes)
        # The command line gives what may be a file as a path.
        given = [str(c) if isinstance(c, Path) else c for c in several]
        odd = next((c for c in given if not isinstance(c, str | int | float | np.number | np.bool_)), None)
        if odd is not None or None in given:
            raise DataError(f"a class is called {shown_value(odd)}: give the labels as text or numbers.")
        return Told(task=self.task, answers=self.answers, classes=given or None, output=self.output)
