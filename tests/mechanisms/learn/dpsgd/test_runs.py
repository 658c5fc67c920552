"""One charge for each run, before its first step; a run that dies goes on to its end for the same charge."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from confide.account.opening import open_ledger
from confide.core.alone import alone
from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, DataError, LedgerError
from confide.mechanisms.learn.dpsgd.digests import weights_digest
from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
from confide.views.records import Records

BUDGET = Budget(2.0, 1e-4)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def crowd(n: int = 400, seed: int = 0) -> Records:
    x = rng(seed).normal(size=(n, 6)).astype(np.float32)
    return Records(x, (x[:, 0] + x[:, 1] > 0).astype(np.int64))


def mlp() -> nn.Sequential:
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))


def trainer(**changes) -> DPSGD:
    settings = {"budget": BUDGET, "epochs": 8, "batch": 100, "noise": "rehearsal", "every": 5} | changes
    return DPSGD(settings.pop("net", None) or mlp(), **settings)


def dying(out: Tensor, y: Tensor) -> Tensor:
    """A loss that stops the run after some calls, as a user does with Ctrl-C."""
    CALLS.append(1)
    if len(CALLS) == STOPS[0]:
        raise KeyboardInterrupt
    return nn.functional.cross_entropy(out, y, reduction="none")


CALLS: list[int] = []
STOPS = [0]


def paying(tmp_path: Path, records: Records, budget: Budget = BUDGET):
    return open_ledger(
        f"sqlite:///{tmp_path}/ledger.db", data=records.digest(), budget=budget, composition="basic"
    )


def kinds(ledger) -> list[str]:
    return [entry.kind for entry in ledger.history() if entry.kind in ("charged", "answered")]


def test_a_run_is_charged_whole_and_a_second_one_again(tmp_path: Path) -> None:
    records = crowd()
    ledger = paying(tmp_path, records, Budget(5.0, 1e-3))
    private = trainer(ledger=ledger)
    private(records, rng=rng())
    assert kinds(ledger) == ["charged", "answered"]
    assert ledger.history()[-1].payload == f'{{"weights":"{weights_digest(private.net)}"}}'
    private(records, rng=rng())
    assert kinds(ledger).count("charged") == 2
    assert ledger.spent.epsilon == 4_000_000
    before = weights_digest(private.net)
    with pytest.raises(BudgetError):
        private(records, rng=rng())
    assert weights_digest(private.net) == before, "refused before the first step"
    ledger.close()


def test_a_ledger_of_other_data_or_another_unit_pays_nothing(tmp_path: Path) -> None:
    ledger = paying(tmp_path, crowd())
    with pytest.raises(LedgerError):
        trainer(ledger=ledger)(crowd(seed=1), rng=rng())
    person = Budget(2.0, 1e-4, Unit.person("who", at_most=1))
    with pytest.raises(LedgerError):
        trainer(ledger=ledger, budget=person, batch=50)(crowd(), rng=rng(), people=np.arange(400))
    assert kinds(ledger) == []
    ledger.close()


def test_an_interrupted_run_says_what_it_was_charged_and_goes_on_to_the_same_end(tmp_path: Path) -> None:
    records = crowd()
    ledger = paying(tmp_path, records)
    settings = {"loss": dying, "optimiser": "adam", "learning_rate": 0.05, "average": 0.5, "individual": True}
    CALLS.clear()
    STOPS[0] = 0
    whole = trainer(**settings)
    spent = whole.train(records, rng=rng()).epsilons
    for stop in (30, 25, 20):
        CALLS.clear()
        STOPS[0] = stop
        broken = trainer(**settings, ledger=ledger, checkpoint=tmp_path / "run.safetensors")
        before = weights_digest(broken.net)
        with pytest.raises(KeyboardInterrupt) as stopped:
            broken(records, rng=rng())
        assert "was charged epsilon 2, delta 0.0001" in stopped.value.__notes__[0]
        assert weights_digest(broken.net) == before
    STOPS[0] = 0
    earlier = (tmp_path / "run.safetensors").read_bytes()
    again = trainer(**settings, ledger=ledger, checkpoint=tmp_path / "run.safetensors")
    found = again.train(records, rng=rng(99)).epsilons
    assert weights_digest(again.net) == weights_digest(whole.net)
    assert (found == spent).all()
    assert kinds(ledger) == ["charged", "answered"]
    # Finished: the same again gives the same model, and is not charged.
    last = trainer(**settings, ledger=ledger, checkpoint=tmp_path / "run.safetensors")
    last(records, rng=rng())
    assert weights_digest(last.net) == weights_digest(whole.net)
    assert kinds(ledger) == ["charged", "answered"]
    # A copy of before the end would give a second model, with other noise, for the same charge.
    (tmp_path / "run.safetensors").write_bytes(earlier)
    second = trainer(**settings, ledger=ledger, checkpoint=tmp_path / "run.safetensors")
    before = weights_digest(second.net)
    with pytest.raises(DataError, match="an earlier checkpoint of a run that has ended"):
        second(records, rng=rng())
    assert weights_digest(second.net) == before and kinds(ledger) == ["charged", "answered"]
    ledger.close()


@pytest.mark.slow
def test_a_run_with_other_data_settings_or_code_is_not_gone_on_with(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "run.safetensors"
    trainer(checkpoint=path)(crowd(), rng=rng())
    kept = path.read_bytes()
    with pytest.raises(DataError, match="run with other data: its promise does not hold"):
        trainer(checkpoint=path)(crowd(seed=1), rng=rng())
    for change in (
        {"clip": 2.0},
        {"epochs": 9},
        {"budget": Budget(2.5, 1e-4)},
        {"noise": "secure"},
        {"loss": nn.CrossEntropyLoss(reduction="none")},
        {"net": nn.Linear(6, 2)},
    ):
        with pytest.raises(DataError, match="run with other settings or code"):
            trainer(checkpoint=path, **change)(crowd(), rng=rng())
    monkeypatch.setattr("confide.mechanisms.learn.dpsgd.digests._code", lambda: "changed")
    with pytest.raises(DataError, match="run with other settings or code"):
        trainer(checkpoint=path)(crowd(), rng=rng())
    assert path.read_bytes() == kept


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x80\x04\x95pickle", None], ids=str)
def test_a_file_that_is_no_checkpoint_is_refused_and_stays(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "run.safetensors"
    if content is None:
        trainer(checkpoint=path)(crowd(), rng=rng())
        content = path.read_bytes()[:-40]
    path.write_bytes(content)
    with pytest.raises(DataError, match="no checkpoint of DP-SGD"):
        trainer(checkpoint=path)(crowd(), rng=rng())
    assert path.read_bytes() == content


def test_one_process_alone_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    with (
        alone(path),
        pytest.raises(DataError, match="another process trains from"),
    ):
        trainer(checkpoint=path)(crowd(), rng=rng())
    assert not path.exists()


def test_a_secure_run_keeps_no_seed_of_its_noise(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    trainer(checkpoint=path, noise="secure")(crowd(), rng=rng())
    assert b'\\"seed\\": null' in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0, "for its owner alone"


KILLED = """
import sys, os, signal, time, random
from pathlib import Path
from tests.mechanisms.learn.dpsgd import test_runs as t
folder, moments = Path(sys.argv[1]), int(sys.argv[2])
records = t.crowd()
def train():
    ledger = t.paying(folder, records)
    private = t.trainer(epochs=40, every=3, ledger=ledger, checkpoint=folder / "run.safetensors")
    private(records, rng=t.rng())
    (folder / "weights").write_text(t.weights_digest(private.net))
