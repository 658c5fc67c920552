"""Margins of a synthetic file: how far each one is from the real one, beside a hold-out and shuffled columns.

Source: total variation over margins as in McKenna, Mullins, Sheldon, Miklau: AIM (PVLDB 2022) and in NIST's
collaborative research cycle (SDNist); infinitesimal jackknife: Jaeckel (Bell Laboratories 1972), Efron:
The Jackknife, the Bootstrap and Other Resampling Plans (1982).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod, sqrt

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.measure.intervals import check_confidence
from confide.measure.special import normal_quantile
from confide.utility.synthetic._binned import Binned, binned, margin_sets, shares
from confide.utility.synthetic._independent import Independent, effect_through_the_shuffle
from confide.utility.synthetic._jackknife import RowEffects, variance, variance_of_cells
from confide.views.table import Table


@dataclass(frozen=True, slots=True, eq=False)
class MarginDistances:
    """The total variation distances of k margins, or differences of two of them.

    Args:
        ways: the number of columns of each margin.
        columns: the names of each margin's columns.
        each: float64[k], the distance of each.
        error: float64[k], its standard error.
        mean: over all margins, with its interval.
    """

    ways: int
    columns: tuple[tuple[str, ...], ...]
    each: Floats
    error: Floats
    mean: Estimate

    def at(self, i: int) -> Estimate:
        """One margin; the intervals of all k hold together with the confidence (Bonferroni)."""
        alone = 1 - (1 - self.mean.confidence) / len(self.each)
        half = float(normal_quantile((1 + alone) / 2)) * float(self.error[i])
        value = float(self.each[i])
        return Estimate(value, value - half, value + half, self.mean.confidence)

    def worst(self, n: int = 1) -> list[tuple[tuple[str, ...], Estimate]]:
        """The n margins with the largest distances, the worst first."""
        order = np.argsort(-self.each, kind="stable")[:n]
        return [(self.columns[i], self.at(i)) for i in order.tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class MarginComparison:
    """The margins of `ways` columns of a synthetic file against the real ones.

    Args:
        synthetic: the distances of the synthetic file.
        shuffled: of the real columns, each shuffled by itself, as many rows as the synthetic file has.
        difference: synthetic minus shuffled; above 0 the file is further off than files without dependence.
        excess: synthetic minus the shuffled columns of as many other people of the same kind, which are off
            by chance as a generator's are; above 0 the file is worse than no dependence.
        floor: of the hold-out, the sampling floor; None without one.
        rows: of the real, the synthetic and the hold-out file.
    """

    ways: int
    synthetic: MarginDistances
    shuffled: MarginDistances
    difference: MarginDistances
    excess: MarginDistances
    floor: MarginDistances | None
    rows: tuple[int, int, int]

    @property
    def score(self) -> Estimate:
        """NIST's k-marginal score: 1000 for equal margins, 0 for disjoint ones."""
        return nist_score(self.synthetic.mean)


def nist_score(mean: Estimate) -> Estimate:
    """A mean total variation distance on the scale of NIST's k-marginal score.

    >>> print(nist_score(Estimate(0.05, 0.04, 0.0725, 0.95)))
    950.000 [927.500, 960.000] at 95%
    """
    value, low, high = (1000 * (1 - x) for x in (mean.value, mean.high, mean.low))
    return Estimate(value, low, high, mean.confidence)


def compare_margins(
    real: Table,
    synthetic: Table,
    hold_out: Table | None = None,
    *,
    ways: int,
    rng: Rng,
    most: int | None = None,
    public: Mapping[str, Ints] | None = None,
    confidence: float = 0.95,
) -> MarginComparison:
    """The total variation distance of margins between a synthetic file and the real rows.

    The distance of two distributions is half the sum of the absolute differences of their shares: 0 for
    equal ones, 1 for ones with nothing in common. Two samples of one population differ as well. So what a
    distance means shows only beside two others: the hold-out against the real rows (the sampling floor) and
    shuffled columns (a file that knows every column and no dependence).

    *What an interval covers*: the mean of the distance over real tables of as many people drawn from the
    same population and over files of as many rows drawn from the same fitted generator. So it holds what
    chance in the rows does, and nothing of what the training of the generator, or its noise, does: another
    run may differ by more. It is an infinitesimal jackknife: each row's effect on the mean of all margins,
    through every margin at once, as margins share their rows. It is wider than needed where the two
    files are equal but for sampling, as then the sign of a cell's difference is chance.

    Args:
        real: n rows, precise.
        synthetic: m rows of the same domains.
        hold_out: other people of the same population, who did not train the generator.
        ways: columns of a margin, 1, 2 or 3.
        rng: for the shuffled files, and for which margins are taken.
        most: margins to be taken; None: all.
        public: published bins (see `binned`).
        confidence: of the intervals.

    Raises:
        DataError: if the files cannot be compared, or have fewer columns than `ways`.

    >>> from confide.views.table import Domain
    >>> sex, job = Domain("sex", ("f", "m")), Domain("job", ("cook", "nurse"))
    >>> real = Table.of([sex, job], np.array([[0, 0], [0, 0], [1, 1], [1, 1]]))
    >>> made = Table.of([sex, job], np.array([[0, 0], [0, 1], [1, 0], [1, 1]]))
    >>> compare_margins(real, made, ways=2, rng=np.random.default_rng(0)).synthetic.each.tolist()
    [0.5]
    """
    check_confidence(confidence)
    if not 1 <= ways <= len(real.domains):
        raise DataError(
            f"margins of {ways} columns were asked for, and the table has {len(real.domains)}: ask for fewer."
        )
    files = binned(real, synthetic, *(() if hold_out is None else (hold_out,)), public=public)
    return _compare(files, ways=ways, most=most, rng=rng, confidence=confidence)


