"""Trains a model from a file: read, check, charge, train, write whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import polars as pl

from confide.core.arrays import Array
from confide.core.atomic import replace as move
from confide.core.atomic import set_readers
from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.drafts import draft_of
from confide.core.errors import DataError
from confide.inputs.learner import codes_of, encoded
from confide.inputs.public_cells import read_public_rows
from confide.inputs.public_schema import PublicSchema, read_public
from confide.models.importing import import_object
from confide.releases.session.identity import Identity
from confide.releases.training.interrupted import NOTHING, noting_charge
from confide.releases.training.saved import CARD, WEIGHTS, card_of
from confide.releases.training.settings import LOGISTIC, TrainSettings

if TYPE_CHECKING:
    from confide.account.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A model that was written.

    Args:
        folder: of the model.
        card: what stands in model.json.
        records: how many there were.
        trimmed: how many rows of people with more than the bound were left out.
        unusable: how many gradients were not finite, over all steps; each was clipped to zero.
        ledger: what is spent and left there, in a sentence; empty without one.
        created: whether the ledger was made.
    """

    folder: Path
    card: Mapping[str, Any]
    records: int
    trimmed: int = 0
    unusable: int = 0
    ledger: str = ""
    created: bool = False

    def __str__(self) -> str:
        trimmed = f" {self.trimmed:,} rows of people above the bound were left out." if self.trimmed else ""
        unusable = (
            f" {self.unusable:,} gradients were not finite, over all steps, and were clipped to zero."
            if self.unusable
            else ""
        )
        return (
            f"{self.folder}: {self.card['model']}, trained on {self.records - self.trimmed:,} records. It "
            f"promises {self.card['promise']['text']}. {self.card['training']}.{trimmed}{unusable}"
        )


Expect: TypeAlias = Callable[[tuple[str, bool]], None]


@dataclass(frozen=True, slots=True)
class _Done:
    """What a training says of itself: its plan in words, its promise, and what its owner may know besides."""

    plan: str
    promise: Budget
    trimmed: int = 0
    unusable: int = 0


def silent(_: str) -> None:
    """Say nothing."""


def train(
    settings: TrainSettings,
    *,
    told: Callable[[str], None] = silent,
    warned: Callable[[str], None] = silent,
) -> Written:
    """Train a model under a budget, and write it.

    Args:
        settings: of the training.
        told: learns, before the charge, what is to be expected of the model, which is public.
        warned: learns, before the charge, where little is to be expected, and what of the records the schema
            does not cover; that is read from the records, and for their owner alone.

    Raises:
        ConfideError: one sentence on what is wrong. Before the charge nothing was spent or written; after it
            the budget is spent and the message says so.
    """
    try:
        return _trained(settings, told, warned)
    except KeyboardInterrupt as error:
        if not hasattr(error, "__notes__"):
            error.add_note(NOTHING)
        raise


