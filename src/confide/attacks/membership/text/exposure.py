"""Carlini et al.: The Secret Sharer (USENIX Security 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.text._candidates import ranked
from confide.core.arrays import Rng
from confide.core.diagnostics import Diagnostics
from confide.core.language import Kept, keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.text import TextKnowledge
from confide.measure.exposure import exposure_by_rank, exposure_by_sampling
from confide.views.text import Canaries, Likelihoods

SECRET_SHARER = Paper(
    authors="Nicholas Carlini and Chang Liu and Úlfar Erlingsson and Jernej Kos and Dawn Song",
    title="The Secret Sharer: Evaluating and Testing Unintended Memorization in Neural Networks",
    venue="USENIX Security Symposium",
    year=2019,
    url="https://arxiv.org/abs/1802.08232",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Canary exposure: claims that those canaries were trained on whose secrets the model prefers to others.

    A canary is a text with a secret that was drawn at random, such as a code of four digits. The adversary
    asks the model how likely it finds the text with every other code. A model that never saw the canary has
    no reason to prefer its code, and ranks it anywhere; one that learnt it ranks it first, and then the
    secret can be read out by trying the likeliest code.

    Score: the exposure in bits, log2 of the number of candidates less log2 of the canary's rank. Of a space
    that is too large to ask about it whole, candidates are drawn, and the exposure is at most log2 of their
    number.
    """

    name: ClassVar[str] = "exposure"
    title: ClassVar[str] = later("Does the model prefer the canary's secret to the others that are possible?")
    paper: ClassVar[Paper] = SECRET_SHARER

    def __call__(self, case: Case[Likelihoods, TextKnowledge, Canaries], *, rng: Rng) -> Guess:
        bits, drawn = np.zeros(len(case.targets)), False
        for found in ranked(case.view, case.targets, most=case.known.candidates, rng=rng):
            drawn |= not found.whole
            bits[found.rows] = (
                exposure_by_rank(found.others, found.at)
                if found.whole
                else exposure_by_sampling(found.others, found.at, size=found.size)
            )
        return Guess(None, bits, Diagnostics((_drawn(case.known.candidates),)) if drawn else None)


def _drawn(candidates: int) -> Kept:
    return keep(
        "Where a secret has too many candidates to rank them all, {n:,} were drawn at random, and no "
        "exposure is above log2 of their number.",
        n=candidates,
    )
