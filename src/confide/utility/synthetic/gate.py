"""The utility gate: is a synthetic file better than its columns shuffled?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.language import later, t
from confide.utility.synthetic.margins import MarginComparison, compare_margins
from confide.views.table import Table

Standing: TypeAlias = Literal["settled worse", "settled better", "not settled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A synthetic file held against shuffled columns, on all margins of two columns.

    Args:
        standing: the verdict.
        synthetic, shuffled: the mean total variation distances from the real rows.
        difference: synthetic minus shuffled. The interval covers what chance in the rows does.
        own: synthetic minus the file's own columns shuffled.
        other_people: synthetic minus the shuffled columns of other people of the same kind.
        worse: pairs of columns that the file's own columns shuffled would surely be closer on, the worst
            first, with this difference; these intervals hold together.
        pairs: how many pairs there are.
    """

    standing: Standing
    synthetic: Estimate
    shuffled: Estimate
    difference: Estimate
    own: Estimate
    other_people: Estimate
    worse: tuple[tuple[tuple[str, ...], Estimate], ...]
    pairs: int

    @property
    def sentence(self) -> str:
        """The verdict with its numbers, in a sentence or two."""
        d = self.difference
        said = t(
            "{verdict}: its margins of two columns are {synthetic:.4f} from the real ones on average, those "
            "of shuffled columns {shuffled:.4f} (difference {difference:+.4f}, {low:+.4f} to {high:+.4f} at "
            "{confidence:.0%}).",
            verdict=t(WORDS[self.standing]),
            synthetic=self.synthetic.value,
            shuffled=self.shuffled.value,
            difference=d.value,
            low=d.low,
            high=d.high,
            confidence=d.confidence,
        )
        advice = ADVICE.get(self.standing)
        return said if advice is None else f"{said} {t(advice)}"


WORDS: Mapping[Standing, str] = {
    "settled worse": later(
        "This file is further from the real rows than the same columns shuffled, each by itself"
    ),
    "settled better": later(
        "This file is closer to the real rows than the same columns shuffled, each by itself"
    ),
    "not settled": later(
        "It is not settled whether this file is closer to the real rows than the same columns shuffled, "
        "each by itself"
    ),
}
ADVICE: Mapping[Standing, str] = {
    "settled worse": later("Do not use it for anything that needs two columns at once.")
}


def gate_of(pairs: MarginComparison) -> Gate:
    """The verdict on margins of two columns that were already compared.

    The interval is over rows, and not over pairs of columns. The pairs are all that there are, and no sample
    of any others. What might have come out differently is who was among the real people and which rows the
    generator drew, and each of these moves all pairs together: pairs that share a column err together, which
    resampling pairs as if they were independent would miss.

    *Settled better* is a file whose difference from shuffled columns is surely below 0. *Settled worse* is
    one that is surely further off than its own columns shuffled, so that the dependence which it shows is
    wrong, or than the shuffled columns of other people of the same kind, so that its columns are. Between
    them is a file that knows its columns and nothing more. That a file is further off than the real columns
    shuffled is not enough: each of those is exactly right, and where real columns are independent, a
    generator that knows the very law of the population would be called worse than nothing. Each of the two
    alarms is false in at most 2.5 % of cases at a confidence of 95 %.

    Raises:
        DataError: if other margins than those of two columns are given.
    """
    if pairs.doubts is None:
        raise DataError(f"the gate is about margins of two columns, and these have {pairs.ways}.")
    own, other_people = pairs.doubts.own, pairs.doubts.other_people
    worse = [each for each in own.worst(len(own.each)) if each[1].low > 0]
    return Gate(
        standing=_standing(pairs.difference.mean, own.mean, other_people.mean),
        synthetic=pairs.synthetic.mean,
        shuffled=pairs.shuffled.mean,
        difference=pairs.difference.mean,
        own=own.mean,
        other_people=other_people.mean,
        worse=tuple(worse),
        pairs=len(own.each),
    )


def gate(
    real: Table,
    synthetic: Table,
    *,
    rng: Rng,
    public: Mapping[str, Ints] | None = None,
    confidence: float = 0.95,
) -> Gate:
    """Hold a synthetic file against shuffled columns.

    A sampler can take right margins and a right model, and still put values together in rows that have
    nothing to do with either: sorted inside each group of a parent, two columns that are independent there
    rise together in perfect order. Each column is right then, and no promise is broken. What such a file
    says about two columns is worse than knowing nothing about them, which anybody has by shuffling.

    Args:
        real: precise.
        synthetic: of the same domains.
        rng: for the shuffled files.
        public: published bins.
        confidence: of the interval of the difference, which settles the verdict.

    Raises:
        DataError: if the files cannot be compared, or have one column.
    """
    pairs = compare_margins(real, synthetic, ways=2, rng=rng, public=public, confidence=confidence)
    return gate_of(pairs)


def _standing(difference: Estimate, *alarms: Estimate) -> Standing:
    if any(alarm.low > 0 for alarm in alarms):
        return "settled worse"
    return "settled better" if difference.high < 0 else "not settled"
