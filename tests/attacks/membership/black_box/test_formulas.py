"""Each score against its formula, computed the slow way, on tables of made-up answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from tests.contracts.made_up_models import Table

from confide.attacks.membership import (
    BASE,
    RMIA,
    Calibrated,
    Entropy,
    LiRA,
    Loss,
    Population,
    Reference,
    StudentT,
)
from confide.attacks.membership.black_box._shadow_targets import known_auc as auc
from confide.attacks.membership.black_box.entropy import certainty
from confide.attacks.membership.black_box.rmia import (
    FEW,
    UNTUNED,
    Asked,
    log_likelihood,
    log_out,
    measured_relation,
    tuned_relation,
)
from confide.core.nouns import Case
from confide.knowledge.models import Background, References
from confide.models.answers import Answers
from confide.models.signals import log_probability, true_logit
from confide.views.records import Records

N, Z, C = 80, 60, 4


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def table_case(
    *, models: int, included: np.ndarray | None = None, seed: int = 0, population: bool = True
) -> Case:
    """Random answers of a view and of `models` references on N targets and Z strangers."""
    draw = rng(seed)
    targets = Records(np.arange(N)[:, None], draw.integers(C, size=N))
    strangers = Records(N + np.arange(Z)[:, None], draw.integers(C, size=Z))
    view, *others = (Table(3 * draw.standard_normal((N + Z, C))) for _ in range(models + 1))
    if included is None:
        included = np.stack([np.arange(N) % 2 == j % 2 for j in range(models)])
    references = References(
        Answers(others, targets),
        Answers(others, strangers) if population else None,
        included,
        tuple(range(models)),
    )
    known = Background(population=strangers if population else None, references=references, classes=C)
    return Case(view, known, targets)


def score(attack, case):
    return attack(case, rng=rng()).score


def softmax_of(logits, y, temperature=1.0):
    p = np.exp(logits / temperature)
    return (p / p.sum(axis=1, keepdims=True))[np.arange(len(y)), y]


def test_loss_is_minus_cross_entropy():
    case = table_case(models=1)
    p = softmax_of(case.view.predict(case.targets.x), case.targets.y)
    assert score(Loss(), case) == pytest.approx(np.log(p))


def test_modified_entropy_by_its_definition():
    logits, y = 2 * rng().standard_normal((50, 5)), rng(1).integers(5, size=50)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for i in range(50):
        slow = -(1 - p[i, y[i]]) * math.log(p[i, y[i]])
        slow -= sum(p[i, j] * math.log(1 - p[i, j]) for j in range(5) if j != y[i])
        assert certainty(logits, y)[i] == pytest.approx(-math.log(slow))


def test_modified_entropy_keeps_its_digits_where_p_rounds_to_one():
    sure = np.array([[50.0, 0.0], [60.0, 0.0], [0.0, 60.0]])
    got = certainty(sure, np.array([0, 0, 0]))
    # p_other = e^-50: both terms are e^-100 to first order
    assert got[0] == pytest.approx(100 - math.log(2)) and got[1] == pytest.approx(120 - math.log(2))
    assert got[2] == pytest.approx(-math.log(120)), "surely wrong: 60 nats twice"


def test_entropy_threshold_is_the_best_of_all_on_the_references():
    case = table_case(models=6, seed=4)
    levels = score(Entropy(per_class=False), case) - score(Entropy(), case)
    values = case.known.references.of_targets(certainty)
    for c in range(C):
        here = case.targets.y == c
        level = levels[here]
        assert np.ptp(level) < 1e-12
        v, m = values[:, here].ravel(), case.known.references.included[:, here].ravel()
        gains = [(v[m] > t).mean() - (v[~m] > t).mean() for t in [*v, -1e9]]
        assert (v[m] > level[0]).mean() - (v[~m] > level[0]).mean() == pytest.approx(max(gains))


def test_population_is_the_share_of_strangers_with_at_least_this_loss():
    case = table_case(models=1)
    strangers = case.known.population
    own = log_probability(case.view.predict(case.targets.x), case.targets.y)
    theirs = log_probability(case.view.predict(strangers.x), strangers.y)
    naive = (theirs[None, :] <= own[:, None]).sum(axis=1)
    assert (np.floor(score(Population(), case) * (Z + 1)) == naive).all()


def test_calibrated_and_reference_use_only_models_that_never_saw_the_target():
    case = table_case(models=6)
    losses = -case.known.references.of_targets(log_probability)
    own = -log_probability(case.view.predict(case.targets.x), case.targets.y)
    outside = ~case.known.references.included
    for i in range(N):
        theirs = losses[outside[:, i], i]
        assert score(Calibrated(), case)[i] == pytest.approx(theirs.mean() - own[i])
        beaten = (theirs > own[i]).mean()
        assert abs(score(Reference(), case)[i] - beaten) <= 0.5 / len(theirs) + 1e-12


def pooled(phi, keep):
    """One variance for all targets, from the distances to each target's own mean."""
    residuals = [phi[keep[:, i], i] - phi[keep[:, i], i].mean() for i in range(N)]
    return sum((r**2).sum() for r in residuals) / sum(len(r) - 1 for r in residuals)


