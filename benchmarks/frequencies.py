"""Tracing: who is told from frequencies in a pool, on 1000 Genomes and on simulated mixed ancestry.

python benchmarks/frequencies.py [--draws 30] [--write]

1000 Genomes, 503 Europeans: each draw takes a pool of 100, a reference of 200, and 203 absent people, and as
many SNPs as the row says, at random. The frequencies of the pool are published. Every attack scores all
members and all absent people. TPR at FPR 1 % is that of each draw, averaged: above the third-highest absent
score in it. Theory: d' = sqrt(m/n) / sqrt(1 + n/n_ref), and TPR = Phi(d' - z). Measured d': the gap between
the mean scores in pooled standard deviations, averaged over draws.

All frequencies under differential privacy, and mixed ancestry, have a third of the draws.

Mixed ancestry: four simulated populations, F_ST .1, pool 60, reference 80, 400 absent, 2,500 SNPs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from page import bars, head, machine, publish, rates, row

from confide.attacks.membership.statistics import FREQUENCIES
from confide.core.budget import Unit
from confide.core.evidence import Evidence
from confide.core.nouns import AnyMechanism, Case, Guess, World
from confide.core.play import play
from confide.data import genomes1000
from confide.data.genotypes_like import GenotypesLike
from confide.knowledge.frequencies import Reference
from confide.measure.tracing import power, separation
from confide.mechanisms.statistics.allele_frequencies import AlleleFrequencies
from confide.views.frequencies import Genotypes

SNPS = (100, 250, 500, 1_000, 2_500)
EXPECTED = {100: 0.07, 250: 0.17, 500: 0.34, 1_000: 0.61, 2_500: 0.93}
"""TPR at FPR 1 % of the likelihood ratio, measured earlier with other code."""
ATTACKS = tuple(attack() for attack in FREQUENCIES)
LR, LR_CORRECTED, HOMER, HOMER_CORRECTED, INNER, INNER_CORRECTED = (attack.name for attack in ATTACKS)
PRIVATE = AlleleFrequencies(epsilon=1.0, delta=1e-6, noise="rehearsal")


@dataclass(frozen=True, eq=False)
class Drawn:
    """Everybody is drawn again in each world: a pool of fixed size, a reference, and absent people."""

    people: Callable[..., Genotypes]
    pool: int
    reference: int
    mechanism: AnyMechanism
    snps: int | None = None
    randomised: bool = False
    no_coin: str = "the pool has a fixed size"

    @property
    def unit(self) -> Unit:
        return Unit.record()

    def deal(self, world: int, *, rng: np.random.Generator) -> World:
        """All members and all absent people are asked about."""
        making, order, choosing, publishing = rng.spawn(4)
        everybody = self.people(rng=making)
        if self.snps is not None:
            everybody = everybody.only(np.sort(choosing.permutation(everybody.statistics)[: self.snps]))
        places = order.permutation(len(everybody))
        pool, known = places[: self.pool], places[self.pool : self.pool + self.reference]
        asked = np.sort(np.concatenate([pool, places[self.pool + self.reference :]]))
        release = self.mechanism(everybody.take(np.sort(pool)), rng=publishing)
        reference = Reference(mechanism=self.mechanism, people=everybody.take(known))
        exposed = np.isin(asked, pool)
        case = Case(release.view, reference, everybody.take(asked))
        return World(case, exposed, exposed, asked, promise=release.budget)

    def hits(self, guess: Guess, secrets: np.ndarray) -> np.ndarray:
        """All claims are of one kind."""
        return np.ones(len(guess.score), np.bool_)


def played(game: Drawn, draws: int, seed: int) -> dict[str, Evidence]:
    """The evidence of every attack, by its name."""
    found = play(game, ATTACKS, worlds=draws, rng=np.random.default_rng(seed))
    return {attack.name: evidence for attack, evidence in zip(ATTACKS, found, strict=True)}


def gap(evidence: Evidence) -> float:
    """The measured separation, averaged over draws."""
    found = []
    for _, world in evidence.table.group_by("world", maintain_order=True):
        score, exposed = world["score"].to_numpy(), world["exposed"].to_numpy()
        yes, no = score[exposed], score[~exposed]
        found.append((yes.mean() - no.mean()) / np.sqrt((yes.var(ddof=1) + no.var(ddof=1)) / 2))
    return float(np.mean(found))


def tpr(evidence: Evidence, at: float) -> tuple[float, float]:
    """The mean over draws of the TPR at this FPR, and its standard error."""
    found = []
    for _, world in evidence.table.group_by("world", maintain_order=True):
        score, exposed = world["score"].to_numpy(), world["exposed"].to_numpy()
        no = np.sort(score[~exposed])
        found.append(float((score[exposed] > no[len(no) - 1 - int(at * len(no))]).mean()))
    return float(np.mean(found)), float(np.std(found, ddof=1) / np.sqrt(len(found)))


def genomes(draws: int) -> tuple[list[str], list[tuple[str, bool]]]:
    """Exact frequencies of 1000 Genomes."""
    loaded = genomes1000.load()
    lines = head("SNPs", "theory: d'", "d' of frequency-lr", "theory: TPR", *(a.name for a in ATTACKS))
    checks: list[tuple[str, bool]] = []
    for m in (*SNPS, loaded.statistics):
        game = Drawn(lambda rng: loaded, 100, 200, AlleleFrequencies(), snps=m)
        found = played(game, draws, m)
        theory, measured = separation(m, 100, reference=200), gap(found[LR])
        at = {name: tpr(evidence, 0.01) for name, evidence in found.items()}
        lines.append(
            row(f"{m:,}", f"{theory:.2f}", f"{measured:.2f}", f"{power(theory, 0.01):.3f}",
                *(f"{value:.3f} ± {error:.3f}" for value, error in at.values()))
        )  # fmt: skip
        print(lines[-1], flush=True)
        if m in EXPECTED:
            best = at[LR][0]
            checks += [
                (f"{m:,} SNPs: {LR} within .06 of {EXPECTED[m]}", abs(best - EXPECTED[m]) <= 0.06),
                (f"{m:,} SNPs: d' within 10 % of theory", abs(measured / theory - 1) <= 0.1),
                (f"{m:,} SNPs: {HOMER} and {INNER} below {LR}", max(at[HOMER][0], at[INNER][0]) < best),
            ]
        else:
            checks.append(("all SNPs: d' below theory, as linked SNPs repeat each other", measured < theory))
    return lines, checks


def private(draws: int) -> tuple[list[str], list[tuple[str, bool]]]:
    """All frequencies of 1000 Genomes under differential privacy."""
    loaded = genomes1000.load()
    found = played(Drawn(lambda rng: loaded, 100, 200, PRIVATE), draws, 1)
    lines, checks = head("attack", "TPR at 5 %", "AUC"), []
    for name, evidence in found.items():
        value, error = tpr(evidence, 0.05)
        lines.append(row(name, f"{value:.3f} ± {error:.3f}", f"{rates(evidence)[:, 0].mean():.3f}"))
        checks.append((f"epsilon 1: {name}: TPR at 5 % within .03 of .05", abs(value - 0.05) <= 0.03))
    return lines, checks


def mixed(draws: int) -> tuple[list[str], list[tuple[str, bool]]]:
    """Simulated populations that drifted apart."""
    made = GenotypesLike(people=540, snps=2_500, populations=4, fst=0.1)
    found = played(Drawn(made, 60, 80, AlleleFrequencies()), draws, 2)
    lines, checks = head("attack", "TPR at 1 %", "AUC"), []
    for name, evidence in found.items():
        value, error = tpr(evidence, 0.01)
        lines.append(row(name, f"{value:.3f} ± {error:.3f}", f"{rates(evidence)[:, 0].mean():.3f}"))
        if name == INNER_CORRECTED:
            checks.append((f"mixed ancestry: {name}: TPR at 1 % at least .85", value >= 0.85))
        if name in (LR, HOMER, INNER):
            checks.append((f"mixed ancestry: {name} at least .2 below", value <= 0.72))
    return lines, checks


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    started = time.process_time()
    lines = ["# Tracing from frequencies", "", *(__doc__ or "").splitlines()[4:], ""]
    checks: list[tuple[str, bool]] = []
    for title, part in (
        ("1000 Genomes, exact frequencies: TPR at FPR 1 %, mean ± standard error over draws", genomes),
        ("1000 Genomes, all 10,025 frequencies under epsilon 1, delta 1e-6", private),
        ("Mixed ancestry, exact frequencies", mixed),
    ):
        # A third of the draws is enough where rates are asked about at one size alone.
        table, found = part(options.draws if part is genomes else max(options.draws // 3, 2))
        lines += [f"## {title}", "", *table, ""]
        checks += found
    lines += bars(checks)
    lines += ["", f"`python benchmarks/frequencies.py --draws {options.draws} --write`, {machine()}, "]
    lines[-1] += f"fixed seeds, {time.process_time() - started:.0f} CPU seconds."
    publish(lines, "frequencies", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
