"""How fast a pool of reference models is trained, against the loop that one would write.

python benchmarks/pool_speed.py [--repeats 3] [--quick] [--write]

Equal work for all: the same records, epochs, batch size, network and Adam. The rivals train one model after
another: `loader` is the loop of the tutorials (TensorDataset, DataLoader, torch's default Adam), `tensors`
the same without a loader (index, step). Ratios of CPU seconds compare one process with one thread each;
ratios of wall seconds compare our pool over `processes(2)` with the rival in one process, with 1 thread, or
with 1 or 2 threads, whichever is faster in that repeat. Rivals train two of the models: their time is
linear in the number.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from confide.core.access import BlackBox
from confide.core.errors import DataError
from confide.data import common_task
from confide.learners.pool import fit_many, include_halves
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.training import has_bfloat16
from confide.scale import processes
from confide.views.records import Records

RESULT = Path(__file__).parent / "results" / "pool_speed.md"
SEED, BATCH = 7, 128


def mlp() -> nn.Module:
    """The reference model of the common task."""
    return nn.Sequential(nn.Linear(600, 128), nn.Tanh(), nn.Linear(128, 100))


def cnn() -> nn.Module:
    """A small network for pictures of 3 x 32 x 32."""
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(32 * 8 * 8, 10)),
    )


@dataclass(frozen=True)
class Job:
    """What is trained: `models` networks, each on a random half of the records."""

    name: str
    factory: Callable[[], nn.Module]
    records: Records
    epochs: int
    models: int
    flops: float  # of one record in one epoch: 2 forward and 4 backward a weight, less the first layer's 2

    @property
    def halves(self) -> np.ndarray:
        return include_halves(len(self.records), self.models, rng=np.random.default_rng(SEED))


@dataclass
class Clock:
    """CPU and wall seconds a model, one entry a repeat."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def add(self, models: int, work: Callable[[], Any]) -> Any:
        cpu, wall = time.process_time(), time.perf_counter()
        answer = work()
        self.cpu.append((time.process_time() - cpu) / models)
        self.wall.append((time.perf_counter() - wall) / models)
        return answer


def by_loader(job: Job, half: np.ndarray) -> nn.Module:
    """The loop of the tutorials."""
    chosen = job.records.take(half)
    data = TensorDataset(torch.tensor(chosen.x, dtype=torch.float32), torch.tensor(chosen.y))
    model, loss = job.factory(), nn.CrossEntropyLoss()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(job.epochs):
        for x, y in DataLoader(data, batch_size=BATCH, shuffle=True):
            optimiser.zero_grad()
            loss(model(x), y).backward()
            optimiser.step()
    return model


def by_tensors(job: Job, half: np.ndarray) -> nn.Module:
    """The same with tensors on hand."""
    chosen = job.records.take(half)
    x, y = torch.tensor(chosen.x, dtype=torch.float32), torch.tensor(chosen.y)
    model, loss = job.factory(), nn.CrossEntropyLoss()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(job.epochs):
        for batch in torch.randperm(len(y)).split(BATCH):
            optimiser.zero_grad()
            loss(model(x[batch]), y[batch]).backward()
            optimiser.step()
    return model


RIVALS = {"loader": by_loader, "tensors": by_tensors}


def accuracy(answer: Callable[[torch.Tensor], torch.Tensor], job: Job, half: np.ndarray) -> str:
    """Accuracy on its own records / on the others."""
    with torch.no_grad():
        right = answer(torch.tensor(job.records.x, dtype=torch.float32)).argmax(1).numpy() == job.records.y
    return f"{right[half].mean():.3f} / {right[~half].mean():.3f}"


