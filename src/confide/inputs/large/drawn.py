"""What a sample of a large table stands for: the numbers of all rows, which no sample shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from confide.core.arrays import Ints
from confide.core.language import t
from confide.measure.anonymity import Anonymity

TOO_LARGE = (
    "The table is too large to hold: its rows are counted and changed where they are, and attacks are played "
    "on a sample of them. The report says what that means."
)
"""Said as soon as it is known."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """The table from which people were drawn.

    Args:
        total: its rows.
        rows: the rows that were drawn.
        seed: from which they were drawn.
        size: int64[c], the people in each class of the whole table.
        silent: rows of which all known columns are suppressed: they are no class.
        stands: k, l and t of the whole table.
        subsets: k by each set of so few known columns as was asked for.
    """

    total: int
    rows: int
    seed: int
    size: Ints
    silent: int
    stands: Anonymity
    subsets: Mapping[tuple[str, ...], int]

    def words(self, count: Callable[[int], str]) -> str:
        """What an audit of the sample says, in sentences.

        Args:
            count: a number of rows in words, as exact as the reader may see it.
        """
        if self.rows == self.total:
            return t(
                "The table was too large to hold: k, l, t and the sizes of classes are of all {total} rows, "
                "counted where they are, and all of them fit the sample that attacks are played on.",
                total=count(self.total),
            )
        return t(
            "The table was too large to hold: k, l, t and the sizes of classes are of all {total} rows, "
            "counted where they are, and attacks were played on {rows} rows, drawn with the seed {seed}: "
            "whole classes, and of large ones a share. Among fewer rows people are found more easily, so "
            "that linking and describing are rather overstated; a secret may be inferred better from all "
            "rows than from these.",
            total=count(self.total),
            rows=count(self.rows),
            seed=f"{self.seed}",
        )
