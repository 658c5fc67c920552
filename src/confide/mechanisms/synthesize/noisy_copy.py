"""Noisy copies: the rows themselves with a little noise on their numbers, a control without a promise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.errors import PromiseError
from confide.mechanisms.noise.lattice import off_grid
from confide.mechanisms.noise.laws import Law
from confide.mechanisms.noise.source import Noise, refuse_unknown, words_of
from confide.mechanisms.noise.words import Words
from confide.mechanisms.synthesize.bootstrap import Bootstrap
from confide.mechanisms.synthesize.measured import Synthesised, synthesised
from confide.views.table import Domain, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisyCopy:
    """Draws rows with replacement and moves their numbers a little: near copies, hardly any of them exact.

    Every row is still recognisably some person's, so there is no promise. Categories and missing values stay
    as they are. Numbers move by normal noise, to the nearest value of the domain.

    Args:
        share: the deviation of the noise, as a share of the range of the domain's numbers.
        rows: how many are drawn; None for as many as there are.
        noise: "secure" draws with the operating system's cryptographic source; "rehearsal" from `rng`.

    Raises:
        PromiseError: for a share that is negative or not finite.

    >>> from confide.views.table import Domain
    >>> age = Domain("age", tuple(map(str, range(101))), np.arange(101.0))
    >>> people = Table.of([age], np.full((4, 1), 50))
    >>> made = NoisyCopy(share=0.02, noise="rehearsal")(people, rng=np.random.default_rng(0))
    >>> bool(abs(made.view.low - 50).max() < 12)
    True
    """

    share: float = 0.02
    rows: int | None = None
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if not 0 <= self.share < np.inf:
            raise PromiseError(f"the share of the range is {self.share}: give a number of at least 0.")

    @property
    def budget(self) -> None:
        """None: it promises nothing."""
        return None

    def __call__(self, table: Table, *, rng: Rng) -> Synthesised:
        """Draw rows and move their numbers.

        Raises:
            DataError: if the table has no rows.
        """
        drawing, moving = rng.spawn(2)
        rows = Bootstrap(rows=self.rows, noise=self.noise)(table, rng=drawing).view
        codes = rows.low.copy()
        for column, domain in zip(codes.T, rows.domains, strict=True):
            if domain.numbers is not None:
                column[:] = moved(column, domain, self.share, words_of(self.noise, moving))
        return synthesised(self.noise, Table.of(rows.domains, codes), None, "NoisyCopy")


def moved(codes: Array, domain: Domain, share: float, words: Words) -> Ints:
    """The codes of the numbers after noise; missing values stay.

    Args:
        codes: int[n].
        domain: with numbers, rising.
        share: of the range, the deviation of the noise.
        words: that the noise is drawn from.
    """
    assert domain.numbers is not None
    known = np.flatnonzero(~np.isnan(domain.numbers))
    numbers = domain.numbers[known]
    there = np.isin(codes, known)
    found = codes.astype(np.int64)
    if len(numbers) > 1 and share > 0:
        law = Law("gaussian", share * float(numbers[-1] - numbers[0]))
        noise = off_grid(law.drawn(int(there.sum()), words), law.step)
        found[there] = known[_nearest(numbers, domain.numbers[codes[there]] + noise)]
    return found


def _nearest(numbers: Floats, values: Floats) -> Ints:
    """The position of the nearest of these rising numbers."""
    return np.searchsorted((numbers[1:] + numbers[:-1]) / 2, values)
