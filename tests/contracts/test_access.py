"""An attack on a model is refused by a view that shows less than it needs."""

from __future__ import annotations

import numpy as np
import pytest
from tests.contracts.case import AttackCase, rng
from tests.contracts.made_up_models import CLASSES, GaussianLearner, people
from tests.contracts.table import MODELS

from confide.core.errors import AccessError
from confide.core.play import needed_access, play
from confide.games.membership.models import TrainedModel
from confide.knowledge.models import Background


class Closed:
    """A view that shows nothing."""


class LabelsOnly:
    def __init__(self, view):
        self._view = view

    def labels(self, x):
        return self._view.labels(x)


class Outside(LabelsOnly):
    task = "classification"

    def predict(self, x):
        return self._view.predict(x)


LESS = {
    "white-box": (Outside, "black-box"),
    "black-box": (LabelsOnly, "label-only"),
    "label-only": (lambda view: Closed(), "blind"),
}
"""One step down from each access: a view that gives no more, and that access's name."""


@pytest.mark.parametrize("row", MODELS, ids=lambda row: row.id)
def test_is_refused_more_than_the_view_shows(row: AttackCase):
    """In one sentence, which names the access that is needed and the access that there is."""
    targets, member = people(60, 5), np.arange(60) < 30
    model = GaussianLearner(mu=1.0).fit(targets.take(member), rng=rng())
    needed = needed_access(row.attack)
    less, given = LESS[needed]
    known = Background(classes=CLASSES)
    game = TrainedModel(view=less(model), targets=targets, member=member, background=known, **row.knows)
    with pytest.raises(AccessError, match=row.attack.name) as refused:
        play(game, row.attack, worlds=1, rng=rng())
    assert f"needs {needed} access, but the release gives {given} access" in str(refused.value)
