"""The engine: hypothesis draws inputs until the time is over, each is read, and what happened is counted."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Generic, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.strategies import SearchStrategy

from .oracle import REFUSED, Fault, Outcome, judged

T = TypeVar("T")

ROUND = 200
"""Inputs of one run of hypothesis, which keeps all that it drew in memory."""
SHRINKING = 60.0
"""Seconds in which a failing input is made smaller."""
SLACK = 64 * 2**20
"""Bytes that Python takes besides: modules that are loaded late, and what its allocator keeps."""
SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class Reader(Generic[T]):
    """A reader with its inputs.

    Args:
        name: on the command line.
        inputs: what is drawn. A function, because valid files are made first.
        meet: reads an input in a folder, and checks what was read where it is known what was written.
        most: bytes of memory that reading may take, for a file of this many bytes.
    """

    name: str
    inputs: Callable[[], SearchStrategy[T]]
    meet: Callable[[T, Path], Outcome]
    most: Callable[[int], int]


@dataclass(slots=True)
class Counts:
    """What became of the inputs of a reader.

    Args:
        outcomes: how many were read, read as written, or refused.
        refusals: the lines of confide that refused, and how often.
        faults: a fault of each kind, with its smallest input.
        again: how often a fault was met whose kind was known.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    again: int = 0

    @property
    def tried(self) -> int:
        """The number of inputs."""
        return sum(self.outcomes.values()) + len(self.faults) + self.again

    def save(self, path: Path) -> None:
        path.write_text(json.dumps({name: getattr(self, name) for name in self.__slots__}), encoding="utf-8")

    def add(self, path: Path) -> None:
        """Add what another process has counted."""
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            self.outcomes.update(kept["outcomes"])
            self.refusals.update(kept["refusals"])
            self.faults |= kept["faults"]
            self.again += kept["again"]


@dataclass(slots=True)
class _Run(Generic[T]):
    """One run of hypothesis: it draws, and after a fault only makes the input smaller."""

    reader: Reader[T]
    folder: Path
    counts: Counts
    until: float
    longest: int = 0
    failed: tuple[Fault, T] | None = None
    shrunk_until: float = 0.0

    def one(self, drawn: T) -> None:
        now = monotonic()
        if now > (self.shrunk_until if self.failed else self.until):
            return
        _write(self.folder / "last.txt", drawn)
        size = len(getattr(drawn, "content", b""))
        signal.alarm(self.longest)
        try:
            outcome, where = judged(
                lambda: self.reader.meet(drawn, self.folder), most=self.reader.most(size) + SLACK
            )
        except Fault as fault:
            if self.failed is None and fault.kind in self.counts.faults:
                self.counts.again += 1
                return
            if self.failed is None or self.failed[0].kind == fault.kind:
                self.shrunk_until = self.shrunk_until if self.failed else now + SHRINKING
                self.failed = fault, drawn
                raise
            return
        finally:
            signal.alarm(0)
        if self.failed is None:
            self.counts.outcomes[outcome] += 1
            if outcome == REFUSED:
                self.counts.refusals[where] += 1


def fuzz(
    reader: Reader[Any],
    folder: Path,
    *,
    number: int,
    seconds: float = float("inf"),
    most: float = float("inf"),
    failures: Path | None = None,
    longest: int = 0,
) -> Counts:
    """Read inputs until the time is over, or `most` were read; what fails is made smaller and saved.

    Args:
        folder: where files are written.
        number: the seed.
        failures: where failing inputs are saved.
        longest: seconds that one input may take: then a signal ends this process. 0 for any time.
    """
    counts, until = Counts(), monotonic() + seconds
    drawn = reader.inputs()
    while monotonic() < until and counts.tried < most:
        run: _Run[Any] = _Run(reader, folder, counts, until, longest)

        before = counts.tried
        number += 1
        try:
            _drawn(run, drawn, number, int(min(ROUND, most - counts.tried)))()
        except Exception:
            if run.failed is None:
                raise  # of the test itself
        if run.failed is not None:
            fault, smallest = run.failed
            counts.faults[fault.kind] = str(fault)
            if failures is not None:
                save(failures, reader.name, smallest, str(fault))
        counts.save(folder / "counts.json")
        if counts.tried == before and run.failed is None:
            break  # hypothesis has drawn all there is
    return counts


def _drawn(run: _Run[T], inputs: SearchStrategy[T], number: int, many: int) -> Callable[[], None]:
    @seed(number)
    @settings(
        max_examples=many,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
    )
    @given(inputs)
    def each(one: T) -> None:
        run.one(one)

    return each


def save(failures: Path, name: str, drawn: object, text: str) -> None:
    """Keep a failing input: what it is, and the file where it is one."""
    failures.mkdir(parents=True, exist_ok=True)
    at = f"{name}-{sum(1 for _ in failures.glob(f'{name}-*.txt'))}"
    _write(failures / f"{at}.txt", f"{text}\n\n{drawn!r}")
    if content := getattr(drawn, "content", b""):
        (failures / f"{at}{getattr(drawn, 'suffix', '.bin')}").write_bytes(content)


def _write(path: Path, drawn: object) -> None:
    text = drawn if isinstance(drawn, str) else repr(drawn)[:SHOWN]
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
