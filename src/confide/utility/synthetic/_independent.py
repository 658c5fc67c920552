"""Files without dependence between columns: the real columns shuffled, and the columns of other people."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.utility.synthetic._binned import Binned

SHUFFLES = 8
"""Files whose distances are averaged; of large files two shuffles, as theirs hardly differ."""
LARGE = 100_000


class Independent:
    """Files of m rows that know each column and no dependence.

    Of real columns that are shuffled, every one is exactly right, which no generator can reach without
    copying: drawn from the very law of the population, columns still differ from those of the real people, as
    do other people's. So there is a second kind, from columns of other people.

    Args:
        real: the real rows.
        m: the number of rows made.
        rng: for all of them.
    """

    __slots__ = ("_columns", "_draws", "_m", "_mixed", "_sizes")

    def __init__(self, real: Binned, m: int, *, rng: Rng) -> None:
        mixing, drawing, self._draws = rng.spawn(3)
        times = 2 if m > LARGE else SHUFFLES
        self._mixed = [shuffled(real, m, rng=each) for each in mixing.spawn(times)]
        self._m, self._sizes = m, real.sizes
        # As many other people as there are real ones: their columns are off by as much as a second sample.
        n = len(real) if real.people is None else len(np.unique(real.people))
        alone = [real.shares((i,)) for i in range(len(real.names))]
        self._columns = [[drawing.multinomial(n, p) / n for p in alone] for _ in range(SHUFFLES)]

    def shuffled(self, at: Sequence[int]) -> list[Floats]:
        """The margin of these columns in each file of shuffled columns, float64[cells] each."""
        return [file.shares(at) for file in self._mixed]

    def other_people(self, at: Sequence[int]) -> list[Floats]:
        """The same in each file of m rows drawn from the columns of other people."""
        size = prod(self._sizes[i] for i in at)
        laws = [reduce(np.multiply.outer, [one[i] for i in at]).reshape(size) for one in self._columns]
        return [self._draws.multinomial(self._m, law) / self._m for law in laws]


def shuffled(real: Binned, n: int, *, rng: Rng) -> Binned:
    """A file of n rows with the real columns, each shuffled by itself: right margins, no dependence at all.

    Each value of a column is used equally often, but for a last incomplete round.
    """
    rounds = -(-n // len(real))
    codes = np.stack(
        [np.concatenate([rng.permutation(column) for _ in range(rounds)])[:n] for column in real.codes]
    )
    return Binned(real.names, real.sizes, codes)


def effect_through_the_shuffle(truth: Floats, mixed: Sequence[Floats], shape: Sequence[int]) -> Floats:
    """The effect of a real row's cell on the distance of shuffled columns, float64[cells].

    A row moves the real margin itself, and by its value in each column the shuffled margins, which are the
    product of the columns' own shares.

    Args:
        truth: float64[cells], the real margin.
        mixed: the same margin of each shuffled file.
        shape: bins of each column.
    """
    margin = truth.reshape(shape)
    axes = range(len(shape))
    alone = [margin.sum(axis=tuple(a for a in axes if a != axis)) for axis in axes]
    sign = np.mean([np.sign(truth - other) for other in mixed], axis=0).reshape(shape)
    effect = sign.copy()
    for axis in axes:
        others = [alone[a] for a in axes if a != axis]
        weight = reduce(np.multiply.outer, others) if others else np.ones(())
        through = np.moveaxis(sign, axis, 0).reshape(shape[axis], -1) @ weight.reshape(-1)
        effect -= through.reshape([-1 if a == axis else 1 for a in axes])
    return effect.reshape(-1)
