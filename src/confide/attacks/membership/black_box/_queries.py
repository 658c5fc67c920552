"""Queries to the view about the targets, and the refusal of regressions."""

from __future__ import annotations

from confide.core.access import BlackBox, LabelOnly
from confide.core.arrays import Floats
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import Case
from confide.knowledge.models import Background
from confide.models.signals import Signal
from confide.views.records import Records


def signal_of(view: BlackBox, records: Records, signal: Signal) -> Floats:
    """The view's signal on each record: float64[n]."""
    return signal(view.predict(records.x), records.y)


def need_classes(case: Case[LabelOnly, Background, Records], attack: str) -> None:
    """Refuse a regression.

    Raises:
        KnowledgeError: if there are no classes.
    """
    if case.known.classes < 2:
        raise KnowledgeError(
            keep(
                "{attack} needs classes, and this is a regression: use an attack on the residual, such as "
                "loss, lira or rmia.",
                attack=attack,
            )
        )
