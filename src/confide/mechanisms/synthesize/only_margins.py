"""What a synthesiser measures, without the model and the rows that are made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from confide.core.arrays import Rng
from confide.core.budget import Budget
from confide.core.nouns import Mechanism, Outcome
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.views.margins import NoisedMargins
from confide.views.table import Table


@dataclass(frozen=True, slots=True)
class OnlyMargins(Mechanism[NoisedMargins]):
    """Publishes every margin that a synthesiser measures: the same promise, and more to see.

    All that a synthetic file shows follows from these numbers. So an adversary who has them is never weaker,
    and the promise is about them too.

    Args:
        maker: MST, AIM, or another that spends its budget on margins.
    """

    maker: Concentrated

    @property
    def budget(self) -> Budget:
        """That of the synthesiser."""
        return self.maker.budget

    def __call__(self, data: Table, *, rng: Rng) -> Outcome[NoisedMargins]:
        """Measure.

        Args:
            data: of codes, under public domains.
            rng: of a rehearsal.
        """
        # No rows are drawn, and a fit is not needed where nothing is chosen by it.
        made: Any = replace(self.maker, rows=0)  # pyright: ignore[reportCallIssue]
        if hasattr(made, "steps"):
            made = replace(made, steps=0)
        release = made(data, rng=rng)
        view = NoisedMargins(data.domains, release.margins)
        return outcome(self.maker.noise, view, self.budget, release.maker)
