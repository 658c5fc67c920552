"""What a step of DP-SGD costs against plain SGD: ours, opacus (ghost, hooks) and vmap(grad).

python benchmarks/dpsgd_speed.py [--repeats 9] [--write]

One thread, one process for each group. In each repeat all contestants take turns. Times are CPU seconds:
other processes on the machine take turns too. Ratios are medians of the repeats' ratios. Memory is the peak
of a fresh process for each row, after three steps.

`sum` is forward pass, backward pass, norms, clipping and the clipped sum. `step` adds noise and the step:
ours from AES in counter mode keyed by the operating system, opacus' from torch's generator (its secure mode
cannot be installed here).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Any

import torch
from page import bars, head, machine, publish, row
from torch import Tensor, nn

from confide.mechanisms.learn.dpsgd.clipping import Clipper
from confide.mechanisms.learn.dpsgd.groups import Way, trainable
from confide.mechanisms.learn.dpsgd.losses import default_losses
from confide.mechanisms.learn.dpsgd.noise import GridNoise, SecureSource
from confide.mechanisms.learn.dpsgd.optimising import Stepper
from confide.mechanisms.learn.dpsgd.planning import TIMED, planned, units_at_once
from confide.mechanisms.learn.dpsgd.rows import Rows
from confide.models.torch.losses import cross_entropy

LOSSES = default_losses(cross_entropy)
Made = tuple[nn.Module, Tensor, Tensor]


def mlp(batch: int) -> Made:
    """600-512-256-128-100, 484,836 parameters."""
    sizes = [600, 512, 256, 128, 100]
    layers = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers[:-1]), torch.randn(batch, 600), torch.randint(100, (batch,))


def cnn(batch: int) -> Made:
    """The network of Papernot et al. for MNIST, 26,010 parameters."""
    first = [nn.Conv2d(1, 16, 8, stride=2, padding=2), nn.Tanh(), nn.MaxPool2d(2, 1)]
    second = [nn.Conv2d(16, 32, 4, stride=2), nn.Tanh(), nn.MaxPool2d(2, 1)]
    last = [nn.Flatten(), nn.Linear(512, 32), nn.Tanh(), nn.Linear(32, 10)]
    return nn.Sequential(*first, *second, *last), torch.randn(batch, 1, 28, 28), torch.randint(10, (batch,))


def plain(module: nn.Module, x: Tensor, y: Tensor) -> Callable[[], Any]:
    optimiser = torch.optim.SGD(module.parameters(), lr=0.01)

    def work() -> None:
        optimiser.zero_grad()
        nn.functional.cross_entropy(module(x), y).backward()
        optimiser.step()

    return work


def our_clipper(module: nn.Module, x: Tensor, y: Tensor) -> tuple[Clipper, Rows]:
    rows = Rows(x, y, None, len(x))
    some = rows.of_units(0, min(TIMED, len(x)))
    groups = planned(module, LOSSES, some)
    at_once = units_at_once(module, LOSSES, groups, some, memory_mb=512)
    return Clipper(module=module, losses=LOSSES, groups=groups, clip=1.0, at_once=at_once), rows


def our_sum(module: nn.Module, x: Tensor, y: Tensor) -> Callable[[], Any]:
    clipper, rows = our_clipper(module, x, y)
    return lambda: clipper.clipped(rows)


def our_step(module: nn.Module, x: Tensor, y: Tensor) -> Callable[[], Any]:
    clipper, rows = our_clipper(module, x, y)
    numbers = sum(p.numel() for p in module.parameters())
    noise, bits = GridNoise(multiplier=1.0, clip=1.0, numbers=numbers), SecureSource().at(0, 1)
    stepper = Stepper(module, name="sgd", rate=0.01, momentum=0.0, average=0.0)

    def work() -> None:
        found = clipper.clipped(rows)
        total = torch.cat([found.total[name].flatten() for name in trainable(module)])
        stepper.step(noise.added(total, bits, over=len(x), dtype=total.dtype))

    return work


def forced(way: Way, at_once: int) -> Callable[[nn.Module, Tensor, Tensor], Callable[[], Any]]:
    """The clipped sum with one way for every layer."""

    def contestant(module: nn.Module, x: Tensor, y: Tensor) -> Callable[[], Any]:
        clipper, rows = our_clipper(module, x, y)
        groups = [replace(group, way=way) for group in clipper.groups]
        other = replace(clipper, groups=groups, at_once=at_once)
        return lambda: other.clipped(rows)

    return contestant


def opacus(mode: str) -> Callable[[nn.Module, Tensor, Tensor], Callable[[], Any]]:
    """A whole step of opacus; its noise is torch's."""

    def contestant(module: nn.Module, x: Tensor, y: Tensor) -> Callable[[], Any]:
        from opacus import GradSampleModule
        from opacus.grad_sample import GradSampleModuleFastGradientClipping
        from opacus.optimizers import DPOptimizer, DPOptimizerFastGradientClipping
        from opacus.utils.fast_gradient_clipping_utils import DPLossFastGradientClipping

        settings = {"noise_multiplier": 1.0, "max_grad_norm": 1.0, "expected_batch_size": len(x)}
        inner = torch.optim.SGD(module.parameters(), lr=0.01)
        criterion: Any = nn.CrossEntropyLoss()
        if mode == "ghost":
            wrapped: Any = GradSampleModuleFastGradientClipping(module, max_grad_norm=1)
            optimiser: Any = DPOptimizerFastGradientClipping(inner, **settings)
            criterion = DPLossFastGradientClipping(wrapped, optimiser, criterion)
        else:
            wrapped, optimiser = GradSampleModule(module), DPOptimizer(inner, **settings)

        def work() -> None:
            optimiser.zero_grad()
            criterion(wrapped(x), y).backward()
            optimiser.step()

        return work

    return contestant


