"""The gradient likelihood ratio: the ratio of two Gaussians, exact at an optimum, and blind to who was in."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from tests.attacks.membership.white_box.informed.convex import Logistic, crowd
from tests.contracts.case import naive_auc

from confide.attacks.membership import GradientLikelihood, Residual
from confide.attacks.membership.white_box import gradient_likelihood
from confide.attacks.membership.white_box.gradient_likelihood import NOISE, log_ratios
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case
from confide.core.play import play
from confide.games.membership.models import IndependentWorlds
from confide.mechanisms.learn.fit import Fit
from confide.models.linear import LinearModel
from confide.views.records import Records


def rng(seed: int = 4) -> np.random.Generator:
    return np.random.default_rng(seed)


def game_of(d: int, n: int = 200, **changes) -> IndependentWorlds:
    return IndependentWorlds(mechanism=Fit(Logistic()), records=crowd(n, d, 1), **changes)


def naive(g: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Of each record the ratio of two densities of v: members other than it by fair coins, and noise."""
    n, p = g.shape
    spread = np.linalg.eigvalsh(g.T @ g)[-1] / 4
    whole = [
        multivariate_normal(g.sum(0) / 2, g.T @ g / 4 + spread * s * np.eye(p), allow_singular=True).logpdf(v)
        for s in NOISE
    ]
    noise = spread * NOISE[int(np.argmax(whole))] * np.eye(p)
    score = np.empty(n)
    for z in range(n):
        rest = np.delete(g, z, axis=0)
        out = multivariate_normal(rest.sum(0) / 2, rest.T @ rest / 4 + noise)
        score[z] = out.logpdf(v - g[z]) - out.logpdf(v)
    return score


@pytest.mark.parametrize("clip", [None, 0.8])
@pytest.mark.parametrize("penalty", [None, 0.3])
def test_the_score_is_the_ratio_of_two_gaussians(penalty: float | None, clip: float | None) -> None:
    """With few parameters, from the gradients themselves; v is what the penalty balances."""
    records = crowd(60, 6, 2)
    view = LinearModel(rng().normal(size=(1, 6)))
    records = Records(np.asarray(records.x, np.float64)[:, :-1], records.y)  # the model has its own 1
    world = game_of(6, 60).deal(0, rng=rng())
    case = Case(view, world.case.known, records)
    got = GradientLikelihood(penalty=penalty, clip=clip)(case, rng=rng()).score
    g, r = view.gradient(records.x, records.y), view.penalty_gradient()[0]
    length = np.linalg.norm(g, axis=1, keepdims=True)
    g = g if clip is None else g * np.minimum(1, clip / length)
    if clip is not None:
        assert 0.1 < (length > clip).mean() < 0.9
    half = g.sum(0) / 2
    kappa = -(r @ half) / (r @ r) if penalty is None else penalty
    assert got == pytest.approx(naive(g, -kappa * r), rel=1e-6, abs=1e-6)


def test_many_parameters_and_few_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the Gram matrix of records, and by the gradients."""
    world = game_of(30).deal(0, rng=rng())
    attack = GradientLikelihood(penalty=0.1, clip=1.0)
    by_gradients = attack(world.case, rng=rng()).score
    monkeypatch.setattr(gradient_likelihood, "_by_gradients", gradient_likelihood._by_gram)
    assert attack(world.case, rng=rng()).score == pytest.approx(by_gradients, rel=1e-4, abs=1e-4)


def test_without_noise_and_with_directions_of_their_own_the_sign_says_who_was_in() -> None:
    g = np.diag([1.0, 2.0, 0.5])
    member = np.array([True, False, True])
    u = g[member].sum(0) - g.sum(0) / 2
    assert (log_ratios(g, u) > 0).tolist() == member.tolist()


def test_a_convex_model_gives_many_away_without_a_reference_model() -> None:
    """400 people and 301 weights: nearly each person has an equation of their own."""
    found = play(game_of(301, 400), GradientLikelihood(), worlds=1, rng=rng())
    assert naive_auc(found) > 0.7


def test_records_alike_are_not_told_apart_as_an_informed_adversary_tells_them() -> None:
    """All records are one: a model says how many were in, and of none that it was.

    The leave-one-out sums of an informed adversary are each one record short for a member, so that its scores
    may be compared between models and not within one: here they name every member of a model that is noise.
    """
    x = np.ones((100, 1))
    records = Records(x, np.zeros(100, np.int64))
    noise = LinearModel(rng().normal(size=(1, 2)))
    world = IndependentWorlds(mechanism=Fit(Logistic()), records=records, informed=True).deal(0, rng=rng())
    score = GradientLikelihood(penalty=0.0)(Case(noise, world.case.known, records), rng=rng()).score
    assert np.ptp(score) < 1e-9
    informed = Residual(penalty=0.0)(Case(noise, world.case.known, records), rng=rng()).score
    assert len(np.unique(np.round(informed, 9))) == 2
    assert len({(s, m) for s, m in zip(np.round(informed, 9), world.exposed, strict=True)}) == 2


def test_too_many_of_both_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_likelihood, "MOST", 20)
    with pytest.raises(KnowledgeError, match=r"200 candidates for 30 parameters are too many"):
        GradientLikelihood()(game_of(30).deal(0, rng=rng()).case, rng=rng())


def test_a_gradient_that_is_no_number_gets_no_score_and_spoils_none() -> None:
    world = game_of(12).deal(0, rng=rng())
    x = np.array(world.case.targets.x)
    x[7] = np.inf
    spoilt = Case(world.case.view, world.case.known, Records(x, world.case.targets.y))
    with np.errstate(invalid="ignore"):
        score = GradientLikelihood(penalty=0.1)(spoilt, rng=rng()).score
    assert np.isnan(score[7]) and np.isfinite(np.delete(score, 7)).all()
