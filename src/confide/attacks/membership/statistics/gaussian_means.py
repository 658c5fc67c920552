"""Backes, Berrang, Humbert, Manoharan: Membership Privacy in MicroRNA-based Studies (CCS 2016)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.frequencies import Reference
from confide.views.frequencies import Means, Measurements


@dataclass(frozen=True, slots=True, kw_only=True)
class MeansLR:
    """Likelihood-ratio tracing from means: is the target nearer to the pool's means than to the population's?

    The adversary knows the target's measurements, such as expression levels, and a reference sample. It takes
    each variable as normal and independent of the others, with the mean and the deviation of the reference.
    A member pulls the pool's mean towards themselves: given the mean of n people, a member deviates from it
    with variance s^2 (1 - 1/n).

    With x the target, u and s the reference's means and deviations and v the published means the score is
    `sum (x - u)^2 / (2 s^2) - (x - v)^2 / (2 s^2 (1 - 1/n))`. Variables that do not vary in the reference say
    nothing.
    """

    name: ClassVar[str] = "means-lr"
    title: ClassVar[str] = later(
        "Are these measurements nearer to the pool's means than to the population's?"
    )
    paper: ClassVar[Paper] = Paper(
        authors="Michael Backes and Pascal Berrang and Mathias Humbert and Praveen Manoharan",
        title="Membership Privacy in MicroRNA-based Studies",
        venue="ACM Conference on Computer and Communications Security (CCS)",
        year=2016,
        url="https://doi.org/10.1145/2976749.2978355",
    )

    def __call__(self, case: Case[Means, Reference, Measurements], *, rng: Rng) -> Guess:
        reference = case.known.measurements(self.name).values
        mean, variance = reference.mean(axis=0), reference.var(axis=0, ddof=1)
        varies = (variance > 0) & case.view.published
        # Of one person the mean is that person: then any small variance says so.
        left = variance[varies] * (1 - 1 / max(case.view.people, 2))
        x = case.targets.values[:, varies]
        out = (x - mean[varies]) ** 2 / (2 * variance[varies])
        inside = (x - case.view.values[varies]) ** 2 / (2 * left)
        return Guess(None, (out - inside).sum(axis=1))
