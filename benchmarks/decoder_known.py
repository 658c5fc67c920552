"""Known non-members and the gradient decoder: with any number of them it finds at least as many members.

CONFIDE_DATA=... python benchmarks/decoder_known.py [--cache DIR] [--only WORD ...] [--write]

Seed s: a permutation of the records, of which the first half of the candidates are members and the second
half are not; the next 1,000 are the known non-members. The rule by which they choose ridge and temperature
was made on other permutations. "600 as unknowns" is what the decoder did before: they joined the candidates.
Gains are paired: the same model and the same candidates, with and without known non-members.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import networks
import numpy as np
from decoder import DECAY, RECIPES, Table, attack, convolutional, fit, interval, recipe, sgd
from lecture_rows import laptop, pictures
from page import bars, head, machine, publish, row
from scipy.stats import t as student_t
from sklearn.linear_model import LogisticRegression

from confide.attacks.membership.white_box.decoder.attack import Decoder
from confide.core.nouns import Guess
from confide.data import deezer600, diabetes130, location30
from confide.models.sklearn.inside import sklearn_view
from confide.views.records import Records

COUNTS = (0, 10, 100, 1000)
UNKNOWNS = "600 as unknowns"


@dataclass(frozen=True, kw_only=True)
class Model:
    """A target model: its records, how many are candidates, and how it is trained on half of those.

    Args:
        counts: how many known non-members; below 100 none is used, which slow rows need not show.
    """

    name: str
    load: Callable[[], Records]
    candidates: int
    train: Callable[[Records, int], Any]
    seeds: int
    counts: tuple[int, ...] = COUNTS


def regression(records: Records, seed: int) -> Any:
    del seed  # the optimum is one
    return sklearn_view(LogisticRegression(tol=1e-8, max_iter=5000).fit(records.x, records.y))


def trained(learner: Any) -> Callable[[Records, int], Any]:
    return partial(fit, learner)


def largest_cluster() -> Records:
    """Deezer600, with the question whether a person is of the largest cluster."""
    records = deezer600.load()
    return Records(records.x, (records.y == np.bincount(records.y).argmax()).astype(np.int64))


def half_of_types() -> Records:
    """Location30, with the question whether a person's type is one of the first 15."""
    records = location30.load()
    return Records(records.x, (records.y < 15).astype(np.int64))


def connected(features: int) -> Any:
    return recipe(sgd(decay=5e-4), 200, factory=partial(networks.fully_connected, features, 100, width=512))


def models() -> list[Model]:
    regressions: dict[str, Any] = {"load": largest_cluster, "train": regression, "seeds": 5}
    networks_: dict[str, Any] = {"candidates": 2000, "seeds": 3}
    location: dict[str, Any] = {"load": location30.load, **networks_}
    pictures_: dict[str, Any] = {"load": partial(pictures, 20), "counts": (0, 100, 1000), **networks_}
    resnet = next(one for one in laptop() if one.name == "resnet")
    learners = {
        "five": RECIPES["SGD, no decay, 5 epochs"],
        "normed": RECIPES["SGD, decay 5e-4, BatchNorm"],
        "cnn": recipe(sgd(0.02, 5e-4), 60, factory=convolutional),
        "resnet": resnet.learner(20),
    }
    train = {name: trained(learner) for name, learner in learners.items()}
    binary = "Deezer600, two classes: regression, 601 numbers"
    return [
        Model(name=binary, candidates=500, **regressions),
        Model(name=f"{binary} for 1,000", candidates=1000, **regressions),
        Model(name=f"{binary} for 2,000", candidates=2000, **regressions),
        Model(
            name="Location30, two classes: regression, 447 numbers for 1,000",
            candidates=1000,
            **regressions | {"load": half_of_types},
        ),
        Model(name="Location30: network, decay", train=trained(DECAY), **location),
        Model(name="Location30: network, 5 epochs", train=train["five"], **location),
        Model(name="Location30: network, BatchNorm", train=train["normed"], **location),
        Model(name="Deezer600: FC", load=deezer600.load, train=trained(connected(600)), **networks_),
        Model(name="Diabetes-130: FC", load=diabetes130.load, train=trained(connected(1611)), **networks_),
        Model(name="CIFAR-100, 20 classes: CNN", train=train["cnn"], **pictures_),
        Model(name="CIFAR-100, 20 classes: ResNet-8", train=train["resnet"], **pictures_ | {"seeds": 1}),
    ]


