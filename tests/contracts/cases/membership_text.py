"""Cases: attacks that tell which canaries trained a language model."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.contracts.case import AttackCase, ByScore, Lacks, Sitting, permuted_exposure
from tests.contracts.made_up_text import Preferring

from confide.attacks.membership.text import Exposure, ExposureFit
from confide.games.membership.text import CanariesInText
from confide.views.text import Template

WIDE = tuple(Template.of(f"code {name} is ", "123") for name in "abcd")
NARROW = (Template.of("code is ", "1"),)
ALL_ABOVE = 1.5
"""Nats: more than the noise of a text, so that whatever trained the model comes first."""


def game(boost: float, templates: tuple[Template, ...] = WIDE, each: int = 12) -> CanariesInText:
    return CanariesInText(mechanism=Preferring(boost), templates=templates, each=each)


def case(attack: Any, *lacks: Lacks, reaches: float) -> AttackCase:
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(game, 0.0), 6),
        naked=Sitting(partial(game, ALL_ABOVE), 4),
        reaches=reaches,
        leaky=Sitting(partial(game, 0.5), 6),
        null=permuted_exposure,
        small=Sitting(partial(game, 0.5), 2),
        judge=ByScore(),
        lacks=lacks,
    )


CASES = (
    # templates with more canaries that were in have more ranks that are not the first
    case(Exposure(), reaches=0.99),
    # beyond what its law allows all are equally exposed, which parts no pair that counts
    case(ExposureFit(), Lacks(partial(game, 0.5, NARROW, 1), "20 at least are needed"), reaches=0.99),
)