@pytest.mark.parametrize("variance", ["global", "per_target"])
def test_lira_online_is_the_ratio_of_two_normals(variance):
    case = table_case(models=8)
    phi = case.known.references.of_targets(true_logit)
    own = true_logit(case.view.predict(case.targets.x), case.targets.y)
    included = case.known.references.included
    for i in range(N):
        fits = []
        for keep in (included, ~included):
            mine = phi[keep[:, i], i]
            sd = math.sqrt(pooled(phi, keep)) if variance == "global" else mine.std(ddof=1)
            fits.append(stats.norm(mine.mean(), sd).logpdf(own[i]))
        assert score(LiRA(variance=variance), case)[i] == pytest.approx(fits[0] - fits[1], rel=1e-9)


def test_lira_offline_is_the_log_of_the_normal_distribution_function():
    case = table_case(models=8)
    phi, keep = case.known.references.of_targets(true_logit), ~case.known.references.included
    own = true_logit(case.view.predict(case.targets.x), case.targets.y)
    for i in range(N):
        mine = phi[keep[:, i], i]
        expected = stats.norm(mine.mean(), mine.std(ddof=1)).logcdf(own[i])
        got = score(LiRA(mode="offline", variance="per_target"), case)[i]
        assert got == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_student_is_the_predictive_t(mode):
    case = table_case(models=8)
    phi, included = case.known.references.of_targets(true_logit), case.known.references.included
    own = true_logit(case.view.predict(case.targets.x), case.targets.y)
    got = score(StudentT(mode=mode, prior=4), case)
    for i in range(N):
        laws = []
        for keep in (included, ~included):
            mine, s2 = phi[keep[:, i], i], pooled(phi, keep)
            nu = 4 + len(mine) - 1
            v = (4 * s2 + ((mine - mine.mean()) ** 2).sum()) / nu * (1 + 1 / len(mine))
            laws.append(stats.t(nu, mine.mean(), math.sqrt(v)))
        if mode == "online":
            assert got[i] == pytest.approx(laws[0].logpdf(own[i]) - laws[1].logpdf(own[i]), rel=1e-9)
        else:
            assert got[i] == pytest.approx(laws[1].logcdf(own[i]), rel=1e-9)


def test_student_becomes_lira_where_the_prior_says_all_or_nothing():
    """An endless prior is the pooled variance (times 1 + 1/n); none is each target's own."""
    case = table_case(models=8)
    stiff = score(StudentT(prior=1e9), case)
    assert np.corrcoef(stiff, score(LiRA(), case))[0, 1] > 0.999999


@pytest.mark.parametrize("gamma", [1.0, 2.0])
@pytest.mark.parametrize(
    ("mode", "a"), [("online", 0.3), ("offline", 0.0), ("offline", 0.3), ("offline", 1.0)]
)
@pytest.mark.parametrize("models", [2, 6, 1])
def test_rmia_is_the_share_of_all_pairs(gamma, mode, a, models):
    """The N x Z matrix, written out in probabilities."""
    if mode == "online" and models == 1:
        pytest.skip("a single reference has one side only")
    case = table_case(models=models)
    refs, y = case.known.references, case.targets.y
    strangers = case.known.population
    on_targets = np.stack([softmax_of(m.predict(case.targets.x), y, 2) for m in refs.on_targets.models])
    on_strangers = np.stack(
        [softmax_of(m.predict(strangers.x), strangers.y, 2) for m in refs.on_targets.models]
    )
    likelihood = np.empty(N)
    for i in range(N):
        into, out = on_targets[refs.included[:, i], i], on_targets[~refs.included[:, i], i]
        divisor = a or 0.3
        p_out = out.mean() if len(out) else max((into.mean() + divisor - 1) / divisor, 0)
        p_in = into.mean() if mode == "online" else a * p_out + 1 - a
        likelihood[i] = max((p_in + p_out) / 2, 1e-12)
    ratio = softmax_of(case.view.predict(case.targets.x), y, 2) / likelihood
    p_out = on_strangers.mean(axis=0)  # all of them: none of the references saw a stranger
    of_strangers = softmax_of(case.view.predict(strangers.x), strangers.y, 2) / (
        (1 + a) * p_out / 2 + (1 - a) / 2
    )
    naive = (ratio[:, None] / of_strangers[None, :] >= gamma).sum(axis=1)
    got = score(RMIA(mode=mode, a=a, gamma=gamma, temperature=2.0), case)
    assert (np.floor(got * (Z + 1)) == naive).all()
    order = np.argsort(ratio)
    assert (np.diff(got[order]) >= 0).all(), "ties in the order of the ratio"


