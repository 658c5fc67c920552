"""Pools of models: spread in any way they are the same; what is finished is never trained again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from torch import nn

from confide.core.access import BlackBox
from confide.core.arrays import Array, Batch, Floats, Ints, Rng
from confide.core.errors import DataError
from confide.learners.pool import fit_many, include_halves
from confide.learners.torch.learner import TorchLearner
from confide.scale import processes, ray_map, threads
from confide.views.records import Records

RNG = np.random.default_rng


@dataclass(frozen=True)
class Centre:
    """Answers with minus the distance to its centre, which a coin shifts."""

    point: Floats
    task: str = "classification"

    def predict(self, x: Batch) -> Floats:
        near = -((np.asarray(x) - self.point) ** 2).sum(axis=1)
        return np.column_stack([-near, near])

    def labels(self, x: Batch) -> Array:
        return self.predict(x).argmax(axis=1)


@dataclass(frozen=True)
class Centring:
    """A learner that writes down each training in a file."""

    log: Path
    shift: float = 1.0
    task: str = "classification"

    def fit(self, records: Records, *, rng: Rng) -> BlackBox:
        with self.log.open("a") as log:
            log.write("trained\n")
        return Centre(np.asarray(records.x).mean(axis=0) + self.shift * rng.normal())  # pyright: ignore

    @property
    def trained(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


class KeptCentring(Centring):
    def recipe(self) -> str:
        return f"centring {self.shift}"

    def save(self, models: Sequence[BlackBox], path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, np.stack([m.point for m in models]))  # pyright: ignore

    def load(self, path: Path) -> list[BlackBox]:
        return [Centre(point) for point in np.load(path, allow_pickle=False)]  # pyright: ignore


class GroupedCentring(KeptCentring):
    group = 2

    def fit_group(self, records: Records, subsets: Sequence[Ints], *, rngs: Sequence[Rng]) -> list[BlackBox]:
        return [self.fit(records.take(s), rng=rng) for s, rng in zip(subsets, rngs, strict=True)]


def people(n: int = 40, d: int = 3) -> Records:
    x = RNG(1).normal(size=(n, d)).astype(np.float32)
    return Records(x, (x.sum(axis=1) > 0).astype(np.int64))


def points(models: Sequence[BlackBox]) -> Array:
    return np.stack([m.point for m in models])  # pyright: ignore


def bits(models: Sequence[BlackBox]) -> list[bytes]:
    return [p.detach().numpy().tobytes() for m in models for p in m.module.parameters()]  # pyright: ignore


@pytest.mark.parametrize("kind", [Centring, KeptCentring, GroupedCentring])
@pytest.mark.parametrize("cached", [False, True])
def test_model_j_is_trained_on_subset_j_with_generator_j(kind, cached: bool, tmp_path: Path) -> None:
    records, halves = people(), include_halves(40, 5, rng=RNG(0))
    learner, told = kind(tmp_path / "log"), []
    cache = tmp_path / "cache" if cached else None
    models = fit_many(learner, records, halves, rng=RNG(3), cache=cache, progress=lambda *d: told.append(d))
    expected = [
        records.x[half].mean(axis=0) + rng.normal() for half, rng in zip(halves, RNG(3).spawn(5), strict=True)
    ]
    assert_array_equal(points(models), np.stack(expected))
    assert learner.trained == 5
    assert told[-1] == (5, 5)
    assert told == ([(2, 5), (4, 5), (5, 5)] if kind is GroupedCentring else [(i, 5) for i in range(1, 6)])


def test_nothing_is_trained_twice_and_a_larger_pool_begins_with_the_smaller(tmp_path: Path) -> None:
    records, learner = people(), GroupedCentring(tmp_path / "log")
    first = fit_many(learner, records, include_halves(40, 4, rng=RNG(0)), rng=RNG(3), cache=tmp_path)
    told: list[tuple[int, int]] = []
    more = fit_many(
        learner, records, include_halves(40, 8, rng=RNG(0)), rng=RNG(3), cache=tmp_path,
        progress=lambda *done: told.append(done),
    )  # fmt: skip
    assert learner.trained == 8
    assert told == [(4, 8), (6, 8), (8, 8)]
    assert_array_equal(points(more[:4]), points(first))


@pytest.mark.parametrize("change", ["records", "recipe", "seed", "subsets", "learner"])
def test_anything_else_is_trained_anew(change: str, tmp_path: Path) -> None:
    records, learner, halves, seed = (
        people(),
        KeptCentring(tmp_path / "log"),
        include_halves(40, 2, rng=RNG(0)),
        3,
    )
    fit_many(learner, records, halves, rng=RNG(seed), cache=tmp_path)
    if change == "records":
        records = Records(np.asarray(records.x) + np.eye(40, 3, dtype=np.float32), records.y)
    elif change == "recipe":
        learner = replace(learner, shift=2.0)
    elif change == "seed":
        seed = 4
    elif change == "subsets":
        halves = include_halves(40, 2, rng=RNG(1))
    else:
        learner = GroupedCentring(tmp_path / "log")
    fit_many(learner, records, halves, rng=RNG(seed), cache=tmp_path)
    assert learner.trained == 4


def test_a_damaged_block_is_trained_again_and_only_that(tmp_path: Path) -> None:
    records, learner, halves = people(), KeptCentring(tmp_path / "log"), include_halves(40, 4, rng=RNG(0))
    first = fit_many(learner, records, halves, rng=RNG(3), cache=tmp_path / "c")
    damaged = sorted((tmp_path / "c").iterdir())[1]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    again = fit_many(learner, records, halves, rng=RNG(3), cache=tmp_path / "c")
    assert learner.trained == 5
    assert_array_equal(points(first), points(again))


def test_halves_come_in_complementary_pairs() -> None:
    halves = include_halves(101, 6, rng=RNG(0))
    assert (halves[::2] ^ halves[1::2]).all()
    assert_array_equal(halves[::2].sum(axis=1), [50, 50, 50])
    assert_array_equal(include_halves(101, 3, rng=RNG(0)), halves[:3])
    assert len({half.tobytes() for half in halves}) == 6


@pytest.mark.parametrize(
    ("subsets", "message"),
    [
        ([np.array([], np.int64)], "subset 0 is empty"),
        ([np.array([0]), np.array([40])], "subset 1 names row 40 of 40"),
        ([np.array([-1])], "subset 0 names row -1"),
        (np.ones((2, 39), np.bool_), r"the mask is \(2, 39\) for 40 records"),
    ],
)
def test_subsets_that_make_no_sense_are_refused(subsets, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        fit_many(Centring(tmp_path / "log"), people(), subsets, rng=RNG(0))


STACKED = TorchLearner(factory=partial(nn.Linear, 50, 2), epochs=3, batch_size=64, together=2)


def dropping() -> nn.Module:
    return nn.Sequential(nn.Linear(50, 8), nn.Dropout(), nn.Linear(8, 2))


DROPOUT = replace(STACKED, factory=dropping)


@pytest.mark.parametrize(
    ("learner", "spread"),
    [
        (STACKED, threads(3)),
        (DROPOUT, threads(3)),
        pytest.param(STACKED, processes(2), marks=pytest.mark.slow),
        pytest.param(DROPOUT, processes(2), marks=pytest.mark.slow),
        # Ray takes long to start, and the one that draws while it trains is the harder one.
        pytest.param(DROPOUT, ray_map(jobs=2), marks=pytest.mark.slow),
    ],
    ids=["threads", "threads-dropout", "processes", "processes-dropout", "ray-dropout"],
)
def test_the_models_do_not_depend_on_how_they_are_spread(
    learner: TorchLearner, spread, tmp_path: Path
) -> None:
    records, halves = people(400, 50), include_halves(400, 5, rng=RNG(0))
    before = torch.get_num_threads()
    plain = fit_many(learner, records, halves, rng=RNG(3))
    other = fit_many(learner, records, halves, rng=RNG(3), map=spread)
    kept = fit_many(learner, records, halves, rng=RNG(3), map=spread, cache=tmp_path)
    assert bits(other) == bits(plain)
    assert bits(kept) == bits(plain)
    assert torch.get_num_threads() == before


SCRIPT = """
import sys
from functools import partial
from pathlib import Path
import numpy as np
from torch import nn
from confide.views.records import Records
from confide.learners.pool import fit_many, include_halves
from confide.learners.torch.learner import TorchLearner
from confide.scale import processes

