"""Our own formulation; nearest: Haim et al. (2022), the inverse problem; Carlini et al. (2022), the test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from confide.attacks.membership.black_box._in_out import ReferenceFit
from confide.attacks.membership.black_box.student import StudentT
from confide.attacks.membership.white_box.decoder._known_nonmembers import known_nonmembers
from confide.attacks.membership.white_box.decoder._linear_inverse import TINY
from confide.attacks.membership.white_box.decoder._training_sums import Target
from confide.attacks.membership.white_box.decoder.attack import Decoder
from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedDecoder:
    """Calibrated gradient decoder: compares the decoder's result with that on IN and on OUT models.

    The adversary runs `decoder` on the release. With the same ridge, temperature and layer weights it runs it
    on reference models trained on random halves of the candidates. A record whose gradient is hard to tell
    from others gets scores that vary; their spread among the references says how much. The adversary asks
    whether the release's score is more likely under the IN or under the OUT models (`student`), and may add
    that question about the logit.

    Score: asinh(decoder) + share asinh(ratio), each in units of its median size, where the ratio is that of
    `student` for c in units of a member's. Where the decoder is near its ceiling this adds nothing; elsewhere
    (without weight decay) it does: `docs/decoder.md`. Targets that lack a side are left out.

    Args:
        target: as in `decoder`; references show a displacement only if they have earlier states too, so
            "auto" takes the weights where they have none.
        share: the weight of the ratio beside the decoder's own score.
        logit: whether to add the ratio of the logit to that of c.
        prior: how many observations the pooled variance is worth, as in `student`.
        most: as in `decoder`.
    """

    name: ClassVar[str] = "decoder-calibrated"
    title: ClassVar[str] = later(
        "Does the decoder say more of this record than it does on models that never saw it?"
    )
    paper: ClassVar[Paper] = Decoder.paper

    target: Target = "auto"
    share: float = 0.3
    logit: bool = False
    prior: float = 4.0
    most: int = 8_000

    def __call__(self, case: Case[WhiteBox, Background, Records], *, rng: Rng) -> Guess:
        references = case.known.need_references(self.name, at_least=2)
        models = references.insides(self.name)
        drawing, solving, *others = rng.spawn(2 + len(models))
        # References without earlier states show no displacement, and the comparison needs the same target.
        earlier = all(model.snapshots for model in models)
        target: Target = "weights" if self.target == "auto" and not earlier else self.target
        decoder = Decoder(target=target, most=self.most)
        people, known = case.targets, known_nonmembers(case, rng=drawing)
        solution = decoder.solve(case.view, people, known, rng=solving)
        solutions = [
            decoder.again(model, people, solution.setting, rng=child)
            for model, child in zip(models, others, strict=True)
        ]
        own, values = solution.sizes(), np.stack([each.sizes() for each in solutions])
        # The coefficients play the part of the logit in the test of `student`.
        test, included = StudentT(mode="online", prior=self.prior), references.included
        inside, outside = ReferenceFit.of(values, included), ReferenceFit.of(values, ~included)
        ratio = test.ratio(own, inside, outside)
        if self.logit:
            ratio = ratio + test(case, rng=drawing).score
        score = squeezed(solution.scores()) + self.share * squeezed(ratio)
        remark = f"The decoder was run on {len(models)} reference models too, with the same settings."
        diagnostics = decoder.diagnostics(solution, values=case.known.classes < 2)
        return Guess(None, score, replace(diagnostics, remarks=(*diagnostics.remarks, remark)))


def squeezed(score: Floats) -> Floats:
    """asinh of a score in units of its median size, which shortens the tails so that two can be added.

    >>> squeezed(np.array([-2.0, 1.0, 2.0])).round(2).tolist()
    [-0.88, 0.48, 0.88]
    """
    sizes = np.abs(score[np.isfinite(score)])
    return np.arcsinh(score / max(float(np.median(sizes)) if sizes.size else 0.0, TINY))
