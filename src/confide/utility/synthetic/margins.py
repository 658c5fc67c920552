"""Margins of a synthetic file: how far each one is from the real one, beside a hold-out and shuffled columns.

Source: total variation over margins as in McKenna, Mullins, Sheldon, Miklau: AIM (PVLDB 2022) and in NIST's
collaborative research cycle (SDNist); infinitesimal jackknife: Jaeckel (Bell Laboratories 1972), Efron:
The Jackknife, the Bootstrap and Other Resampling Plans (1982).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.measure.intervals import check_confidence
from confide.utility.synthetic._binned import Binned, Margin, binned, margin_sets
from confide.utility.synthetic._independent import OtherPeople, shuffles, through_the_columns
from confide.utility.synthetic._jackknife import Averaged, Distances, apart
from confide.utility.synthetic.distances import MarginDistances
from confide.views.table import Table


@dataclass(frozen=True, slots=True, eq=False)
class Doubts:
    """Differences from files without dependence whose columns are off by chance, as a generator's are.

    Args:
        own: synthetic minus its own columns shuffled; above 0 the dependence that it shows is wrong.
        other_people: synthetic minus the shuffled columns of as many other people of the same kind.
    """

    own: MarginDistances
    other_people: MarginDistances


@dataclass(frozen=True, slots=True, eq=False)
class MarginComparison:
    """The margins of `ways` columns of a synthetic file against the real ones.

    Args:
        synthetic: the distances of the synthetic file.
        shuffled: of the real columns, each shuffled by itself, as many rows as the synthetic file has.
        difference: synthetic minus shuffled; above 0 the file is further off than files without dependence.
        doubts: for margins of two columns, what settles whether the file is worse than no dependence.
        floor: of the hold-out, the sampling floor; None without one.
        rows: of the real, the synthetic and the hold-out file.
    """

    ways: int
    synthetic: MarginDistances
    shuffled: MarginDistances
    difference: MarginDistances
    doubts: Doubts | None
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
    real, made = files[0], files[1]
    chooser, mixer, judge = rng.spawn(3)
    sets = margin_sets(len(real.names), ways, most=most, rng=chooser)
    names = tuple(tuple(real.names[i] for i in at) for at in sets)
    mixed = shuffles(real, len(made), rng=mixer)
    near, far, between, drawn = Distances(), Distances(), Distances(), list[Averaged]()
    for at in sets:
        ours, theirs = real.margin(at), made.margin(at)
        others = [file.margin(at).share for file in mixed]
        sign, blurred = np.sign(ours.share - theirs.share), _mean_sign(ours, others)
        effect = blurred - through_the_columns(blurred, ours)
        distance, shuffle = apart(ours.share, theirs.share), Averaged.of(ours, others)
        near.add(distance, (ours, sign), (theirs, -sign))
        far.add(shuffle.value, (ours, effect))
        between.add(distance, (ours, sign - effect), (theirs, -sign))
        drawn.append(shuffle)
    return MarginComparison(
        ways=ways,
        synthetic=near.found(names, confidence=confidence),
        shuffled=far.found(names, confidence=confidence, chance=drawn),
        difference=between.found(names, confidence=confidence, minus=drawn),
        doubts=_doubts(real, made, sets, between, rng=judge, confidence=confidence) if ways == 2 else None,
        floor=_floor(real, files[2], sets, confidence=confidence) if len(files) > 2 else None,
        rows=(len(real), len(made), len(files[2]) if len(files) > 2 else 0),
    )


def _doubts(
    real: Binned,
    made: Binned,
    sets: Sequence[tuple[int, ...]],
    between: Distances,
    *,
    rng: Rng,
    confidence: float,
) -> Doubts:
    """The two baselines that a file must be worse than to be called worse than no dependence."""
    drawing, mixing = rng.spawn(2)
    names = tuple(tuple(real.names[i] for i in at) for at in sets)
    others, mixed = OtherPeople(real, len(made), rng=drawing), shuffles(made, len(made), rng=mixing)
    own, of_others, of_own = Distances(), list[Averaged](), list[Averaged]()
    for at in sets:
        ours, theirs = real.margin(at), made.margin(at)
        shares = [file.margin(at).share for file in mixed]
        sign, blurred = np.sign(ours.share - theirs.share), _mean_sign(ours, shares)
        own.add(
            apart(ours.share, theirs.share),
            (ours, sign - blurred),
            (theirs, through_the_columns(blurred, theirs) - sign),
        )
        of_own.append(Averaged.of(ours, shares))
        of_others.append(Averaged.of(ours, others.margins(at)))
    return Doubts(
        own=own.found(names, confidence=confidence, minus=of_own),
        other_people=between.found(names, confidence=confidence, minus=of_others),
    )


def _mean_sign(truth: Margin, drawn: Sequence[Floats]) -> Floats:
    """The sign of each cell's difference, on average over several files."""
    return np.mean([np.sign(truth.share - share) for share in drawn], axis=0)


def _floor(
    one: Binned, other: Binned, sets: Sequence[tuple[int, ...]], *, confidence: float
) -> MarginDistances:
    """The distances of two files that have nothing to do with each other but their population."""
    found = Distances()
    for at in sets:
        ours, theirs = one.margin(at), other.margin(at)
        sign = np.sign(ours.share - theirs.share)
        found.add(apart(ours.share, theirs.share), (ours, sign), (theirs, -sign))
    return found.found(tuple(tuple(one.names[i] for i in at) for at in sets), confidence=confidence)
