"""No paper: the attack to trust, by the references there are and what they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.membership.black_box._shadow_targets import best_on_shadow_targets
from confide.attacks.membership.black_box.blend import Blend
from confide.attacks.membership.black_box.loss import Loss
from confide.attacks.membership.black_box.quantile import FEWEST, Quantile
from confide.attacks.membership.black_box.rmia import RMIA, TEMPERATURES
from confide.attacks.membership.black_box.student import StudentT
from confide.core.access import BlackBox
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """Default: picks the strongest attack that the adversary's knowledge allows.

    With four or more reference models, Student t, RMIA and blends of both compete on references whose members
    are known, and the best one is taken. With one to three references: RMIA. With a population only: quantile
    regression. With nothing: the loss. The choice never uses the answers of the release, so it needs no
    correction for several attempts.
    """

    name: ClassVar[str] = "default"
    title: ClassVar[str] = later("Was the record in, by the attack that is strongest with what there is?")
    paper: ClassVar[Paper] = StudentT.paper

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        choosing, attacking = rng.spawn(2)
        return chosen(case, rng=choosing)(case, rng=attacking)


def chosen(
    case: Case[BlackBox, Background, Records], *, rng: Rng
) -> StudentT | RMIA | Blend | Quantile | Loss:
    """The attack that `Default` takes in this case."""
    known = case.known
    references = 0 if known.references is None else len(known.references)
    population = 0 if known.population is None else len(known.population)
    rivals = rivals_of(references=references, population=population)
    if len(rivals) == 1:
        return rivals[0]
    competing = [rival for rival in rivals if not isinstance(rival, Quantile | Loss)]
    return best_on_shadow_targets(competing, case, rng=rng) or RMIA()


def rivals_of(*, references: int, population: int) -> tuple[StudentT | RMIA | Blend | Quantile | Loss, ...]:
    """The attacks among which `Default` chooses; one where there is no choice.

    Args:
        references: how many reference models there are.
        population: how many records of the population.

    >>> [attack.name for attack in rivals_of(references=1, population=0)]
    ['rmia']
    """
    if references >= 4:  # below that the shadow targets have too few helpers to judge by
        pairs = ((RMIA(temperature=t), Blend(temperature=t)) for t in TEMPERATURES)
        return (StudentT(), *(rival for pair in pairs for rival in pair))
    if references:
        return (RMIA(),)
    return (Quantile(),) if population >= FEWEST else (Loss(),)
