"""Carlini, Chien, Nasr, Song, Terzis, Tramèr: Membership Inference Attacks From First Principles (2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from scipy.special import log_ndtr

from confide.attacks.membership.black_box._in_out import Mode, ReferenceFit, logits_and_sides, plays_online
from confide.core.access import BlackBox
from confide.core.arrays import Floats, Rng
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class LiRA:
    """How would this model look with the record, and how without it? Which of the two does it look like?

    The adversary trains reference models on random halves of people like the targets. For each target the
    logit of its true class is about normal among the models that saw it, and among those that did not; he
    fits both and asks under which the released model's answer is more likely. By Neyman and Pearson no
    other test of that number does better, if the fit is right. Without models that saw the target
    ("offline") he asks how unusually high the answer is for a model that did not.

    Score: log N(phi; in) - log N(phi; out), or log Phi((phi - mean out) / sd out). Targets that lack a side
    are left out.

    Args:
        mode: compare in with out ("online"), look at out alone ("offline"), or decide by what there is.
        variance: one for all targets, from the pooled residuals of in and of out ("global", better below some
            64 references), or each target's own ("per_target"; pooled where it has fewer than two).
    """

    name: ClassVar[str] = "lira"
    title: ClassVar[str] = "Is the answer likelier from a model that saw the record?"
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
        phi, inside, outside = logits_and_sides(case, references)
        if online:
            return Guess(None, self._log_normal(phi, inside) - self._log_normal(phi, outside))
        deviation = np.sqrt(outside.variance(per_target=self.variance == "per_target"))
        return Guess(None, log_ndtr((phi - outside.mean) / deviation))

    def _log_normal(self, phi: Floats, of: ReferenceFit) -> Floats:
        variance = of.variance(per_target=self.variance == "per_target")
        return -0.5 * ((phi - of.mean) ** 2 / variance + np.log(variance))
