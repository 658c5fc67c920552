"""What per-example gradients cost: norms against a plain backward pass and `vmap(grad)`, and the Gram.

python benchmarks/gradients.py [--repeats 7] [--write]

One thread. In each repeat all contestants of a group take turns, each several times, and the least is taken:
a machine that does other things too only ever adds. Ratios are of CPU seconds, the median over repeats.
Memory is measured in a fresh process for each row. `plain` is the forward and backward pass of the mean loss,
as in training. Precision compares with a float64 copy of the module.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import torch
from page import bars, head, machine, publish, row
from torch import nn

from confide.models.torch.model import TorchModel

BAR = 2.0


def mlp() -> tuple[nn.Module, np.ndarray, np.ndarray]:
    """485,610 parameters, a batch of 256."""
    module = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 160), nn.ReLU(), nn.Linear(160, 10))
    return module, *_records((784,), 10, 256)


def cnn() -> tuple[nn.Module, np.ndarray, np.ndarray]:
    """conv32-conv64-fc on pictures of 3 x 32 x 32, a batch of 256."""
    module = nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(4096, 20)),
    )
    return module, *_records((3, 32, 32), 20, 256)


def target(n: int) -> tuple[nn.Module, np.ndarray, np.ndarray]:
    """The network of the decoder's table, 446-128-30."""
    return nn.Sequential(nn.Linear(446, 128), nn.ReLU(), nn.Linear(128, 30)), *_records((446,), 30, n)


def _records(shape: tuple[int, ...], classes: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, *shape)).astype(np.float32), rng.integers(0, classes, n)