def run(job: Job, repeats: int, few: int) -> tuple[dict[str, Clock], dict[str, str]]:
    """All contestants in turn, `repeats` times."""
    clocks: dict[str, Clock] = {}
    right: dict[str, str] = {}
    learner = TorchLearner(factory=job.factory, epochs=job.epochs, batch_size=BATCH)
    kinds = {"ours": learner}
    if has_bfloat16(torch.device("cpu")):
        kinds["ours, bfloat16"] = replace(learner, precision="bfloat16")
    halves = job.halves
    _warm(0)  # the first optimiser of a process loads a second's worth of torch
    list(processes(2)(_warm, range(4)))
    for _ in range(repeats):
        for name, rival in RIVALS.items():
            for threads in (1, 2):
                torch.set_num_threads(threads)
                clock = clocks.setdefault(f"{name}, {threads} thread{'s'[: threads - 1]}", Clock())
                models = clock.add(few, lambda: [rival(job, half) for half in halves[:few]])  # noqa: B023
                right[name] = accuracy(models[0], job, halves[0])
        torch.set_num_threads(1)
        for name, kind in kinds.items():
            alone = clocks.setdefault(f"{name}, one process", Clock())
            subsets = [np.flatnonzero(half) for half in halves[: 8 if job.factory is mlp else 2]]
            rngs = np.random.default_rng(SEED).spawn(len(subsets))
            alone.add(len(subsets), partial(kind.fit_group, job.records, subsets, rngs=rngs))
            meter = Metered()
            pool = clocks.setdefault(f"{name}, two processes", Clock())
            models = pool.add(job.models, partial(_pool, kind, job, meter))
            pool.cpu[-1] += meter.cpu / job.models
            right[name] = accuracy(lambda x: torch.from_numpy(models[0].predict(x.numpy())), job, halves[0])  # noqa: B023
    return clocks, right


def _pool(learner: TorchLearner, job: Job, meter: Metered) -> list[BlackBox]:
    return fit_many(learner, job.records, job.halves, rng=np.random.default_rng(SEED), map=meter)


@dataclass
class Metered:
    """`processes(2)`, adding up the CPU seconds of its workers."""

    cpu: float = 0.0

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        for answer, cpu in processes(2)(partial(_metered, function), items):
            self.cpu += cpu
            yield answer


def _metered(function: Callable[[Any], Any], item: Any) -> tuple[Any, float]:
    start = time.process_time()
    return function(item), time.process_time() - start


def _warm(_: int) -> None:
    torch.optim.Adam(nn.Linear(2, 2).parameters())
    time.sleep(1)


def peaks() -> dict[str, float]:
    """GFLOP/s of one core in the largest product of the MLP."""
    torch.set_num_threads(1)
    x, w = torch.randn(8, BATCH, 600), torch.randn(8, 128, 600)
    each: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    products: dict[str, Callable[[], Any]] = {
        "float32, batched (MKL)": lambda: torch.bmm(x, w.transpose(1, 2))
    }
    if each is not None and torch.backends.mkldnn.is_available():
        products["float32, each (oneDNN)"] = lambda: [
            each(a, b, None, "none", [], "") for a, b in zip(x, w, strict=True)
        ]
    if has_bfloat16(torch.device("cpu")):
        a, b = x.bfloat16(), w.bfloat16()
        products["bfloat16, batched (oneDNN)"] = lambda: torch.bmm(a, b.transpose(1, 2))
    return {name: 2 * 8 * BATCH * 600 * 128 / _seconds(product) / 1e9 for name, product in products.items()}


def _seconds(work: Callable[[], Any], times: int = 100) -> float:
    work()
    rounds = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(times):
            work()
        rounds.append((time.process_time() - start) / times)
    return median(rounds)


def parity(job: Job) -> str:
    """How far a model trained in a group is from the same model trained alone."""
    learner = TorchLearner(factory=job.factory, epochs=job.epochs, batch_size=BATCH)
    subsets = [np.flatnonzero(half) for half in job.halves[:2]]
    rngs = np.random.default_rng(SEED).spawn(2)
    together = learner.fit_group(job.records, subsets, rngs=rngs)
    alone = learner.fit(job.records.take(subsets[0]), rng=np.random.default_rng(SEED).spawn(2)[0])
    one, two, other = (_weights(model) for model in (alone, *together))
    same = (alone.labels(job.records.x) == together[0].labels(job.records.x)).mean()
    return (
        f"largest difference of a weight {np.abs(one - two).max():.1e} (between two seeds "
        f"{np.abs(one - other).max():.2f}), equal labels on {same:.2%} of {len(job.records):,} records"
    )


def _weights(model: Any) -> np.ndarray:
    return np.concatenate([p.detach().numpy().ravel() for p in model.module.parameters()])