def _compare(
    files: Sequence[Binned], *, ways: int, most: int | None, rng: Rng, confidence: float
) -> MarginComparison:
    real, synthetic, held = files[0], files[1], files[2] if len(files) > 2 else None
    chooser, mixer = rng.spawn(2)
    sets = margin_sets(len(real.names), ways, most=most, rng=chooser)
    independent = Independent(real, len(synthetic), rng=mixer)
    near, far, apart, beyond = (_Collected() for _ in range(4))
    rows, blurred, made = RowEffects(real), RowEffects(real), RowEffects(synthetic)
    for at in sets:
        mine, theirs = real.cells(at), synthetic.cells(at)
        shape = [real.sizes[i] for i in at]
        truth, share = shares(mine, prod(shape)), shares(theirs, prod(shape))
        mixed = independent.shuffled(at)
        sign, effect = np.sign(truth - share), effect_through_the_shuffle(truth, mixed, shape)
        rows.add(sign, mine)
        blurred.add(effect, mine)
        made.add(sign, theirs)
        of_made = variance_of_cells(sign, theirs, share, synthetic.people)
        of_real = [variance_of_cells(e, mine, truth, real.people) for e in (sign, effect, sign - effect)]
        distance, (shuffled, chance) = _tvd(truth, share), _averaged(truth, mixed)
        others, luck = _averaged(truth, independent.other_people(at))
        near.add(distance, of_real[0] + of_made)
        far.add(shuffled, of_real[1], chance)
        apart.add(distance - shuffled, of_real[2] + of_made, chance)
        beyond.add(distance - others, of_real[2] + of_made, luck)
    names = tuple(tuple(real.names[i] for i in at) for at in sets)
    of_made = variance(made.total / len(sets), synthetic.people)
    of_real = [
        variance(total / len(sets), real.people)
        for total in (rows.total, blurred.total, rows.total - blurred.total)
    ]
    return MarginComparison(
        ways=ways,
        synthetic=near.distances(ways, names, of_real[0] + of_made, confidence),
        shuffled=far.distances(ways, names, of_real[1], confidence),
        difference=apart.distances(ways, names, of_real[2] + of_made, confidence),
        excess=beyond.distances(ways, names, of_real[2] + of_made, confidence),
        floor=None if held is None else _between(real, held, sets, confidence),
        rows=(len(real), len(synthetic), 0 if held is None else len(held)),
    )


def _averaged(truth: Floats, margins: Sequence[Floats]) -> tuple[float, float]:
    """The mean distance of several margins, and the variance of that mean."""
    each = np.array([_tvd(truth, margin) for margin in margins])
    return float(each.mean()), float(each.var(ddof=1)) / len(each)


def _between(
    one: Binned, other: Binned, sets: Sequence[tuple[int, ...]], confidence: float
) -> MarginDistances:
    """The distances of two files that have nothing to do with each other but their population."""
    found, ours, theirs = _Collected(), RowEffects(one), RowEffects(other)
    for at in sets:
        size = prod(one.sizes[i] for i in at)
        cells = one.cells(at), other.cells(at)
        share = [shares(each, size) for each in cells]
        sign = np.sign(share[0] - share[1])
        ours.add(sign, cells[0])
        theirs.add(sign, cells[1])
        spread = [
            variance_of_cells(sign, c, s, f.people)
            for c, s, f in zip(cells, share, (one, other), strict=True)
        ]
        found.add(_tvd(*share), sum(spread))
    names = tuple(tuple(one.names[i] for i in at) for at in sets)
    total = sum(variance(rows.total / len(sets), rows.file.people) for rows in (ours, theirs))
    return found.distances(len(sets[0]), names, total, confidence)


def _tvd(one: Floats, other: Floats) -> float:
    return float(np.abs(one - other).sum() / 2)


class _Collected:
    """Distances as they are measured, with the variance of the rows' effects and of the shuffles."""

    def __init__(self) -> None:
        self.each: list[float] = []
        self.spread: list[float] = []
        self.chance: list[float] = []

    def add(self, distance: float, rows: float, chance: float = 0.0) -> None:
        self.each.append(distance)
        self.spread.append(rows / 4 + chance)  # a distance is half the sum that the effects are of
        self.chance.append(chance)

    def distances(
        self, ways: int, names: tuple[tuple[str, ...], ...], rows: float, confidence: float
    ) -> MarginDistances:
        """All distances, where `rows` is the variance of the rows' effects on the mean of all margins."""
        value = float(np.mean(self.each))
        # The margins of one shuffled file may move together: the mean is taken to be as uncertain as one.
        error = sqrt(rows / 4 + float(np.mean(self.chance)))
        half = float(normal_quantile((1 + confidence) / 2)) * error
        mean = Estimate(value, value - half, value + half, confidence)
        return MarginDistances(ways, names, np.array(self.each), np.sqrt(self.spread), mean)