def plain(module: nn.Module, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    """One step of training, without the step."""
    rows, labels = torch.from_numpy(x), torch.from_numpy(y)

    def work() -> None:
        module.zero_grad()
        nn.functional.cross_entropy(module(rows), labels).backward()

    return work


def norms(module: nn.Module, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    """Ours: every record's norm in every layer."""
    model = TorchModel(module)
    return lambda: model.gradient_norms(x, y)


def by_vmap(module: nn.Module, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    """What one would write with torch.func."""
    each = _vmapped(module, x, y)
    return lambda: [g.norm(dim=1) for g in each()]


def _vmapped(module: nn.Module, x: np.ndarray, y: np.ndarray) -> Callable[[], list[torch.Tensor]]:
    """Every record's gradient, one tensor [n, p] for each parameter."""
    rows, labels = torch.from_numpy(x), torch.from_numpy(y)
    weights = {name: p.detach() for name, p in module.named_parameters()}

    def loss(weights: dict[str, torch.Tensor], row: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        out = torch.func.functional_call(module, weights, (row[None],))
        return nn.functional.cross_entropy(out, label[None])

    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))
    return lambda: [g.flatten(1) for g in each(weights, rows, labels).values()]


def gram(module: nn.Module, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    """Ours: all inner products over all layers."""
    model = TorchModel(module)
    return lambda: model.gradient_gram(x, y)


def gram_by_vmap(module: nn.Module, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    """All gradients at once, and their products in float32."""
    each = _vmapped(module, x, y)
    return lambda: sum(g @ g.T for g in each())


GROUPS: dict[str, tuple[Callable[[], Any], dict[str, Callable[..., Any]], int]] = {
    "MLP 784-512-160-10 (485,610 parameters), batch 256": (
        mlp,
        {"plain": plain, "norms": norms, "vmap(grad)": by_vmap},
        5,
    ),
    "CNN conv32-conv64-fc on 3x32x32 (101,332 parameters), batch 256": (
        cnn,
        {"plain": plain, "norms": norms, "vmap(grad)": by_vmap},
        1,
    ),
    "MLP 446-128-30, 2,000 candidates": (
        lambda: target(2_000),
        {"plain": plain, "Gram": gram, "Gram by vmap(grad)": gram_by_vmap},
        1,
    ),
    "MLP 446-128-30, 5,000 candidates": (lambda: target(5_000), {"plain": plain, "Gram": gram}, 1),
}


def timed(group: str, repeats: int) -> dict[str, list[float]]:
    """CPU seconds of each contestant, the least of some turns, once a repeat."""
    make, contestants, turns = GROUPS[group]
    torch.set_num_threads(1)
    works = {name: contestant(*make()) for name, contestant in contestants.items()}
    found: dict[str, list[float]] = {name: [] for name in works}
    for repeat in range(repeats + 1):
        for name, work in works.items():
            seconds = []
            for _ in range(turns):
                start = time.process_time()
                work()
                seconds.append(time.process_time() - start)
            if repeat:  # the first is for warming up
                found[name].append(min(seconds))
    return found


def peak(group: str, name: str) -> float:
    """MiB that one contestant adds to the peak of the process."""
    make, contestants, _ = GROUPS[group]
    torch.set_num_threads(1)
    module, x, y = make()
    plain(module, x[:2], y[:2])()
    work = contestants[name](module, x, y)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def precision() -> list[str]:
    """The largest error of an inner product, over the product of the two norms."""
    lines = head("half of 400 records fitted", "norms from", "to", "largest error", "median error")
    for name, make in (("MLP 446-128-30", lambda: target(400)), ("CNN conv32-conv64-fc", _few_pictures)):
        torch.manual_seed(0)
        module, x, y = make()
        optimiser = torch.optim.Adam(module.parameters(), lr=2e-3)
        rows, labels = torch.from_numpy(x[:200]), torch.from_numpy(y[:200])
        for _ in range(60):
            optimiser.zero_grad()
            nn.functional.cross_entropy(module(rows), labels).backward()
            optimiser.step()
        found = TorchModel(module).gradient_gram(x, y)
        exact = TorchModel(copy.deepcopy(module).double()).gradient_gram(x, y)
        size = np.sqrt(np.diag(exact))
        error = np.abs(found - exact) / np.outer(size, size)
        lines.append(
            row(
                name,
                f"{size.min():.1e}",
                f"{size.max():.1e}",
                f"{error.max():.1e}",
                f"{np.median(error):.1e}",
            )
        )
    return lines


def _few_pictures() -> tuple[nn.Module, np.ndarray, np.ndarray]:
    return cnn()[0], *_records((3, 32, 32), 20, 400)


def apart(what: str, *given: str) -> Any:
    """The answer of this script in a fresh process."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--only", what, *given]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return json.loads(said.splitlines()[-1])


def table(group: str, repeats: int) -> tuple[list[str], dict[str, float]]:
    """One group's rows, and its ratios to a plain pass."""
    times: dict[str, list[float]] = apart("time", group, str(repeats))
    ratios = {
        name: median(a / b for a, b in zip(seconds, times["plain"], strict=True))
        for name, seconds in times.items()
    }
    lines = [f"## {group}", "", *head("", "CPU ms", "spread", "ratio to plain", "peak of memory, MiB")]
    for name, seconds in times.items():
        low, mid, high = (1e3 * t for t in (min(seconds), median(seconds), max(seconds)))
        cells = (f"{mid:.1f}", f"{low:.1f}–{high:.1f}", f"{ratios[name]:.2f}x")
        lines.append(row(name, *cells, f"{apart('peak', group, name):.0f}"))
    return [*lines, ""], ratios


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--repeats", type=int, default=7)
    asked.add_argument("--write", action="store_true", help="keep the page in results/")
    asked.add_argument("--only", nargs="+", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.only:
        what, group, *rest = given.only
        print(json.dumps(timed(group, int(rest[0])) if what == "time" else peak(group, rest[0])))
        return
    lines = [
        "# What per-example gradients cost",
        "",
        f"`python benchmarks/gradients.py --repeats {given.repeats} --write`; {machine()}, "
        f"torch {torch.__version__}.",
        "One thread. CPU milliseconds: the median of the repeats, each the least of a few turns, lowest and",
        "highest beside it; ratios are medians of the repeats' ratios. `plain` is the forward and backward",
        "pass of the mean loss. Memory is what one call adds to the peak of a fresh process.",
        "",
    ]
    ratios: dict[str, dict[str, float]] = {}
    for group in GROUPS:
        rows, ratios[group] = table(group, given.repeats)
        lines += rows
    lines += ["## Precision of the Gram", "", *precision(), ""]
    lines += ["Errors are of inner products over the product of the two norms, against a float64 copy.", ""]
    first, second = list(ratios.values())[:2]
    ours, theirs = first["norms"], first["vmap(grad)"]
    checks = [
        (f"norms of the MLP cost at most {BAR:g}x a plain pass ({ours:.2f}x)", ours <= BAR),
        (f"and vmap(grad) tens of times ({theirs:.0f}x)", theirs >= 10),
        (
            f"norms of the CNN cost at most {BAR:g}x a plain pass too ({second['norms']:.2f}x, "
            f"vmap(grad) {second['vmap(grad)']:.2f}x)",
            second["norms"] <= BAR,
        ),
    ]
    publish([*lines, *bars(checks)], "gradients", write=given.write)
    if not all(ok for _, ok in checks):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
