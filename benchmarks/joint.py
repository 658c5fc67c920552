"""What joint computations of three parties cost, and how exact they are.

python benchmarks/joint.py [--repeats 3] [--write]

Three processes on one machine, forked with MPyC loaded, connected over TLS 1.3 with pinned certificates.
CPU seconds are those of one party from its first connection to its end, the largest of the three; of the
repeats, the median, lowest and highest. Bytes are all frames that a party sent. Errors are the largest
differences from the same figure of the pooled rows in float64. Data are drawn with the seed of the repeat,
except Adult's (the training part, once), dealt to the three parties in turn; its regression has a penalty
of 1. Shares: chi-square of one byte of 100,000 shares of equal values, as one other party sees them; the
least p-value of all repeats and bytes, times their number.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from statistics import median
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs
from page import bars, head, machine, publish, row
from scipy.stats import chisquare

from confide.data import adult as source
from confide.mechanisms.share.joint import columns, fitting, inside
from confide.mechanisms.share.joint.engine import Engine, imported
from confide.mechanisms.share.joint.plan import Aligning, Column, JointPlan, Party
from confide.mechanisms.share.joint.shamir import split
from confide.mechanisms.share.joint.summing import SharedTotals, checked
from confide.serve.parties.certificates import Identity
from confide.serve.parties.session import joined

NAMES = ("a", "b", "c")
WORDS = 100_000
FORK = multiprocessing.get_context("fork")
Compute = Callable[[str, Engine], Awaitable[Any]]


@dataclass
class Figures:
    """Of one run."""

    cpu: float
    megabytes: float
    error: float


def planned(*, helpers: tuple[str, ...] = (), **terms: Any) -> tuple[JointPlan, dict[str, Identity]]:
    """A plan of three on free ports of the loopback."""
    own = {name: Identity.new(name) for name in NAMES}
    held = [socket.socket() for _ in NAMES]
    for each in held:
        each.bind(("127.0.0.1", 0))
    parties = tuple(
        Party(
            name=name,
            host="127.0.0.1",
            port=each.getsockname()[1],
            certificate=own[name].certificate,
            role="helper" if name in helpers else "owner",
        )
        for name, each in zip(NAMES, held, strict=True)
    )
    for each in held:
        each.close()
    return JointPlan(run="benchmark", parties=parties, **{"computation": "benchmark", **terms}), own


def run(plan: JointPlan, own: dict[str, Identity], compute: Compute) -> tuple[Any, float, float]:
    """The result, CPU seconds of the busiest party, and megabytes that one sent at most."""
    pipes = {}
    for name in NAMES:
        here, there = FORK.Pipe(duplex=False)
        FORK.Process(target=one, args=(plan, own[name], name, compute, there)).start()
        there.close()
        pipes[name] = here
    found = [pipes[name].recv() for name in NAMES]
    return found[0][0], max(cpu for _, cpu, _ in found), max(sent for *_, sent in found) / 1e6


def one(plan: JointPlan, identity: Identity, name: str, compute: Compute, pipe: Any) -> None:
    start = time.process_time()
    found = asyncio.run(joined(plan, identity, lambda engine: compute(name, engine), name=name))
    pipe.send((found.value, time.process_time() - start, found.sent))
    pipe.close()
    os._exit(0)


def vector(seed: int) -> Figures:
    """The sum of 100,000 integers of 64 bits."""
    plan, own = planned()
    rng = np.random.default_rng(seed)
    held = {name: rng.integers(-(2**63), 2**63 - 1, WORDS).tolist() for name in NAMES}

    async def compute(name: str, engine: Engine) -> Any:
        return await engine.totals(held[name], count=WORDS, bound=2**63, owners=range(3))

    total, cpu, sent = run(plan, own, compute)
    wrong = sum(one != sum(three) for one, three in zip(total, zip(*held.values(), strict=True), strict=True))
    return Figures(cpu, sent, float(wrong))


def drawn(seed: int, rows: int, features: int) -> tuple[np.ndarray, tuple[Column, ...]]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-4, 4, (rows, features))
    y = np.clip(1 + x @ rng.uniform(-1, 1, features) + rng.normal(size=rows), -60, 60)
    names = [f"x{i}" for i in range(features)]
    bounded = [Column(name=n, low=-4, high=4, owner=NAMES[i % 3]) for i, n in enumerate(names)]
    return np.column_stack([x, y]), (*bounded, Column(name="y", low=-60, high=60, owner="c"))


def squares(seed: int, *, hidden: bool) -> Figures:
    """Least squares of 10 features, 10,000 rows a party."""
    rows, named = drawn(seed, 30_000, 10)
    plan, own = planned(columns=named, rows=10_000)

    async def compute(name: str, engine: Engine) -> Any:
        mine = rows[NAMES.index(name) :: 3]
        records = checked({c.name: mine[:, i] for i, c in enumerate(named)}, plan)
        if hidden:
            return await inside.least_squares(records, plan, engine)
        return await fitting.least_squares(records, plan, SharedTotals(engine, plan))

    return against(run(plan, own, compute), pooled(rows))


def across(seed: int) -> Figures:
    """Least squares of 10 columns that three owners hold, 10,000 rows."""
    rows, named = drawn(seed, 10_000, 9)
    plan, own = planned(columns=named, rows=10_000, split="columns")

    async def compute(name: str, engine: Engine) -> Any:
        mine = {c.name: rows[:, i] for i, c in enumerate(named) if c.owner == name}
        return await columns.least_squares(mine, plan, engine, name=name)

    return against(run(plan, own, compute), pooled(rows))


def brought(seed: int, *, hidden: bool = False) -> Figures:
    """Least squares of 10 columns of 10,000 people of each of two lists, of whom 6,000 are on both."""
    rows, named = drawn(seed, 14_000, 9)
    named = tuple(replace(c, owner="a" if i < 5 else "c") for i, c in enumerate(named))
    plan, own = planned(
        columns=named, rows=10_000, split="columns", helpers=("b",), aligning=Aligning(fewest=1_000),
        deadline=120.0, inside=hidden,
    )  # fmt: skip
    held = {"a": range(10_000), "c": range(4_000, 14_000)}

    async def compute(name: str, engine: Engine) -> Any:
        people = held.get(name, range(0))
        mine = {c.name: rows[people, i] for i, c in enumerate(named) if c.owner == name}
        names = [f"person{k}@example.org" for k in people]
        return await columns.least_squares(mine or None, plan, engine, name=name, identifiers=names)

    return against(run(plan, own, compute), pooled(rows[4_000:10_000]))


def pooled(rows: np.ndarray) -> np.ndarray:
    return np.linalg.lstsq(np.column_stack([np.ones(len(rows)), rows[:, :-1]]), rows[:, -1])[0]


def against(found: tuple[Any, float, float], want: np.ndarray, what: str = "coefficients") -> Figures:
    value, cpu, sent = found
    return Figures(cpu, sent, float(np.abs(value[what] - want).max()))


def grouped(seed: int) -> Figures:
    """k-means of 3 clusters, 2 columns, 3,000 rows, 10 steps."""
    rng = np.random.default_rng(seed)
    rows = np.clip(rng.normal(size=(3000, 2)) + 3 * rng.integers(-1, 2, (3000, 1)), -8, 8)
    named = tuple(Column(name=n, low=-8, high=8) for n in "uv")
    plan, own = planned(columns=named, rows=1000, settings=(("clusters", 3.0), ("steps", 10.0)))

    async def compute(name: str, engine: Engine) -> Any:
        return await fitting.k_means(rows[NAMES.index(name) :: 3], plan, SharedTotals(engine, plan))

    centres = fitting.start(plan)
    for _ in range(10):
        near = ((rows[:, None] - centres) ** 2).sum(2).argmin(1)
        centres = np.array([rows[near == k].mean(0) if (near == k).any() else centres[k] for k in range(3)])
    return against(run(plan, own, compute), centres, "centres")


def people() -> tuple[np.ndarray, np.ndarray]:
    """Adult's training and test part, one-hot, every column divided by its largest value of the first."""
    both = [source.load(split="train"), source.load(split="test")]
    frames = [part.x for part in both if isinstance(part.x, pl.DataFrame)]
    coded = pl.concat(frames).to_dummies(cs.string() | cs.categorical() | cs.enum(), drop_first=True)
    features, first = coded.to_numpy().astype(np.float64), len(frames[0])
    scaled = np.clip(features / np.maximum(np.abs(features[:first]).max(0), 1), -1, 1)
    rows = np.column_stack([scaled, np.concatenate([np.asarray(part.y, np.float64) for part in both])])
    return rows[:first], rows[first:]


