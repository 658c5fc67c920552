"""Bugs found in other tools' attacks, learners and recipes, each with a test that would have caught it.

An inverted score, a biased p(z), a "fixed" variance that is not, a regressor fitted on what it scores, a
wrong recipe, an empty result, a shipped example that no longer fits, a cache that tells data apart by name
and shape, an epsilon of log n, a rate that cannot be resolved. (8 is in tests/docs;
4 and 10 also in tests/measure.)
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.contracts.made_up_models import CLASSES, GaussianLearner, Table, people

from confide.attacks.membership import RMIA, LiRA, Loss, Quantile, StudentT
from confide.attacks.membership.black_box.rmia import log_out
from confide.core.cache import key_of
from confide.core.errors import KnowledgeError
from confide.core.evidence import Evidence
from confide.core.nouns import Case
from confide.knowledge.models import Background, References
from confide.learners.comparing import compare_accuracy
from confide.measure import measure
from confide.mechanisms.anchors.models import Everything
from confide.models.answers import Answers
from confide.views.records import Records


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_1_the_loss_by_hand():
    """The first record is predicted with p = .9, the second with p = .1."""
    view = Table(np.log([[0.9, 0.1], [0.9, 0.1]]))
    targets = Records(np.array([[0.0], [1.0]]), np.array([0, 1]))
    first, second = Loss()(Case(view, Background(), targets), rng=rng()).score
    assert first == pytest.approx(np.log(0.9)) and second == pytest.approx(np.log(0.1))


def test_2_strangers_are_measured_by_every_reference_and_not_by_the_largest():
    """Two references say .2 and .6 of a stranger that neither saw: p(z) is .4, not .6."""
    log_p = np.log([[0.2], [0.6]])
    assert np.exp(log_out(log_p, np.zeros((2, 1), bool), a=0.3))[0] == pytest.approx(0.4)
    assert np.exp(log_out(log_p, np.array([[False], [True]]), a=0.3))[0] == pytest.approx(0.2)


def test_2_a_typical_stranger_beats_half_of_the_strangers():
    """Targets that are strangers get a uniform score; with the largest half of the references they do not."""
    draw = rng()
    n, models = 4_000, 8
    logits = 2 * draw.standard_normal((models + 1, 2 * n, 1)) + 2 * draw.standard_normal((1, 2 * n, 1))
    view, *others = (Table(np.hstack([z, np.zeros_like(z)])) for z in logits)
    y = np.zeros(n, np.int64)
    targets, strangers = Records(np.arange(n)[:, None], y), Records(np.arange(n, 2 * n)[:, None], y)
    nobody = np.zeros((models, n), bool)
    references = References(
        Answers(others, targets), Answers(others, strangers), nobody, tuple(range(models))
    )
    case = Case(view, Background(population=strangers, references=references), targets)
    score = RMIA(mode="offline", temperature=1.0, a=0.3)(case, rng=rng()).score
    assert score.mean() == pytest.approx(0.5, abs=0.025)  # 4 standard errors of two samples of 4,000
    largest = np.sort(references.of_population(lambda z, y: z[:, 0]), axis=0)[models // 2 :].mean()
    assert largest > references.of_population(lambda z, y: z[:, 0]).mean() + 0.5, "picking would have shown"


def two_spreads() -> Case:
    """Two records with equal means and an equal answer; the second's models agree ten times more."""
    deviation = np.array([-1.0, 1.0, -1.0, 1.0])
    phi = np.stack([deviation, deviation / 10], axis=1) + np.array([3.0, 3.0, 0.0, 0.0])[:, None]
    included = np.repeat([[True], [True], [False], [False]], 2, axis=1)
    others = [Table(np.stack([row, np.zeros(2)], axis=1)) for row in phi]
    targets = Records(np.array([[0.0], [1.0]]), np.zeros(2, np.int64))
    references = References(Answers(others, targets), None, included, (0, 1, 2, 3))
    return Case(Table(np.array([[2.0, 0.0], [2.0, 0.0]])), Background(references=references), targets)


