"""What do likes tell: gender and age from films, gender from music, by both attacks, and on shuffled traits.

python benchmarks/likes.py [--seeds 5] [--write]

Each seed cuts the people into ten other parts; the attack learns from nine and is asked about the tenth. What
finished is kept in the cache, so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from page import bars, head, machine, publish, row

from confide.attacks.attribute import LikesSVD, LikesTfIdf
from confide.audits.likes.exhibits import folds_of
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.data import deezer_likes, movielens1m
from confide.games.attribute.likes import TraitInference, parts
from confide.measure.special import t_quantile
from confide.mechanisms.anchors.published import Published
from confide.views.interactions import Interactions

PARTS = 10
TFIDF, SVD, TRANSDUCTIVE = LikesTfIdf(), LikesSVD(), LikesSVD(transductive=True)


@dataclass(frozen=True, eq=False)
class Row:
    """A trait under an attack, with what ALGORITHMS measured and the least that is to be reached."""

    data: str
    trait: str
    items: Interactions
    yes: np.ndarray
    attack: LikesTfIdf | LikesSVD
    bar: float | None = None
    table: float | None = None
    shuffled: bool = False

    @property
    def title(self) -> str:
        return self.attack.name + (" (transductive)" if self.attack == TRANSDUCTIVE else "")


def rows() -> list[Row]:
    """All that is measured."""
    films, who = movielens1m.load(), movielens1m.people()
    age = who["age_code"].to_numpy()
    woman, young, old = (who["gender"] == "F").to_numpy(), age < 25, age >= 50
    music, listener = deezer_likes.load(), deezer_likes.people()["gender"].to_numpy() == 1
    ml, dz = "MovieLens 1M (pairs)", "Deezer Europe (75 %)"
    return [
        Row(ml, "gender", films, woman, SVD, 0.83, 0.840),
        Row(ml, "gender", films, woman, TRANSDUCTIVE),
        Row(ml, "gender", films, woman, TFIDF, 0.85, 0.865),
        Row(ml, "age < 25", films, young, SVD, 0.879, 0.894),
        Row(ml, "age < 25", films, young, TFIDF, 0.912, 0.912),
        Row(ml, "age >= 50", films, old, SVD, 0.864, 0.879),
        Row(ml, "age >= 50", films, old, TFIDF, 0.901, 0.901),
        Row(ml, "gender, shuffled", films, woman, TFIDF, shuffled=True),
        Row(ml, "gender, shuffled", films, woman, SVD, shuffled=True),
        Row(dz, "gender", music, listener, SVD),
        Row(dz, "gender", music, listener, TFIDF),
    ]


def folds(what: Row, seed: int) -> tuple[np.ndarray, float]:
    """The AUC of each part, float64[10], and the seconds that the attack took."""
    rng = np.random.default_rng(seed)
    value = (rng.permutation(what.yes) if what.shuffled else what.yes).astype(np.float64)
    part = parts(value, "binary", count=PARTS, rng=rng)
    game = TraitInference(
        items=what.items, value=value, kind="binary", classes=2, part=part, mechanism=Published()
    )
    planned = PlannedGame(game=game, worlds=PARTS, attacks=[what.attack])
    release = AuditedRelease(
        name=what.title, mechanism=game.mechanism, games=[planned], settings=Settings(seed=seed)
    )
    (evidence,) = release.evidence
    return folds_of(evidence), evidence.seconds


def line(what: Row, seeds: int) -> tuple[list[object], float]:
    """A row of the table, and the mean AUC."""
    found = [folds(what, seed) for seed in range(seeds)]
    each = np.array([auc for auc, _ in found])
    means = each.mean(axis=1)
    half = float(t_quantile(0.975, seeds - 1)) * float(means.std(ddof=1)) / np.sqrt(seeds)
    mean, within = float(means.mean()), float(each.std(axis=1, ddof=1).mean())
    cells = [
        what.data, what.trait, what.title, f"{mean:.3f} ± {half:.3f}", f"{within:.3f}",
        "" if what.table is None else f"{what.table:.3f}", f"{np.mean([s for _, s in found]):.1f}",
    ]  # fmt: skip
    return cells, mean


def page(seeds: int) -> list[str]:
    """The whole page."""
    table, checks = [], []
    for what in rows():
        cells, mean = line(what, seeds)
        table.append(row(*cells))
        print(table[-1], flush=True)
        if what.bar is not None:
            checks.append((f"{what.trait}, {what.title}: AUC >= {what.bar:.3f}", round(mean, 3) >= what.bar))
        if what.shuffled:
            checks.append((f"{what.trait}, {what.title}: AUC 0.50 ± 0.03", abs(mean - 0.5) <= 0.03))
    return [
        "# What likes tell",
        "",
        f"`python benchmarks/likes.py --seeds {seeds} --write`",
        "",
        f"Seeds 0 to {seeds - 1}, {PARTS} parts each, on {machine()}.",
        "",
        "AUC: the mean over parts, then over seeds, with a 95 % t-interval over seeds, which cut the same "
        "people in other ways: it says how much the cut matters, not how much other people would.",
        "`sd`: over the parts of one seed, the mean over seeds. Seconds: ten parts of a seed, one core, on a",
        "busy machine. Before: measured earlier on these data, other code. The bars on age: these, likes-svd "
        "less 0.015.",
        "",
        *head("data", "trait", "attack", "AUC", "sd", "before", "seconds"),
        *table,
        "",
        *bars(checks),
        "",
        "Deezer's gender was guessed by its publishers from users' names, so nobody can be right about all.",
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(argv)
    publish(page(options.seeds), "likes", write=options.write)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