def measured(table: Table, model: Model) -> None:
    """The rates of each seed with each number of known non-members, and with 600 among the unknowns."""
    section, n = model.name, model.candidates
    ways = [f"{count}" for count in model.counts] + [UNKNOWNS]
    records = None
    for seed in range(model.seeds):
        if table.has(section, ways, seed):
            continue
        records = model.load() if records is None else records
        order = np.random.default_rng([8, seed]).permutation(len(records))[: n + max(COUNTS)]
        people, strangers = records.take(order[:n]), records.take(order[n:])
        member = np.arange(n) < n // 2
        view = model.train(people.take(member), seed)
        for count in model.counts:
            known = strangers.take(np.arange(count)) if count else None
            table.add(section, f"{count}", seed, partial(attack, view, people, known), member)
        table.add(section, UNKNOWNS, seed, partial(unknowns, view, people, strangers), member)


def unknowns(view: Any, people: Records, strangers: Records) -> Guess:
    """The decoder with 600 known non-members among its candidates, as before."""
    everybody = Records.concat([people, strangers.take(np.arange(600))])
    return Guess(None, attack(view, everybody, None, Decoder()).score[: len(people)])


def gain(table: Table, model: Model, count: int, column: int) -> np.ndarray:
    """By how much a rate is higher than with no known non-member, one a seed."""
    return table.of(model.name, f"{count}")[:, column] - table.of(model.name, "0")[:, column]


def signed(values: np.ndarray) -> str:
    return f"+{interval(values)}" if values.mean() >= 0 else f"−{interval(values)[1:]}"


def lines(table: Table, shown: Sequence[Model]) -> list[str]:
    first = head("TPR at 1 %", "candidates", "seeds", *(f"{count:,} known" for count in COUNTS), UNKNOWNS)
    second = head(
        *("paired gain", "TPR at 1 %: 100 known", "1,000 known", "AUC: 100 known", "1,000 known"),
        *("AUC: none known", UNKNOWNS),
    )
    for model in shown:
        rate = {way: table.of(model.name, way) for way in (*map(str, COUNTS), UNKNOWNS)}
        cells = [interval(found[:, 2]) if len(found) else "as 0" for found in rate.values()]
        first.append(row(model.name, f"{model.candidates:,}", len(rate["0"]), *cells))
        gains = [signed(gain(table, model, count, column)) for column in (2, 0) for count in (100, 1000)]
        second.append(row(model.name, *gains, *(interval(rate[way][:, 0]) for way in ("0", UNKNOWNS))))
    return [*first, "", *second]


def checks(table: Table, shown: Sequence[Model]) -> list[tuple[str, bool]]:
    """With known non-members at least as much is found, within the 95 % interval; the least gain."""
    found: list[tuple[str, bool]] = []
    for model in shown:
        for column, name in ((2, "TPR at 1 %"), (0, "AUC")):
            gains = {count: gain(table, model, count, column) for count in model.counts[1:]}
            upper = {count: values.mean() + half(values) for count, values in gains.items()}
            worst = min(upper, key=lambda count: upper[count])
            what = (
                f"{model.name}: gain in {name}, with {worst:,} known {signed(gains[worst])}, nowhere below 0"
            )
            found.append((what, upper[worst] >= 0))
    return found


def half(values: np.ndarray) -> float:
    """Half of a 95 % t interval; 0 where one seed shows no spread."""
    n = len(values)
    return float(student_t.ppf(0.975, n - 1)) * values.std(ddof=1) / n**0.5 if n > 1 else 0.0


def main() -> int:
    """Print the page; exit code 1 if known non-members cost anything beyond the interval."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--only", nargs="*", default=[""], help="words that a model's name contains")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    table = Table(options.cache, "decoder_known")
    shown = [model for model in models() if any(word in model.name for word in options.only)]
    for model in shown:
        measured(table, model)
    reached = checks(table, shown)
    page = [
        "# Known non-members and the gradient decoder", "",
        "`CONFIDE_DATA=... python benchmarks/decoder_known.py --write`", "",
        *(__doc__ or "").split("\n\n")[2].splitlines(), "",
        "Mean over seeds ± half of a 95 % t interval; thresholds from each model's own non-members.",
        f"{machine()}.", "", *bars(reached), "", *lines(table, shown),
    ]  # fmt: skip
    publish(page, "decoder_known", write=options.write)
    return 0 if all(ok for _, ok in reached) else 1


if __name__ == "__main__":
    raise SystemExit(main())