def test_3_one_variance_for_all_is_one_for_all():
    same = LiRA(variance="global")(two_spreads(), rng=rng()).score
    assert same[0] == pytest.approx(same[1])
    own = LiRA(variance="per_target")(two_spreads(), rng=rng()).score
    assert own[1] > 10 * own[0], "this test could have failed"


@pytest.mark.parametrize("head", ["gaussian", "pinball"])
def test_5_quantile_regression_never_fits_what_it_scores(head):
    targets, strangers = people(300, 1), people(300, 2)
    view = GaussianLearner(mu=1.0).fit(targets.take(range(150)), rng=rng())
    known = Background(population=strangers, classes=CLASSES)
    attack = Quantile(head=head)
    together = attack(Case(view, known, targets), rng=rng()).score
    alone = attack(Case(view, known, targets.take([7])), rng=rng()).score
    assert alone[0] == pytest.approx(together[7]), "a target's score depends on the population alone"
    overlapping = replace(known, population=Records.concat([strangers, targets.take(range(3))]))
    with pytest.raises(KnowledgeError, match="3 targets are in it"):
        attack(Case(view, overlapping, targets), rng=rng())


def test_6_a_wrong_recipe_is_noticed_before_anything_is_scored():
    """References trained half as hard as the target answer their own records with other confidence."""
    pool = people(1_000, 1)
    member = rng().random(1_000) < 0.5
    target = GaussianLearner(mu=6.0, spread=0.5).fit(pool.take(member), rng=rng())
    right, wrong = (
        [
            GaussianLearner(mu=mu, spread=0.5).fit(pool.take(~member), rng=np.random.default_rng(k))
            for k in range(4)
        ]
        for mu in (6.0, 1.0)
    )
    included = np.stack([~member] * 4)
    assert not compare_accuracy(target, right, pool, member=member, included=included).warning
    assert compare_accuracy(target, wrong, pool, member=member, included=included).warning


def test_9_equal_names_and_shapes_are_not_equal_data():
    one = Records(np.zeros((4, 2)), np.zeros(4, np.int64))
    other = Records(np.zeros((4, 2)), np.array([0, 0, 0, 1]))
    third = Records(np.vstack([np.zeros((3, 2)), [[0.0, 1e-9]]]), np.zeros(4, np.int64))
    keys = {key_of("logits", records.digest()) for records in (one, other, third)}
    assert len(keys) == 3


def test_4_no_member_of_the_control_above_the_threshold_is_not_an_epsilon_of_log_n():
    """A perfect attack on 10,000 and 10,000 proves what Clopper-Pearson allows, corrected for thresholds."""
    exposed = np.arange(20_000) < 10_000
    evidence = Evidence.of(exposed, exposed.astype(float), target=np.arange(20_000), world=np.arange(20_000))
    for bound in measure(evidence).epsilon:
        assert bound.low <= bound.ceiling
        if bound.method.startswith("two-world"):
            assert bound.low < 7.91 < np.log(10_000), "more than 10,000 perfect worlds can prove"


def test_7_an_attack_that_cannot_run_is_an_error_never_an_empty_result():
    records = people(60, 1)
    case = Case(Everything(classes=CLASSES)(records, rng=rng()).view, Background(), records)
    for attack in (LiRA(), RMIA(), StudentT(), Quantile()):
        with pytest.raises(KnowledgeError, match=f"{attack.name} needs"):
            attack(case, rng=rng())


def test_10_a_rate_that_the_controls_cannot_resolve_is_not_a_number():
    exposed = np.arange(2_000) < 1_000
    scores = np.where(exposed, 1.0, 0.0) + np.linspace(0, 0.5, 2_000)
    at = {rate.fpr: rate for rate in measure(Evidence.of(exposed, scores)).tpr_at}
    assert at[0.001].rate is not None
    assert at[0.0001].rate is None
    assert "at least 10000 non-members, has 1000" in at[0.0001].why
