"""A model and its records, loaded and checked: a view, and two sides that can be compared."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from confide.core.access import BlackBox, LabelOnly, Task
from confide.core.arrays import Bools, Ints, Rng
from confide.core.errors import DataError
from confide.core.language import t
from confide.core.narrowing import narrowed
from confide.inputs.aligned import aligned, reading_said
from confide.inputs.handed_in import asks_the_graph, load_given, preparation, records_given
from confide.inputs.labels import same_labels
from confide.inputs.methods import less_than_its_object
from confide.inputs.model import Model
from confide.inputs.model_form import (
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
from confide.inputs.reading import reading_of
from confide.inputs.records import RawRecords, placed, with_codes
from confide.inputs.trained_columns import as_trained
from confide.models.answers import Answers
from confide.models.checkpoints import with_snapshots
from confide.models.guard import patient
from confide.models.memo import asked_once, told_labels
from confide.views.records import Records


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
