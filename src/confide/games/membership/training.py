"""Membership of canaries in a private training: which of them did the trainer get?"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from confide.core.access import BlackBox
from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import ConfideError, DataError, ModelError
from confide.core.nouns import Case, Guess, World
from confide.knowledge.training import Canaries, Planned
from confide.learners.tap import Tap
from confide.learners.watching import EnoughError, RunLog, Watch
from confide.models.guard import guarded_error
from confide.models.loading import as_view
from confide.views.records import Records
from confide.views.updates import Updates

Trainer: TypeAlias = Callable[..., object]
"""`train(data, tap) -> model`; gets `rng=` too if it has an argument of that name."""
TrainingWorld: TypeAlias = World[Updates | BlackBox, Planned, Canaries | Records, Bools]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CanariesInTraining:
    """A trainer gets all known records and those canaries whose own fair coin fell on "in".

    With access to gradients each canary's gradient is replaced, whenever it is in a batch, by one that points
    in a direction of its own and is longer than the clipping norm: the worst record that there can be. The
    adversary sees the noised sums of all steps. With access to the model it sees the final model alone, and
    canaries are records with a wrong label.

    Args:
        train: the trainer.
        name: of the trainer, for messages.
        known: records that are always in, and that the adversary knows.
        canaries: how many there are.
        classes: how many classes the labels have.
        promise: what the trainer says that it keeps.
        access: what the adversary sees.

    Raises:
        DataError: if there are too few canaries or records.
    """

    train: Trainer
    name: str
    known: Records
    canaries: int
    classes: int
    promise: Budget
    access: Literal["gradients", "model"] = "gradients"

    def __post_init__(self) -> None:
        if self.canaries < 2:
            raise DataError(f"{self.canaries} canaries: give 2 or more.")
        if self.classes < 2 and self.access == "model":
            raise DataError("a wrong label needs two classes or more: audit --access gradients instead.")
        if self.access == "model" and len(self.known) < self.canaries:
            raise DataError(
                f"{self.canaries:,} canaries are made from as many records, and there are "
                f"{len(self.known):,}: give fewer canaries, or more records."
            )

    @property
    def unit(self) -> Unit:
        """One record more or less."""
        return Unit.record()

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each canary."""
        return True

    def deal(self, world: int, *, rng: Rng) -> TrainingWorld:
        """Draw canaries and coins, train, and show what the adversary sees."""
        making, coins, watching, training = rng.spawn(4)
        canaries = self._made(making)
        member = coins.random(self.canaries) < 0.5
        inside = np.flatnonzero(member)
        data = Records.concat([self.known, canaries.take(inside)])
        shown = self.access == "gradients"
        watch = Watch(
            known=len(self.known), members=inside, canaries=self.canaries if shown else 0, rng=watching
        )
        model = self.trained(data, watch, rng=training)
        plan = watch.log.need_whole(self.name)
        view = Updates(np.stack(watch.log.signal)) if shown else self._view(model)
        targets = Canaries(self.canaries) if shown else canaries
        case = Case(view, Planned(plan), targets)
        return World(case, member, member, promise=self.promise, source=Watched(watch.log, len(data)))

    def steps(self, *, canaries: int, rng: Rng) -> RunLog:
        """Train once more, with canaries that a coin of every step puts in, for the audit of single steps."""
        watching, training = rng.spawn(2)
        none: Ints = np.zeros(0, np.int64)
        watch = Watch(
            known=len(self.known),
            members=none,
            canaries=canaries,
            rng=watching,
            each_step=True,
            looking=self.access == "model",
        )
        self.trained(self.known, watch, rng=training)
        watch.log.need_whole(self.name)
        return watch.log

    def first_noise(self, *, rng: Rng) -> Floats:
        """Train once more on the records of `steps`, for one step: its noise, float64[parameters]."""
        watching, training = rng.spawn(2)
        none: Ints = np.zeros(0, np.int64)
        watch = Watch(known=len(self.known), members=none, canaries=0, rng=watching, most=1)
        self.trained(self.known, watch, rng=training)
        return watch.log.first

    def trained(self, data: Records, tap: Tap, *, rng: Rng) -> object:
        """Call the trainer.

        Raises:
            ModelError: with its name and message, if it fails.
        """
        takes_rng = "rng" in inspect.signature(self.train).parameters
        more: dict[str, Any] = {"rng": rng} if takes_rng else {}
        try:
            return self.train(data, tap, **more)
        except EnoughError:
            return None
        except ConfideError:
            raise
        except Exception as error:
            raise ModelError(
                f"{self.name} fails on {len(data):,} records ({guarded_error(error)}): call it by hand, as "
                "train(data, confide.learn.SILENT)."
            ) from error

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the only claim is "this canary was in", and the score says how sure it is."""
        return np.ones(len(guess.score), np.bool_)

    def _made(self, rng: Rng) -> Records:
        """Known records with another label each; with access to the model none twice."""
        if self.access == "gradients":  # another gradient is put in its place, whatever the record is
            return self.known.take(rng.integers(len(self.known), size=self.canaries))
        rows = rng.permutation(len(self.known))[: self.canaries]
        chosen = self.known.take(rows)
        shift = rng.integers(1, self.classes, size=len(rows))
        return Records(chosen.x, (chosen.y + shift) % self.classes)

    def _view(self, model: object) -> BlackBox:
        if model is None:
            raise ModelError(f"{self.name} returns nothing: end it with `return model`.")
        view = as_view(
            model,
            task="classification",
            classes=self.classes,
            probe=self.known.take(np.arange(min(100, len(self.known)))).x,
        )
        if not isinstance(view, BlackBox):
            raise ModelError(
                f"{self.name} returns a model that shows no probabilities: return one that does."
            )
        return view


@dataclass(frozen=True, slots=True)
class Watched:
    """What the referee saw of a training.

    Args:
        log: of its steps.
        records: how many records it got.
    """

    log: RunLog
    records: int