def adult(seed: int) -> Figures:
    """Logistic regression on Adult."""
    rows, _ = people()
    plan, own = of_people(rows, steps=10.0)

    async def compute(name: str, engine: Engine) -> Any:
        return await fitting.logistic(rows[NAMES.index(name) :: 3], plan, SharedTotals(engine, plan))

    return against(run(plan, own, compute), pooled_logistic(rows))


def of_people(
    rows: np.ndarray, *, epsilon: float | None = None, delta: float | None = None, **settings: float
) -> tuple[JointPlan, dict[str, Identity]]:
    """A plan of a logistic regression with a penalty of 1."""
    named = tuple(Column(name=f"c{i}", low=-1, high=1) for i in range(rows.shape[1] - 1))
    return planned(
        computation="logistic",
        columns=(*named, Column(name="y", low=0, high=1)),
        rows=-(-len(rows) // 3),
        settings=(("penalty", 1.0), *settings.items()),
        epsilon=epsilon,
        delta=delta,
    )


def pooled_logistic(rows: np.ndarray) -> np.ndarray:
    """The coefficients of the pooled rows, with a penalty of 1."""
    design, beta = np.column_stack([np.ones(len(rows)), rows[:, :-1]]), np.zeros(rows.shape[1])
    ridge = np.array([0.0, *np.ones(rows.shape[1] - 1)])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-design @ beta))
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(ridge)
        beta = beta + np.linalg.solve(curve, design.T @ (rows[:, -1] - chance) - ridge * beta)
    return beta


