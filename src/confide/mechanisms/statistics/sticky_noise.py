"""Francis, Probst Eide, Munz: Diffix: High-Utility Database Anonymization (APF 2017): its sticky noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.lattice import off_grid
from confide.mechanisms.noise.laws import Law
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.views.answers import Answers, AskedSubsets

MOST_WORDINGS = 1_000
"""Wordings of one query: each is an answer more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StickyNoise:
    """Sticky noise: answers with normal noise that belongs to the text of the query.

    The same text always gets the same answer, so that asking again averages nothing away. Another text gets
    other noise, even if it counts the same people. It promises nothing: `attacks/reconstruction/answers`
    asks in other words (Cohen and Nissim 2020). The released system has further layers of noise and drops
    rare answers; this is the part of it that rewording is about.

    Args:
        deviation: of the noise on each text's answer, in people.
        wordings: in how many other texts each query is asked. Who may ask can word a query in many ways, so
            that an audit with one wording alone would praise this noise too much.
        noise: as in `SubsetSums`.

    Raises:
        PromiseError: if the deviation is not above 0, or there are no wordings or too many.
    """

    deviation: float = 1.0
    wordings: int = 1
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        Law("gaussian", self.deviation)
        if not 1 <= self.wordings <= MOST_WORDINGS:
            raise PromiseError(f"wordings is {self.wordings}: give 1 to {MOST_WORDINGS}.")

    @property
    def budget(self) -> Budget | None:
        return None

    def __call__(self, data: AskedSubsets, *, rng: Rng) -> Outcome[Answers]:
        """Answer all queries in all wordings; each text's noise is drawn once."""
        m = len(data.subsets)
        texts = np.arange(m) if data.wording is None else data.wording
        _, text = np.unique(texts, return_inverse=True)
        # Wording w of text t is text t + w * (number of texts).
        text = (text + np.arange(self.wordings)[:, None] * (int(text.max(initial=-1)) + 1)).ravel()
        law = Law("gaussian", self.deviation)
        noise = off_grid(law.drawn(int(text.max(initial=-1)) + 1, words_of(self.noise, rng)), law.step)
        view = Answers(
            subsets=data.subsets.take(np.tile(np.arange(m), self.wordings)),
            answers=np.tile(data.sums, self.wordings) + noise[text],
            noise=self.deviation,
            wording=text,
        )
        return outcome(self.noise, view, self.budget, "StickyNoise")
