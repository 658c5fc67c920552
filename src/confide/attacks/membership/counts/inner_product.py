"""Dwork, Smith, Steinke, Ullman, Vadhan: Robust Traceability from Trace Amounts (FOCS 2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.counts import Counted
from confide.views.counts import Counts
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerProduct:
    """Inner-product tracing: measures how far the counts lean towards the target.

    The adversary trains nothing. From the counts it subtracts what a group of this size shows on average,
    estimated from the people it knows. Then it measures how far the rest points in the direction of the
    target.

    With y the target's presence in each (cell, bin), p the share of the known people who were there, m the
    size of the group and A the counts, the score is `<y - p, A - m p> - |y - p|^2 / 2`. Under noise of equal
    deviation in every cell that is the log-likelihood ratio, up to a factor. Its second term makes people
    with many visits and with few comparable.
    """

    name: ClassVar[str] = "inner-product"
    title: ClassVar[str] = later("Do the counts lean towards this person?")
    paper: ClassVar[Paper] = Paper(
        authors="Cynthia Dwork and Adam Smith and Thomas Steinke and Jonathan Ullman and Salil Vadhan",
        title="Robust Traceability from Trace Amounts",
        venue="IEEE Symposium on Foundations of Computer Science (FOCS)",
        year=2015,
        url="https://doi.org/10.1109/FOCS.2015.46",
    )

    def __call__(self, case: Case[Counts, Counted, Traces], *, rng: Rng) -> Guess:
        grid, people = case.view.grid, case.known.need_people(self.name)
        share = grid.total(people) / people.people
        own = grid.presence(case.targets) - share
        # What is left after an average group of this size.
        beyond = case.view.counts.ravel() - case.known.group * share
        return Guess(None, own @ beyond - (own**2).sum(axis=1) / 2)
