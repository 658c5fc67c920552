"""Progress of an audit: where it stands, how much is done, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "reading", "run", "references", "attack", "exhibits", "measuring", "drawing", "done"
]
"""What an audit does, in the order in which it does it; protections repeat what is between."""

USUAL: dict[Kind, float] = {
    "reading": 0.5,
    "run": 4.0,
    "references": 4.0,
    "attack": 1.0,
    "exhibits": 1.0,
    "measuring": 1.0,
    "drawing": 1.0,
    "done": 0.0,
}
"""How long a step takes beside an attack, where nothing was foretold."""


ENOUGH = 0.05
"""How much of the work must be done before a time left is said: of less than that nobody can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A moment of an audit, as `Settings.progress` hears of it.

    Args:
        kind: what is being done.
        what: of this kind, in words: an attack and a release, or how many references there are. Empty for
            what is done once.
        part: how much of this step is done, from 0 to 1.
        kept: whether the step was found finished, from an earlier run.
        done: how much of the whole audit is done, from 0 to 1.
        left: how many seconds the rest will take; None while nobody can say, as in the first twentieth.
    """

    kind: Kind
    what: str = ""
    part: float = 0.0
    kept: bool = False
    done: float = 0.0
    left: float | None = None

    def __str__(self) -> str:
        """What is being done, in a few words.

        >>> str(Stage(kind="attack", what="lira (3 of 7)")), str(Stage(kind="drawing"))
        ('playing lira (3 of 7)', 'drawing')
        """
        return " ".join(part for part in (WORDS.get(self.kind, self.kind), self.what) if part)


WORDS: dict[Kind, str] = {"run": "running", "references": "training references", "attack": "playing"}
"""What a kind of step is called, where that is not its own name."""

Progress: TypeAlias = Callable[[Stage], object]
"""A function that is called with each stage, in the thread of the audit; what it returns is not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that is still to come, and how many seconds it is expected to take; None if nobody says."""

    kind: Kind
    what: str = ""
    seconds: float | None = None

    @property
    def weight(self) -> float:
        """Its length beside the others."""
        return USUAL[self.kind] if self.seconds is None else self.seconds


Key: TypeAlias = tuple[Kind, str]
"""What a step is called."""


@dataclass(slots=True)
class Track:
    """An audit's way through its steps, which fills in how much is done and how long the rest will take.

    Steps have names. One that was not foretold takes the usual time; one that comes twice is one step.

    Args:
        tell: hears of each stage.
        clock: in seconds.
    """

    tell: Progress
    clock: Callable[[], float] = time.monotonic
    _steps: dict[Key, float] = field(default_factory=dict[Key, float])
    _begun: dict[Key, float] = field(default_factory=dict[Key, float])
    _took: dict[Key, float] = field(default_factory=dict[Key, float])
    _foretold: bool = False
    _rest: float = 0.0
    _most: float = 0.0

    def expect(self, steps: Sequence[Step], *, rest: float = 0.0) -> None:
        """Foretell steps; what is known of them already is replaced.

        Args:
            steps: by name.
            rest: how long those are that have no name yet, all together.
        """
        self._rest = rest
        for step in steps:
            self._steps[step.kind, step.what] = step.weight
            self._foretold = self._foretold or step.seconds is not None

    def __call__(self, stage: Stage) -> None:
        """Say where the audit is; every earlier step that was begun is finished."""
        now = self.clock()
        key: Key = (stage.kind, stage.what)
        self._steps.setdefault(key, USUAL[stage.kind])
        for other in [k for k in self._begun if k != key]:
            self._took[other] = now - self._begun.pop(other)
        if key not in self._took:
            self._begun.setdefault(key, now)
        if stage.kept:  # it took no time, and says nothing of how long the others will take
            self._begun.pop(key, None)
            self._steps[key], self._took[key] = 0.0, 0.0
        if stage.kind == "done":
            self.tell(replace(stage, done=1.0, left=0.0))
            return
        gone = sum(self._steps[k] for k in self._took) + self._now(key, stage.part)
        whole = sum(self._steps.values()) + self._rest
        # What turns out to be more than was expected must not move the bar back.
        self._most = max(self._most, min(gone / whole, 1.0) if whole else 0.0)
        self.tell(replace(stage, done=self._most, left=self._left(key, stage.part, whole - gone, now)))

    def _now(self, key: Key, part: float) -> float:
        """How much of its length the present step has done."""
        return part * self._steps[key] if key in self._begun else 0.0

    def _left(self, key: Key, part: float, rest: float, now: float) -> float | None:
        """What is left by what was expected, corrected by how long the finished steps took beside that."""
        gone = sum(self._steps[k] for k in self._took) + self._now(key, part)
        if gone < ENOUGH * (gone + rest):
            return None
        took = sum(self._took.values()) + (now - self._begun[key] if part and key in self._begun else 0.0)
        expected = gone
        if self._foretold:
            # A quick first step says little: what was foretold weighs as much as a tenth of the audit.
            doubt = 0.1 * (sum(self._steps.values()) + self._rest)
            took, expected = took + doubt, expected + doubt
            # Forecasts are good to a factor of two: what went faster still was found finished.
            took = max(took, expected / 2)
        return rest * took / expected if took and expected else None
