"""Selective SGD (Shokri, Shmatikov 2015) on digits: what it learns, and its two epsilons side by side.

python benchmarks/selective_sgd.py [--seeds 5] [--write]

30 participants with 44 of the 8 by 8 pixel digits each, 450 to test, an MLP 64-64-10 of 4,810 parameters, one
local epoch a round, round robin, everything downloaded, 60 rounds; of the sparse-vector version 10, with
gamma 0.01 and tau 0.001. Central training takes the same optimiser for 60 epochs over all 1,320 digits, and
stand-alone training for 60 over a participant's own. Each seed has a split of its own.

The optimiser (plain SGD, batches of 4, rate 0.3), and which changes are a hundredth, were chosen on another
set, MNIST shrunk to 8 by 8 pixels (`--choose`); the optimiser was also looked at on one split of the digits
that is not in the table (seed 90). Noise is rehearsed, so that a row can be made again.
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np
import torch
from page import bars, head, machine, publish, row
from scipy.stats import t
from sklearn.datasets import load_digits
from torch import nn

from confide.core.arrays import Array
from confide.data import mnist
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.local import TorchLocal
from confide.mechanisms.federate.protocol import Plan
from confide.mechanisms.federate.rounds import collaborate
from confide.mechanisms.federate.selective_sgd import SelectiveSGD
from confide.mechanisms.federate.sparse_upload import SparseUpload
from confide.views.records import Records

PARTICIPANTS, EACH, TESTED, ROUNDS, NOISY_ROUNDS = 30, 44, 450, 60, 10
BATCH, RATE = 4, 0.3
SPREAD = SelectiveSGD(upload=0.01, select="random", above=0.03)
"""The rule for a hundredth of the parameters: random ones among the changes above 0.03."""


def network() -> nn.Module:
    """64-64-10: 4,810 parameters."""
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def learner(epochs: int, *, batch: int = BATCH, rate: float = RATE) -> TorchLocal:
    """Plain SGD."""
    optimiser = partial(torch.optim.SGD, lr=rate)
    return TorchLocal(TorchLearner(factory=network, epochs=epochs, batch_size=batch, optimiser=optimiser))


def split(x: Array, y: Array, seed: int) -> tuple[dict[str, Records], Records]:
    """The participants' digits, and those to test with."""
    order = np.random.default_rng(seed).permutation(len(x))
    parts = order[: PARTICIPANTS * EACH].reshape(PARTICIPANTS, EACH)
    rest = order[PARTICIPANTS * EACH :][:TESTED]
    return {f"p{k}": Records(x[own], y[own]) for k, own in enumerate(parts)}, Records(x[rest], y[rest])


def digits(seed: int) -> tuple[dict[str, Records], Records]:
    """Digits from 0 to 1."""
    table = load_digits()
    return split((table.data / 16).astype(np.float32), table.target.astype(np.int64), seed)


def shrunk(seed: int) -> tuple[dict[str, Records], Records]:
    """MNIST at 8 by 8 pixels in steps of 1/16, as digits are."""
    held = mnist.load(split="train")
    pixels = np.asarray(held.x, np.float64).reshape(-1, 28, 28)[:6_000, 2:26, 2:26]
    small: Array = np.round(pixels.reshape(-1, 8, 3, 8, 3).mean(axis=(2, 4)) / pixels.max() * 16) / 16
    return split(small.reshape(-1, 64).astype(np.float32), np.asarray(held.y)[:6_000], seed)


def right(local: TorchLocal, parameters: Array, test: Records) -> float:
    """The accuracy of a model."""
    return float((np.argmax(local.model(parameters).predict(test.x), axis=1) == test.y).mean())


def central(clients: dict[str, Records], test: Records, seed: int, **how: float) -> float:
    """One model on all records."""
    local = learner(ROUNDS, **how)  # pyright: ignore[reportArgumentType]
    rng, every = np.random.default_rng(seed), Records.concat(list(clients.values()))
    start = local.start(rng=rng)
    return right(local, local.train(start[None], [every], rngs=[rng])[0], test)


def alone(clients: dict[str, Records], test: Records, seed: int, **how: float) -> float:
    """The mean over participants of one model each."""
    local = learner(ROUNDS, **how)  # pyright: ignore[reportArgumentType]
    rng = np.random.default_rng(seed)
    starts = np.stack([local.start(rng=rng)] * len(clients))
    ends = local.train(starts, list(clients.values()), rngs=rng.spawn(len(clients)))
    return float(np.mean([right(local, end, test) for end in ends]))


def shared(
    clients: dict[str, Records], test: Records, seed: int, protocol: SelectiveSGD, rounds: int, **how: float
) -> float:
    """The shared model after these rounds."""
    local = learner(1, **how)  # pyright: ignore[reportArgumentType]
    run = collaborate(protocol, local, clients, rounds=rounds, rng=np.random.default_rng(seed), record=False)
    return right(local, run.parameters, test)


