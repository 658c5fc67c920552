"""Plan of an audit: what would be played, whom it would ask, and what that would cost; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from confide.audits.preparing import need_enough, need_settled, releases_of
from confide.audits.progress import Kind, Step
from confide.audits.protections import UNPROTECTED, parse_protections
from confide.audits.release import PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Subject
from confide.core.durations import in_bytes, in_time
from confide.core.nouns import AnyAttack
from confide.core.sentence import said

UNKNOWN = "Whether so few people can settle the limits shows once the models of the audit are trained."


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A number that is foretold, between two bounds."""

    low: float
    high: float

    @classmethod
    def about(cls, middle: float, factor: float) -> Span:
        """From `factor` times less than the middle to `factor` times more."""
        return cls(low=middle / factor, high=middle * factor)

    @property
    def middle(self) -> float:
        """The geometric mean: as many times above the low bound as below the high one."""
        return float((self.low * self.high) ** 0.5)

    def __add__(self, other: Span) -> Span:
        return Span(low=self.low + other.low, high=self.high + other.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a step of an audit takes.

    Args:
        kind, what: the step, as `Stage` names it.
        seconds: of one processor; None where nobody can say.
        asked: how many records it is about; None where the kind of release says it in another way.
        queries: how many questions it puts to the model.
    """

    kind: Kind
    what: str
    seconds: Span | None = None
    asked: int | None = None
    queries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What an audit of one release is expected to take.

    Args:
        costs: of its steps, in their order.
        memory: bytes beside those that the model and its records take already.
        notes: what must be known of these numbers, a sentence each.
    """

    costs: tuple[Cost, ...]
    memory: Span | None = None
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> Span | None:
        """Of all steps together; None where nobody can say of one of them."""
        known = [cost.seconds for cost in self.costs]
        if any(seconds is None for seconds in known):
            return None
        return sum((seconds for seconds in known if seconds is not None), Span(low=0.0, high=0.0))

    @property
    def steps(self) -> list[Step]:
        """The same for those who watch the audit."""
        return [
            Step(kind=c.kind, what=c.what, seconds=None if c.seconds is None else c.seconds.middle)
            for c in self.costs
        ]


@runtime_checkable
class Foretelling(Protocol):
    """A subject that can say what its audit would take, without training or playing anything in full."""

    @property
    def people(self) -> tuple[int, int]:
        """How many are asked about, who are in the data and who are not."""
        ...

    def foretold(self, asked: Sequence[AnyAttack]) -> Forecast:
        """The steps, with what each takes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an audit would do.

    Args:
        kind, name: what would be audited.
        releases: the release as it is and behind each protection, by name.
        games: of each of them, a line each; empty where the forecast says it.
        forecast: what it would take, where the kind of release can say that.
        skipped: attacks that would not run, with the reason.
        open: what only the audit itself finds out, a sentence.
    """

    kind: str
    name: str
    releases: tuple[str, ...]
    games: tuple[tuple[str, ...], ...] = ()
    forecast: Forecast | None = None
    skipped: tuple[str, ...] = ()
    open: str = ""

    def __str__(self) -> str:
        """The plan as text."""
        lines = [f"Plan of an audit of {self.kind}{': ' * bool(self.name)}{self.name}", ""]
        for release, games in zip(self.releases, self.games, strict=False):
            lines += [f"Release: {release}", *(f"  {game}" for game in games)]
        lines += _costs(self.forecast) if self.forecast is not None else []
        lines += [f"Not played: {why}" for why in self.skipped]
        if self.forecast is None:
            lines.append("How long it takes is not foretold for this kind of release.")
        lines += [self.open] if self.open else []
        return "\n".join([*lines, "", "Nothing was played, and nothing was written."])


def plan(spec: AuditSpec, held: object, *, settings: Settings) -> Plan:
    """Plan an audit: read what the user holds, refuse what an audit would refuse, and say what it would do.

    A model is asked about its records once, as an audit begins. Nothing is trained or played in full.

    Args:
        spec, held, settings: as for `audits.run.audit`.

    Raises:
        ConfideError: one sentence on what is wrong and what to do.
    """
    spec.check(settings)
    subject = spec.read(held, settings=settings)
    attacks = spec.choose(settings)
    names = (UNPROTECTED, *parse_protections(settings.protections, spec.protections))
    if isinstance(subject, Foretelling):
        need_settled(spec, settings, attacks, subject.people)
        forecast = subject.foretold(attacks)
        return Plan(kind=spec.name, name=_name(subject, settings), releases=names, forecast=forecast)
    plain, behind = releases_of(spec, subject, settings)
    if not spec.trains:
        need_enough(spec, plain, behind)
    every = [[g for r in (*plain, *behind) if r.name == name for g in r.games] for name in names]
    return Plan(
        kind=spec.name,
        name=_name(subject, settings),
        releases=names,
        games=tuple(tuple(_game(game, spec.goal) for game in games) for games in every),
        skipped=tuple(
            dict.fromkeys(said(skip.why) for games in every for game in games for skip in game.skipped)
        ),
        open=UNKNOWN if spec.trains and settings.limits else "",
    )


def _name(subject: Subject, settings: Settings) -> str:
    return settings.name or (subject.name if settings.audience == "internal" else "")


def _game(planned: PlannedGame, goal: str) -> str:
    """One game in a line: what is after what, in how many worlds, and by which attacks."""
    names = ", ".join(attack.name for attack in planned.attacks)
    goal = planned.goal or goal
    if planned.proves is not None:
        prover = "" if planned.prover is None else f" by {planned.prover.name}"
        return f"{goal}: proofs{prover}, which take no game"
    if planned.game is None:
        return f"{goal}: evidence that was made elsewhere"
    worlds = "1 world" if planned.worlds == 1 else f"{planned.worlds:,} worlds"
    resumes = "" if planned.kept or planned.keyed else "; not kept: an interrupted audit plays them again"
    return f"{goal} ({type(planned.game).__name__}, {worlds}): {names or 'no attack'}{resumes}"


def _costs(forecast: Forecast) -> list[str]:
    """The steps as a table, the total, and the memory."""
    rows = [("step", "records", "queries", "CPU time")]
    rows += [
        (
            f"{'' if c.kind == 'attack' else c.kind + ' '}{c.what}".strip(),
            "" if c.asked is None else f"{c.asked:,}",
            f"{c.queries:,}" if c.queries else "",
            _in_time(c.seconds),
        )
        for c in forecast.costs
    ]
    wide = [max(len(row[i]) for row in rows) for i in range(4)]
    table = [
        "  ".join(
            cell.ljust(w) if not i else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, wide, strict=True))
        )
        for row in rows
    ]
    time = _in_time(forecast.seconds)
    total = f"Time: {time} of one processor, and less where the cache holds finished work."
    memory: list[str] = []
    if forecast.memory is not None:
        low, high = in_bytes(forecast.memory.low), in_bytes(forecast.memory.high)
        memory = [f"Memory: {low} to {high} beside the model and its records."]
    return [*table, "", total, *memory, *forecast.notes]


def _in_time(seconds: Span | None) -> str:
    if seconds is None:
        return "not foretold"
    if seconds.high < 1:
        return "under 1 s" if seconds.high else "none"
    low, high = in_time(seconds.low), in_time(seconds.high)
    return f"about {low}" if low == high else f"{low} to {high}"
