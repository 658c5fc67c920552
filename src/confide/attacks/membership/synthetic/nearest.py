"""Chen, Yu, Zhang, Fritz: GAN-Leaks, a taxonomy of membership inference against generative models (2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.membership.synthetic._neighbours import distances
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.synthetic import SyntheticKnowledge
from confide.views.table import Table
from confide.views.table_nearest import ranges

GAN_LEAKS = Paper(
    authors="Dingfan Chen and Ning Yu and Yang Zhang and Mario Fritz",
    title="GAN-Leaks: A Taxonomy of Membership Inference Attacks against Generative Models",
    venue="ACM Conference on Computer and Communications Security (CCS)",
    year=2020,
    url="https://arxiv.org/abs/1909.03935",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestSynthetic:
    """Nearest synthetic row: how near does any row of the file come to this person's?

    The adversary knows the target's row and the synthetic rows, and nothing else. A generator that copies
    puts a row at the very place of a member, and one that adds a little noise puts one beside it. The score
    is the distance to the nearest synthetic row, negative.

    A category that differs counts 1, a number its difference over the range that the file holds (Gower 1971).
    """

    name: ClassVar[str] = "synthetic-nearest"
    title: ClassVar[str] = later("How near does a synthetic row come to this person's?")
    paper: ClassVar[Paper] = GAN_LEAKS

    def __call__(self, case: Case[Table, SyntheticKnowledge, Table], *, rng: Rng) -> Guess:
        return Guess(None, -distances(case.targets, case.view, ranges(case.view))[:, 0])


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestRelative:
    """Relative nearest row: is a synthetic row nearer to this person than people usually are to each other?

    Near a common row there are synthetic rows whether or not this person was given to the generator. So the
    adversary takes off how far away the nearest of the people is whom it knows: the calibrated attack of
    GAN-Leaks, with a reference sample in the place of a reference model. The score is the distance to the
    reference less that to the synthetic rows.
    """

    name: ClassVar[str] = "synthetic-nearest-relative"
    title: ClassVar[str] = later("Is a synthetic row nearer to this person than other people are?")
    paper: ClassVar[Paper] = GAN_LEAKS

    def __call__(self, case: Case[Table, SyntheticKnowledge, Table], *, rng: Rng) -> Guess:
        reference, units = case.known.need_reference(self.name), ranges(case.view)
        usual = distances(case.targets, reference, units)[:, 0]
        return Guess(None, usual - distances(case.targets, case.view, units)[:, 0])
