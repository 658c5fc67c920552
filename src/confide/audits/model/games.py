"""The game of an audit of a model: whose records trained it, and what the adversary has besides."""

from __future__ import annotations

from confide.audits.model.references import Pool
from confide.games.membership.models import TrainedModel
from confide.inputs.model import ModelData
from confide.knowledge.models import Background

KNOWN_SHARE = 0.5
"""The share of the targets whose membership a supervised adversary knows; it is judged on the others."""


def game_on(data: ModelData, pool: Pool) -> TrainedModel:
    """The game on this model and these records.

    Args:
        data: the model and its records, read.
        pool: the reference models of the adversary.
    """
    trained_on = data.held.trained_on
    return TrainedModel(
        view=data.view,
        targets=data.targets,
        member=data.member,
        background=Background(
            population=data.population,
            references=pool.references,
            learner=pool.learner,
            classes=data.class_count,
        ),
        told=KNOWN_SHARE,  # shown to those attacks alone that name it in their type
        informed=trained_on is None or trained_on <= data.listed,  # likewise, if all the rest is listed
    )
