"""Hayes et al.: Measuring Memorization in Language Models via Probabilistic Extraction (NAACL 2025)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.text import TextKnowledge
from confide.views.text import Continuations, Likelihoods


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """Discoverable extraction: gets a text out of a model by drawing continuations of its beginning.

    The adversary knows how a text begins, and draws continuations from the model, again and again. If the
    model goes on with the true suffix with probability p_z, it comes up among n draws with probability
    1 - (1 - p_z)^n. So that nothing need be drawn, the model is asked for p_z itself; the adversary who draws
    need not know the suffix.

    Score: the natural logarithm of p_z.
    """

    name: ClassVar[str] = "extraction"
    title: ClassVar[str] = later("Does the model go on with the true text?")
    paper: ClassVar[Paper] = Paper(
        authors="Jamie Hayes and Marika Swanberg and Harsh Chaudhari and Itay Yona and Ilia Shumailov and "
        "Milad Nasr and Christopher A. Choquette-Choo and Katherine Lee and A. Feder Cooper",
        title="Measuring Memorization in Language Models via Probabilistic Extraction",
        venue="Conference of the North American Chapter of the Association for Computational Linguistics "
        "(NAACL)",
        year=2025,
        url="https://arxiv.org/abs/2410.19482",
    )

    def __call__(self, case: Case[Likelihoods, TextKnowledge, Continuations], *, rng: Rng) -> Guess:
        return Guess(None, case.view.continuations(case.targets.prefixes, case.targets.suffixes))
