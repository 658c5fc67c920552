"""Training pictures rebuilt from a network's weights alone, beside pictures that did not train it. Research.

CONFIDE_DATA=... python benchmarks/kkt.py [--write]

MNIST, odd against even, 784-500-1 with biases in the hidden layer alone, as many odd as even pictures, less
the mean of the test set. Trained by normalised gradient descent from small weights, without weight decay; as
many other pictures are controls. A picture is near enough where a candidate is nearer by half than every
other one of these pictures. Intervals are of the mean over seeds, with Student's quantile.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from page import bars, head, machine, publish, row
from scipy.stats import t as student
from torch import nn

from confide.attacks.reconstruction.model import KktReconstruction
from confide.attacks.reconstruction.model._stationarity import stationarity
from confide.core.access import WhiteBox
from confide.core.budget import Budget
from confide.core.nouns import Guess
from confide.games.reconstruction.candidates import ReleasedNetwork
from confide.knowledge.rebuilding import KnownRange
from confide.learners.torch.margin import MarginDescent
from confide.measure import proportion
from confide.measure.rebuilding_bound import success_bound_of_budget
from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
from confide.models.hidden_layer import hidden_layer_of, signs
from confide.models.torch.model import TorchModel
from confide.views.records import Records

HIDDEN, SEEDS, SURE = 500, (10, 11, 12, 13, 14), 0.7
SIZES = {20: 4_000, 50: 6_000}
"""Pictures, and the steps of their training."""
EPSILON, DELTA, UNITS, MORE = 8.0, 1e-3, 100, 100


class Pictures:
    """Odd and even pictures of MNIST, less the mean of its test set."""

    def __init__(self) -> None:
        with np.load(Path(os.environ["CONFIDE_DATA"]) / "images" / "mnist.npz") as found:
            x, self.y = found["X_train"].reshape(60_000, -1) / 255.0, found["y_train"] % 2
            mean = found["X_test"].reshape(10_000, -1).mean(axis=0) / 255.0
        self.x = (x - mean).astype(np.float32)
        self.known = KnownRange(low=-float(mean.max()), high=1.0)

    def drawn(self, n: int, seed: int) -> tuple[Records, np.ndarray]:
        """n that train and n that do not, half of each odd, in random order; and who trains."""
        rng = np.random.default_rng([n, seed])
        rows = [rng.permutation(np.flatnonzero(self.y == side))[:n] for side in (0, 1)]
        rows, member = np.concatenate(rows), np.tile(np.arange(n) < n // 2, 2)
        order = rng.permutation(2 * n)
        return Records(self.x[rows[order]], self.y[rows[order]].astype(np.int64)), member[order]


def judged(
    view: WhiteBox, records: Records, member: np.ndarray, known: KnownRange, start: str
) -> list[float]:
    """Near enough inside and outside, median cosines, and shares above `SURE`, of one attack."""
    game = ReleasedNetwork(
        view=view, records=records, member=member, asked=np.arange(len(member)), known=known
    )
    world = game.deal(0, rng=np.random.default_rng(0))
    attack = KktReconstruction(candidates=len(member), start=start)  # type: ignore[arg-type]
    guess: Guess = attack(world.case, rng=np.random.default_rng(1))
    assert guess.value is not None
    hit, near = game.hits(guess, world.secrets), world.secrets.nearest(guess.value[0])
    sides = member, ~member
    return [
        *(float(hit[side].mean()) for side in sides),
        *(float(np.median(near[side])) for side in sides),
        *(float((near[side] > SURE).mean()) for side in sides),
    ]


def conditions(view: WhiteBox, records: Records, member: np.ndarray) -> list[float]:
    """What training records and as many others leave of the weights."""
    net = hidden_layer_of(view)
    assert net is not None
    sides = records.take(member), records.take(~member)
    return [stationarity(net, np.asarray(s.x, np.float64), signs(s.y)).residual for s in sides]


def private(records: Records, seed: int) -> TorchModel:
    """A network by DP-SGD."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(records.x.shape[1], UNITS), nn.ReLU(), nn.Linear(UNITS, 1, bias=False))
    made = DPSGD(net, budget=Budget(EPSILON, DELTA), epochs=10, batch=50, noise="rehearsal")
    view = made(records, rng=np.random.default_rng(seed)).view
    assert isinstance(view, TorchModel)
    return view


def small(records: Records) -> Records:
    """The same pictures in 14 x 14 means: with fewer weights DP-SGD learns something."""
    x = np.asarray(records.x).reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(len(records), 196)
    return Records(x, records.y)


