"""Random suppression: a sample of the rows is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from confide.core.arrays import Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.secure import secure_uniform
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown
from confide.views.interactions import Interactions
from confide.views.traces import Traces

Rows = TypeVar("Rows", Interactions, Traces)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledRows:
    """Keeps each row with the same chance, and removes the others.

    It hides which rows a person has, but each row that stays is true. So there is no promise. People, items
    and places keep their codes; a person may be left without any row.

    Args:
        share: the chance that a row stays.
        noise: where the coins come from: "secure" is the operating system's cryptographic source, for a real
            release; "rehearsal" is `rng`, for audits and tests only.

    Raises:
        PromiseError: for a share that is not above 0 and at most 1, or an unknown source.
    """

    share: float
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise PromiseError(f"the share of rows is {self.share}: give a number above 0, and at most 1.")
        refuse_unknown(self.noise)

    @property
    def budget(self) -> None:
        return None

    @property
    def kept(self) -> float:
        """The share of a person's true rows that the release shows."""
        return self.share

    def __call__(self, data: Rows, *, rng: Rng) -> Outcome[Rows]:
        uniform = secure_uniform if self.noise == "secure" else rng.random
        return outcome(self.noise, data.rows(uniform(len(data)) < self.share), None, "SampledRows")

    def seen(self, visits: Traces, *, release: Traces) -> Traces:
        """The visits themselves: nobody knows which of them stayed."""
        return visits
