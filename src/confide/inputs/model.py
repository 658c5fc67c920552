"""A trained model as a user holds it: loaded as a view, and two sides that can be compared."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

import numpy as np
import polars as pl

from confide.core.access import LADDER, BlackBox, LabelOnly, Task
from confide.core.arrays import Bools, Ints, Rng
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.fields import shown as shown_value
from confide.core.flags import GET, HOLD, HOW, KNOWS, Flag, Held, OptionalColumn, Table
from confide.core.language import t
from confide.core.narrowing import narrowed
from confide.inputs.aligned import aligned, reading_said
from confide.inputs.handed_in import asks_the_graph, load_given, preparation, records_given
from confide.inputs.labels import same_labels
from confide.inputs.methods import less_than_its_object
from confide.inputs.model_form import (
    Told,
    features_for,
    in_order,
    more_classes,
    named_as_trained,
    shown,
    together,
    unused,
)
from confide.inputs.overlap import remove_overlap
from confide.inputs.probe import Said, asked_about, need_right, unsteady
from confide.inputs.reading import Decimal, Separator, reading_of
from confide.inputs.records import RawRecords, placed, with_codes
from confide.inputs.trained_columns import as_trained
from confide.models.answers import Answers
from confide.models.checkpoints import with_snapshots
from confide.models.guard import patient
from confide.models.kinds import Kind
from confide.models.memo import asked_once, told_labels
from confide.views.records import Records

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


@dataclass(frozen=True, slots=True, eq=False)
class ModelData:
    """A model with the records it is audited on.

    Args:
        held: as the user gave it.
        model: loaded, for training references by the same recipe.
        asked: the model as its owner holds it, asked again each time.
        view: what the release shows; it remembers what it said of targets and population: a query may cost.
        targets: members and non-members in an order that says nothing.
        member: bool[n], who of them trained it.
        who: where each of them stands in the user's files (`confide.core.who.standing`).
        population: people like them who did not.
        classes: labels in the order of their codes; None in a regression.
        name, notes: for the report.
        left_out: records that were left out of one side or both, a sentence each.
        listed: how many members were given, copies included.
        said: how the model's answers are read; empty where there is one way only.
        warnings: what the first queries showed.
        unsettled: what no audit of this model can settle, in a few words -> why.
        given: members and non-members as they were given, with their copies.
        at: int64[n], where each target stands among these, members first.
        seconds: that reading took, of a processor.
    """

    held: Model
    model: Any
    asked: LabelOnly
    view: LabelOnly
    targets: Records
    member: Bools
    who: pl.DataFrame
    population: Records | None
    classes: Sequence[Any] | None
    name: str
    notes: tuple[str, ...]
    listed: int
    said: str = ""
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unsettled: Mapping[str, str] = field(default_factory=dict)
    given: tuple[Records, ...] = ()
    at: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    seconds: float = 0.0

    @property
    def task(self) -> Task:
        """Classification or regression."""
        return "regression" if self.classes is None else "classification"

    @property
    def words(self) -> str:
        """What the model predicts, in words."""
        if self.classes is None:
            return t("a model that predicts a number")
        return t("a model that predicts one of {n} classes", n=f"{self.class_count}")

    @property
    def class_count(self) -> int:
        """The number of classes; 1 in a regression."""
        return 1 if self.classes is None else len(self.classes)


def read_model(held: Model, *, rng: Rng) -> ModelData:
    """Load and check everything before any work is done.

    The model is asked about all records once. What it says decides how its answers are read, and whether it
    is the model of these records at all.

    Args:
        held: the model and its records.
        rng: for the order of the targets.

    Raises:
        DataError, ModelError: one sentence that says what is wrong and what to do.
    """
    begun = time.process_time()
    with patient(held.timeout):
        read = _read(held, rng)
    return replace(read, seconds=time.process_time() - begun)


def _read(held: Model, rng: Rng) -> ModelData:
    load = partial(load_given, held.model, weights=held.weights, trust=held.vouched)
    # Loaded first only where its graph says what becomes of a picture.
    early = load() if asks_the_graph(held.transform, *_handed_in(held).values()) else None
    raw = _read_records(held, None if early is None else early[0])
    listed = len(raw[0])
    model, title = early or load()
    raw = [replace(r, x=named_as_trained(model, r.x)) for r in raw]
    # Before the columns are cut to those of the model.
    notes = unused(model, raw[0].x)
    raw, strange = as_trained(model, raw)
    # What is true of all sides is said once.
    notes += [*reading_said(raw[0]), *dict.fromkeys(n for sheet in raw for n in sheet.notes), *strange]
    # All sides at once: a class may occur on one side alone.
    raw = same_labels([replace(r, x=features_for(model, r.x)) for r in raw])
    features = together([r.x for r in raw])
    found = shown(model, raw, features, held.told)
    view = with_snapshots(found.view, held.states) if held.states else found.view
    records = [with_codes(r, found.classes) for r in raw]
    everyone = Records(features, np.concatenate([r.y for r in records]))
    seen = narrowed(view, held.access)
    # The very features that it was asked about before, so that a remote model is not asked again.
    said = asked_about(seen, everyone)
    pair = slice(0, len(records[0]) + len(records[1]))
    both = Said(answers=said.answers[pair], scores=said.scores)
    inside = np.arange(len(both.answers)) < listed
    need_right(both, everyone.y[pair], inside, found.classes, ordered=bool(held.classes))
    unsettled = unsteady(seen, features, said)
    noticed = sorted(getattr(view, "noticed", ()))
    notes += [*found.notes, *in_order(found), *more_classes(seen, features[:8], found.classes)]
    data = _sides(held, raw, records, seen, said, rng)
    return replace(
        data,
        model=model,
        asked=view,
        classes=found.classes,
        name=title,
        notes=(*notes, *data.notes),
        listed=listed,
        said=found.said,
        warnings=(
            *less_than_its_object(model, seen, held.access),
            *map(t, noticed),
        ),
        unsettled=unsettled,
    )


def _handed_in(held: Model) -> dict[str, Any]:
    """The records of each side, as they were given."""
    sides = {"members": held.members, "nonmembers": held.nonmembers}
    return sides if held.population is None else {**sides, "population": held.population}


def _read_records(held: Model, model: Any) -> list[RawRecords]:
    """Members, non-members and perhaps a population, with the columns of the members."""
    sides = _handed_in(held)
    prepare = preparation(held.transform, model, *sides.values())
    read = partial(records_given, label=held.label, user=held.user, reading=reading_of(held), prepare=prepare)
    inside = read(sides.pop("members"), name="members")
    # Members are read first: what they alone show to be wrong is said before the other files are read.
    _need_coverage(held, len(inside))
    # The members' columns are the measure: they trained the model.
    return aligned([inside, *(read(data, name=name) for name, data in sides.items())])


def _sides(
    held: Model, raw: Sequence[RawRecords], records: Sequence[Records], seen: LabelOnly, said: Said, rng: Rng
) -> ModelData:
    """Members and non-members in random order, with what the model said of them."""
    public = records[2] if held.population is not None else None
    # After labels became codes, so that a record is compared as the model sees it.
    sides = remove_overlap(records[0], records[1], public, allow_overlap=held.allow_overlap, name=raw[1].name)
    everybody = Records.concat([sides.members, sides.nonmembers])
    who = pl.concat([placed(raw[0])[sides.member_rows], placed(raw[1])[sides.nonmember_rows]])
    # In random order: their position must not say who is a member.
    order = rng.permutation(len(everybody))
    targets, member = everybody.take(order), order < len(sides.members)
    at = np.concatenate([sides.member_rows, len(records[0]) + sides.nonmember_rows])[order]
    answered = said.answers[at]
    # The answers of all targets, kept: a query of a remote model costs money and time.
    known: list[tuple[Answers, int]] = []
    if isinstance(seen, BlackBox):
        kept = Answers([seen], targets)
        kept.tell(0, answered)
        known = [(kept, 0)]
        known += [] if sides.population is None else [(Answers([seen], sides.population), 0)]
    return ModelData(
        held=held,
        model=None,
        asked=seen,
        view=told_labels(asked_once(seen, *known), (targets.x, answered)),
        targets=targets,
        member=member,
        who=who[order],
        population=sides.population,
        classes=None,
        name="",
        notes=tuple(sides.notes),
        left_out=tuple(sides.notes),
        listed=len(records[0]),
        given=tuple(records[:2]),
        at=at,
    )


def _need_coverage(held: Model, listed: int) -> None:
    if held.trained_on is not None and held.trained_on < listed:
        raise DataError(
            f"there are {listed:,} members, but trained_on is {held.trained_on:,}: give the number of all "
            "records that trained the model."
        )
