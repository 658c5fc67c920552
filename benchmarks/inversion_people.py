"""A promise per picture, and people with many: who is recognised in a model of 32 pictures each?

CONFIDE_DATA=... python benchmarks/inversion_people.py [--write]

Labeled Faces in the Wild, the 19 people with 40 pictures or more, at 31 by 23 pixels: news photographs,
not evenly lit, in which faces stand here and there. 32 pictures of each train the target, drawn with each
seed. Two evaluators learn from 8 to 32 others of each alone: the nearest neighbour, and a small convolutional
network with shifted, blurred and noisy copies. The adversary knows the mean and the frequencies of these
others, without names.

Private models are made by the package's own `GradientDescent` and `DPSGD` with their shipped settings. One
setting of descent, its rate, is chosen in some rows: for accuracy at epsilon 8 on another set, AT&T's 40
people. Longer pictures are shortened to the median length of the others.
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np
import torch
from face_inversion import (
    DELTA,
    TRAINED_ON,
    TUNED_ON,
    Album,
    att,
    by_both,
    judged,
    lfw,
    of_seeds,
    rate_on,
    shown,
)
from page import bars, machine, publish

from confide.models.linear import LinearModel

SEEDS = range(3)
PICTURE, PERSON = "epsilon 8 a picture, descent", "epsilon 8 a person, descent"


def models(album: Album, rate: float, seed: int) -> dict[str, LinearModel]:
    """What is published, by name."""
    rng = np.random.default_rng([seed, 1])
    return {
        "softmax": album.plain(rng=rng),
        "permuted labels": album.plain(rng=rng, permuted=True),
        PICTURE: album.descent(8.0, rate=rate, rng=rng),
        f"{PICTURE} at its shipped rate": album.descent(8.0, rng=rng),
        "epsilon 8 a picture, DP-SGD as shipped": album.dpsgd(8.0, rng=rng),
        "epsilon 1 a picture, descent": album.descent(1.0, rate=rate, rng=rng),
        PERSON: album.descent(8.0, rate=rate, at_most=TRAINED_ON, rng=rng),
        "epsilon 1 a person, descent": album.descent(1.0, rate=rate, at_most=TRAINED_ON, rng=rng),
    }


def one_seed(rate: float, seed: int) -> dict[str, list[float]]:
    """Accuracy and who is recognised, for every model of a seed."""
    torch.set_num_threads(1)
    album = lfw(seed)
    return judged(album, models(album, rate, seed), (), seed=seed)


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    options, started = parser.parse_args(), time.perf_counter()
    torch.set_num_threads(1)
    rate, said = rate_on([att(seed) for seed in TUNED_ON])
    seeds = of_seeds(partial(one_seed, rate), SEEDS)
    without, picture, person = (max(by_both(seeds, name)) for name in ("softmax", PICTURE, PERSON))
    checks = [
        (
            f"a promise per picture hides fewer than one in five of those recognised without one "
            f"({picture:.3f} of {without:.3f}, by the better evaluator)",
            picture >= 0.8 * without,
        ),
        (
            f"a promise per person hides more than half of them ({person:.3f} of {without:.3f})",
            person <= 0.5 * without,
        ),
    ]
    people = lfw(0).people
    lines = [
        "# A promise per picture, and people with many",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        f"delta is {DELTA:g}. On AT&T models are right in {said}: the rate is {rate:g} where none is named.",
        f"Means over {len(SEEDS)} seeds, each in brackets. Chance is 1 in {people}, {1 / people:.3f}.",
        "",
        *shown(seeds),
        "",
        f"Epsilon 8 for one picture adds up, for the {TRAINED_ON} of one person, to {8 * TRAINED_ON} and a",
        "delta above 1: to no promise. The model learns each face from many pictures, of which no single one",
        "matters. With the person as the unit, the gradients of a person's pictures are added up and",
        "shortened together. Each class is one person here, so that a model that hides people can learn",
        "none of them, and is useless.",
        "",
        *bars(checks),
        "",
        f"{machine()}; {time.perf_counter() - started:.0f} s.",
    ]
    publish(lines, "inversion_people", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
