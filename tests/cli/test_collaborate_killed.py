"""`confide collaborate` killed (kill -9) at several moments: the same model afterwards, and one charge."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tests.cli.test_collaborate import PLAN, PRIVATE, desk

from confide.cli import main
from confide.core.kept_transcript import read_transcript

__all__ = ["desk"]

pytestmark = pytest.mark.slow
ROUNDS = 30
LONG = PLAN.replace("rounds = 3", f"rounds = {ROUNDS}").replace(
    'model = "mlp"\nhidden = [64]', 'model = "logistic"'
)


def words(name: str, *more: str) -> list[str]:
    return ["collaborate", "plan.toml", "--simulate", "--out", f"{name}.npz", "--record", name, *more]


def ended(given: list[str]) -> Result:
    """The run in this process, which has loaded all that it needs."""
    return CliRunner().invoke(main, given)


def killed(desk: Path, given: list[str], standing: Path, rounds: int) -> None:
    """Kill the run once it has kept this many rounds more, at whatever it does then."""
    command = [sys.executable, "-m", "confide", *given]
    process = subprocess.Popen(command, cwd=desk, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen: set[int] = set()
    while len(seen) <= rounds and process.poll() is None:
        if standing.exists():
            seen.add(standing.stat().st_mtime_ns)
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it ended before it was killed"


def model(path: Path) -> bytes:
    with np.load(path, allow_pickle=False) as held:
        return held["parameters"].tobytes()


def test_a_killed_collaboration_ends_with_the_same_model(desk: Path) -> None:
    (desk / "plan.toml").write_text(LONG)
    assert ended(words("whole", "--rehearse", "1")).exit_code == 0
    command = words("cut", "--rehearse", "1")
    for rounds in (1, 7):
        killed(desk, command, desk / "cut.npz.unfinished/standing.npz", rounds)
        assert not (desk / "cut.npz").exists() and not (desk / "cut").exists()
    done = ended(command)
    assert done.exit_code == 0 and "It went on after round" in done.output, done.output
    assert model(desk / "cut.npz") == model(desk / "whole.npz")
    one, other = (read_transcript(desk / name) for name in ("cut", "whole"))
    assert [(m.round, m.sender, m.receiver) for m in one.messages] == [
        (m.round, m.sender, m.receiver) for m in other.messages
    ]
    assert not list(desk.glob("*unfinished*"))


def test_a_killed_collaboration_is_charged_once(desk: Path) -> None:
    plan = LONG.replace('name = "fedavg"', 'name = "dp-fedavg"\nclip = 0.5\nsample = 0.8') + PRIVATE
    (desk / "plan.toml").write_text(plan)
    killed(desk, words("m"), desk / "m.npz.unfinished/standing.npz", 0)  # before or while it is charged
    killed(desk, words("m"), desk / "m.npz.unfinished/standing.npz", 5)
    done = ended(words("m"))
    assert done.exit_code == 0, done.output
    shown = CliRunner().invoke(main, ["ledger", "show", "sqlite:///clients.ledger"])
    assert "on 1 question" in shown.output