def with_a_promise(seed: int) -> tuple[list[float], float]:
    """For smaller pictures: near enough inside and outside and right on others, twice; and seconds."""
    busy, pictures = time.process_time(), Pictures()
    records, member = pictures.drawn(MORE, seed)
    records = small(records)
    trained, others = records.take(member), records.take(~member)
    # From smaller first weights all units of this small network close for good with some seeds.
    learner = MarginDescent(hidden=UNITS, steps=8_000, rate=0.03, start=0.01)
    plain = learner.fit(trained, rng=np.random.default_rng(seed))
    closed = private(trained, seed)
    rates = [judged(one, records, member, pictures.known, "differences")[:2] for one in (plain, closed)]
    print("promise", seed, rates, time.process_time() - busy, flush=True)
    right = [float((one.labels(others.x) == others.y).mean()) for one in (plain, closed)]
    return [*rates[0], right[0], *rates[1], right[1]], time.process_time() - busy


def without(case: tuple[int, int]) -> tuple[list[float], dict[str, list[float]], float]:
    """For one number of pictures and seed: the KKT conditions, what each start reaches, and seconds."""
    (n, seed), busy, pictures = case, time.process_time(), Pictures()
    records, member = pictures.drawn(n, seed)
    learner = MarginDescent(hidden=HIDDEN, steps=SIZES[n], rate=0.1)
    view = learner.fit(records.take(member), rng=np.random.default_rng(seed))
    starts = ("differences", "random") if n == max(SIZES) else ("differences",)
    found = {start: judged(view, records, member, pictures.known, start) for start in starts}
    print(n, seed, found, time.process_time() - busy, flush=True)
    return conditions(view, records, member), found, time.process_time() - busy


def mean(values: np.ndarray) -> str:
    """The mean over seeds with its 95 % interval."""
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{values.mean():.3f} ± {half:.3f}"


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options, checks, lines, busy = parser.parse_args(), list[tuple[str, bool]](), list[str](), 0.0
    with ProcessPoolExecutor(options.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        # The longest first, so that no process waits for one at the end.
        cases = [(n, seed) for n in sorted(SIZES, reverse=True) for seed in SEEDS]
        plain, private_ones = pool.map(without, cases), pool.map(with_a_promise, SEEDS)
        by_case = dict(zip(cases, plain, strict=True))
        noised_ones = list(private_ones)
    busy = sum(v[2] for v in by_case.values()) + sum(seconds for _, seconds in noised_ones)
    for n in SIZES:
        each = [by_case[n, seed] for seed in SEEDS]
        residual = np.array([left for left, _, _ in each])
        for start in each[0][1]:
            table = np.array([found[start] for _, found, _ in each])
            lines.append(row(n, start, *(mean(c) for c in residual.T), *(mean(c) for c in table.T)))
        table = np.array([found["differences"] for _, found, _ in each])
        gap = table[:, 0] - table[:, 1]
        low = gap.mean() - student.ppf(0.975, len(gap) - 1) * gap.std(ddof=1) / np.sqrt(len(gap))
        checks.append(
            (f"{n} pictures: more training pictures than others, beyond the interval", bool(low > 0))
        )
    noised = np.array([values for values, _ in noised_ones])
    asked = MORE * len(noised)
    inside, outside = (proportion(round(MORE * noised[:, k].sum()), asked, confidence=0.95) for k in (3, 4))
    bound = success_bound_of_budget(epsilon=EPSILON, delta=DELTA, prior=outside.high)
    checks.append((f"under ({EPSILON:g}, {DELTA:g}): success at or below its bound", inside.low <= bound))
    page = [
        "# Training pictures from a network's weights alone",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        "Unexplained: what the pictures leave of the length of the weights at the best multipliers, which is",
        "the distance from a KKT point. Cosine: of a picture and the nearest candidate, both less the mean",
        "picture, in the median.",
        "Start: from differences between units (ours), or from random pictures as in the paper; both descend",
        f"the paper's loss for 1,000 steps with twice as many candidates as pictures, {len(SEEDS)} seeds.",
        "",
        *head(
            "pictures", "start", "unexplained by them", "by others", "near enough", "of others",
            "cosine", "of others", f"cosine above {SURE:g}", "of others",
        ),
        *lines,
        "",
        f"## {MORE} pictures of 14 x 14 with a promise: DP-SGD at epsilon {EPSILON:g}, delta {DELTA:g}",
        "",
        f"{UNITS} units, {len(noised)} seeds. On 50 pictures of full size and 500 units DP-SGD refuses to",
        "train, since nothing but the noise on that many weights would be learned. So pictures are smaller",
        "here, and more, which is harder for this attack too.",
        "",
        *head("training", "near enough", "of others", "right on others", "at most, by the promise"),
        row("plain", *(mean(noised[:, k]) for k in (0, 1, 2)), ""),
        row("DP-SGD", *(mean(noised[:, k]) for k in (3, 4, 5)), f"{bound:.3f}"),
        "",
        "What bounds it: the equations have many solutions. Pictures that no unit tells apart, since it is",
        "open or closed for both, show as their sum alone, and random candidates fall into other solutions",
        "with as small a residual. It reads one hidden layer with biases there alone, and no other network.",
        "",
        *bars(checks),
        "",
        f"{machine()}; {busy:.0f} s of one core.",
    ]  # fmt: skip
    publish(page, "kkt", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