x = np.random.default_rng(1).normal(size=(2000, 50)).astype(np.float32)
learner = TorchLearner(factory=partial(nn.Linear, 50, 2), epochs=30, batch_size=16, together=1)
records = Records(x, (x[:, 0] > 0).astype(np.int64))
fit_many(
    learner, records, include_halves(2000, 8, rng=np.random.default_rng(0)),
    rng=np.random.default_rng(3), cache=Path(sys.argv[1]), map=processes(2) if sys.argv[2] == "2" else map,
)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ending", "jobs"), [(signal.SIGKILL, 1), (signal.SIGKILL, 2), (signal.SIGINT, 2)], ids=str
)
def test_a_killed_pool_is_resumed_with_nothing_redone_and_the_same_result(
    ending: signal.Signals, jobs: int, tmp_path: Path
) -> None:
    records = people(2000, 50)
    records = Records(records.x, (np.asarray(records.x)[:, 0] > 0).astype(np.int64))
    learner = TorchLearner(factory=partial(nn.Linear, 50, 2), epochs=30, batch_size=16, together=1)
    halves = include_halves(2000, 8, rng=RNG(0))
    # A session of its own, so that the signal reaches its workers too, as it does from a terminal.
    run = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path), str(jobs)],
        start_new_session=True,
        stderr=subprocess.PIPE,
    )
    while len(list(tmp_path.glob("*.kept"))) < 2 and run.poll() is None:
        time.sleep(0.002)
    os.killpg(run.pid, ending)
    run.communicate(timeout=60)
    assert run.returncode == (-signal.SIGKILL if ending is signal.SIGKILL else -signal.SIGINT)
    finished = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.kept")}
    assert 2 <= len(finished) < 8, "the kill came too late to show anything"
    told: list[tuple[int, int]] = []
    resumed = fit_many(
        learner, records, halves, rng=RNG(3), cache=tmp_path, progress=lambda *done: told.append(done)
    )
    assert told[0] == (len(finished), 8)
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    assert len(list(tmp_path.glob("*.kept"))) == 8
    assert bits(resumed) == bits(fit_many(learner, records, halves, rng=RNG(3)))
