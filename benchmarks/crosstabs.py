"""What contingency tables of random blocks of people give away: records proved, and rows ranked.

python benchmarks/crosstabs.py [--write]

Adult: age, sex, race, marital status, years of education. Seconds are those of one processor
(OMP_NUM_THREADS=1).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations as subsets

import numpy as np
import polars as pl
from page import bars, head, machine, publish, row

from confide.attacks.reconstruction.crosstabs._combinations import Combinations, combinations
from confide.attacks.reconstruction.crosstabs._population import frequencies, match_rate
from confide.attacks.reconstruction.crosstabs.generate_verify import proved
from confide.attacks.reconstruction.crosstabs.hidden_cells import hidden_cells
from confide.attacks.reconstruction.crosstabs.ranked_rows import nearest, ranked
from confide.attacks.reconstruction.crosstabs.solution_variability import solution_variability
from confide.data.locating import File, locate
from confide.mechanisms.noise.coins import rate_below
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.words import rehearsal_words
from confide.views.crosstabs import Crosstab, Crosstabs
from confide.views.table import Domain, Table

COLUMNS = ("age", "sex", "race", "marital_status", "education_num")
PAIRS = tuple(subsets(COLUMNS, 2))
TRIPLES = (*PAIRS, *subsets(COLUMNS, 3))
PATIENCE = 120.0
"""Seconds of wall time for one block."""
SEED = 1


def adult(years: int) -> Table:
    """The five columns in codes, age in bins of this many years."""
    path = locate(File(path="tabular/adult.parquet"), get="Get it from its publisher.")
    table = pl.read_parquet(path).with_columns(pl.col("age") // years * years)
    domains: list[Domain] = []
    codes: list[np.ndarray] = []
    for name in COLUMNS:
        values = table[name].cast(pl.String)
        labels = sorted(values.unique().to_list())
        at = {value: code for code, value in enumerate(labels)}
        domains.append(Domain(name, tuple(labels)))
        codes.append(np.array([at[value] for value in values.to_list()], np.int32))
    return Table.of(domains, np.column_stack(codes))


def blocks(people: Table, size: int, count: int) -> Iterator[tuple[Table, Table]]:
    """Random blocks, each with everybody else."""
    rng = np.random.default_rng(SEED)
    for _ in range(count):
        order = rng.permutation(len(people))
        yield people.take(order[:size]), people.take(order[size:])


def true_counts(found: Combinations, block: Table) -> np.ndarray:
    """How many people of the block have each combination: what nobody may be proved above."""
    rows, counts = np.unique(block.low, axis=0, return_counts=True)
    there = dict(zip(map(tuple, rows.tolist()), counts.tolist(), strict=True))
    return np.array([there.get(tuple(codes), 0) for codes in found.codes.tolist()])


def proofs(
    people: Table, sets: Sequence[Sequence[str]], size: int, count: int
) -> tuple[float, float, float, int]:
    """Share of records proved, share of claims not decided, seconds a block, and wrong claims."""
    shares: list[float] = []
    unsure: list[float] = []
    wrong, seconds = 0, 0.0
    for block, _ in blocks(people, size, count):
        start = time.process_time()
        found = combinations(Crosstabs.of(block, sets))
        claims = proved(found, seconds=PATIENCE)
        seconds += time.process_time() - start
        wrong += int((claims.least > true_counts(found, block)).sum())
        shares.append(claims.records / size)
        unsure.append(float((~claims.decided).mean()))
    return float(np.mean(shares)), float(np.mean(unsure)), seconds / count, wrong


def first(codes: np.ndarray, score: np.ndarray, k: int) -> list[tuple[int, ...]]:
    """The k rows with the highest scores; of equal ones the first."""
    return [tuple(codes[i].tolist()) for i in np.argsort(-score, kind="stable")[:k]]


def everybody(rest: Table) -> np.ndarray:
    """All distinct rows of the population."""
    return np.unique(rest.low, axis=0)


def ranking(people: Table, size: int, count: int, k: int, rank: Callable[..., object]) -> tuple[float, ...]:
    """Match at k of ranked rows and of the population, and seconds a block."""
    ours: list[float] = []
    theirs: list[float] = []
    seconds = 0.0
    for number, (block, rest) in enumerate(blocks(people, size, count)):
        rng = np.random.default_rng([SEED, number])
        start = time.process_time()
        codes, share = rank(block, rng)
        seconds += time.process_time() - start
        ours.append(match_rate(first(codes, share, k), block))
        rows = everybody(rest)
        theirs.append(match_rate(first(rows, frequencies(rest, rows), k), block))
    return float(np.mean(ours)), float(np.mean(theirs)), seconds / count


def by_solutions(draws: int) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    def rank(block: Table, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        found = combinations(Crosstabs.of(block, PAIRS))
        return found.codes, ranked(found, draws=draws, rng=rng).share

    return rank


def under_noise(epsilon: int, draws: int) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Each table gets its part of epsilon; a person is in one cell of each."""

    def rank(block: Table, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        exact, words = Crosstabs.of(block, PAIRS), rehearsal_words(rng)
        rate = rate_below(Fraction(epsilon, len(PAIRS)))
        tables: list[Crosstab] = []
        for table in exact.tables:
            noisy = table.low + discrete_laplace(len(table), rate=rate, words=words)
            tables.append(Crosstab(table.name, table.columns, table.codes, noisy, noisy))
        found = combinations(Crosstabs(exact.domains, tuple(tables), exact=False), prune=False)
        return found.codes, nearest(found, draws=draws, rng=rng).share

    return rank


def suppressed(people: Table, below: int, size: int, count: int) -> tuple[int, int, int, int, float]:
    """Three tables with small counts hidden: how many, disclosed, narrowed, wrong, and seconds a block."""
    hidden = disclosed = narrowed = wrong = 0
    seconds = 0.0
    sets = (("sex", "race"), ("sex", "marital_status"), ("race", "marital_status"), ("sex",))
    for block, _ in blocks(people, size, count):
        full = Crosstabs.of(block, sets)
        view = Crosstabs(full.domains, (*full.hiding(below).tables[:3], full.tables[3]))
        start = time.process_time()
        told = hidden_cells(view, seconds=PATIENCE)
        seconds += time.process_time() - start
        true = np.concatenate([t.low for t in full.tables])[told.cells]
        wrong += int(((true < told.bounds.least) | (true > told.bounds.most)).sum())
        hidden += len(true)
        disclosed += int(told.disclosed.sum())
        narrowed += int((told.narrowed & ~told.disclosed).sum())
    return hidden, disclosed, narrowed, wrong, seconds / count


def proof_table(checks: list[tuple[str, bool]]) -> list[str]:
    fine, rough = adult(5), adult(10)
    plan = (
        ("age by 5 years", fine, "2-way", PAIRS, 30, 100, 0.88, 0.3),
        ("age by 10 years", rough, "2-way", PAIRS, 30, 60, None, None),
        ("age by 5 years", fine, "2- and 3-way", TRIPLES, 30, 40, 0.99, 0.3),
        ("age by 5 years", fine, "2-way", PAIRS, 100, 6, None, None),
        ("age by 5 years", fine, "2- and 3-way", TRIPLES, 100, 20, 0.98, None),
        ("age by 5 years", fine, "2-way", PAIRS, 300, 1, None, None),
    )
    lines = head("columns", "tables", "people", "blocks", "proved", "not decided", "wrong", "seconds a block")
    for ages, people, which, sets, size, count, least, most in plan:
        share, unsure, seconds, wrong = proofs(people, sets, size, count)
        assert wrong == 0, f"{wrong} claims of blocks of {size}, {which}, are wrong"
        lines.append(row(ages, which, size, count, f"{share:.3f}", f"{unsure:.3f}", wrong, f"{seconds:.2f}"))
        print(lines[-1], file=sys.stderr, flush=True)
        if least is not None:
            checks.append((f"{which}, {size} people, {ages}: {least} proved ({share:.3f})", share >= least))
        if most is not None:
            checks.append((f"{which}, {size} people, {ages}: {most} s ({seconds:.2f})", seconds <= most))
    return lines


def ranking_table(checks: list[tuple[str, bool]]) -> list[str]:
    fine = adult(5)
    plan = (
        ("exact", 100, 50, 5, by_solutions(40), "at least .80", lambda ours, _: ours >= 0.8),
        ("exact", 300, 50, 3, by_solutions(40), "nothing gained", lambda ours, theirs: ours <= theirs + 0.1),
        ("exact", 30, 20, 5, by_solutions(40), "all right", lambda ours, _: ours >= 0.95),
        ("epsilon 1", 30, 20, 3, under_noise(1, 2), "no better", lambda ours, theirs: ours <= theirs),
    )
    lines = head("counts", "people", "match at", "blocks", "ranked rows", "population", "seconds a block")
    for counts, size, k, count, rank, words, bar in plan:
        ours, theirs, seconds = ranking(fine, size, count, k, rank)
        lines.append(row(counts, size, k, count, f"{ours:.2f}", f"{theirs:.2f}", f"{seconds:.1f}"))
        print(lines[-1], file=sys.stderr, flush=True)
        checks.append(
            (f"{counts}, {size} people, match at {k}: {words} ({ours:.2f}, {theirs:.2f})", bar(ours, theirs))
        )
    return lines


def other_tables() -> list[str]:
    """Suppressed cells, and solution variability."""
    fine = adult(5)
    names = ("small counts hidden", "people", "blocks", "hidden cells", "disclosed", "narrowed", "wrong")
    lines = head(*names, "seconds a block")
    for below in (3, 5):
        hidden, disclosed, narrowed, wrong, seconds = suppressed(fine, below, 100, 3)
        assert wrong == 0, f"{wrong} bounds of hidden cells are wrong"
        lines.append(row(f"1 to {below - 1}", 100, 3, hidden, disclosed, narrowed, wrong, f"{seconds:.1f}"))
    lines += ["", *head("tables", "people", "blocks", "solution variability, mean", "largest")]
    shares: list[float] = []
    for block, _ in blocks(fine, 30, 20):
        found = combinations(Crosstabs.of(block, PAIRS))
        shares.append(solution_variability(found, seconds=PATIENCE).share)
    lines.append(row("2-way", 30, 20, f"{np.mean(shares):.3f}", f"{max(shares):.3f}"))
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    checks: list[tuple[str, bool]] = []
    text = [
        "# Contingency tables\n",
        f"{machine()}\n",
        "Random blocks of Adult. A record is proved if every data set that fits the tables has it; a "
        "combination of values is not decided if the solver had no answer in time. That no claim is wrong is "
        "asserted.\n",
        *proof_table(checks),
        "\n## Rows ranked by how often they occur in random data sets that fit\n",
        "Two-way tables, age by 5 years. Match at k: the share of the first k rows that are in the block.\n",
        *ranking_table(checks),
        "\n## Hidden cells, and how far a reconstruction can be wrong\n",
        "Sex by race, sex by marital status, race by marital status with small counts hidden, and sex.\n",
        *other_tables(),
        "\n## Bars\n",
        *bars(checks),
    ]
    publish(text, "crosstabs", write=arguments.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