OURS = {"plain SGD": plain, "ours, sum": our_sum, "ours, step": our_step}
THEIRS = {"opacus ghost, step": opacus("ghost"), "opacus hooks, step": opacus("hooks")}
SLOW = {"opacus hooks, step", "vmap, sum"}
GROUPS: dict[str, tuple[Callable[[int], Made], int, dict[str, Callable[..., Any]]]] = {
    "MLP, batch 256": (mlp, 256, OURS | THEIRS | {"vmap, sum": forced("vmap", 32)}),
    "MLP, batch 1,024": (mlp, 1024, OURS | {"opacus ghost, step": opacus("ghost")}),
    "CNN, batch 256": (
        cnn,
        256,
        OURS | THEIRS | {"vmap, sum": forced("vmap", 64), "pairs, sum": forced("pairs", 64)},
    ),
    "CNN, batch 1,024": (cnn, 1024, OURS | THEIRS | {"vmap, sum": forced("vmap", 64)}),
}


def timed(group: str, repeats: int) -> dict[str, list[float]]:
    """CPU seconds of each contestant, the least of two turns, once a repeat."""
    make, batch, contestants = GROUPS[group]
    torch.set_num_threads(1)
    works = {name: contestant(*make(batch)) for name, contestant in contestants.items()}
    found: dict[str, list[float]] = {name: [] for name in works}
    for repeat in range(repeats + 1):
        for name, work in works.items():
            seconds = []
            for _ in range(1 if name in SLOW else 2):
                start = time.process_time()
                work()
                seconds.append(time.process_time() - start)
            if repeat:  # the first is for warming up
                found[name].append(min(seconds))
    return found


def peak(group: str, name: str) -> float:
    """MiB of the peak of the process."""
    make, batch, contestants = GROUPS[group]
    torch.set_num_threads(1)
    work = contestants[name](*make(batch))
    for _ in range(3):
        work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def apart(what: str, *given: str) -> Any:
    """The answer of this script in a fresh process."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--only", what, *given]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return json.loads(said.splitlines()[-1])


def table(group: str, repeats: int) -> tuple[list[str], dict[str, float], dict[str, float]]:
    """One group's rows, its ratios to a plain step, and its peaks of memory."""
    times: dict[str, list[float]] = apart("time", group, str(repeats))
    plainly = times["plain SGD"]
    ratios = {n: median(a / b for a, b in zip(s, plainly, strict=True)) for n, s in times.items()}
    peaks = {name: float(apart("peak", group, name)) for name in times}
    lines = [
        f"## {group}",
        "",
        *head("", "CPU ms", "lowest to highest", "ratio to plain", "peak memory, MiB"),
    ]
    for name, seconds in times.items():
        low, mid, high = (1e3 * t for t in (min(seconds), median(seconds), max(seconds)))
        lines.append(
            row(name, f"{mid:.1f}", f"{low:.1f}–{high:.1f}", f"{ratios[name]:.2f}x", f"{peaks[name]:.0f}")
        )
    return [*lines, ""], ratios, peaks


def checks_of(
    ratios: dict[str, dict[str, float]], peaks: dict[str, dict[str, float]]
) -> list[tuple[str, bool]]:
    """What was to be reached."""
    found: list[tuple[str, bool]] = []
    for group, name, most in (
        ("MLP, batch 256", "ours, sum", 1.4),
        ("MLP, batch 1,024", "ours, sum", 1.4),
        ("MLP, batch 256", "ours, step", 2.2),
        ("MLP, batch 1,024", "ours, step", 1.6),
    ):
        ratio = ratios[group][name]
        found.append((f"{group}: {name} at most {most:g}x plain SGD ({ratio:.2f}x)", ratio <= most))
    for group in ("CNN, batch 256", "CNN, batch 1,024"):
        others = {n: r for n, r in ratios[group].items() if n != "plain SGD" and not n.startswith("ours")}
        fastest = min(others, key=others.__getitem__)
        ours = ratios[group]["ours, sum"]
        said = (
            f"{group}: ours within 10 % of the fastest other ({ours:.2f}x, {fastest} {others[fastest]:.2f}x)"
        )
        found.append((said, ours <= 1.1 * others[fastest]))
    memory = peaks["MLP, batch 256"]["ours, step"] / peaks["MLP, batch 256"]["plain SGD"]
    found.append((f"MLP, batch 256: peak memory at most 1.25x plain SGD's ({memory:.2f}x)", memory <= 1.25))
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--repeats", type=int, default=9)
    asked.add_argument("--write", action="store_true", help="keep the page in results/")
    asked.add_argument("--only", nargs="+", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.only:
        warnings.simplefilter("ignore")  # opacus warns of its own hooks
        what, group, *rest = given.only
        print(json.dumps(timed(group, int(rest[0])) if what == "time" else peak(group, rest[0])))
        return
    lines = [
        "# What a step of DP-SGD costs",
        "",
        f"`python benchmarks/dpsgd_speed.py --repeats {given.repeats} --write`; {machine()}, "
        f"torch {torch.__version__}.",
        *(__doc__ or "").split("\n\n")[2].split("\n"),
        "",
        *(__doc__ or "").strip().split("\n\n")[3].split("\n"),
        "",
    ]
    ratios: dict[str, dict[str, float]] = {}
    peaks: dict[str, dict[str, float]] = {}
    for group in GROUPS:
        rows, ratios[group], peaks[group] = table(group, given.repeats)
        lines += rows
    checks = checks_of(ratios, peaks)
    publish([*lines, *bars(checks)], "dpsgd_speed", write=given.write)
    if not all(ok for _, ok in checks):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