def table(job: Job, clocks: dict[str, Clock], right: dict[str, str]) -> list[str]:
    lines = [
        f"## {job.name}",
        "",
        "| trained by | CPU s a model | spread | wall s a model | spread | accuracy in / out |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, clock in clocks.items():
        cpu, wall = (f"{median(t):.2f} | {min(t):.2f}–{max(t):.2f}" for t in (clock.cpu, clock.wall))
        lines.append(f"| {name} | {cpu} | {wall} | {right[name.rsplit(', ', 1)[0]]} |")
    lines += ["", "| ratio (median of the repeats' ratios) | CPU | wall, 1 thread | wall, 1 or 2 |"]
    lines += ["| --- | --- | --- | --- |"]
    for ours in (name for name in right if name.startswith("ours")):
        for rival in RIVALS:
            one, two = clocks[f"{rival}, 1 thread"], clocks[f"{rival}, 2 threads"]
            alone, pool = clocks[f"{ours}, one process"], clocks[f"{ours}, two processes"]
            best = [min(walls) for walls in zip(one.wall, two.wall, strict=True)]
            ratios = (_ratio(one.cpu, alone.cpu), _ratio(one.wall, pool.wall), _ratio(best, pool.wall))
            lines.append(f"| {ours} against {rival} | {' | '.join(ratios)} |")
    return [*lines, ""]


def _ratio(theirs: list[float], ours: list[float]) -> str:
    return f"{median(a / b for a, b in zip(theirs, ours, strict=True)):.2f}x"


def jobs(quick: bool) -> list[Job]:
    rng = np.random.default_rng(SEED)
    try:
        people, origin = common_task.sitting().pool, "common task"
    except DataError:
        people, origin = common_task.twin(20_000, rng=rng), "twin of the common task"
    n = 2_000 if quick else 5_000
    pictures = Records(rng.normal(size=(n, 3, 32, 32)).astype(np.float32), rng.integers(0, 10, n))
    epochs = 3 if quick else 25
    convolutions = 3 * 9 * 16 * 1024 * 4 + 16 * 9 * 32 * 256 * 6 + 2048 * 10 * 6
    title = f"MLP 600-128-100 tanh, 10,000 records ({origin}), {epochs} epochs, batch {BATCH}, pool of 16"
    short = 2 if quick else 5
    other = (
        f"CNN 3x32x32, conv16-conv32-fc, {n // 2:,} records (noise), {short} epochs, batch {BATCH}, pool of 8"
    )
    return [
        Job(title, mlp, people, epochs, 16, 600 * 128 * 4 + 128 * 100 * 6),
        Job(other, cnn, pictures, short, 8, convolutions),
    ]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--repeats", type=int, default=3)
    asked.add_argument("--quick", action="store_true", help="few epochs: shows that it runs, not how fast")
    asked.add_argument("--write", action="store_true", help=f"write {RESULT.name}")
    given = asked.parse_args()
    known: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    flags = [f for f in ("avx2", "avx512_f", "avx512_bf16", "amx_bf16", "neon") if known.get(f)]
    lines = [
        "# Speed of training pools",
        "",
        f"`python benchmarks/pool_speed.py --repeats {given.repeats}{' --quick' * given.quick} --write`, "
        f"{torch.multiprocessing.cpu_count()} cores ({', '.join(flags)}), torch {torch.__version__}.",
        "Seconds a model are medians of the repeats, with lowest and highest; in each repeat all take turns.",
        "",
    ]
    for job in jobs(given.quick):
        lines += table(job, *run(job, given.repeats, 1 if given.quick else 2))
        work = job.flops * len(job.records) / 2 * job.epochs / 1e9
        lines += [f"One model takes {work:.0f} GFLOP in its products.", ""]
        if job.factory is mlp:
            lines += [
                "| one core, in the largest product | GFLOP/s | a model's products, s |",
                "| --- | --- | --- |",
            ]
            lines += [f"| {name} | {peak:.0f} | {work / peak:.2f} |" for name, peak in peaks().items()]
            lines += ["", "The rest is gathering batches, Adam, tanh and the loss, which memory bounds.", ""]
            lines += [f"Together and alone: {parity(job)}.", ""]
        else:
            lines += ["Most of the rest is pooling, ReLU and their gradients, which memory bounds.", ""]
    text = "\n".join(lines)
    print(text)
    if given.write:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(text)


if __name__ == "__main__":
    main()
