"""Several processes add up what one adds up; the noise is drawn once; none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import chi2
from tests.mechanisms.learn.dpsgd.test_runs import crowd, kinds, paying, rng
from torch import Tensor, nn

from confide.core.budget import Budget, Unit
from confide.core.errors import ModelError, PromiseError
from confide.mechanisms.learn.dpsgd import dpsgd
from confide.mechanisms.learn.dpsgd.clipping import Clipped
from confide.mechanisms.learn.dpsgd.digests import weights_digest
from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
from confide.mechanisms.learn.dpsgd.noise import SAMPLE, RehearsalSource, box_muller
from confide.mechanisms.learn.dpsgd.sampling import poisson_sample
from confide.mechanisms.learn.dpsgd.team import Team, team_of

BUDGET = Budget(2.0, 1e-4)


def mlp() -> nn.Sequential:
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))


def trainer(**changes) -> DPSGD:
    settings = {"budget": BUDGET, "epochs": 4, "batch": 100, "noise": "rehearsal", "every": 5} | changes
    return DPSGD(settings.pop("net", None) or mlp(), **settings)


def flat(net: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def alive(pid: int) -> bool:
    """Whether a process still runs: one that has ended may wait to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"processes": 3, "optimiser": "adam", "learning_rate": 0.05, "individual": True},
        {
            "budget": Budget(2.0, 1e-4, Unit.person("who", at_most=3)),
            "batch": 30,
            "memory_mb": 1,
            "noise_multiplier": 9.0,
        },
        {"precision": "bfloat16"},
        {"batch": 2, "epochs": 0.2, "processes": 4, "noise_multiplier": 1.2},  # fewer units than processes
    ],
    ids=["two", "three, individual", "persons", "bfloat16", "empty shares"],
)
def test_the_weights_are_those_of_one_process(changes) -> None:
    changes = {"processes": 2} | changes
    people = np.repeat(np.arange(200), 2) if "budget" in changes else None
    one = trainer(**changes | {"processes": 1})
    alone = one.train(crowd(), rng=rng(), people=people)
    several = trainer(**changes)
    found = several.train(crowd(), rng=rng(), people=people)
    assert torch.allclose(flat(several.net), flat(one.net), rtol=1e-4, atol=1e-5)
    assert alone.epsilons is None or np.array_equal(alone.epsilons, found.epsilons)
    # A rehearsal with as many processes ends with the very same weights.
    again = trainer(**changes)
    again(crowd(), rng=rng(), people=people)
    assert weights_digest(again.net) == weights_digest(several.net)
    assert several.net.training is False and all(p.grad is None for p in several.net.parameters())


def test_records_that_are_not_numbers_are_counted_in_every_share() -> None:
    records = crowd()
    records.x[[7, 399]] = np.nan
    trained = trainer(batch=400, epochs=3, processes=2).train(records, rng=rng())
    assert trained.unusable == 6 and bool(torch.isfinite(flat(trained.outcome.view.module)).all())


def test_a_loss_that_no_pickle_takes_is_trained_with_and_one_that_fails_is_named() -> None:
    lock = threading.Lock()

    def held(out: Tensor, y: Tensor) -> Tensor:
        with lock:
            return nn.functional.cross_entropy(out, y, reduction="none")

    trainer(processes=2, loss=held)(crowd(), rng=rng())

    def failing(out: Tensor, y: Tensor) -> Tensor:
        if os.getpid() != PARENT:
            raise RuntimeError("the disk is full")
        return held(out, y)

    with pytest.raises(ModelError, match=r"failed \(the disk is full\): see whether processes=1 does"):
        trainer(processes=2, loss=failing)(crowd(), rng=rng())


