"""`confide collaborate keys|check|start|resume` as a user types them, a process each.

They run in the second environment (`make flower`): TLS, node keys, loopback, offline.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("flwr", reason="runs in the environment of `make flower`")

from tests.serve.flower.federation import environment
from tests.serve.flower.made_up import NAMES
from tests.serve.flower.plans import write_plan

from confide.core.kept_transcript import read_transcript
from confide.serve.flower.processes import free_port

SAME = ("--keys", "keys", "--rehearse", "11")


class Desk:
    """A folder in which commands run, and end with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.slow = folder / "slow"
        self.slow.mkdir()
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, *words: str, code: int = 0) -> str:
        """A command that ends by itself; what it prints, in one line."""
        done = subprocess.run(
            self._command(words), env=self._environment(""), cwd=self.folder, capture_output=True, text=True,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return " ".join((done.stdout + done.stderr).split())

    def start(self, name: str, *words: str) -> None:
        """A command that goes on."""
        with (self.folder / f"{name}.out").open("ab") as out:
            self.running[name] = subprocess.Popen(
                self._command(words), env=self._environment(name), cwd=self.folder, stdout=out, stderr=out
            )

    def ended(self, name: str, seconds: float = 300) -> str:
        """What such a command has printed, once it has ended well."""
        code = self.running.pop(name).wait(seconds)
        said = (self.folder / f"{name}.out").read_text()
        assert code == 0, said
        return said

    def wait_for(self, true: Callable[[], object], seconds: float = 300) -> None:
        until = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < until, {p.name: p.read_text() for p in self.folder.glob("*.out")}
            time.sleep(0.1)

    def stop(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()

    def _command(self, words: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "confide", *words]

    def _environment(self, name: str) -> dict[str, str]:
        return {**os.environ, **environment(self.slow, name), "CONFIDE_CACHE": str(self.folder / "cache")}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    try:
        yield found
    finally:
        found.stop()


def test_a_plan_runs_on_machines_is_killed_and_goes_on(desk: Desk) -> None:
    folder, began = desk.folder, time.monotonic()
    plan = write_plan(folder, port=free_port(), rounds=2)
    said = desk.run("collaborate", "keys", "keys", "--nodes", ",".join(NAMES))
    assert said.count("SHA256:") == 7 and "certificate authority" in said  # one of the server, two of each
    assert "c: all right (plan, version, data, key)" in desk.run(
        "collaborate", "check", "plan.toml", "--party", "c", "--keys", "keys", "--offline"
    )
    gone = desk.run("collaborate", "check", "plan.toml", "--party", "c", "--keys", "keys", code=2)
    assert "nobody answers at localhost" in gone

    (desk.slow / "b.wait").write_text("1")
    server = ("plan.toml", "--as", "server", *SAME, "--listen", "127.0.0.1", "--record", "seen")
    desk.start("server", "collaborate", "start", *server)
    for name in NAMES:
        own = ("--party", name, *SAME, "--out", f"{name}.npz", "--record", f"seen-{name}")
        desk.start(name, "collaborate", "start", "plan.toml", *own)
    desk.wait_for((desk.slow / "b.began").exists)  # in the middle of round 2
    checked = desk.run("collaborate", "check", "plan.toml", "--party", "c", *SAME)
    assert "all right (plan, version, data, key, certificate, address)" in checked
    desk.running["server"].send_signal(signal.SIGKILL)
    desk.running.pop("server").wait()
    (desk.slow / "b.wait").unlink()

    changed = plan.read_text()
    plan.write_text(changed.replace("rounds = 2", "rounds = 3"))
    assert "the plan has changed" in desk.run("collaborate", "resume", *server, code=2)
    plan.write_text(changed)
    assert "goes on with it" in desk.run("collaborate", "start", *server, code=2)
    desk.start("server", "collaborate", "resume", *server)
    lines = desk.ended("server").splitlines()
    assert "the run goes on after round 1." in lines
    said = {name: desk.ended(name) for name in NAMES}
    print(f"\ncommands, 2 rounds, a crash and a resume: {time.monotonic() - began:.1f} s")

    # The same plan, simulated, gives the same model and the same report.
    simulated = desk.run(
        "collaborate", "plan.toml", "--simulate", "--rehearse", "11", "--out", "simulated.npz"
    )
    told = simulated.partition("simulated.npz: ")[2].partition(" warning:")[0]
    assert "trained by 3 clients in 2 rounds of FedAvg. It gets" in told
    for out, printed in {"model.npz": "\n".join(lines), **{f"{n}.npz": said[n] for n in NAMES}}.items():
        assert told in " ".join(printed.split())
        with np.load(folder / out) as found, np.load(folder / "simulated.npz") as expected:
            np.testing.assert_array_equal(found["parameters"], expected["parameters"])
            assert json.loads(str(found["card"])) == json.loads(str(expected["card"]))
    _audited(desk)


def _audited(desk: Desk) -> None:
    """What each machine saw is recorded, and an audit looks at it with the eyes of that machine alone."""
    held = read_transcript(desk.folder / "seen")
    assert held.parties == ("server", *NAMES) and not held.inputs
    updates = [(m.round, m.sender) for m in held.messages if m.kind == "update"]
    assert sorted(updates) == [(number, name) for number in (1, 2) for name in NAMES]
    audit = ("audit", "collaboration", "seen", "--controls", "holdout.parquet", "--attacks", "update-loss")
    known = ("--records", "a.parquet", "--about", "a")
    assert "holds no records of other clients" in desk.run(*audit, "--as", "server", code=2)
    assert "look --as server" in desk.run(*audit, "--as", "client:b", *known, code=2)
    own = read_transcript(desk.folder / "seen-a")
    assert set(own.inputs) == {"a"}
    assert {m.sender for m in own.messages} | {m.receiver for m in own.messages} == {"server", "a"}
