"""A whole federation on loopback: one SuperLink and SuperNodes as processes, with TLS and node keys."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.serve.flower.made_up import NAMES, PARTY, SLOW
from tests.serve.flower.plans import write_plan

from confide.core.arrays import Array
from confide.serve.flower import keys, processes, starting
from confide.serve.flower.ended import END, Ended, read_end

ROOT = Path(__file__).parents[3]
SEED = 11


@dataclass
class Federation:
    """Starts and stops the processes; every file is below one folder."""

    folder: Path
    port: int = field(default_factory=processes.free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = self.folder / "keys"
        keys.make_keys(self.keys, NAMES, hosts=["localhost"])
        self.home = self.folder / "home"
        starting.write_connection(
            self.home, address=self.address, authority=self.keys / "server" / keys.AUTHORITY
        )
        self.slow = self.folder / "slow"
        self.slow.mkdir()
        self.plan = self.write_plan()

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"

    def write_plan(self, **terms: Any) -> Path:
        """The plan that all parties read from now on."""
        return write_plan(self.folder, port=self.port, **terms)

    def config(self, name: str) -> dict[str, str]:
        """The configuration of a party's node."""
        return {
            "plan": str(self.plan), "party": name, "keys": str(self.keys / "parties" / name),
            "rehearse": str(SEED),
        }  # fmt: skip

    def start(self, names: Sequence[str] = NAMES) -> None:
        """The server, the registration of all parties, and their nodes."""
        self.start_superlink()
        with ThreadPoolExecutor() as together:
            list(together.map(self.register, names))
        for name in names:
            self.start_node(name)

    def start_superlink(self) -> None:
        command = starting.superlink(
            self.keys / "server", host="127.0.0.1", port=self.port, database=self.folder / "state.db"
        )
        self._start("superlink", command)
        there = partial(processes.answers, "127.0.0.1", self.port)
        self.wait_for(there, 60, "the SuperLink does not answer")

    def register(self, name: str) -> None:
        public = self.keys / "parties" / name / "node.key.pub"
        processes.called(starting.register(public, name), home=self.home)

    def start_node(self, name: str) -> None:
        folder = self.keys / "parties" / name
        command = starting.supernode(
            folder, address=self.address, port=processes.free_port(), config=self.config(name)
        )
        self._start(name, command)

    def submit(self, name: str) -> Path:
        """Start a run; its folder."""
        app, folder = self.folder / f"app-{name}", self.folder / f"run-{name}"
        folder.mkdir(exist_ok=True)
        starting.write_app(app, plan=self.plan, run=folder, server_keys=self.keys / "server", rehearse=SEED)
        found = processes.asked(starting.start_run(app), home=self.home)
        self.numbers[name] = int(found["run-id"])
        return folder

    def status(self, name: str) -> str:
        """The status of a run, such as running or finished:completed."""
        listing = [starting.program("flwr"), "ls", starting.CONNECTION, "--format", "json"]
        found = processes.asked(listing, home=self.home)
        return next(run["status"] for run in found["runs"] if int(run["run-id"]) == self.numbers[name])

    def ended(self, folder: Path, seconds: float = 150) -> Ended:
        """How a run ended."""
        self.wait_for((folder / END).exists, seconds, "no end")
        found = read_end(folder)
        assert found is not None
        return found

    def model(self, folder: Path) -> Array:
        """The parameters of a run that ended well."""
        found = self.ended(folder)
        assert not found.stopped, found.stopped
        return found.model["parameters"]

    def log(self, name: str) -> str:
        """What a process has printed."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def kill(self, name: str) -> None:
        """End a process as a power failure would."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes.pop(name).wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def wait_for(self, true, seconds: float, what: str) -> None:
        until = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < until, f"{what}: {self.log('superlink')[-3000:]}"
            time.sleep(0.2)

    def _start(self, name: str, command: list[str]) -> None:
        here = starting.environment(self.home) | environment(self.slow, name)
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, env=here, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )


def environment(slow: Path, name: str) -> dict[str, str]:
    """What a party's process finds in its environment: modules of tests, and whether it is slow."""
    path = os.pathsep.join((str(ROOT), *sys.path))
    return {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", SLOW: str(slow), PARTY: name}
