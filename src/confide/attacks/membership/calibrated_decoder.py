"""Our own formulation; nearest: Haim et al. (2022), the inverse problem; Carlini et al. (2022), the test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.decoder import Decoder, with_strangers
from confide.attacks.membership.sides import side
from confide.attacks.membership.student import StudentT
from confide.attacks.membership.training_sums import Target
from confide.core.arrays import Floats, Rng
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.core.records import Records
from confide.core.views import WhiteBox
from confide.core.workings import Workings
from confide.learners.references import Background


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedDecoder:
    """What does the decoder say of this record on models that saw it, and on models that did not?

    The adversary runs `decoder` on the release, and with the same ridge, temperature and layer weights on
    reference models trained on random halves of the candidates. A record whose gradient is hard to tell
    from others' gets a score that wanders; its own spread among the references says how far. He asks under
    which law, in or out, the release's score is likelier (`student`), and may add that question about the
    logit.

    Score: the Student t log likelihood ratio of the decoder's score, plus that of the logit.

    Args:
        target: as in `decoder`; references show what the release shows only if they have earlier states too,
            so "auto" takes the weights where they have none.
        logit: whether to add the ratio of the logit.
        prior: how many observations the pooled variance is worth, as in `student`.
        most: as in `decoder`.
    """

    name: ClassVar[str] = "decoder-calibrated"
    title: ClassVar[str] = (
        "Does the decoder say more of this record than it does on models that never saw it?"
    )
    paper: ClassVar[Paper] = Decoder.paper

    target: Target = "auto"
    logit: bool = False
    prior: float = 4.0
    most: int = 8_000

    def __call__(self, case: Case[WhiteBox, Background, Records], *, rng: Rng) -> Guess:
        references = case.known.need_references(self.name, at_least=2)
        models = references.insides(self.name)
        drawing, solving, *others = rng.spawn(2 + len(models))
        earlier = all(model.snapshots for model in models)
        target: Target = "weights" if self.target == "auto" and not earlier else self.target
        decoder = Decoder(target=target, most=self.most)
        people, n = with_strangers(case, rng=drawing), len(case.targets)
        solution = decoder.solve(case.view, people, rng=solving)
        solutions = [
            decoder.again(model, people, solution.setting, rng=child)
            for model, child in zip(models, others, strict=True)
        ]
        values = np.stack([squeezed(other.scores())[:n] for other in solutions])
        test = StudentT(mode="online", prior=self.prior)
        score = test.ratio(
            squeezed(solution.scores())[:n],
            side(values, references.included),
            side(values, ~references.included),
        )
        if self.logit:
            score = score + test(case, rng=drawing).score
        remark = f"The decoder was run on {len(models)} reference models too, with the same settings."
        return Guess(None, score, Workings((remark,)))


def squeezed(score: Floats) -> Floats:
    """Ranks' order kept, tails drawn in: asinh of the score in units of its median size."""
    return np.arcsinh(score / max(float(np.nanmedian(np.abs(score))), 1e-300))
