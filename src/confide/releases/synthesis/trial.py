"""A trial before the charge: what can go wrong whatever the records are, goes wrong on made-up ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Mechanism
from confide.mechanisms.statistics.promise import LARGEST
from confide.mechanisms.synthesize.columns.decoding import decode
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.mechanisms.synthesize.plan import made_up
from confide.views.table import Table

ROWS = 50
"""Made-up records."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A mechanism on made-up records of a domain, with noise from a seed: nothing is spent, or looked at.

    Args:
        mechanism: with its budget and settings.
        domain: public.
        schema: the types of the file.
        seed: of the made-up records.
    """

    mechanism: Mechanism[Table]
    domain: PublicDomain
    schema: Mapping[str, pl.DataType]
    seed: int = 0

    def __call__(self) -> None:
        """Synthesise and decode made-up records.

        Raises:
            ConfideError: what would be wrong with real ones too: a workload of other columns, a model without
                room, a budget that buys nothing, a type that cannot hold what the domain says.
        """
        rng = np.random.default_rng(self.seed)
        mechanism: Any = self.mechanism
        table = made_up(self.domain.domains, ROWS, rng=rng)
        made = replace(mechanism, noise="rehearsal")(table, rng=rng)
        decode(made.view.low[:ROWS], self.domain, rng=rng, schema=self.schema)

    def need_signal(self, records: int) -> None:
        """Refuse a budget whose noise on one count is larger than all records are many.

        How many records there are is known to their owner, to whom this is said.

        Raises:
            PromiseError: with an epsilon that would do.
        """
        maker, budget = self.mechanism, self.mechanism.budget
        if budget is None or not isinstance(maker, Concentrated):
            return
        if not _drowned(maker, len(self.domain.domains), records):
            return
        low, high = budget.epsilon, float(LARGEST)
        while high / low > 1.05:
            middle = (low * high) ** 0.5
            more = Concentrated(budget=replace(budget, epsilon=middle))
            drowned = _drowned(more, len(self.domain.domains), records)
            low, high = (middle, high) if drowned else (low, middle)
        raise PromiseError(
            f"at epsilon {budget.epsilon:g} the noise on each count is larger than the number of "
            f"records: give at least {high:.2g}, and rather much more."
        )


def need_small_delta(delta: float, records: int) -> None:
    """Refuse a delta with which whole records could be published.

    How many records there are is known to their owner, to whom this is said.

    Raises:
        DataError: if it is not below one over the number of records.
    """
    if delta >= 1 / max(records, 1):
        raise DataError(
            f"delta is {delta:g}, and must be well below one over the number of records: with it whole "
            "records could be published. Give a smaller one, such as 1e-9."
        )


def _drowned(maker: Concentrated, columns: int, records: int) -> bool:
    try:
        return maker.deviation(maker.rho / (3 * columns)) > max(records, 1)
    except PromiseError:
        return True
