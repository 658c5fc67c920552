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
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

pytest.importorskip("flwr", reason="runs in the environment of `make flower`")

from tests.serve.flower import made_up
from tests.serve.flower.federation import environment
from tests.serve.flower.made_up import NAMES
from tests.serve.flower.plans import write_plan

from confide.account.history import Entry
from confide.account.opening import examine_ledger
from confide.core.arrays import Array
from confide.core.kept_transcript import read_transcript
from confide.core.transcript import sum_in
from confide.mechanisms.federate.clipped_updates import clipped
from confide.releases.collaboration.parties import read_party
from confide.releases.collaboration.plan import read_plan
from confide.serve.flower.processes import free_port

SAME = ("--keys", "keys")
ROUNDS, CLIP, MULTIPLIER = 2, 1.0, 1.0
PROTOCOL = f'name = "dp-fedavg"\nclip = {CLIP}\nsample = 1.0\nmultiplier = {MULTIPLIER}'
# The ledger could pay twice: that it did not shows in its history alone.
BUDGET = '[budget]\nepsilon = 10.0\ndelta = 0.01\nledger = "clients.ledger"\nwhole = "30,0.03"'


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


def test_a_promise_is_kept_on_machines_though_the_server_is_killed_and_is_paid_for_once(desk: Desk) -> None:
    """DP-FedAvg by secure sums, with noise that nobody can draw again, and a ledger that pays for it."""
    folder, began = desk.folder, time.monotonic()
    plan = write_plan(
        folder, port=free_port(), rounds=ROUNDS, secure="", protocol=PROTOCOL, more=BUDGET, seconds=300,
        learner=f'model = "{made_up.__name__}:on_all"',
    )  # fmt: skip
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
    paid = _charged(folder)
    assert len(paid) == 1 and not (folder / "model.npz").exists()

    changed = plan.read_text()
    plan.write_text(changed.replace(f"rounds = {ROUNDS}", f"rounds = {ROUNDS + 1}"))
    assert "the plan has changed" in desk.run("collaborate", "resume", *server, code=2)
    plan.write_text(changed)
    assert "goes on with it" in desk.run("collaborate", "start", *server, code=2)
    desk.start("server", "collaborate", "resume", *server)
    lines = desk.ended("server").splitlines()
    assert "the run goes on after round 1." in lines
    said = {name: desk.ended(name) for name in NAMES}
    print(f"\ncommands, {ROUNDS} rounds, a crash and a resume: {time.monotonic() - began:.1f} s")

    assert _charged(folder) == paid
    (told,) = [line for line in lines if line.startswith("model.npz: ")]
    assert f"trained by 3 clients in {ROUNDS} rounds of DP-FedAvg. It gets" in told
    with np.load(folder / "model.npz") as found:
        parameters, card = found["parameters"], json.loads(str(found["card"]))
    for name in NAMES:
        assert told.partition(": ")[2] in said[name]
        with np.load(folder / f"{name}.npz") as theirs:
            np.testing.assert_array_equal(theirs["parameters"], parameters)
            assert json.loads(str(theirs["card"])) == card
    _computed_again(folder, parameters)
    _audited(desk)


def _charged(folder: Path) -> list[Entry]:
    """The charges in the ledger, which stands in the plan's folder."""
    with closing(examine_ledger(f"sqlite:///{folder / 'clients.ledger'}")) as ledger:
        return [entry for entry in ledger.history() if entry.kind == "charged"]


def _computed_again(folder: Path, published: Array) -> None:
    """Each round's sum is that of the clipped changes of all parties, and the model that of all rounds."""
    held, plan = read_transcript(folder / "seen"), read_plan(folder / "plan.toml")
    records = [read_party(plan, name) for name in NAMES]
    learner = plan.learner.learner(features=records[0].x.shape[1], classes=made_up.CLASSES)
    models = []
    for number in range(1, ROUNDS + 1):
        sent = [m for m in held.messages if (m.round, m.kind) == (number, "model")]
        assert [m.receiver for m in sent] == list(NAMES)  # once: a round that was cut short is not in it
        start = sent[0].payload["parameters"]
        trained = learner.train(np.stack([start] * 3), records, rngs=[np.random.default_rng(0)] * 3)
        total = sum(clipped(one - start, CLIP) for one in trained)
        np.testing.assert_allclose(sum_in(held.inputs, number)["update"], total, atol=1e-6)
        models += [start, total]
    assert held.parties == ("server", *NAMES) and set(held.inputs) == {"server"}
    assert not [m for m in held.messages if m.kind == "update"]
    # What the models moved by, less the sums, is noise of deviation z S / W: 12 numbers a round.
    ends = [*models[2::2], published]
    noise = [
        end - start - total / 3 for start, total, end in zip(models[::2], models[1::2], ends, strict=True)
    ]
    squares = float((np.concatenate(noise) ** 2).sum()) / (MULTIPLIER * CLIP / 3) ** 2
    assert 1e-6 < chi2(published.size * ROUNDS).cdf(squares) < 1 - 1e-6  # fails by chance twice in a million


def _audited(desk: Desk) -> None:
    """What each machine saw is recorded, and an audit looks at it with the eyes of that machine alone."""
    audit = ("audit", "collaboration", "seen", "--controls", "holdout.parquet", "--attacks", "update-loss")
    known = ("--records", "a.parquet")
    assert "holds no records of other clients" in desk.run(*audit, "--as", "server", code=2)
    assert "look --as server" in desk.run(*audit, "--as", "client:b", *known, code=2)
    own = read_transcript(desk.folder / "seen-a")
    assert set(own.inputs) == {"a"}
    assert {m.sender for m in own.messages} | {m.receiver for m in own.messages} == {"server", "a"}
