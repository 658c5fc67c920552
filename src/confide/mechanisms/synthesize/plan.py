"""Plans a synthesis from what is public, by a rehearsal on made-up records of the same columns and number."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Protocol

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.mechanisms.noise.source import Noise
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers
from confide.mechanisms.statistics.promise import rho_of
from confide.mechanisms.synthesize.concentrated import LARGEST
from confide.mechanisms.synthesize.measured import Synthesised
from confide.mechanisms.synthesize.noise_norms import MEAN_ABSOLUTE
from confide.views.margins import counted
from confide.views.table import Domain, Table

MADE = 40_000
"""Made-up records at most; the time of what grows with the records is multiplied."""
FOLLOWED, SHARE = 3, 0.9
"""Earlier columns that a made-up column follows, and in what share of the rows at most."""
DRAWN = 500
"""Numbers of secure noise whose time is taken."""
ARRAYS = 6
"""Of the size of a fitted model: its margins, parameters, slopes, steps, and what is looked for."""


class Plannable(Protocol):
    """A synthesiser whose settings can be replaced."""

    @property
    def budget(self) -> Budget: ...

    @property
    def noise(self) -> Noise: ...

    def __call__(self, data: Table, /, *, rng: Rng) -> Synthesised: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a synthesis will probably take and give.

    Args:
        seconds: of one processor.
        megabytes: above what Python and the table itself take.
        measurements: margins that are counted with noise.
        deviation: of the noise on one count, the median over the measurements.
        noise: the mean total variation distance by which noise alone moves a measured margin.
        error: the mean total variation distance of all pairs, on the made-up records.
    """

    seconds: float
    megabytes: float
    measurements: int
    deviation: float
    noise: float
    error: float

    def __str__(self) -> str:
        return (
            f"about {self.seconds:.3g} s of one processor and {self.megabytes:.0f} MB; {self.measurements} "
            f"measurements with noise of deviation {self.deviation:.0f} on a count, which moves a measured "
            f"margin by {self.noise:.3f} (total variation); made-up records of these columns come out with "
            f"pairs {self.error:.3f} from theirs"
        )


def plan(mechanism: Plannable, domains: Sequence[Domain], *, rows: int, rng: Rng) -> Plan:
    """Plan a synthesis without a look at any record, and without spending anything.

    The mechanism is rehearsed on made-up records: each column follows some earlier ones, each in a share of
    the rows that is drawn, and else a falling law. How strongly real columns depend on each other is not
    public, and the time of AIM depends on it: expect it within a factor of two. The rehearsal takes about as
    long as the synthesis, at most as that of `MADE` records. Above, noise is made smaller in proportion.

    Args:
        mechanism: with its budget and settings.
        domains: of the columns.
        rows: the number of records, as declared; the plan is only as public as this number.
        rng: of the made-up records and the rehearsal.

    Raises:
        DataError: if rows is below 1.
    """
    if rows < 1:
        raise DataError(f"rows is {rows}: declare how many records there are, 1 or more.")
    making, playing = rng.spawn(2)
    n = min(rows, MADE)
    made = made_up(domains, n, rng=making)
    tried: Any = replace(mechanism, noise="rehearsal", budget=_scaled(mechanism.budget, rows / n))  # pyright: ignore[reportArgumentType]
    began = time.process_time()
    release: Synthesised = tried(made, rng=playing)
    seconds = time.process_time() - began
    seconds += (rows / n - 1) * _linear(release, made, playing)
    if mechanism.noise == "secure":
        seconds += _noise_seconds(sum(m.counts.size for m in release.margins))
    deviations = [m.sigma * rows / n for m in release.margins]
    return Plan(
        seconds=seconds,
        megabytes=_bytes(release, rows) / 2**20,
        measurements=len(release.margins),
        deviation=float(np.median(deviations)),
        noise=float(np.mean([MEAN_ABSOLUTE * m.sigma * m.counts.size / 2 / n for m in release.margins])),
        error=_apart(release, made),
    )


def made_up(domains: Sequence[Domain], n: int, *, rng: Rng) -> Table:
    """n made-up records: in shares of the rows that are drawn, a column is a function of earlier ones."""
    codes: list[Ints] = []
    for domain in domains:
        size = len(domain)
        falling = 1 / np.arange(1, size + 1)
        own = rng.choice(size, n, p=falling / falling.sum())
        for other in rng.permutation(len(codes))[:FOLLOWED]:
            follows = rng.integers(0, size, len(domains[other]))
            own = np.where(rng.random(n) < SHARE * rng.random(), follows[codes[other]], own)
        codes.append(own.astype(np.int64))
    return Table.of(domains, np.stack(codes, axis=1))


def _scaled(budget: Budget, factor: float) -> Budget:
    """The budget with which noise is smaller by a factor."""
    wanted = rho_of(budget.epsilon, budget.delta) * factor**2
    low, high = budget.epsilon, LARGEST
    if factor == 1 or rho_of(high, budget.delta) <= wanted:
        return budget if factor == 1 else replace(budget, epsilon=high)
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if rho_of(middle, budget.delta) < wanted else (low, middle)
    return replace(budget, epsilon=high)


def _linear(release: Synthesised, made: Table, rng: Rng) -> float:
    """The seconds of what grows with the records: counting margins, and drawing rows."""
    one = tuple(range(min(2, len(made.domains))))
    looked = len(release.margins) + (len(release.selection.passed) if release.selection else 0)
    seconds = looked * _seconds(lambda: counted(made, one))
    model = release.model
    return seconds + (
        _seconds(lambda: model.rows(len(made), rng=rng)) if model and len(release.view) else 0.0
    )


def _noise_seconds(numbers: int) -> float:
    law = GaussianIntegers(1, 50.0)
    return numbers / DRAWN * _seconds(lambda: law(np.zeros(DRAWN, np.int64)))


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _bytes(release: Synthesised, rows: int) -> float:
    """The arrays of the model, the exact margins, and the rows: new codes, and those of merged values."""
    sizes = [int(size) for size in release.view.sizes]
    exact = sum(p.before.size for p in release.selection.passed) if release.selection else 0
    cells = (
        getattr(release.model, "cells", 0) * ARRAYS + 2 * exact + sum(m.counts.size for m in release.margins)
    )
    merged = any(m.merged is not None for m in release.margins)
    return 8 * cells + rows * ((16 if merged else 8) * len(sizes) + 4 * 8)


def _apart(release: Synthesised, made: Table) -> float:
    model, pairs = release.model, list(combinations(range(len(made.domains)), min(2, len(made.domains))))
    if model is None:
        return math.nan
    return float(np.mean([np.abs(model.margin(p) - counted(made, p)).sum() / 2 / len(made) for p in pairs]))
