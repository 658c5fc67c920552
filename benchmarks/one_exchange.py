"""One exchange of votes: 1,000 clients label 1,000 public images under one promise.

CONFIDE_DATA=... python benchmarks/one_exchange.py [--write] [--choose]

The 60,000 training images of MNIST are dealt to 1,000 clients, 60 each. 1,000 of the 10,000 test images are
public, without their labels, and accuracy is that on the other test images. Each client trains a kernel ridge
regression on the 40 first principal components of the public images, and votes once on each of these; the
student is one more, trained on the labels with the most votes. Before it votes a client scales its model's
outputs for each class to mean 0 and deviation 1 over the public images: models of 60 images agree in seeing
some classes too often.

Kernels, and that votes are scaled, were chosen on training images alone: 900 clients with 54,000 of them
voted, and the 6,000 others were public or measured (`--choose` shows what scaling changes). Noise is
rehearsed, so that a row can be made again.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np
from page import bars, head, machine, publish, row
from pate import SEEDS, images, right, trained
from private_regression import cell

from confide.core.arrays import Floats
from confide.core.budget import Budget, Unit
from confide.mechanisms.federate.one_shot_votes import OneShotVotes
from confide.mechanisms.federate.students import KernelRidge, one_hot
from confide.mechanisms.federate.votes import counted

CLIENTS, EACH, PUBLIC, DELTA = 1_000, 60, 1_000, 1e-4
EPSILONS = (0.77, 1.0, 1.52)


def scaled(outputs: Floats) -> Floats:
    """A model's outputs with mean 0 and deviation 1 for each class over the public images.

    Models of 60 images see some classes everywhere, and all in the same ones. The images are public, and a
    client's votes are still computed from its own records and these alone: the promise is the same.
    """
    return (outputs - outputs.mean(axis=0)) / np.maximum(outputs.std(axis=0), 1e-9)


def exchanged(seed: int, clients: int, *, choosing: bool = False, scale: bool = True) -> dict[Any, float]:
    """Accuracy of one client alone, after one exchange by epsilon, and without noise."""
    rng, found = np.random.default_rng(seed), dict[Any, float]()
    split, median = images(rng, PUBLIC, choosing=choosing)
    parts = rng.permutation(len(split.private[1]))[: clients * EACH].reshape(clients, EACH)
    models = [trained(KernelRidge(width=0.5 * median, ridge=0.01), split, p, rng) for p in parts]
    said = [model.outputs(split.public[0]) for model in models]
    votes = [(scaled(outputs) if scale else outputs).argmax(axis=1) for outputs in said]
    found["alone"] = float(np.mean([right(model, split.measured) for model in models[:20]]))
    student = KernelRidge(width=0.7 * median, ridge=0.1)
    plain = counted(votes, PUBLIC, 10).counts.argmax(axis=1)
    model = student.fit(split.public[0], one_hot(plain, 10), rng=rng)
    found["without noise"] = right(model, split.measured)
    for epsilon in EPSILONS:
        model = votes_once(epsilon)(votes, rng=rng).view.student(student, split.public[0], rng=rng)
        found[epsilon] = right(model, split.measured)
    return found


def votes_once(epsilon: float) -> OneShotVotes:
    """The mechanism of one exchange."""
    budget = Budget(epsilon, DELTA, Unit.client())
    return OneShotVotes(budget=budget, public=PUBLIC, classes=10, noise="rehearsal")


def one_exchange() -> tuple[list[str], float]:
    """Accuracy after one exchange of votes, by epsilon, and the mean at epsilon 1."""
    runs = [exchanged(seed, CLIENTS) for seed in SEEDS]

    def over_seeds(name: Any) -> str:
        return cell([run[name] for run in runs], 3)

    lines = [*head("epsilon", "noise on each count", "accuracy")]
    lines.append(row("one client alone", "", over_seeds("alone")))
    lines += [row(f"{e:g}", votes_once(e).sigma, over_seeds(e)) for e in EPSILONS]
    lines.append(row("no promise", 0, over_seeds("without noise")))
    return lines, float(np.mean([run[1.0] for run in runs]))


def chosen() -> list[str]:
    """Votes with and without scaling, on training images alone."""
    lines = head("votes of 900 clients", *(f"epsilon {e:g}" for e in EPSILONS), "without noise")
    for name, scale in (("as the models say", False), ("scaled", True)):
        runs = [exchanged(seed, 900, choosing=True, scale=scale) for seed in (90, 91, 92)]
        lines.append(row(name, *(cell([run[of] for run in runs], 3) for of in (*EPSILONS, "without noise"))))
    return lines


def main() -> int:
    """Print the page; exit code 1 if the bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--choose", action="store_true", help="the table that scaling was chosen by")
    options, began = parser.parse_args(), time.perf_counter()
    if options.choose:
        print("\n".join(chosen()))
        return 0
    exchange, at_one = one_exchange()
    checks = [(f"accuracy at least 0.89 at epsilon 1 ({at_one:.3f})", at_one >= 0.89)]
    page = [
        "# One exchange of votes on MNIST",
        "",
        *(__doc__ or "").splitlines()[2:],
        "",
        *exchange,
        "",
        f"Delta {DELTA:g}; the promise hides everything that one client holds. Mean ± standard deviation",
        f"over {len(SEEDS)} seeds, which draw the public images, who holds which images, and the noise; one",
        "client alone is the mean of 20.",
        "",
        "On the training images that it was chosen by, scaling raised the accuracy at epsilon 1 from 0.875",
        "to 0.888, and that without noise from 0.884 to 0.894 (three seeds).",
        "",
        *bars(checks),
        "",
        f"{machine()}; {time.perf_counter() - began:.0f} s.",
    ]
    publish(page, "one_exchange", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
