"""Membership attacks on Location30: 64 models on random halves, in complementary pairs.

CONFIDE_DATA=... python benchmarks/location30.py [--cache DIR] [--jobs 2] [--write]

4,000 records are the pool and 1,010 the population; an MLP 446-128-30 with ReLU, Adam 0.001, batches of 64,
80 epochs. The first 16 models are targets of their own worlds, the k references are drawn from the others.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from page import bars, head, machine, publish, rates, row
from torch import nn

from confide.attacks.membership import (
    BASE,
    RMIA,
    Calibrated,
    Default,
    Entropy,
    LabelOnlyVotes,
    LiRA,
    Loss,
    Population,
    Quantile,
    Reference,
    Shadow,
    StudentT,
)
from confide.core.play import play
from confide.data import location30
from confide.games.membership.models import ModelPool
from confide.learners.pool import fit_many, include_halves
from confide.learners.torch.learner import TorchLearner
from confide.models.answers import Answers
from confide.scale import processes

SEED, MODELS, TARGETS = 7, 64, 16
RMIA_OFFLINE = RMIA(mode="offline", temperature=2.0)
ALONE = {
    "loss": Loss(),
    "modified entropy": Entropy(),
    "population": Population(),
    "quantile": Quantile(),
    "label-only, 32 queries": LabelOnlyVotes(),
}
HELPED = {
    "default": Default(),
    "RMIA": RMIA(),
    "RMIA offline": RMIA(mode="offline"),
    "RMIA offline, T = 2": RMIA_OFFLINE,
    "RMIA, T = 2": RMIA(temperature=2.0),
    "BASE, T = 2": BASE(),
    "Student t": StudentT(),
    "Student t offline": StudentT(mode="offline"),
    "LiRA": LiRA(),
    "LiRA offline": LiRA(mode="offline"),
    "LiRA, own variance": LiRA(variance="per_target"),
    "shadow classifier": Shadow(),
    "calibrated loss": Calibrated(),
    "reference ranks": Reference(),
}


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(446, 128), nn.ReLU(), nn.Linear(128, 30))


def pool(cache: Path | None, jobs: int) -> tuple[ModelPool, list[str]]:
    """The trained pool, and what it cost."""
    records = location30.load()
    order = np.random.default_rng(SEED).permutation(len(records))
    people, strangers = records.take(order[:4000]), records.take(order[4000:])
    halving, training = np.random.default_rng(SEED).spawn(2)
    included = include_halves(len(people), MODELS, rng=halving)
    learner = TorchLearner(factory=network, epochs=80, batch_size=64)
    start = time.perf_counter()
    spread = processes(jobs) if jobs > 1 else map
    models = fit_many(learner, people, included, rng=training, cache=cache, map=spread)
    right = np.stack([model.labels(people.x) == people.y for model in models])
    about = [
        f"{MODELS} models in {time.perf_counter() - start:.0f} s of wall time (0 if cached) on {jobs} cores; "
        f"train accuracy {right[included].mean():.3f}, test {right[~included].mean():.3f}.",
    ]
    answers = Answers(models, people), Answers(models, strangers)
    return ModelPool(answers=answers[0], included=included, on_population=answers[1]), about


def tables(game: ModelPool) -> tuple[list[str], dict[tuple[str, int], np.ndarray]]:
    """Every attack at every number of references."""
    lines = head("attack", "k", "AUC", "TPR@10%", "TPR@1%", "TPR@0.1%", "CPU s a target")
    found: dict[tuple[str, int], np.ndarray] = {}
    for k in (0, 1, 2, 4, 8, 16, 32, 62):
        for name, attack in (HELPED if k else ALONE).items():
            limited = ModelPool(
                answers=game.answers,
                included=game.included,
                on_population=game.on_population,
                references=k,
            )
            start = time.process_time()
            evidence = play(limited, attack, worlds=TARGETS, rng=np.random.default_rng(SEED))
            seconds = (time.process_time() - start) / TARGETS
            found[name, k] = rates(evidence)
            mean, sd = found[name, k].mean(axis=0), found[name, k].std(axis=0, ddof=1)
            cells = [f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, sd, strict=True)]
            lines.append(row(name, k, *cells, f"{seconds:.2f}"))
    return lines, found


def correlation(game: ModelPool) -> float:
    """Spearman's correlation of RMIA and BASE, both online, on the first target with 16 references."""
    from scipy.stats import spearmanr

    limited = ModelPool(
        answers=game.answers, included=game.included, on_population=game.on_population, references=16
    )
    scores = [
        play(limited, attack, worlds=1, rng=np.random.default_rng(SEED)).table["score"].to_numpy()
        for attack in (RMIA(temperature=2.0), BASE())
    ]
    return float(spearmanr(*scores).statistic)


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    game, about = pool(options.cache, options.jobs)
    lines, found = tables(game)
    mean = {key: value.mean(axis=0) for key, value in found.items()}
    rank = correlation(game)
    student, lira, offline = mean["Student t", 16], mean["LiRA", 16], mean["RMIA offline", 2]
    checks = [
        (f"loss AUC .86 ± .02: {mean['loss', 0][0]:.3f}", abs(mean["loss", 0][0] - 0.86) <= 0.02),
        (f"LiRA k = 16 AUC >= .955: {lira[0]:.3f}", lira[0] >= 0.955),
        (f"LiRA k = 16 TPR@1% >= .50: {lira[2]:.3f}", lira[2] >= 0.50),
        (f"Student t k = 16 adds >= .02: {student[2] - lira[2]:.3f}", student[2] - lira[2] >= 0.02),
        (f"Student t k = 16 TPR@0.1% >= .30: {student[3]:.3f}", student[3] >= 0.30),
        (f"RMIA offline k = 2 TPR@0.1% >= .08: {offline[3]:.3f}", offline[3] >= 0.08),
        (f"RMIA and BASE, rank correlation >= .999: {rank:.6f}", rank >= 0.999),
    ]
    page = [
        "# Location30",
        "",
        "`CONFIDE_DATA=... python benchmarks/location30.py --write`",
        "",
        f"Seed {SEED}; {TARGETS} targets, mean ± standard deviation over them; thresholds from each target's",
        f"own non-members. {about[0]} {machine()}.",
        "",
        *bars(checks),
        "",
        *lines,
    ]
    publish(page, "location30", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