random.seed(int(sys.argv[3]))
t.trainer(epochs=40).plan(400)
for moment in range(moments):
    child = os.fork()
    if not child:
        train()
        os._exit(0)
    time.sleep(random.uniform(0.01, 0.25))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
train()
"""


@pytest.mark.slow
def test_a_run_killed_at_twenty_moments_ends_with_the_same_weights_on_one_charge(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), "20", "3"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    whole = trainer(epochs=40)
    whole(crowd(), rng=rng())
    assert (tmp_path / "weights").read_text() == weights_digest(whole.net)
    ledger = paying(tmp_path, crowd())
    assert kinds(ledger) == ["charged", "answered"]
    ledger.close()


CROWD = """
import sys, os
from pathlib import Path
from tests.mechanisms.learn.dpsgd import test_runs as t
from confide.core.errors import BudgetError
folder = Path(sys.argv[1])
records = t.crowd()
t.trainer().plan(400)
children = []
for k in range(8):
    child = os.fork()
    if not child:
        ledger = t.paying(folder, records, t.Budget(6.5, 1e-3))
        try:
            t.trainer(ledger=ledger)(records, rng=t.rng(k))
        except BudgetError:
            os._exit(3)
        os._exit(0)
    children.append(child)
codes = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
print(codes)
"""


@pytest.mark.slow
def test_eight_processes_on_one_ledger_train_as_often_as_it_pays(tmp_path: Path) -> None:
    ledger = paying(tmp_path, crowd(), Budget(6.5, 1e-3))
    ledger.close()
    done = subprocess.run(
        [sys.executable, "-c", CROWD, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[0, 0, 0, 3, 3, 3, 3, 3]", done.stderr
    ledger = paying(tmp_path, crowd(), Budget(6.5, 1e-3))
    assert ledger.spent.epsilon == 6_000_000
    ledger.close()
