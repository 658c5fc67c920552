"""A real server: `confide serve` in a process of its own, on a free port."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.serve.explorer.conftest import SCHEMA, rows_of


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs.

    Args:
        url: its address.
        tokens: by name, as the owner was given them.
        log: its standard error.
    """

    url: str
    tokens: dict[str, str]
    log: Path


@contextmanager
def serving(
    folder: Path, parts: Sequence[str], *, budget: str = "1", people: int = 2_000, more: Sequence[str] = ()
) -> Iterator[Served]:
    """Serve a made-up survey.

    Args:
        folder: for all files.
        parts: analysts with their shares.
        budget: of everything.
        people: in the survey, each with three visits.
        more: further options.
    """
    rows_of(people).write_parquet(folder / "people.parquet")
    (folder / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    said, log = folder / "said.txt", folder / "log.txt"
    named = [option for part in parts for option in ("--analyst", part)]
    options = [
        "serve", str(folder / "people.parquet"), "--unit", "user_id:3", "--budget", budget, "--schema",
        str(folder / "schema.toml"), "--port", "0", *named, *more,
    ]  # fmt: skip
    with said.open("w") as out, log.open("w") as errors:
        command = [sys.executable, "-u", "-c", "from confide.cli import main; main()", *options]
        process = subprocess.Popen(command, stdout=out, stderr=errors, cwd=folder)
        try:
            url = _url(process, said, log)
            lines = (folder / "people.new-tokens").read_text().splitlines()
            tokens = dict(line.rsplit(" ", 1) for line in lines)
            yield Served(url, {name.removesuffix(" (you)"): t for name, t in tokens.items()}, log)
        finally:
            process.terminate()
            process.wait(30)


def _url(process: subprocess.Popen[bytes], said: Path, log: Path) -> str:
    """The address that it says, when it listens."""
    for _ in range(1200):
        if found := re.search(r"Open (https?://\S+)/ in a browser", said.read_text()):
            return found[1]
        if process.poll() is not None:
            break
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError(log.read_text())
