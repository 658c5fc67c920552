"""No paper: the ranks by RMIA (Zarifzadeh et al. 2024) and by Student t (Brännvall 2026), averaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.membership.black_box._ranks import ranks
from confide.attacks.membership.black_box.rmia import RMIA
from confide.attacks.membership.black_box.student import StudentT
from confide.core.access import BlackBox
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """Blend: averages the rankings of the targets by RMIA and by Student t.

    The two attacks err differently. RMIA finds more members at low false-positive rates, and Student t orders
    the other targets better. From four reference models on, three parts of one and one part of the other do
    both (benchmarks/results/common_task.md).

    Score: the average of the two ranks, each in (0, 1). Targets that one of them cannot score are left out.

    Args:
        temperature: of RMIA; None tunes it.
        student: the share of Student t, in [0, 1].
    """

    name: ClassVar[str] = "blend"
    title: ClassVar[str] = later("Do RMIA and Student t, taken together, say that the record was in?")
    paper: ClassVar[Paper] = RMIA.paper

    temperature: float | None = None
    student: float = 0.25

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        case.known.need_references(self.name)
        parts = (RMIA(temperature=self.temperature), StudentT())
        # Ranks, because the two scores have different units.
        first, second = (ranks(attack(case, rng=rng).score) for attack in parts)
        return Guess(None, (1 - self.student) * first + self.student * second)