def span(values: list[float]) -> str:
    """The median, and the lowest and highest."""
    return f"{median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def shares(repeats: int) -> float:
    """The least p-value of bytes of shares of equal values, times their number."""
    modulus = int(imported().finfields.find_prime_root(66)[0])
    found: list[float] = []
    for _ in range(repeats):
        dealt = split(np.full(WORDS, 7, object), modulus=modulus, threshold=1, parties=3)[1]
        for shift in (0, 16, 32, 48):
            counts = np.bincount([(int(value) >> shift) & 255 for value in dealt], minlength=256)
            found.append(float(chisquare(counts).pvalue))
    return min(1.0, min(found) * len(found))


async def ready() -> None:
    imported()


@dataclass(frozen=True)
class Bar:
    """A computation, and what it may cost and be off by."""

    title: str
    runs: Callable[[int], Figures]
    cpu: float
    error: float
    megabytes: float = 1e9


BARS = (
    Bar("sum of 100,000 64-bit integers", vector, 0.6, 0.0, 5.0),
    Bar("least squares from sums, 10 features", partial(squares, hidden=False), 10.0, 1e-8),
    Bar("least squares inside, 10 features", partial(squares, hidden=True), 10.0, 1e-6),
    Bar("least squares, columns of three owners, 10,000 x 10", across, 1.0, 1e-6),
    Bar("least squares of the people on two lists, 10,000 each, 10 columns", brought, 10.0, 1e-6),
    Bar("the same inside", partial(brought, hidden=True), 20.0, 1e-6),
    Bar("k-means, 3 clusters, 10 steps", grouped, 10.0, 1e-9),
    Bar("logistic regression, Adult", adult, 60.0, 1e-3),
)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--repeats", type=int, default=3)
    asked.add_argument("--write", action="store_true", help="keep the page in results/")
    given = asked.parse_args()
    load = os.getloadavg()[0]
    asyncio.run(ready())
    lines, checks = head("", "CPU s a party", "MB sent", "largest error"), []
    for bar in BARS:
        found = [bar.runs(seed) for seed in range(1 if bar.runs is adult else given.repeats)]
        cpu, worst, sent = (
            [f.cpu for f in found],
            max(f.error for f in found),
            max(f.megabytes for f in found),
        )
        lines.append(row(bar.title, span(cpu), f"{sent:.2f}", f"{worst:.1e}"))
        checks.append((f"{bar.title}: at most {bar.cpu:g} CPU s a party", median(cpu) <= bar.cpu))
        checks.append((f"{bar.title}: off by at most {bar.error:g}", worst <= bar.error))
        if bar.megabytes < 1e9:
            checks.append((f"{bar.title}: at most {bar.megabytes:g} MB sent", sent <= bar.megabytes))
    uniform = shares(given.repeats)
    checks.append(("shares of equal values uniform, p above .001", uniform > 0.001))
    about, *how = (__doc__ or "").strip().split("\n\n")
    page = [
        "# Joint computation",
        "",
        about,
        "",
        f"`python benchmarks/joint.py --repeats {given.repeats} --write`; {machine()}, MPyC "
        f"{version('mpyc')}. Load of the machine before it: {load:.1f}.",
        how[-1],
        "",
        *lines,
        "",
        f"Shares of equal values: least p-value {uniform:.3f}.",
        "",
        *bars(checks),
    ]
    publish(page, "joint", write=given.write)
    if not all(ok for _, ok in checks):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
