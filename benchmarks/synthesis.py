"""Synthesisers on Adult and on the American Community Survey of 2019: margins, classifiers, CPU seconds.

CONFIDE_DATA=... OMP_NUM_THREADS=1 python benchmarks/synthesis.py [--only NAME] [--write]

Margins are held against the rows that were given to the synthesiser, as total variation distances. The
classifier (gradient-boosted trees) learns the income from synthetic rows and is asked about real people who
were held out. Each seed splits the people again; noise comes from seeds, so that the page can be made again.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from page import bars, head, machine, publish, row
from sklearn.ensemble import HistGradientBoostingClassifier

from confide.core.budget import Budget
from confide.measure.roc import auc
from confide.mechanisms.synthesize.aim import AIM
from confide.mechanisms.synthesize.bootstrap import Bootstrap
from confide.mechanisms.synthesize.independent import IndependentMargins
from confide.mechanisms.synthesize.mst import MST
from confide.mechanisms.synthesize.privbayes import PrivBayes
from confide.views.margins import counted
from confide.views.table import Domain, Table

FOLDER = Path(os.environ["CONFIDE_DATA"]) / "tabular"
BUDGET = Budget(1.0, 1e-9)
SEEDS = range(5)
BINS = 16
GIVEN = 0.8
MILLION = 1_000_000


@dataclass(frozen=True)
class Entry:
    """A synthesiser of the page, and what it was to reach.

    Args:
        make: the synthesiser.
        adult: at most, the mean distance of pairs and triples and the CPU seconds.
        acs: at most, the mean distance of pairs.
        auc: at least, on Adult.
    """

    make: Callable[[], Any]
    adult: tuple[float, float, float] | None = None
    acs: float | None = None
    auc: float | None = None


ENTRIES = {
    "MST": Entry(lambda: MST(budget=BUDGET, noise="rehearsal"), adult=(0.037, 0.078, 5), acs=0.066),
    "AIM": Entry(
        lambda: AIM(budget=BUDGET, noise="rehearsal"), adult=(0.024, 0.052, 40), acs=0.056, auc=0.895
    ),
    "PrivBayes": Entry(lambda: PrivBayes(budget=BUDGET, noise="rehearsal")),
    "independent margins": Entry(lambda: IndependentMargins(budget=BUDGET, noise="rehearsal")),
    "bootstrap (no promise)": Entry(lambda: Bootstrap(noise="rehearsal")),
}
ALL_WAYS = {"Adult": (2, 3), "ACS 2019": (2,)}


def adult() -> Table:
    """Fourteen columns: `education` is left out, as `education_num` says the same."""
    frame = pl.read_parquet(FOLDER / "adult.parquet").drop("split", "education")
    return coded(frame, {c: evenly(frame[c]) for c in frame.columns if many(frame[c])})


def acs() -> Table:
    """All 24 columns; numbers are cut at the quantiles of the survey of 2018, which are public by then."""
    frame, before = (pl.read_parquet(FOLDER / f"nist_acs_national{year}.parquet") for year in (2019, 2018))
    return coded(frame, {c: quantiles(before[c]) for c in frame.columns if many(frame[c])})


def many(column: pl.Series) -> bool:
    return column.dtype.is_numeric() and column.n_unique() > BINS


def evenly(column: pl.Series) -> np.ndarray:
    values = column.drop_nulls().to_numpy()
    return np.linspace(values.min(), values.max(), BINS + 1)[1:-1]


def quantiles(column: pl.Series) -> np.ndarray:
    return np.unique(np.quantile(column.drop_nulls().to_numpy(), np.arange(1, BINS) / BINS))


def coded(frame: pl.DataFrame, edges: dict[str, np.ndarray]) -> Table:
    """The frame as codes; a missing value is a value."""
    codes: list[np.ndarray] = []
    domains: list[Domain] = []
    for column in frame:
        if column.name in edges:
            inner = edges[column.name]
            code = np.searchsorted(inner, column.fill_null(0).to_numpy(), side="right")
            code = np.where(column.is_null().to_numpy(), len(inner) + 1, code)
            labels = tuple(map(str, range(len(inner) + 1 + column.has_nulls())))
        else:
            texts = column.cast(pl.String).fill_null("?").to_numpy()
            labels, code = np.unique(texts, return_inverse=True)
            labels = tuple(labels.tolist())
        codes.append(code)
        domains.append(Domain(column.name, labels))
    return Table.of(domains, np.stack(codes, axis=1))


def split(table: Table, seed: int) -> tuple[Table, Table]:
    order = np.random.default_rng(seed).permutation(len(table))
    given = int(GIVEN * len(table))
    return table.take(order[:given]), table.take(order[given:])


def shuffled(table: Table, seed: int) -> Table:
    draw = np.random.default_rng(seed)
    return Table.of(table.domains, np.stack([draw.permutation(column) for column in table.low.T], axis=1))


def distance(one: Table, other: Table, ways: int) -> float:
    """The mean total variation distance over all sets of this number of columns."""
    found: list[float] = []
    for columns in combinations(range(len(one.domains)), ways):
        a, b = counted(one, columns) / len(one), counted(other, columns) / len(other)
        found.append(float(np.abs(a - b).sum()) / 2)
    return float(np.mean(found))


def classifier(trained: Table, tested: Table, target: str) -> float:
    """The AUC on `tested` of trees that learned from `trained`."""
    names = [name for name in trained.names if name != target]
    x, y = trained.only(names).low, trained.low[:, trained.at(target)]
    if len(np.unique(y)) < 2:
        return 0.5
    trees = HistGradientBoostingClassifier(random_state=0).fit(x, y)
    scores = trees.predict_proba(tested.only(names).low)[:, 1]
    real = tested.low[:, tested.at(target)] == 1
    return auc(scores[real], scores[~real]).value


def summary(values: Iterable[float], digits: int = 4) -> str:
    """The mean, with the least and the largest."""
    held = np.asarray(list(values))
    return f"{held.mean():.{digits}f} ({held.min():.{digits}f} to {held.max():.{digits}f})"


def measured(name: str, table: Table, seeds: Iterable[int], entry: Entry) -> np.ndarray:
    """For each seed the distances, the AUC where there is a target, and the CPU seconds."""
    lines: list[list[float]] = []
    for seed in seeds:
        given, held = split(table, seed)
        began = time.process_time()
        view = entry.make()(given, rng=np.random.default_rng([seed, 1])).view
        spent = time.process_time() - began
        distances = [distance(given, view, ways) for ways in ALL_WAYS[name]]
        learned = classifier(view, held, "income") if name == "Adult" else np.nan
        lines.append([*distances, learned, spent])
    return np.array(lines)


def section(name: str, table: Table, only: str, checks: list[tuple[str, bool]]) -> list[str]:
    """The table of one data set."""
    ways = ALL_WAYS[name]
    sizes = ", ".join(f"{n} {len(d)}" for n, d in zip(table.names, table.domains, strict=True))
    lines = ["", f"## {name}: {int(GIVEN * len(table)):,} rows given, {len(table.domains)} columns", ""]
    lines += [f"Values of the columns: {sizes}.", ""]
    lines += head("synthesiser", *(f"{k}-way distance" for k in ways), "AUC", "CPU s")
    for title, entry in ENTRIES.items():
        if only and only != title:
            continue
        found = measured(name, table, SEEDS, entry)
        learned = "" if name != "Adult" else summary(found[:, -2], 3)
        columns = [summary(found[:, k]) for k in range(len(ways))]
        lines.append(row(title, *columns, learned, summary(found[:, -1], 2)))
        means = found.mean(axis=0)
        if name == "Adult" and entry.adult:
            for k, most in enumerate(entry.adult[:2]):
                checks.append((f"Adult, {title}: {ways[k]}-way <= {most}", bool(means[k] <= most)))
            checks.append((f"Adult, {title}: {entry.adult[2]:g} CPU s", bool(means[-1] <= entry.adult[2])))
        if name == "Adult" and entry.auc:
            checks.append((f"Adult, {title}: AUC >= {entry.auc}", bool(means[-2] >= entry.auc)))
        if name != "Adult" and entry.acs:
            checks.append((f"{name}, {title}: 2-way <= {entry.acs}", bool(means[0] <= entry.acs)))
    for title, make in (("shuffled columns", lambda a, _b: shuffled(a, 0)), ("hold-out", lambda _a, b: b)):
        both = [split(table, seed) for seed in SEEDS]
        columns = [summary(distance(a, make(a, b), k) for a, b in both) for k in ways]
        lines.append(row(title, *columns, "", ""))
    if name == "Adult":
        real = [classifier(*split(table, seed), "income") for seed in SEEDS]
        lines.append(row("the rows themselves", *("0" for _ in ways), summary(real, 3), ""))
    return lines


def drawing(table: Table) -> list[str]:
    """How long a million rows take."""
    model = MST(budget=BUDGET, noise="rehearsal")(table, rng=np.random.default_rng(0)).model
    assert model is not None
    began = time.process_time()
    model.rows(MILLION, rng=np.random.default_rng(0))
    return ["", f"A million rows from the tree of MST on Adult: {time.process_time() - began:.1f} CPU s."]


def growing(table: Table, checks: list[tuple[str, bool]]) -> list[str]:
    """How long AIM takes as the rows become more, which are drawn from Adult with repetition."""
    lines = [
        "",
        "## AIM on more rows of Adult's shape",
        "",
        *head("rows", "CPU s", "peak memory, GB", "2-way distance"),
    ]
    sizes, seconds = (50_000, 250_000, MILLION), list[float]()
    for n in sizes:
        rows = table.take(np.random.default_rng(0).integers(0, len(table), n))
        began = time.process_time()
        view = AIM(budget=BUDGET, noise="rehearsal")(rows, rng=np.random.default_rng(1)).view
        seconds.append(time.process_time() - began)
        # Of the whole process, which has done everything above before.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        lines.append(row(f"{n:,}", f"{seconds[-1]:.1f}", f"{peak:.2f}", f"{distance(rows, view, 2):.4f}"))
        if n == MILLION:
            checks.append(("AIM, a million rows: 90 CPU s", seconds[-1] <= 90))
            checks.append(("AIM, a million rows: 2 GB", peak <= 2))
    slope = np.log(seconds[-1] / seconds[0]) / np.log(sizes[-1] / sizes[0])
    return [*lines, "", f"The time grows as the rows to the power {slope:.2f}."]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    checks: list[tuple[str, bool]] = []
    lines = [
        "# Synthesisers: margins and classifiers",
        "",
        f"`CONFIDE_DATA=... OMP_NUM_THREADS=1 python benchmarks/synthesis.py --write`; {machine()}. Budget: "
        f"{BUDGET}. Means of {len(SEEDS)} seeds (least to largest); each splits the people.",
    ]
    lines += section("Adult", adult(), given.only, checks)
    lines += drawing(adult())
    lines += section("ACS 2019", acs(), given.only, checks)
    lines += growing(adult(), checks)
    publish([*lines, "", "## Bars", "", *bars(checks)], "synthesis", write=given.write)


if __name__ == "__main__":
    main()
