"""Games of rebuilding: what coins certify, and what they do not."""

from __future__ import annotations

import numpy as np
import pytest
from tests.contracts.cases.reconstruction_model import Fixed

from confide.attacks.reconstruction.model import InformedRebuild
from confide.core.nouns import Release
from confide.core.play import play
from confide.games.reconstruction.models import RecordRebuilding
from confide.measure import measure
from confide.models.linear import LinearModel
from confide.views.records import Records


class Constant(Fixed):
    """A linear model of two features that depends on nobody."""

    def __call__(self, data: Records, *, rng: np.random.Generator) -> Release[LinearModel]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return Release(LinearModel(np.array([[1.2, 0.1, 0.2]])), self.budget, "Constant")


def game(seed: int, targets: int | None) -> RecordRebuilding:
    rng = np.random.default_rng([3, seed])
    x = rng.standard_normal((400, 2))
    y = (x[:, 0] + rng.standard_normal(400) > 0).astype(np.int64)
    return RecordRebuilding(mechanism=Constant(), records=Records(x, y), radius=1.5, targets=targets)


def test_adversaries_who_know_each_others_coins_certify_nothing() -> None:
    """They prove an epsilon of a model that depends on nobody, now and then: it must not be called proved."""
    lows: list[float] = []
    for seed in range(6):
        found = play(game(seed, None), InformedRebuild(), worlds=1, rng=np.random.default_rng(seed))
        bounds = [b for b in measure(found).epsilon if not b.method.startswith("mu-GDP")]
        assert not any(b.certified for b in bounds)
        assert all("knew which others were in" in b.assumption for b in bounds)
        lows += [b.low for b in bounds]
    assert max(lows) > 0.3, "this test could not have failed"


def test_one_target_a_world_is_certified() -> None:
    found = play(game(0, 1), InformedRebuild(), worlds=60, rng=np.random.default_rng(0))
    (bound,) = [b for b in measure(found).epsilon if b.certified]
    assert bound.low == pytest.approx(0.0)
