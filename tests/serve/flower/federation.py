"""A whole federation on loopback: one SuperLink and SuperNodes as processes, with TLS and node keys."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tests.serve.flower.made_up import NAMES, SLOW

from confide.core.arrays import Array
from confide.core.version import VERSION
from confide.serve.flower import keys, starting

ROOT = Path(__file__).parents[3]
HERE = "tests.serve.flower.made_up"


def plan_text(folder: Path, *, address: object, secure: str = "", **terms: object) -> str:
    """The plan of a test's federation, with keys of `folder`."""
    said = {
        "version": VERSION, "name": "made up", "address": address, "rounds": 2, "cohort": 2, "deadline": 60,
        "learner": f"{HERE}:learner", "protocol": f"{HERE}:averaging", "seed": 11, **terms,
    }  # fmt: skip
    lines = [f"{name} = {json.dumps(value)}" for name, value in said.items() if value is not None]
    pinned = keys.pinned_text(folder)
    server, rest = pinned.split("\n", 1)
    table = f"[secure]\n{secure}\n" if secure else ""
    return "\n".join((*lines, server, table, rest))


def free_port() -> int:
    """A port that nobody has now."""
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@dataclass
class Federation:
    """Starts and stops the processes; every file is below one folder."""

    folder: Path
    port: int = field(default_factory=free_port)
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
        self.plan = self.folder / "plan.toml"
        self.write_plan()

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"

    def write_plan(self, *, secure: str = "", **terms: object) -> None:
        """The plan that all parties read from now on."""
        self.plan.write_text(plan_text(self.keys, address=self.address, secure=secure, **terms))

    def config(self, name: str) -> dict[str, str]:
        """The configuration of a party's node."""
        return {
            "plan": str(self.plan), "party": name, "keys": str(self.keys / "parties" / name),
            "records": f"{HERE}:{name}",
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
        self.wait_for(lambda: _answers(self.port), 60, "the SuperLink does not answer")

    def register(self, name: str) -> None:
        self.run(starting.register(self.keys / "parties" / name / "node.key.pub", name))

    def start_node(self, name: str) -> None:
        folder = self.keys / "parties" / name
        command = starting.supernode(folder, address=self.address, port=free_port(), config=self.config(name))
        self._start(name, command)

    def submit(self, name: str, *, resume: bool = False, ledger: str = "", record: bool = False) -> Path:
        """Start a run; its folder."""
        app, folder = self.folder / f"app-{name}", self.folder / f"run-{name}"
        folder.mkdir(exist_ok=True)
        if not app.exists():
            starting.write_app(
                app,
                plan=self.plan,
                run=folder,
                server_keys=self.keys / "server",
                ledger=ledger,
                record=record,
            )
        said = self.run(starting.start_run(app, resume=resume))
        found = json.loads(said[said.index("{") :])
        assert found["success"], said  # the exit code is 0 in any case
        self.numbers[name] = int(found["run-id"])
        return folder

    def status(self, name: str) -> str:
        """The status of a run, such as running or finished:completed."""
        said = self.run([starting._program("flwr"), "ls", starting.CONNECTION, "--format", "json"])
        found = json.loads(said[said.index("{") :])
        return next(run["status"] for run in found["runs"] if int(run["run-id"]) == self.numbers[name])

    def model(self, folder: Path, seconds: float = 150) -> Array:
        """The parameters, as soon as the run has ended."""
        self.wait_for((folder / "model.npz").exists, seconds, "no model")
        with np.load(folder / "model.npz") as held:
            return held["parameters"]

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

    def run(self, command: list[str]) -> str:
        """A command of Flower's; what it prints."""
        done = subprocess.run(
            command, env=self._environment(), cwd=ROOT, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def wait_for(self, true, seconds: float, what: str) -> None:
        until = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < until, f"{what}: {self.log('superlink')[-3000:]}"
            time.sleep(0.2)

    def _environment(self) -> dict[str, str]:
        here = starting.environment(self.home)
        return {**here, SLOW: str(self.slow), "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}

    def _start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, env=self._environment(), cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
