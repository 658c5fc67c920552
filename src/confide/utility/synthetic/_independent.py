"""Files without dependence between columns: the real columns shuffled, and the columns of other people."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.utility.synthetic._binned import Binned, Margin

SHUFFLES = 8
"""Files whose distances are averaged; of large files two shuffles, as theirs hardly differ."""
LARGE = 100_000


def shuffles(real: Binned, m: int, *, rng: Rng) -> list[Binned]:
    """Several files of m rows with the columns of a file, each shuffled by itself."""
    return [shuffled(real, m, rng=each) for each in rng.spawn(2 if m > LARGE else SHUFFLES)]


class OtherPeople:
    """Files of m rows from independent columns of other people than the real ones, of the same kind.

    Of real columns that are shuffled, every one is exactly right, which no generator can reach without
    copying: drawn from the very law of the population, columns still differ from those of the real people,
    as other people's do.

    Args:
        real: the real rows; there are as many other people, so that their columns are off as a second
            sample's are.
        m: the number of rows made.
        rng: for the people and their rows.
    """

    __slots__ = ("_columns", "_m", "_rng")

    def __init__(self, real: Binned, m: int, *, rng: Rng) -> None:
        drawing, self._rng = rng.spawn(2)
        n = len(real) if real.people is None else len(np.unique(real.people))
        alone = [real.margin((i,)).share for i in range(len(real.names))]
        self._columns = [[drawing.multinomial(n, p) / n for p in alone] for _ in range(SHUFFLES)]
        self._m = m

    def margins(self, at: Sequence[int]) -> list[Floats]:
        """The margin of these columns in each file, float64[cells] each."""
        laws = [reduce(np.multiply.outer, [one[i] for i in at]).reshape(-1) for one in self._columns]
        return [self._rng.multinomial(self._m, law) / self._m for law in laws]


def shuffled(real: Binned, n: int, *, rng: Rng) -> Binned:
    """A file of n rows with the real columns, each shuffled by itself: right margins, no dependence at all.

    Each value of a column is used equally often, but for a last incomplete round.
    """
    rounds = -(-n // len(real))
    codes = np.stack(
        [np.concatenate([rng.permutation(column) for _ in range(rounds)])[:n] for column in real.codes]
    )
    return Binned(real.names, real.sizes, codes)


def through_the_columns(sign: Floats, margin: Margin) -> Floats:
    """The effect of a row's cell on a sum over the cells of its file's shuffled columns, float64[cells].

    By its value in each column a row moves that column's shares, and so the shuffled margin, which is the
    product of them.

    Args:
        sign: float64[cells], what a cell of the shuffled margin adds to the sum, by its share.
        margin: of the file before it was shuffled.
    """
    shape = margin.shape
    axes = range(len(shape))
    share, sign = margin.share.reshape(shape), sign.reshape(shape)
    alone = [share.sum(axis=tuple(a for a in axes if a != axis)) for axis in axes]
    effect = np.zeros(shape)
    for axis in axes:
        others = [alone[a] for a in axes if a != axis]
        weight = reduce(np.multiply.outer, others) if others else np.ones(())
        through = np.moveaxis(sign, axis, 0).reshape(shape[axis], -1) @ weight.reshape(-1)
        effect += through.reshape([-1 if a == axis else 1 for a in axes])
    return effect.reshape(-1)