def noise_of_a_step(private: DPSGD) -> float:
    """What a step leaves beside a plain loop's clipped sum, squared, over the planned variance."""
    records, net = crowd(), mlp()
    before = flat(private.net).clone()
    trained = private.train(records, rng=rng(4))
    seed = int(rng(4).integers(1 << 62, size=2)[0])
    sample = poisson_sample(400, rate=0.25, bits=RehearsalSource(seed).at(0, SAMPLE))
    total = torch.zeros_like(before)
    for x, y in zip(torch.from_numpy(records.x)[sample], torch.from_numpy(records.y)[sample], strict=True):
        g = torch.autograd.grad(nn.functional.cross_entropy(net(x[None]), y[None]), list(net.parameters()))
        each = torch.cat([part.flatten() for part in g])
        total += each * min(1.0, 0.2 / float(each.norm()))
    left = ((before - flat(private.net)) * 100 - total) / (0.2 * trained.plan.multiplier)
    return float(left.square().sum())


class EachAddsNoise(Team):
    """A broken twin: each share comes with noise of its own, as large as that of the whole sum."""

    def clipped(self, sample: Tensor, key: int) -> Clipped:
        found = super().clipped(sample, key)
        bits = RehearsalSource(3).at(0, 9)
        for _ in self.members:
            for total in found.total.values():
                total += 0.2 * MULTIPLIER[0] * box_muller(total.numel(), bits).view_as(total)
        return found


MULTIPLIER = [0.0]


def test_the_noise_is_added_once(monkeypatch) -> None:
    """74 numbers have a chi-squared sum within these bounds but once in 10^6; those of three draws do not."""
    low, high = chi2.ppf(5e-7, 74), chi2.isf(5e-7, 74)
    settings = {"epochs": 0.25, "learning_rate": 1.0, "clip": 0.2, "processes": 2}
    assert low < noise_of_a_step(trainer(**settings)) < high
    MULTIPLIER[0] = trainer(**settings).plan(400).multiplier

    @contextmanager
    def twin(*given) -> Iterator[Team]:
        with team_of(*given) as team:
            yield EachAddsNoise(team.clipper, team.weights, team.members)

    monkeypatch.setattr(dpsgd, "team_of", twin)
    assert not low < noise_of_a_step(trainer(**settings)) < high


CALLS: list[int] = []
PARENT = os.getpid()
STOPS = [0]


def killing(out: Tensor, y: Tensor) -> Tensor:
    """A loss in whose process the system kills it, as it does when the memory runs out."""
    if os.getpid() != PARENT:
        CALLS.append(1)
        if len(CALLS) == STOPS[0]:
            os.kill(os.getpid(), signal.SIGKILL)
    return nn.functional.cross_entropy(out, y, reduction="none")


def test_a_killed_process_ends_the_run_with_one_sentence_and_it_goes_on_from_the_checkpoint(
    tmp_path: Path,
) -> None:
    ledger, path = paying(tmp_path, crowd()), tmp_path / "run.safetensors"
    STOPS[0] = 0
    whole = trainer(loss=killing, processes=2)
    whole(crowd(), rng=rng())
    STOPS[0] = 9  # after the trial and seven steps
    broken = trainer(loss=killing, processes=2, ledger=ledger, checkpoint=path)
    before = flat(broken.net).clone()
    with pytest.raises(ModelError, match=r"number \d+\) was killed or has ended: .* fewer processes") as died:
        broken(crowd(), rng=rng())
    (note,) = died.value.__notes__
    assert "the ledger was charged epsilon 2, delta 0.0001" in note
    assert note.endswith(f"It goes on from {path} without another charge.")
    assert torch.equal(flat(broken.net), before) and broken.net.training
    STOPS[0] = 0
    again = trainer(loss=killing, processes=2, ledger=ledger, checkpoint=path)
    assert again.train(crowd(), rng=rng(9)).steps == 16
    assert weights_digest(again.net) == weights_digest(whole.net)
    assert kinds(ledger) == ["charged", "answered"]
    ledger.close()


