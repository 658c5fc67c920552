"""No paper: the attack to trust, by the references there are and what they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.membership.black_box._shadow_targets import best_on_stand_ins
from confide.attacks.membership.black_box.blend import Blend
from confide.attacks.membership.black_box.loss import Loss
from confide.attacks.membership.black_box.quantile import FEWEST, Quantile
from confide.attacks.membership.black_box.rmia import RMIA, TEMPERATURES
from confide.attacks.membership.black_box.student import StudentT
from confide.core.access import BlackBox
from confide.core.arrays import Rng
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """The adversary who picks the attack that his means allow.

    With four reference models or more he lets Student t, RMIA and blends of both compete against references
    whose members he knows, and takes the best one. One to three: RMIA. None, but a population: quantile
    regression. Nothing at all: the loss. What was asked of the release decides nothing, so the choice needs
    no correction.
    """

    name: ClassVar[str] = "default"
    title: ClassVar[str] = "Was the record in, by the attack that is strongest with what there is?"
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
    if references >= 4:
        rivals: list[StudentT | RMIA | Blend] = [StudentT()]
        for temperature in TEMPERATURES:
            rivals += [RMIA(temperature=temperature), Blend(temperature=temperature)]
        return best_on_stand_ins(rivals, case, rng=rng) or RMIA()
    if references:
        return RMIA()
    if known.population is not None and len(known.population) >= FEWEST:
        return Quantile()
    return Loss()