def said(found: list[float]) -> str:
    """Mean with a 95 % t-interval over seeds, and lowest to highest."""
    mean, n = float(np.mean(found)), len(found)
    half = float(t.ppf(0.975, n - 1) * np.std(found, ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    return f"{mean:.3f} ± {half:.3f} ({min(found):.3f}–{max(found):.3f})"


def chosen() -> list[str]:
    """Other optimisers on the other set."""
    lines = head("batch", "rate", "central", "theta 0.1", "theta 0.01", "stand-alone")
    for batch in (4, 11):
        for rate in (0.03, 0.1, 0.3):
            how = {"batch": batch, "rate": rate}
            found = [
                [
                    central(*shrunk(seed), seed, **how),
                    shared(*shrunk(seed), seed, SelectiveSGD(upload=0.1), ROUNDS, **how),
                    shared(*shrunk(seed), seed, SelectiveSGD(upload=0.01), ROUNDS, **how),
                    alone(*shrunk(seed), seed, **how),
                ]
                for seed in (90, 91)
            ]
            lines.append(row(batch, rate, *(f"{v:.3f}" for v in np.mean(found, axis=0))))
    return lines


def chosen_rule() -> list[str]:
    """Which changes are uploaded with a hundredth of the parameters, on the other set."""
    worlds = [(shrunk(seed), seed) for seed in (90, 91)]
    lines = head("theta 0.01 uploads", "accuracy")
    for name, protocol in (
        ("the largest changes", SelectiveSGD(upload=0.01)),
        *(
            (f"random ones above {above:g}", SelectiveSGD(upload=0.01, select="random", above=above))
            for above in (0.0, 0.01, 0.03, 0.1)
        ),
    ):
        found = [shared(*world, seed, protocol, ROUNDS) for world, seed in worlds]
        lines.append(row(name, f"{np.mean(found):.3f}"))
    whole = np.mean([central(*world, seed) for world, seed in worlds])
    return [*lines, row("central", f"{whole:.3f}")]


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--choose", action="store_true", help="the table that the optimiser was chosen by")
    parser.add_argument("--seeds", type=int, default=5)
    options, started = parser.parse_args(), time.perf_counter()
    torch.set_num_threads(1)
    if options.choose:
        print("\n".join([*chosen_rule(), "", *chosen()]))
        return 0
    seeds = range(options.seeds)
    worlds = [digits(seed) for seed in seeds]

    def of(protocol: SelectiveSGD, rounds: int) -> list[float]:
        return [shared(*world, seed, protocol, rounds) for world, seed in zip(worlds, seeds, strict=True)]

    whole = [central(*world, seed) for world, seed in zip(worlds, seeds, strict=True)]
    own = [alone(*world, seed) for world, seed in zip(worlds, seeds, strict=True)]
    tenth, hundredth = of(SelectiveSGD(upload=0.1), ROUNDS), of(SPREAD, ROUNDS)
    largest = of(SelectiveSGD(upload=0.01), ROUNDS)
    rows = [
        row("central", ROUNDS, said(whole)),
        row("theta 0.1, the largest changes", ROUNDS, said(tenth)),
        row("theta 0.01, random changes above 0.03", ROUNDS, said(hundredth)),
        row("theta 0.01, the largest changes", ROUNDS, said(largest)),
        row("stand-alone", ROUNDS, said(own)),
    ]
    noisy = [*head("epsilon a parameter, as published", "a participant, composed", "accuracy")]
    plain = of(SelectiveSGD(upload=0.1), NOISY_ROUNDS)
    plan = Plan(PARTICIPANTS, NOISY_ROUNDS, np.zeros(4_810))
    composed: list[float] = []
    for epsilon in (1.0, 10.0):
        private = SparseUpload(epsilon=epsilon, clip=0.01, threshold=0.001)
        protocol = SelectiveSGD(upload=0.1, private=private, noise="rehearsal")
        composed.append(protocol.epsilons(plan).per_participant)
        noisy.append(row(f"{epsilon:g}", f"{composed[-1]:,.0f}", said(of(protocol, NOISY_ROUNDS))))
    noisy.append(row("no noise", "no promise", said(plain)))
    means = {name: float(np.mean(v)) for name, v in
             {"central": whole, "own": own, "tenth": tenth, "hundredth": hundredth}.items()}  # fmt: skip
    checks = [
        ("theta 0.1 within 1.5 points of central", means["tenth"] >= means["central"] - 0.015),
        ("theta 0.1 at least 15 points above stand-alone", means["tenth"] >= means["own"] + 0.15),
        ("theta 0.01 within 4 points of central", means["hundredth"] >= means["central"] - 0.04),
        ("epsilon 1 and 10 a parameter are 4,810 and 48,100 a participant", composed == [4_810, 48_100]),
    ]
    page = [
        "# Selective SGD on digits, and its two epsilons",
        "",
        *(__doc__ or "").splitlines()[2:],
        "",
        *head("training", "rounds", "accuracy"),
        *rows,
        "",
        f"Accuracy on the digits that nobody trained with: mean over {len(seeds)} seeds with its 95 % "
        "t-interval, and the lowest to the highest.",
        "",
        "The paper uploads the largest changes, or random ones above a threshold. With a hundredth of the",
        "parameters the largest are few and often the same: on the other set (seed 90, rounds 4 to 8) all",
        "participants together uploaded 348 of 4,810 parameters, by 0.160 each; by the other rule 1,291, by",
        "0.056. Accuracy there (two seeds): the largest 0.789, random ones 0.848, those above 0.01 0.864,",
        "above 0.03 0.869, above 0.1 0.799, and central training 0.901. So 0.03 was chosen. The largest",
        "changes alone would miss the bar.",
        "",
        "The sparse-vector version: the epsilon that the paper states is of one number. What a participant",
        "gives away is bounded by the epsilon of all numbers of all rounds, and by no smaller one here.",
        "",
        *noisy,
        "",
        *bars(checks),
        "",
        f"{machine()}; {time.perf_counter() - started:.0f} s.",
    ]
    publish(page, "selective_sgd", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