def _trained(settings: TrainSettings, told: Callable[[str], None], warned: Callable[[str], None]) -> Written:
    _check_place(settings)
    public = read_public(settings.schema, label=settings.label, without=settings.unit.column)
    # Before it is read: the ledger must not be bound to a file that changed in the meantime.
    identity = Identity.of(Path(settings.data))
    frame = read_public_rows(identity.path, public, label=settings.label)
    people = _checked(settings, public, frame)
    for misfit in public.columns.misfits(frame):
        warned(f"{misfit}.".replace("?.", "?"))

    def expect(found: tuple[str, bool]) -> None:
        said, little = found
        (warned if little else told)(f"{said}.")

    identity.need_unchanged()
    with ExitStack() as open_while:
        ledger = _ledger(settings, identity, open_while)
        open_while.enter_context(noting_charge(ledger, settings.promise, settings.checkpoint))
        with draft_of(settings.out) as draft:
            draft.mkdir(parents=True)
            done = (
                _logistic(settings, public, frame, people, ledger, draft, expect)
                if settings.model == LOGISTIC
                else _module(settings, public, frame, people, ledger, identity, draft, expect)
            )
            card = card_of(
                model=settings.model,
                columns=public.columns,
                label=settings.label,
                classes=np.unique(np.asarray(list(public.classes))),
                promise=done.promise,
                rehearsal=settings.rehearse is not None,
                plan=done.plan,
            )
            (draft / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            set_readers(draft, shared=False)
            move(draft, settings.out)
        standing = "" if ledger is None else f"Spent {ledger.spent}; left {ledger.left(settings.analyst)}."
        made = False if ledger is None else ledger.created
    return Written(
        folder=settings.out,
        card=card,
        records=len(frame),
        trimmed=done.trimmed,
        unusable=done.unusable,
        ledger=standing,
        created=made,
    )


def _check_place(settings: TrainSettings) -> None:
    out = settings.out
    if out.exists() and not (out.is_dir() and (out / CARD).is_file()):
        raise DataError(f"--out {out} exists and is no model: choose another folder.")
    if out.exists() and not settings.force:
        raise DataError(f"--out {out} holds a model: choose another folder, or replace it with --force.")


def _checked(settings: TrainSettings, public: PublicSchema, frame: pl.DataFrame) -> Array | None:
    """Whose each record is, where that is asked for; refuses records that the schema does not fit."""
    person = settings.unit.column if settings.unit.kind == "person" else None
    for name in (settings.label, *public.columns.columns, *([person] if person else [])):
        if name not in frame.columns:
            raise DataError(
                f"{settings.data} has no column {name!r:.60}: it has {', '.join(frame.columns)[:200]}."
            )
    _ = codes_of(frame, public, label=settings.label, name=str(settings.data))
    public.columns.check(frame)
    if person is None:
        return None
    if missing := frame[person].null_count():
        raise DataError(f"{missing:,} rows have no {person}: say whose they are, or leave them out.")
    return frame[person].cast(pl.String).to_numpy()


def _ledger(settings: TrainSettings, identity: Identity, open_while: ExitStack) -> Ledger | None:
    if settings.ledger is None:
        return None
    from confide.account.opening import open_ledger

    budget = None if settings.budget is None else replace(settings.budget, unit=settings.unit)
    made = open_ledger(settings.ledger, data=identity.digest, budget=budget, unit=settings.unit)
    open_while.callback(made.close)
    return made


def _units(frame: pl.DataFrame, people: Array | None) -> int:
    return len(frame) if people is None else len(np.unique(people))


def _logistic(
    settings: TrainSettings,
    public: PublicSchema,
    frame: pl.DataFrame,
    people: Array | None,
    ledger: Ledger | None,
    draft: Path,
    expect: Expect,
) -> _Done:
    from safetensors.numpy import save_file

    from confide.mechanisms.learn.classifier import PrivateLogisticRegression
    from confide.mechanisms.learn.gradient_descent import GradientDescent
    from confide.releases.training.expecting import expected_of_regression

    made = PrivateLogisticRegression(
        settings.epsilon,
        settings.delta,
        bounds=public.columns.columns,
        classes=public.classes,
        ledger=ledger,
        analyst=settings.analyst,
        noise="secure" if settings.rehearse is None else "rehearsal",
        random_state=settings.rehearse,
    )
    y = frame[settings.label].to_numpy()
    maker, _ = made.prepared(frame, y, people)
    assert isinstance(maker, GradientDescent)
    expect(expected_of_regression(maker, public.columns, people=_units(frame, people)))
    made.fit(frame, y, person=people)
    weights = np.column_stack([made.coef_, made.intercept_])
    save_file({"weights": np.ascontiguousarray(weights)}, draft / WEIGHTS)
    # The sum of a person's gradients is shortened as a whole: all rows are hidden, however many they are.
    unit = settings.unit
    if people is not None:
        unit = Unit.person(str(unit.column), at_most=ANY_NUMBER)
    return _Done(
        f"Full-batch gradient descent with noise, {made.steps} steps",
        Budget(settings.epsilon, settings.delta, unit),
    )


def _module(
    settings: TrainSettings,
    public: PublicSchema,
    frame: pl.DataFrame,
    people: Array | None,
    ledger: Ledger | None,
    identity: Identity,
    draft: Path,
    expect: Expect,
) -> _Done:
    from safetensors.torch import save_file

    from confide.mechanisms.learn.building import Build, built
    from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
    from confide.releases.training.expecting import expected_of_module

    records = encoded(frame, public, label=settings.label, name=str(settings.data))
    build: Build = import_object(settings.model)
    net = built(build, features=records.x.shape[1], classes=len(public.classes), name=settings.model)
    private = DPSGD(
        net,
        budget=settings.promise,
        noise="secure" if settings.rehearse is None else "rehearsal",
        ledger=ledger,
        analyst=settings.analyst,
        source=identity.digest,
        **settings.of_module,
    )
    expect(expected_of_module(private, people=_units(frame, people)))
    rng = np.random.default_rng(settings.rehearse)
    done = private.train(records, rng=rng, people=people)
    save_file({name: t.contiguous() for name, t in net.state_dict().items()}, draft / WEIGHTS)
    plan = done.plan
    return _Done(
        f"DP-SGD, {plan.steps:,} steps, sampling rate {plan.rate:.4g}, noise of {plan.multiplier:.4g} "
        "clipping norms",
        settings.promise,
        trimmed=done.trimmed,
        unusable=done.unusable,
    )