def test_a_run_goes_on_with_fewer_processes(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    whole = trainer()
    whole(crowd(), rng=rng())
    STOPS[0] = 9
    with pytest.raises(ModelError, match="was killed"):
        trainer(loss=killing, processes=2, checkpoint=path)(crowd(), rng=rng())
    last = trainer(loss=killing, checkpoint=path)
    last(crowd(), rng=rng(9))
    assert torch.allclose(flat(last.net), flat(whole.net), rtol=1e-4, atol=1e-5)


def test_a_process_that_cannot_begin_stops_the_run_before_it_is_charged(tmp_path: Path) -> None:
    ledger = paying(tmp_path, crowd())
    STOPS[0] = 1
    with pytest.raises(ModelError, match="was killed"):
        trainer(loss=killing, processes=2, ledger=ledger)(crowd(), rng=rng())
    assert kinds(ledger) == []
    ledger.close()


def test_no_process_is_left_after_a_run(monkeypatch) -> None:
    STOPS[0], pids = 0, []

    @contextmanager
    def noting(*given) -> Iterator[Team]:
        with team_of(*given) as team:
            begun = [member.pid for member in team.members]
            assert all(map(alive, begun))
            pids.extend(begun)
            yield team

    monkeypatch.setattr(dpsgd, "team_of", noting)
    trainer(processes=2)(crowd(), rng=rng())
    assert len(pids) == 2 and not any(map(alive, pids))
    with pytest.raises(ValueError, match="enough"):
        trainer(processes=2, until=failing)(crowd(), rng=rng())
    assert len(pids) == 4 and not any(map(alive, pids))


def failing(view, step: int) -> bool:
    raise ValueError("enough")


ORPHANS = """
import os, sys, time
from pathlib import Path
from tests.mechanisms.learn.dpsgd import test_team as t
folder, parent = Path(sys.argv[1]), os.getpid()
def loss(out, y):
    if os.getpid() != parent:
        (folder / f"{os.getpid()}.pid").touch()
        time.sleep(0.05)
    return t.nn.functional.cross_entropy(out, y, reduction="none")
settings = {"processes": 2, "epochs": 400, "noise_multiplier": 99.0, "loss": loss}
t.trainer(**settings, checkpoint=folder / "run.safetensors")(t.crowd(), rng=t.rng())
"""


@pytest.mark.slow
def test_the_processes_of_a_run_that_is_killed_end_and_hold_no_lock(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(ORPHANS)
    root = str(Path(__file__).parents[4])
    there = {**os.environ, "PYTHONPATH": os.pathsep.join([root, *sys.path])}
    with subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=there) as run:
        deadline = time.monotonic() + 120
        while len(list(tmp_path.glob("*.pid"))) < 2 or not (tmp_path / "run.safetensors").exists():
            assert run.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        pids = [int(path.stem) for path in tmp_path.glob("*.pid")]
        run.kill()
        run.wait()
        from confide.core.alone import alone

        with alone(tmp_path / "run.safetensors"):  # while they may still be at their shares
            pass
        while any(map(alive, pids)):
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"processes": 0}, "processes is 0: give 1 or more"),
        ({"device": "cuda"}, "add up gradients on the processor, and device is 'cuda'"),
    ],
)
def test_what_cannot_be_is_refused(changes, said: str) -> None:
    with pytest.raises(PromiseError, match=said):
        trainer(**({"processes": 2} | changes))


def test_a_process_that_has_used_a_gpu_is_not_forked(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    with pytest.raises(PromiseError, match="this process has used a GPU"):
        trainer(processes=2)(crowd(), rng=rng())


def test_a_process_that_does_not_answer_is_no_endless_wait(monkeypatch) -> None:
    monkeypatch.setattr("confide.mechanisms.learn.dpsgd.team.PATIENCE", 0.2)
    waits = lambda out, y: (time.sleep(0 if os.getpid() == PARENT else 30), killing(out, y))[1]  # noqa: E731
    with pytest.raises(ModelError, match=r"did not answer in 0.2 seconds.*processes=1"):
        trainer(processes=2, loss=waits)(crowd(), rng=rng())
