"""Carlini, Chien, Nasr, Song, Terzis, Tramèr: Membership Inference Attacks From First Principles (2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from scipy.special import log_ndtr

from confide.attacks.membership.black_box._in_out import Mode, ReferenceFit, logits_in_and_out, plays_online
from confide.core.access import BlackBox
from confide.core.arrays import Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class LiRA:
    """LiRA: the likelihood ratio of the model's answer, with the record in training against without it.

    The adversary trains reference models on random halves of people like the targets. For each target the
    logit of its true class is about normal among the IN models, and among the OUT models. The adversary fits
    both and asks under which of them the released model's answer is more likely. If the fit is right, no
    other test of that number does better (Neyman and Pearson). Without IN models ("offline") it asks how
    unusually high the answer is for an OUT model.

    Score: log N(phi; in) - log N(phi; out), or log Phi((phi - mean out) / sd out). Targets that lack a side
    are left out.

    Args:
        mode: compare IN with OUT ("online"), look at OUT alone ("offline"), or decide by what there is
            ("auto").
        variance: "global" is one variance for all targets, from the pooled residuals; it does better below
            about 64 references. "per_target" is each target's own, or the pooled one where it has fewer than
            two references.
    """

    name: ClassVar[str] = "lira"
    title: ClassVar[str] = later("Is the answer likelier from a model that saw the record?")
    paper: ClassVar[Paper] = Paper(
        authors="Nicholas Carlini and Steve Chien and Milad Nasr and Shuang Song and Andreas Terzis "
        "and Florian Tramèr",
        title="Membership Inference Attacks From First Principles",
        venue="IEEE Symposium on Security and Privacy",
        year=2022,
        url="https://arxiv.org/abs/2112.03570",
    )

    mode: Mode = "auto"
    variance: Literal["global", "per_target"] = "global"

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        references = case.known.need_references(self.name)
        online = plays_online(self.mode, references, self.name)
        phi, inside, outside = logits_in_and_out(case, references)
        if online:
            return Guess(None, self._log_normal(phi, inside) - self._log_normal(phi, outside))
        # Offline the law of the IN models is unknown, so the score is a p-value under OUT.
        deviation = np.sqrt(outside.variance(per_target=self.variance == "per_target"))
        return Guess(None, log_ndtr((phi - outside.mean) / deviation))

    def _log_normal(self, phi: Floats, of: ReferenceFit) -> Floats:
        variance = of.variance(per_target=self.variance == "per_target")
        # Without the constant log(2 pi) / 2, which is the same on both sides.
        return -0.5 * ((phi - of.mean) ** 2 / variance + np.log(variance))