def test_rmia_without_a_population_ranks_as_with_one():
    with_one, without = table_case(models=4), table_case(models=4, population=False)
    ranks = [
        np.argsort(score(RMIA(mode="offline", a=0.2, temperature=2.0), case)) for case in (with_one, without)
    ]
    assert (ranks[0] == ranks[1]).all()


def test_one_reference_is_a_plane_through_the_releases_own_answers():
    """p(x) is the least-squares plane of the release's p over the reference's p at four temperatures."""
    case = table_case(models=1, included=(np.arange(N) < N // 2)[None], population=False)
    seen = case.known.references.included[0]
    y, x = case.targets.y, case.targets.x
    own, other = case.view.predict(x), case.known.references.on_targets.models[0].predict(x)
    own = softmax_of(own, y, 1.5)
    columns = np.column_stack([np.ones(N), *(softmax_of(other, y, t) for t in (1, 2, 4, 8))])
    expected = np.empty(N)
    for group in (seen, ~seen):
        normal = columns[group].T @ columns[group]
        expected[group] = columns[group] @ np.linalg.solve(normal, columns[group].T @ own[group])
    got = score(RMIA(temperature=1.5), case)
    assert got == pytest.approx(np.log(own) - np.log(np.maximum(expected, 1e-12)), rel=1e-4, abs=1e-4)


def test_one_reference_and_few_records_are_no_plane():
    case = table_case(models=1, included=(np.arange(N) < FEW - 1)[None])
    got = score(RMIA(temperature=1.5), case)
    assert got == pytest.approx(score(RMIA(temperature=1.5, a=UNTUNED), case))


def test_base_is_rmia_by_another_name():
    case = table_case(models=6)
    assert stats.spearmanr(score(BASE(), case), score(RMIA(temperature=2.0), case)).statistic > 0.999


def planted(a: float, *, n: int = 4_000, models: int = 6, noise: float = 0.01) -> tuple[Asked, np.ndarray]:
    """A target and references whose p_in = a p_out + 1 - a, exactly, with p_out of each record's own."""
    draw = rng(3)
    included = np.repeat(draw.random((models // 2, n)) < 0.5, 2, axis=0)
    included[1::2] = ~included[1::2]
    p_out = np.clip(draw.beta(1, 2, n) + noise * draw.standard_normal((models + 1, n)), 1e-3, 0.99)
    p = np.where(included, a * p_out[1:] + 1 - a, p_out[1:])
    member = draw.random(n) < 0.5
    view = np.where(member, a * p_out[0] + 1 - a, p_out[0])
    strangers = np.clip(draw.beta(1, 2, (models + 1, n)), 1e-3, 0.99)
    nobody = np.zeros((models, n), bool)
    logs = [np.log(v) for v in (view, p, strangers[0], strangers[1:])]
    return Asked(*logs[:2], included, *logs[2:], nobody), member


@pytest.mark.parametrize("a", [0.1, 0.5, 0.9])
def test_the_measured_relation_is_the_planted_one(a):
    assert measured_relation(planted(a)[0]) == pytest.approx(a, abs=0.02)


def test_tuning_never_looks_at_the_targets_membership():
    """The view's answers on the targets may be anything: with two references nobody asks for them."""
    asked, _ = planted(0.3)
    blind = Asked(np.full(4_000, np.nan), *(getattr(asked, f) for f in list(Asked.__slots__)[1:]))
    assert tuned_relation(asked) == tuned_relation(blind)


@pytest.mark.parametrize("models", [2, 4])
def test_tuning_finds_the_best_a_for_the_stand_ins(models):
    """On the tuned a, a fresh target's AUC is within .005 of the best on the grid."""
    asked, member = planted(0.2, models=models, noise=0.15)
    outside = log_out(asked.on_targets, asked.included, a=0.3)

    def of(a: float) -> float:
        return auc(asked.view_on_targets - log_likelihood(outside, None, a=a), member)

    assert of(tuned_relation(asked)) > max(of(a) for a in np.linspace(0, 1, 11)) - 0.005
    assert min(of(a) for a in np.linspace(0, 1, 11)) < max(of(a) for a in np.linspace(0, 1, 11)) - 0.02
