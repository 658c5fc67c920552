"""What the benchmarks of killed processes share: commands in processes of their own, and their logs searched.

Processes are forked from one that has loaded what the commands need, so that a moment is one of the run, and
not of Python's start. Nothing that has threads, such as a table of polars, may be used before the fork.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from page import bars, machine, publish

from confide.cli import main as confide

FORK = get_context("fork")
LONGEST = 120.0
"""Seconds after which a process that still runs is called one that hangs."""
KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Folder:
    """A folder in which commands run, each with a log of its own."""

    path: Path

    def start(self, log: str, *words: str) -> BaseProcess:
        """A process of `confide` with these words."""
        process = FORK.Process(target=_command, args=(self.path, log, words))
        process.start()
        return process

    def run(self, log: str, *words: str) -> None:
        """A command that must succeed."""
        process = self.start(log, *words)
        process.join(LONGEST)
        assert process.exitcode == 0, self.log(log)

    def log(self, name: str) -> str:
        """All that a process said."""
        return (self.path / f"{name}.log").read_text(errors="replace")

    def last(self, name: str) -> str:
        """The last line that a process said: the sentence with which it ended, unless it was a traceback."""
        said = self.log(name)
        return "a traceback" if "Traceback" in said else (said.splitlines() or [""])[-1]

    def found(self, secrets: Sequence[str]) -> int:
        """How many of these stand in the logs of this folder."""
        said = "".join(path.read_text(errors="replace") for path in self.path.glob("*.log")).casefold()
        return sum(secret.casefold() in said for secret in secrets)

    def keys(self) -> list[str]:
        """Every line of the keys of parties in this folder."""
        lines = [line for path in self.path.rglob("party.key") for line in path.read_text().splitlines()]
        return [line for line in lines if line and not line.startswith("-")]


def _command(folder: Path, log: str, words: Sequence[str]) -> None:
    os.chdir(folder)
    with (folder / f"{log}.log").open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1) for number in (1, 2))
    code: object = 0
    try:
        confide(list(words), prog_name="confide")
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


def ports(count: int) -> list[int]:
    """Free ports of this machine."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return found


def ended(process: BaseProcess, *, within: float = LONGEST) -> int | None:
    """The exit code of a process; None, and it is killed, where it still runs after this time."""
    process.join(within)
    code = process.exitcode
    if code is None:
        process.kill()
        process.join()
    return code


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    began = time.monotonic()
    call()
    return time.monotonic() - began


@dataclass
class Page:
    """What a benchmark found, as a page.

    Args:
        name: of the script and its page.
        title: of the page.
        about: docstring of the script.
        kills: how many.
        lines: its tables and sentences, in markdown.
        checks: what was to be reached, and whether it was.
    """

    name: str
    title: str
    about: str
    kills: int
    lines: list[str] = field(default_factory=list)
    checks: list[tuple[str, bool]] = field(default_factory=list)

    def publish(self, *, write: bool) -> None:
        """Print the page, keep it if asked to, and end with exit code 1 where something was not reached."""
        about, *how = self.about.strip().split("\n\n")
        made = f"`python benchmarks/{self.name}.py --kills {self.kills} --write`; {machine()}."
        publish(
            [f"# {self.title}", "", about, "", made, how[-1], "", *self.lines, "", *bars(self.checks)],
            self.name,
            write=write,
        )
        if not all(ok for _, ok in self.checks):
            raise SystemExit(1)


def asked(about: str) -> tuple[int, bool]:
    """How many kills the command line asks for, and whether the page is kept."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--write", action="store_true", help="keep the page in results/")
    given = parser.parse_args()
    return given.kills, given.write
