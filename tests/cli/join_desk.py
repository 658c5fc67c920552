"""Parties of `confide join` as processes, each with a folder of the test's for its files."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import socket
import sys
from importlib.util import find_spec
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from confide.cli import main
from confide.serve.parties.keys import make_keys

FORK = multiprocessing.get_context("forkserver")  # of a process that has loaded all, and has no threads yet
FORK.set_forkserver_preload(["tests.cli.join_desk"])
NAMES = ("north", "south", "east")
COLUMNS = {"x": [-4, 4], "z": [-4, 4], "y": [-20, 20]}
if find_spec("mpyc"):
    from confide.mechanisms.share.joint.engine import imported
    from confide.serve.parties import joining  # noqa: F401 - loaded once, before processes are forked

    async def _ready() -> None:
        imported()

    asyncio.run(_ready())


def records(name: str, count: int = 60) -> pl.DataFrame:
    """Made-up records of a party."""
    rng = np.random.default_rng(len(name) + ord(name[0]))
    x, z = rng.uniform(-4, 4, (2, count))
    y = np.clip(1 + 2 * x - z + rng.normal(size=count), -20, 20)
    codes = {"ward": rng.integers(0, 3, count), "ill": (y > 0).astype(np.int64)}
    return pl.DataFrame({"x": x, "z": z, "y": y, **codes})


class Desk:
    """Keys, plan and records of three parties in one folder."""

    def __init__(self, folder: Path, names: tuple[str, ...] = NAMES) -> None:
        self.folder, self.names = folder, names
        held = [socket.socket() for _ in names]
        for each in held:
            each.bind(("127.0.0.1", 0))
        hosts = [f"127.0.0.1:{each.getsockname()[1]}" for each in held]
        for each in held:
            each.close()
        self.addresses = make_keys(folder / "keys", names, hosts=hosts)
        for name in names:
            records(name).write_parquet(folder / f"{name}.parquet")

    def plan(self, name: str = "plan.toml", **terms: Any) -> Path:
        """A plan: `terms` replace what stands in it; a table is a mapping, None takes it out."""
        said: dict[str, Any] = {
            "run": "trial",
            "computation": "mean",
            "rows": 60,
            "keys": "keys/keys.toml",
            "parties": self.addresses,
            "columns": COLUMNS,
            "deadlines": {"arrival": "10s", "silence": "2s", "run": "60s"},
            **terms,
        }
        plain = {k: v for k, v in said.items() if v is not None and not isinstance(v, dict)}
        tables = {k: v for k, v in said.items() if isinstance(v, dict)}
        lines = [f"{key} = {_toml(value)}" for key, value in plain.items()]
        for key, table in tables.items():
            lines += [f"[{key}]", *(f"{_toml(name)} = {_toml(value)}" for name, value in table.items())]
        (self.folder / name).write_text("\n".join(lines) + "\n")
        return self.folder / name

    def words(self, party: str, *more: str, plan: str = "plan.toml", data: bool = True) -> list[str]:
        """The command of a party, with files of its own."""
        given = ["--data", str(self.folder / f"{party}.parquet")] if data else []
        out = str(self.folder / f"{party}.json")
        plan_file = str(self.folder / plan)
        keys = str(self.folder / "keys")
        return ["join", plan_file, "--party", party, *given, "--keys", keys, "--out", out, *more]

    def start(self, party: str, words: list[str]) -> BaseProcess:
        """A process of its own that runs `confide` with these words."""
        process = FORK.Process(target=_run, args=(words, self.log(party)))
        process.start()
        return process

    def log(self, party: str) -> Path:
        return self.folder / f"{party}.log"

    def out(self, party: str) -> Path:
        return self.folder / f"{party}.json"

    def run(self, commands: dict[str, list[str]]) -> dict[str, int | None]:
        """The exit codes of all, once all have ended."""
        processes = {party: self.start(party, words) for party, words in commands.items()}
        return {party: ended(process) for party, process in processes.items()}


def ended(process: BaseProcess, *, within: float = 60.0) -> int | None:
    """The exit code of a process; a test fails where it does not end."""
    process.join(within)
    if process.exitcode is None:
        process.kill()
        raise AssertionError("still there")
    return process.exitcode


def _toml(value: Any) -> str:
    return json.dumps(value)


def _run(words: list[str], log: Path) -> None:
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    code: Any = 0
    try:
        main(words, standalone_mode=True)
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)
