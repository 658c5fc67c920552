"""Reconstructor networks on digits: the last record, read from the weights of a network.

python benchmarks/rebuild_networks.py [--write]

The target is a network of 64, 16 and 10 units (tanh), trained by 40 full steps of gradient descent with
momentum on 60 known digits and, if a fair coin says so, one unknown digit. The adversary knows the recipe
with its first weights, the 60 digits, and public digits that train shadow networks. A digit counts as rebuilt
if the claim is nearer to it than every known and public digit, in the Euclidean distance.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from page import bars, head, machine, publish, row
from torch import nn
from torch.optim import SGD

from confide.attacks.reconstruction.model import ReconstructorNetwork
from confide.core.nouns import Guess
from confide.data import digits
from confide.games.reconstruction.networks import NetworkRebuilding
from confide.knowledge.shadows import ShadowKnowledge
from confide.learners.torch.learner import TorchLearner
from confide.measure import proportion
from confide.measure.rebuilding import distances, nearest

KNOWN, PUBLIC, TARGETS, SHADOWS, SEEDS = 60, 1_000, 300, (100, 300, 1_000), 2


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10))


def momentum(parameters):
    return SGD(parameters, lr=0.5, momentum=0.9)


def one_seed(seed: int) -> list[list[np.ndarray]]:
    """For each number of shadows: hits and distances of those that were in, hits of those that were not."""
    data = digits.load()
    data = data.take(np.random.default_rng(seed).permutation(len(data)))
    learner = TorchLearner(factory=network, epochs=40, batch_size=1_000, optimiser=momentum, together=64)
    known = ShadowKnowledge(
        data.take(np.arange(KNOWN)), data.take(np.arange(KNOWN, KNOWN + PUBLIC)), learner, seed
    )
    start = KNOWN + PUBLIC
    game = NetworkRebuilding(known=known, records=data.take(np.arange(start, start + TARGETS)))
    world = game.deal(0, rng=np.random.default_rng([seed, 1]))
    truth, inside = world.secrets.rows, world.exposed
    held = np.asarray(data.x[:start], np.float64)
    found: list[list[np.ndarray]] = []
    for shadows in SHADOWS:
        guess: Guess = ReconstructorNetwork(shadows=shadows)(world.case, rng=np.random.default_rng([seed, 2]))
        assert guess.value is not None
        hit, far = game.hits(guess, world.secrets), distances(guess.value[:, :-1], truth[:, :-1])
        label = guess.value[:, -1] == truth[:, -1]
        found.append([hit[inside], far[inside], label[inside], hit[~inside]])
    mean = distances(np.broadcast_to(held.mean(axis=0), truth[:, :-1].shape), truth[:, :-1])
    found.append([mean[inside], nearest(truth[inside, :-1], held), nearest(truth[inside, :-1], held[:KNOWN])])
    return found


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    options, started = parser.parse_args(), time.perf_counter()
    seeds = [one_seed(seed) for seed in range(SEEDS)]
    rows: list[str] = []
    rates: list[float] = []
    for place, shadows in enumerate(SHADOWS):
        hit, far, label, out = (np.concatenate([s[place][k] for s in seeds]) for k in range(4))
        rates.append(float(hit.mean()))
        cells = [rate(hit), f"{np.median(far):.2f}", rate(label), rate(out)]
        rows.append(row(f"{shadows:,}", *cells))
    mean, anyone, known = (np.concatenate([s[-1][k] for s in seeds]) for k in range(3))
    checks = [
        ("with 1,000 shadows at least half of the digits are rebuilt", rates[-1] >= 0.5),
        ("more shadows rebuild more", rates == sorted(rates)),
    ]
    lines = [
        "# The last record, read from the weights of a network",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        f"{SEEDS} seeds with {TARGETS} targets each; 95 % intervals of Clopper and Pearson.",
        "",
        *head("shadow networks", "rebuilt", "distance, median", "label right", "of digits that were not in"),
        *rows,
        "",
        f"Without the model, in the median: the mean of all known and public digits is {np.median(mean):.2f}",
        f"away, the nearest of the {KNOWN} known ones {np.median(known):.2f}, and the nearest of all "
        f"{KNOWN + PUBLIC:,} {np.median(anyone):.2f}.",
        "",
        *bars(checks),
        "",
        f"{machine()}; {time.perf_counter() - started:.0f} s.",
    ]
    publish(lines, "rebuild_networks", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


def rate(yes: np.ndarray) -> str:
    """A share with its interval."""
    found = proportion(int(yes.sum()), len(yes), confidence=0.95)
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


if __name__ == "__main__":
    raise SystemExit(main())
