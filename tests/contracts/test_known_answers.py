"""Attacks against a closed form: logits N(difficulty + mu, 1) for members and N(difficulty, 1) for others.

Given the difficulties, the best test of one record has AUC Phi(mu / sqrt 2). With k references a side the two
means are known up to 1/k each, which costs less than .003 here. An AUC over 2 x 4,000 rows has a standard
error below .0045 (Hanley and McNeil 1982): a tolerance of .02 fails by chance once in 10^5 runs.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.stats import norm
from tests.contracts.case import DealtOnce, naive_auc, naive_tpr
from tests.contracts.made_up_models import GaussianLearner, game_against

from confide.attacks.membership import RMIA, Calibrated, LiRA, Loss, StudentT
from confide.core.play import play
from confide.mechanisms.learn.fit import Fit

MUS = [0.5, 1.5]


@cache
def game(mu: float, references: int) -> DealtOnce:
    return DealtOnce(game_against(Fit(GaussianLearner(mu=mu)), targets=2_000, references=references))


def evidence_of(attack, mu: float, *, references: int = 128):
    return play(game(mu, references), attack, worlds=4, rng=np.random.default_rng(11))


@pytest.mark.slow
@pytest.mark.parametrize("mu", MUS)
@pytest.mark.parametrize(
    ("attack", "own_variance"),
    [(LiRA(), False), (LiRA(mode="offline"), False), (LiRA(variance="per_target"), True), (StudentT(), True)],
    ids=str,
)
def test_reaches_the_optimum(attack, own_variance, mu):
    """An estimate of each record's variance from 64 values costs in the tail: up to a third of the TPR."""
    evidence = evidence_of(attack, mu)
    assert naive_auc(evidence) == pytest.approx(norm.cdf(mu / np.sqrt(2)), abs=0.02)
    best = norm.cdf(mu - norm.ppf(0.99))  # TPR at FPR 1 %; 4,000 rows a side: standard error below .01
    reached = naive_tpr(evidence, 0.01)
    assert (best * (2 / 3 if own_variance else 1) - 0.04) < reached < best + 0.04


@pytest.mark.parametrize("attack", [Loss(), Calibrated()], ids=str)
def test_an_attack_blind_to_difficulty_or_shape_stays_below_it(attack):
    """The test above could have failed: these do not get there."""
    assert naive_auc(evidence_of(attack, 1.5, references=16)) < norm.cdf(1.5 / np.sqrt(2)) - 0.04


def test_few_references_cost_little_with_the_students_t():
    """Two a side: each mean is off by 1/2 in variance, so about Phi(mu / sqrt(2 * 1.5)) is the best AUC."""
    best = norm.cdf(1.5 / np.sqrt(2) / np.sqrt(1.5))
    assert naive_auc(evidence_of(StudentT(), 1.5, references=4)) > best - 0.03


@pytest.mark.slow
def test_more_references_never_hurt():
    for attack in (StudentT(), RMIA()):
        aucs = [naive_auc(evidence_of(attack, 1.5, references=k)) for k in (2, 8, 32)]
        assert aucs[0] < aucs[1] + 0.01 and aucs[1] < aucs[2] + 0.01
