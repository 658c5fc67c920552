"""Efron: Bootstrap methods (Annals of Statistics 7:1, 1979): rows drawn again, without a promise."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.mechanisms.noise.source import Noise, refuse_unknown, words_of
from confide.mechanisms.noise.words import below
from confide.mechanisms.synthesize.measured import Synthesised, synthesised
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """Draws rows of the table with replacement, and calls them synthetic: what every audit must find.

    Each row of the release is some person's own, so there is no promise. A person is drawn at all with
    probability 1 - (1 - 1 / n)^m, where m of n rows are drawn; for m = n that is 1 - 1 / e.

    Args:
        rows: how many are drawn; None for as many as there are.
        noise: "secure" draws with the operating system's cryptographic source; "rehearsal" from `rng`.

    >>> import numpy as np
    >>> from confide.views.table import Domain
    >>> people = Table.of([Domain("smokes", ("no", "yes"))], np.repeat([[0], [1]], 500, axis=0))
    >>> made = Bootstrap(rows=5, noise="rehearsal")(people, rng=np.random.default_rng(1))
    >>> made.budget, len(made.view)
    (None, 5)
    """

    rows: int | None = None
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)

    @property
    def budget(self) -> None:
        """None: it promises nothing."""
        return None

    def __call__(self, table: Table, *, rng: Rng) -> Synthesised:
        """Draw rows.

        Raises:
            DataError: if the table has none.
        """
        if not len(table):
            raise DataError("the table has no rows to draw from.")
        many = len(table) if self.rows is None else self.rows
        drawn = below(len(table), many, words_of(self.noise, rng))
        return synthesised(self.noise, table.take(drawn).published, None, "Bootstrap")
