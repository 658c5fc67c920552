"""Carlini et al.: The Secret Sharer (USENIX Security 2019), with the skew-normal law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.text._candidates import ranked
from confide.attacks.membership.text.exposure import SECRET_SHARER
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.text import TextKnowledge
from confide.measure.exposure import exposure_by_fit
from confide.views.text import Canaries, Likelihoods

ASKED = 1_000
"""Candidates of a template: they fix the three numbers of a law well enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureFit:
    """Exposure by a fit: estimates how much the model prefers a canary's secret from few other candidates.

    The adversary may ask little. It asks about 1,000 candidates of each template, fits a skew-normal law to
    how likely the model finds them, and reads off how rare the canary's own likelihood is.

    Score: the exposure in bits, at most log2 of the number of candidates asked about: beyond them the law
    only invents.
    """

    name: ClassVar[str] = "exposure-fit"
    title: ClassVar[str] = later("Is the canary likelier than a law of the other candidates allows?")
    paper: ClassVar[Paper] = SECRET_SHARER

    def __call__(self, case: Case[Likelihoods, TextKnowledge, Canaries], *, rng: Rng) -> Guess:
        bits = np.zeros(len(case.targets))
        most = min(ASKED, case.known.candidates)
        for found in ranked(case.view, case.targets, most=most, rng=rng, sampled=True):
            bits[found.rows] = exposure_by_fit(found.others, found.at, size=found.size)
        return Guess(None, bits)
