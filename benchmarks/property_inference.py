"""A property of a batch's people told from its update, beside what the counts of labels tell.

python benchmarks/property_inference.py [--write]

Adult without sex and race among the features; the property is to be a woman. Batches of 32 people, half
women or none; an update is the gradient of one batch, or the sum over ten parties, of whom one has such a
batch and nine have people as they come. The network (two layers, ReLU) is fresh or trained for 300 steps on
the parties' people. The adversary has the other half of Adult, and makes 600 updates of it. The blind
baseline never sees an update: it knows how many people behind it earn more than 50,000 dollars.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from functools import cache

import numpy as np
from page import bars, head, machine, over_seeds, publish, rates, row
from plain_descent import trained

from confide.attacks.attribute.updates import LabelCounts, PropertyForest
from confide.core.play import play
from confide.data import adult
from confide.games.attribute.updates import BatchProperty
from confide.knowledge.properties import BatchMix
from confide.learners.encoding import fit_encoding
from confide.mechanisms.learn.batch_gradient import BatchGradient
from confide.views.records import Records

SEEDS, HIDDEN, TRAINED, ASKED = (1, 2, 3, 4, 5), 64, 300, 400
ATTACKS = (PropertyForest(), LabelCounts())


@cache
def everybody() -> tuple[Records, np.ndarray]:
    """All people without sex and race among the features, and who is a woman."""
    loaded = adult.load()
    return Records(loaded.x.drop("sex", "race"), loaded.y), (loaded.x["sex"] == "Female").to_numpy()


@cache
def halves(seed: int) -> tuple[Records, np.ndarray, Records, np.ndarray]:
    """The parties' people and the adversary's, encoded by the adversary's half, and who is a woman."""
    records, woman = everybody()
    order = np.random.default_rng([seed, 0]).permutation(len(woman))
    ours, its = order[: len(order) // 2], order[len(order) // 2 :]
    encode = fit_encoding(records.x[its])

    def encoded(rows: np.ndarray) -> Records:
        return Records(np.asarray(encode(records.x[rows]), np.float64), records.y[rows])

    return encoded(ours), woman[ours], encoded(its), woman[its]


@dataclass(frozen=True)
class Round:
    """A fresh network, or one that the parties trained before; they share at it without any protection."""

    steps: int
    seed: int

    def __call__(self, rng: np.random.Generator) -> BatchGradient:
        ours, *_ = halves(self.seed)
        sizes = ours.x.shape[1], HIDDEN, 2
        return BatchGradient(network=trained(sizes, ours, self.steps, rng=rng))


def aucs(steps: int, parties: int) -> list[list[float]]:
    """The AUC of each attack, one for each seed; each seed is another split, network and round."""
    found: list[list[float]] = [[] for _ in ATTACKS]
    for seed in SEEDS:
        ours, woman, its, its_woman = halves(seed)
        game = BatchProperty(
            round=Round(steps, seed),
            records=ours,
            has=woman,
            mix=BatchMix(parties=parties),
            asked=ASKED,
            people=its,
            people_have=its_woman,
        )
        for kept, evidence in zip(
            found, play(game, ATTACKS, worlds=1, rng=np.random.default_rng(seed)), strict=True
        ):
            kept.append(float(rates(evidence)[0, 0]))
    print(steps, parties, *(over_seeds(one) for one in found), flush=True)
    return found


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    options, start = parser.parse_args(), time.process_time()
    found = {(steps, parties): aucs(steps, parties) for parties in (1, 10) for steps in (0, TRAINED)}
    forest = {where: float(np.mean(each[0])) for where, each in found.items()}
    checks = [
        ("one update, fresh: AUC at least .95", forest[0, 1] >= 0.95),
        (f"one update, after {TRAINED} steps: AUC at least .90", forest[TRAINED, 1] >= 0.90),
        ("lower in the sum of ten, fresh", forest[0, 10] < forest[0, 1]),
        (f"lower in the sum of ten, after {TRAINED} steps", forest[TRAINED, 10] < forest[TRAINED, 1]),
    ]
    page = [
        "# A property of a batch from its update",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        f"AUC over {ASKED} updates of one round, a fair coin for each; means over {len(SEEDS)} seeds (each",
        "another split, network and round) with Student's interval at 95 %.",
        "",
        *head("update", "network", *(attack.name for attack in ATTACKS)),
        *(
            row(
                "sum of ten" if parties > 1 else "one batch",
                f"after {steps} steps" if steps else "fresh",
                *(over_seeds(each) for each in found[steps, parties]),
            )
            for steps, parties in found
        ),
        "",
        "No number is a ceiling. Where the forest finds less than the counts of labels tell, it is the",
        "forest that is weak: such counts can be read off the last layer (`gradient_inversion.md`).",
        "",
        *bars(checks),
        "",
        f"`python benchmarks/property_inference.py --write`, seeds {SEEDS[0]} to {SEEDS[-1]}; {machine()}; "
        f"{time.process_time() - start:.0f} s of one core.",
    ]
    publish(page, "property_inference", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
