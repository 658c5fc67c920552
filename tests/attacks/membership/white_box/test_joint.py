"""The joint likelihood: with the logit alone it is LiRA and Student t, with more the textbook's density."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.attacks.membership.white_box.small_network import CLASSES, network, people, rng
from tests.contracts.made_up_models import Table

from confide.attacks.membership import Joint, LiRA, StudentT
from confide.attacks.membership.black_box._in_out import SHRUNK, ReferenceFit
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case
from confide.knowledge.models import Background, References
from confide.models.answers import Answers
from confide.models.signals import true_logit
from confide.views.records import Records

N, M = 40, 12


def case_of(models: int = M, *, included=None) -> Case:
    targets = people(N)
    view, *others = (network(seed=seed, hidden=16) for seed in range(models + 1))
    if included is None:
        included = np.stack([np.arange(N) % 2 == j % 2 for j in range(models)])
    references = References(Answers(others, targets), None, included, tuple(range(models)))
    return Case(view, Background(references=references, classes=CLASSES), targets)


def numbers(case: Case) -> np.ndarray:
    """Logit and log norms of both layers in the view and every reference: [1 + M, N, 3]."""
    x, y = case.targets.x, case.targets.y
    models = [case.view, *case.known.references.on_targets.models]
    return np.stack(
        [np.column_stack([true_logit(m.predict(x), y), np.log(m.gradient_norms(x, y))]) for m in models]
    )


def test_with_the_logit_alone_it_is_lira_and_student():
    case = case_of()
    for joint, known in (
        (Joint(layers=()), LiRA(mode="online")),
        (Joint(layers=(), law="student"), StudentT(mode="online")),
    ):
        assert joint(case, rng=rng()).score == pytest.approx(known(case, rng=rng()).score)


def naive_sides(seen, included):
    """Each target's references on each side, and the pooled covariance, in loops."""
    for here in (included, ~included):
        groups = [seen[1:][here[:, i], i] for i in range(N)]
        squares = [(g - g.mean(axis=0)).T @ (g - g.mean(axis=0)) for g in groups]
        pooled = sum(squares) / sum(len(g) - 1 for g in groups)
        shrunk = (1 - SHRUNK) * pooled + SHRUNK * np.diag(np.diag(pooled))
        yield groups, squares, shrunk


def test_is_the_ratio_of_two_normal_densities():
    case = case_of()
    seen = numbers(case)
    inside, outside = (
        [
            stats.multivariate_normal(group.mean(axis=0), pooled).logpdf(own)
            for group, own in zip(groups, seen[0], strict=True)
        ]
        for groups, _, pooled in naive_sides(seen, case.known.references.included)
    )
    assert Joint()(case, rng=rng()).score == pytest.approx(
        np.subtract(inside, outside), abs=1e-5
    )  # logits are kept in float32


def test_is_the_ratio_of_two_student_densities():
    case, prior = case_of(), 3.0
    seen, densities = numbers(case), []
    for groups, squares, pooled in naive_sides(seen, case.known.references.included):
        one_side = []
        for group, square, own in zip(groups, squares, seen[0], strict=True):
            n, nu = len(group), prior + len(group) - 1
            scale = (prior * pooled + square) / nu * (1 + 1 / n)
            one_side.append(stats.multivariate_t(group.mean(axis=0), scale, df=nu).logpdf(own))
        densities.append(np.array(one_side))
    score = Joint(law="student", prior=prior)(case, rng=rng()).score
    assert score == pytest.approx(densities[0] - densities[1], abs=1e-5)


def test_one_norm_over_the_chosen_layers():
    """Logit aside, in one dimension: LiRA's formula on the log of the whole gradient's norm."""
    case = case_of()
    x, y = case.targets.x, case.targets.y
    models = [case.view, *case.known.references.on_targets.models]
    logs = np.log([np.linalg.norm(m.gradient(x, y), axis=1) for m in models])
    included, total = case.known.references.included, np.zeros(N)
    for sign, here in ((1, included), (-1, ~included)):
        values = np.where(here, logs[1:], np.nan)
        mean = np.nanmean(values, axis=0)
        variance = np.nansum((values - mean) ** 2) / (here.sum() - N)
        total += sign * stats.norm(mean, np.sqrt(variance)).logpdf(logs[0])
    assert Joint(logit=False, together=True)(case, rng=rng()).score == pytest.approx(total)


def test_two_numbers_that_are_copies_count_about_once():
    """A singular covariance: shrunk it can be inverted, and the copy adds next to nothing."""
    values = rng(1).standard_normal((50, 4, 1))
    of = ReferenceFit.of(np.concatenate([values, values], axis=2), np.ones((50, 4), np.bool_))
    own = np.array([[1.0, 1.0]])
    distance = (own @ np.linalg.solve(of.pooled, own.T)).item()
    assert distance == pytest.approx(1 / of.pooled[0, 0], rel=0.02)


def test_a_reference_without_an_answer_counts_as_absent():
    values = rng(1).standard_normal((6, 3, 2))
    spoilt = values.copy()
    spoilt[2, 1, 0] = np.nan
    here = np.ones((6, 3), np.bool_)
    without = here.copy()
    without[2, 1] = False
    one, other = ReferenceFit.of(spoilt, here), ReferenceFit.of(values, without)
    assert one.count.tolist() == [6, 5, 6] and one.mean == pytest.approx(other.mean)
    assert one.pooled == pytest.approx(other.pooled)


def test_targets_that_lack_a_side_are_left_out():
    included = np.stack([np.arange(N) % 2 == j % 2 for j in range(M)])
    included[:, 5] = True
    score = Joint()(case_of(included=included), rng=rng()).score
    assert np.isnan(score[5]) and np.isfinite(np.delete(score, 5)).all()


def test_says_what_it_lacks():
    case = case_of()
    with pytest.raises(KnowledgeError, match="joint needs at least 2 reference models"):
        Joint()(Case(case.view, Background(classes=CLASSES), case.targets), rng=rng())
    with pytest.raises(KnowledgeError, match="trained on the targets"):
        Joint()(case_of(included=np.zeros((M, N), np.bool_)), rng=rng())
    with pytest.raises(KnowledgeError, match=r"no layer 'x'; choose from 0, 2"):
        Joint(layers=("x",))(case, rng=rng())
    with pytest.raises(KnowledgeError, match="nothing to look at"):
        Joint(logit=False, layers=())(case, rng=rng())
    # References that answer from outside only.
    tables = [Table(np.zeros((N, CLASSES))) for _ in range(2)]
    people_by_number = Records(np.arange(N)[:, None].astype(np.float32), case.targets.y)
    included = np.stack([np.arange(N) % 2 == j for j in range(2)])
    blind = References(Answers(tables, people_by_number), None, included, (0, 1))
    with pytest.raises(KnowledgeError, match="looks into the reference models, and 2 of 2 show no inside"):
        Joint()(Case(case.view, Background(references=blind, classes=CLASSES), case.targets), rng=rng())
