"""A property of a batch's people told from its update, beside what the counts of labels tell.

python benchmarks/property_inference.py [--write]

Adult without sex and race among the features; the property is to be a woman. Family role stays, which tells
it of the married (Husband, Wife); two further rows leave it out with marital status. Batches of 32 people,
half women or none; an update is the gradient of one batch, or the sum over ten parties, of whom one has such
a batch and nine have people as they come. The network (64 ReLU units) is fresh or trained for 300 steps on
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
PLAIN, NO_FAMILY = ("sex", "race"), ("sex", "race", "relationship", "marital_status")


@cache
def everybody(without: tuple[str, ...]) -> tuple[Records, np.ndarray]:
    """All people without these features, and who is a woman."""
    loaded = adult.load()
    return Records(loaded.x.drop(without), loaded.y), (loaded.x["sex"] == "Female").to_numpy()


@cache
def halves(without: tuple[str, ...], seed: int) -> tuple[Records, np.ndarray, Records, np.ndarray]:
    """The parties' people and the adversary's, encoded by the adversary's half, and who is a woman."""
    records, woman = everybody(without)
    order = np.random.default_rng([seed, 0]).permutation(len(woman))
    ours, its = order[: len(order) // 2], order[len(order) // 2 :]
    encode = fit_encoding(records.x[its])

    def encoded(rows: np.ndarray) -> Records:
        return Records(np.asarray(encode(records.x[rows]), np.float64), records.y[rows])

    return encoded(ours), woman[ours], encoded(its), woman[its]


@dataclass(frozen=True)
class Round:
    """A fresh network, or one that the parties trained before; they share at it without any protection."""

    ours: Records
    steps: int

    def __call__(self, rng: np.random.Generator) -> BatchGradient:
        sizes = self.ours.x.shape[1], HIDDEN, 2
        return BatchGradient(network=trained(sizes, self.ours, self.steps, rng=rng))


def aucs(steps: int, parties: int, without: tuple[str, ...]) -> list[list[float]]:
    """The AUC of each attack, one for each seed; each seed is another split, network and round."""
    found: list[list[float]] = [[] for _ in ATTACKS]
    for seed in SEEDS:
        ours, woman, its, its_woman = halves(without, seed)
        game = BatchProperty(
            round=Round(ours, steps),
            records=ours,
            has=woman,
            mix=BatchMix(parties=parties),
            asked=ASKED,
            people=its,
            people_have=its_woman,
        )
        played = play(game, ATTACKS, worlds=1, rng=np.random.default_rng(seed))
        for kept, evidence in zip(found, played, strict=True):
            kept.append(float(rates(evidence)[0, 0]))
    print(steps, parties, len(without), *(over_seeds(one) for one in found), flush=True)
    return found


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    options, start = parser.parse_args(), time.process_time()
    settings = [(steps, parties, PLAIN) for parties in (1, 10) for steps in (0, TRAINED)]
    settings += [(steps, 1, NO_FAMILY) for steps in (0, TRAINED)]
    found = {one: aucs(*one) for one in settings}
    forest = {where[:2]: float(np.mean(each[0])) for where, each in found.items() if where[2] == PLAIN}
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
        *head("update", "network", "features left out", *(attack.name for attack in ATTACKS)),
        *(
            row(
                "sum of ten" if parties > 1 else "one batch",
                f"after {steps} steps" if steps else "fresh",
                ", ".join(without).replace("_", " "),
                *(over_seeds(each) for each in each_attack),
            )
            for (steps, parties, without), each_attack in found.items()
        ),
        "",
        "No number is a ceiling. Where the forest finds less than the counts of labels tell, it is the",
        "forest that is weak: how well counts are read off the last layer stands in `gradient_inversion.md`.",
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
