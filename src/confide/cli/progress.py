"""Progress with the time left, on stderr, so that results can be piped: a bar, or a line now and then."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from textwrap import fill
from typing import TYPE_CHECKING, TextIO

from confide.core.durations import in_time
from confide.core.foreign import escaped

if TYPE_CHECKING:  # `confide --help` must not load what audits
    from confide.audits.progress import Stage

EVERY = 30.0
"""Seconds between two lines where there is no terminal: a log is never silent for minutes."""
TICK = 1.0
"""Seconds between two drawings of the bar, so that the time moves while one attack takes long."""
WIDTH = 16
"""Signs of the bar itself."""


@contextmanager
def progress_bar(label: str, *, quiet: bool = False, every: float = EVERY) -> Generator[Watch]:
    """Watch an audit: call what this gives with each stage, and pass warnings through its `around`.

    On a terminal one bar is drawn over the whole audit. Elsewhere a line says every half minute what is being
    done, also within one long attack. What takes less than that says nothing.

    Args:
        label: what is watched, in words.
        quiet: say nothing.
        every: seconds between two lines.
    """
    bar = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    watch = Watch(label=label, out=sys.stderr, bar=bar)
    if quiet:
        yield watch
        return
    # A thread, because one attack may take an hour and calls nobody.
    ended = threading.Event()
    ticking = threading.Thread(
        target=_tick, args=(watch, ended, TICK if bar else every), name="confide progress", daemon=True
    )
    ticking.start()
    try:
        yield watch
    finally:
        ended.set()
        ticking.join(timeout=TICK)
        watch.clear()
        watch.tell_kept()


def _tick(watch: Watch, ended: threading.Event, every: float) -> None:
    while not ended.wait(every):
        watch.show()


@dataclass(slots=True)
class Watch:
    """What is known of an audit that is being watched, and the line that shows it.

    Args:
        label: what is watched.
        out: where it is shown.
        bar: whether a bar is drawn over itself; else each showing is a line of its own.
        clock: in seconds.
    """

    label: str
    out: TextIO
    bar: bool
    clock: Callable[[], float] = time.monotonic
    _stage: Stage | None = None
    _told: float = 0.0
    _begun: float = 0.0
    _drawn: int = 0
    _ended: bool = False
    _kept: dict[str, None] = field(default_factory=dict[str, None])
    _one: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._begun = self.clock()

    def __call__(self, stage: Stage) -> None:
        """Take note of a stage; a bar is drawn again."""
        with self._one:
            self._stage, self._told = stage, self.clock()
            if stage.kept:
                self._kept[stage.what] = None
            if stage.kind == "done":
                self.clear()
                self._ended = True
            elif self.bar:
                self.show()

    def show(self) -> None:
        """Draw the bar again, or print a line."""
        with self._one:
            if self._stage is None or self._ended:
                return
            text = _bar(self.label, self._stage, self._left()) if self.bar else self._line(self._stage)
            try:
                if self.bar:
                    # A column less than there is: a line that is full wraps, and is never drawn over again.
                    text = escaped(text)[: shutil.get_terminal_size().columns - 1].rstrip()
                    self.out.write("\r" + text.ljust(self._drawn))
                    self._drawn = len(text)
                else:
                    self.out.write(escaped(text) + "\n")
                self.out.flush()
            except (OSError, ValueError):  # nobody reads any more: no reason to end an audit
                self._ended = True

    def clear(self) -> None:
        """Take the bar away."""
        with self._one:
            if self._drawn and not self._ended:
                self.out.write("\r" + " " * self._drawn + "\r")
                self.out.flush()
            self._drawn = 0

    def tell_kept(self) -> None:
        """Say which attacks an earlier run had played: who goes on after an interruption sees that it did."""
        if self._kept:
            text = f"Found played, from an earlier run: {', '.join(self._kept)}."
            with suppress(OSError, ValueError):  # nobody reads any more
                print(fill(escaped(text), 80, subsequent_indent="  "), file=self.out, flush=True)

    def around(self, say: Callable[[str], object]) -> Callable[[str], None]:
        """The same function that prints a text, with the bar out of its way."""

        def said(text: str) -> None:
            with self._one:
                self.clear()
                say(text)
                if self.bar:
                    self.show()

        return said

    def _left(self) -> float | None:
        """The seconds that are left, counted down since they were said.

        None once they are over and work still goes on: what was said was wrong, and nobody knows better yet.
        """
        if self._stage is None or self._stage.left is None:
            return None
        left = self._stage.left - (self.clock() - self._told)
        return left if left >= 1 else None

    def _line(self, stage: Stage) -> str:
        left = self._left()
        rest = "" if left is None else f", about {in_time(left)} left"
        return f"{self.label}: {in_time(self.clock() - self._begun)}, {stage}, {stage.done:.0%} done{rest}"


def _bar(label: str, stage: Stage, left: float | None) -> str:
    full = round(stage.done * WIDTH)
    rest = "" if left is None else f"  {in_time(left)} left"
    # What is cut off on a narrow terminal comes last.
    return f"[{'#' * full}{'-' * (WIDTH - full)}] {stage.done:4.0%}{rest}  {stage}  ({label})"
