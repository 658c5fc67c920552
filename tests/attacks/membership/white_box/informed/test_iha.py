"""IHA against its own formula with the exact Hessian, and its orientation against the theory."""

from __future__ import annotations

import numpy as np
import pytest
from tests.attacks.membership.white_box.informed.convex import Logistic, crowd

from confide.attacks.membership import IHA, Loss, Residual
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case
from confide.games.membership.models import IndependentWorlds
from confide.knowledge.models import Background
from confide.mechanisms.learn.fit import Fit

D = 101


def rng(seed: int = 4) -> np.random.Generator:
    return np.random.default_rng(seed)


def world_of(learner: Logistic, *, seed: int = 1):
    game = IndependentWorlds(mechanism=Fit(learner), records=crowd(800, D, seed), informed=True)
    return game.deal(0, rng=rng(seed))


def auc(score: np.ndarray, member: np.ndarray) -> float:
    return float(np.mean(score[member][:, None] > score[~member]))


def by_formula(world, curvature: str, *, eta: float = 0.01, damping: float = 0.2, kappa: float | None = None):
    """Target by target, with explicit matrices."""
    view, targets, member = world.case.view, world.case.targets, world.exposed
    x, n = np.asarray(targets.x, np.float64), 400
    w = view.weights()[0]
    p = 1 / (1 + np.exp(-x @ w))
    g = (p - targets.y)[:, None] * x
    scale = {"exact": p * (1 - p), "fisher": (p - targets.y) ** 2}[curvature]
    who = member if curvature == "exact" else np.ones(len(x), np.bool_)
    h = (x[who] * scale[who, None]).T @ x[who] / who.sum() + damping * np.eye(D)
    loss = -np.log(np.where(targets.y == 1, p, 1 - p))
    score = np.empty(len(x))
    for z in range(len(x)):
        rest = g[member].sum(axis=0) - member[z] * g[z]
        g0 = (rest + (-(rest @ w) / (w @ w) if kappa is None else kappa) * w) / n
        one, other = np.linalg.solve(h, np.stack([g[z], g0], axis=1)).T
        score[z] = -(loss[z] + (one @ one / n + 2 * other @ one) / eta)
    return score


def test_is_the_formula():
    """To the six digits that a view's loss has."""
    world = world_of(Logistic())
    got = IHA()(world.case, rng=rng()).score
    assert got == pytest.approx(by_formula(world, "fisher"), rel=1e-5, abs=1e-5)
    other = IHA(learning_rate=0.1, damping=1.0, training_size=400, penalty=0.3)(world.case, rng=rng()).score
    wanted = by_formula(world, "fisher", eta=0.1, damping=1.0, kappa=0.3)
    assert other == pytest.approx(wanted, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("learner", [Logistic(), Logistic(steps=200)], ids=["trained", "stopped early"])
def test_the_empirical_fisher_costs_little_against_the_exact_hessian(learner):
    world = world_of(learner)
    exact = auc(by_formula(world, "exact"), world.exposed)
    assert auc(IHA()(world.case, rng=rng()).score, world.exposed) > exact - 0.02


def test_orientation_and_what_it_wins():
    """The minimum is closer to a member with it: turned round, the bracket would rank members last."""
    world = world_of(Logistic())
    score, loss = (attack(world.case, rng=rng()).score for attack in (IHA(), Loss()))
    bracket = -(score - loss)  # l + bracket/eta = -score, and Loss says -l
    assert auc(score, world.exposed) > 0.98 and auc(loss, world.exposed) < 0.7
    assert auc(loss + bracket, world.exposed) < 0.1


def test_says_how_far_training_was_from_its_end():
    for learner, conclusive in ((Logistic(), True), (Logistic(steps=40), False)):
        world = world_of(learner)
        for attack in (IHA(), Residual()):
            assert attack(world.case, rng=rng()).diagnostics.conclusive == conclusive


def test_who_is_not_informed_is_told_how_to_be():
    records = crowd(20, 5, 3)
    case = Case(Logistic().fit(records, rng=rng()), Background(), records)
    with pytest.raises(KnowledgeError, match="informed=True"):
        IHA()(case, rng=rng())
