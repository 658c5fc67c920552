"""Pools of convolutional networks: one by one, grouped as one, or by vmap; and what confide chooses.

python benchmarks/conv_pool_speed.py [--device cpu] [--repeats 5] [--write]

Eight networks of two convolutions (3 x 3, padding 1), each with ReLU and pooling, and a linear layer are
trained on 256 records of noise each for two epochs, by the same Adam. `one by one` is `train`, channels last;
`grouped` is `train_stacked`; `vmap` is torch.func's over `functional_call`, in batches of the same size. One
thread on a processor.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from statistics import median
from unittest.mock import patch

import numpy as np
import torch
from page import bars, head, machine, publish, row
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional

from confide.learners.torch import learner as torch_learner
from confide.learners.torch import stacked
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.stacked_conv import pays
from confide.learners.torch.training import has_bfloat16, one_thread
from confide.views.records import Records

MODELS, EPOCHS, RECORDS = 8, 2, 256
SIZES = [  # channels of the picture and of both layers, height and width, batch
    ((1, 4, 8), 8, 64),
    ((1, 16, 32), 8, 64),
    ((3, 16, 32), 16, 16),
    ((1, 8, 16), 16, 64),
    ((1, 8, 16), 28, 64),
    ((3, 8, 16), 32, 64),
    ((3, 16, 32), 32, 128),
    ((3, 32, 64), 32, 64),
]


def network(channels: tuple[int, int, int], size: int) -> nn.Module:
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * (size // 4) ** 2, 10))


def by_pool(learner: TorchLearner, records: Records, *, as_one: bool) -> None:
    """The pool's own loops, with the choice taken out of its hands."""
    subsets = [np.arange(RECORDS)] * MODELS
    with (
        patch.object(torch_learner, "can_stack", stacked.can_stack if as_one else lambda *_: False),
        patch.object(stacked, "pays", lambda *_: as_one),
    ):
        learner.fit_group(records, subsets, rngs=np.random.default_rng(7).spawn(MODELS))


def by_vmap(factory: Callable[[], nn.Module], x: Tensor, y: Tensor, batch: int) -> None:
    """The usual recipe for ensembles, on stacked weights."""
    base = factory().to(x.device)
    weights, _ = stack_module_state([factory().to(x.device) for _ in range(MODELS)])
    optimiser = torch.optim.Adam(weights.values(), lr=1e-3, fused=True)

    def loss(own: dict[str, Tensor], pictures: Tensor, labels: Tensor) -> Tensor:
        return functional.cross_entropy(functional_call(base, own, (pictures,)), labels)

    for _ in range(EPOCHS):
        orders = torch.stack([torch.randperm(len(y), device=x.device) for _ in range(MODELS)])
        for rows in orders.split(batch, dim=1):
            optimiser.zero_grad()
            vmap(loss)(weights, x[rows], y[rows]).sum().backward()
            optimiser.step()


def measured(size: tuple[tuple[int, int, int], int, int], device: str, precision: str) -> dict[str, Callable]:
    """The contestants, ready to run."""
    channels, side, batch = size
    rng = np.random.default_rng(7)
    x = rng.normal(size=(RECORDS, channels[0], side, side)).astype(np.float32)
    records = Records(x, rng.integers(0, 10, RECORDS))
    factory = partial(network, channels, side)
    learner = TorchLearner(
        factory=factory, epochs=EPOCHS, batch_size=batch, device=device, precision=precision, together=MODELS
    )  # pyright: ignore[reportArgumentType]
    runs: dict[str, Callable] = {
        "one by one": partial(by_pool, learner, records, as_one=False),
        "grouped": partial(by_pool, learner, records, as_one=True),
    }
    if precision == "float32":
        there = torch.from_numpy(x).to(device), torch.from_numpy(records.y).to(device)
        runs["vmap"] = partial(by_vmap, factory, *there, batch)
    return runs


def seconds(runs: dict[str, Callable], device: str, repeats: int) -> dict[str, list[float]]:
    """Milliseconds a model and step, the contestants taking turns."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    with one_thread():
        for turn in range(repeats + 1):
            for name, run in runs.items():
                start = time.perf_counter()
                run()
                if device != "cpu":
                    torch.cuda.synchronize()
                if turn:  # the first is for warming up
                    found[name].append(time.perf_counter() - start)
    return found


def tables(device: str, repeats: int) -> tuple[list[str], list[tuple[str, bool]]]:
    lines: list[str] = []
    checks: list[tuple[str, bool]] = []
    for precision in ("float32", *(["bfloat16"] if has_bfloat16(torch.device(device)) else [])):
        lines += [f"## {precision}", ""]
        lines += head("channels, picture, batch", "one by one", "grouped", "vmap", "chosen", "best / chosen")
        regrets: list[float] = []
        for channels, side, batch in SIZES:
            steps = MODELS * EPOCHS * -(-RECORDS // batch)
            found = seconds(measured((channels, side, batch), device, precision), device, repeats)
            took = {name: [1e3 * t / steps for t in times] for name, times in found.items()}
            chain = stacked.layers_of(network(channels, side)) or []
            chosen = "grouped" if pays(chain, batch, device) else "one by one"
            regrets.append(min(map(median, took.values())) / median(took[chosen]))
            cells = (_spread(took.get(name, [])) for name in ("one by one", "grouped", "vmap"))
            shape = f"{'-'.join(map(str, channels))}, {side} x {side}, {batch}"
            lines.append(row(shape, *cells, chosen, f"{regrets[-1]:.2f}"))
        lines.append("")
        worst = min(regrets)
        checks.append(
            (f"{precision}: the choice costs at most 1.25x the best: {1 / worst:.2f}x", worst >= 0.8)
        )
    return lines, checks


def _spread(times: Sequence[float]) -> str:
    return f"{median(times):.2f} ({min(times):.2f}–{max(times):.2f})" if times else "–"


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--device", default="cpu")
    asked.add_argument("--repeats", type=int, default=5)
    asked.add_argument("--write", action="store_true")
    given = asked.parse_args()
    lines, checks = tables(given.device, given.repeats)
    page = [
        "# Speed of convolutional pools",
        "",
        f"`python benchmarks/conv_pool_speed.py --device {given.device} --repeats {given.repeats} --write`",
        "",
        "Milliseconds a model and step: median of the repeats, with lowest and highest; all take turns.",
        f"{machine()}, torch {torch.__version__}, {given.device}.",
        "",
        *bars(checks),
        "",
        *lines,
    ]
    name = "conv_pool_speed" if given.device == "cpu" else f"conv_pool_speed_{given.device}"
    publish(page, name, write=given.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
