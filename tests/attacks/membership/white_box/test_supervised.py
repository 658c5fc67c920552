"""Those told teach, the others are judged; what cannot be learnt from is an error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.attacks.membership.white_box.small_network import network, people, plain_case, rng, told_case

from confide.attacks.membership import Nasr, NasrOutputs, Supervised, SupervisedGradients
from confide.attacks.membership.black_box._shadow_targets import known_auc as auc
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case
from confide.views.records import Records

N = 400
EACH = [
    Supervised(),
    SupervisedGradients(),
    NasrOutputs(networks=1, epochs=15),
    Nasr(networks=1, epochs=15),
]
each = pytest.mark.parametrize("attack", EACH, ids=lambda a: a.name)


def dependent(seed: int = 0) -> tuple[Case, np.ndarray]:
    """Members are, with few exceptions, those whose gradient in the last layer is small: no outcome of
    training, but exactly known."""
    view, targets = network(), people(N)
    norm = view.gradient_norms(targets.x, targets.y)[:, 1]
    member = (norm < np.median(norm)) ^ (rng(seed).random(N) < 0.1)
    return told_case(view, targets, member, np.sort(rng(seed + 1).permutation(N)[: N // 2])), member


@each
def test_learns_from_the_told_and_scores_the_others(attack):
    case, member = dependent()
    score = attack(case, rng=rng()).score
    told = np.zeros(N, np.bool_)
    told[case.known.told] = True
    assert np.isnan(score[told]).all() and np.isfinite(score[~told]).all()
    # One in ten is mislabelled, so the best AUC is .9 on average; chance has a standard error of .04.
    assert auc(score, member) > 0.75


@each
def test_what_is_told_decides_not_what_looks_like_a_member(attack):
    """Told the opposite, it says the opposite: no attack that leans on small losses could."""
    case, member = dependent()
    lied = Case(case.view, replace(case.known, member=~case.known.member), case.targets)
    score = attack(lied, rng=rng()).score
    assert auc(score, member) < 0.25


@pytest.mark.slow
@each
def test_same_seed_same_score(attack):
    case, _ = dependent()
    one, same, other = (attack(case, rng=rng(seed)).score for seed in (5, 5, 6))
    assert np.array_equal(one, same, equal_nan=True)
    assert attack.name.startswith("supervised") or not np.array_equal(one, other, equal_nan=True)


@each
def test_who_is_told_of_nobody_or_of_one_side_only(attack):
    view, targets = network(), people(60)
    member = np.arange(60) < 30
    for told, has in ((np.arange(0), "0 and 0"), (np.arange(30), "30 and 0"), (np.arange(35), "30 and 5")):
        with pytest.raises(KnowledgeError, match=rf"{attack.name} needs 10 known members .* {has}"):
            attack(told_case(view, targets, member, told), rng=rng())
    with pytest.raises(KnowledgeError, match="known members"):
        attack(plain_case(view, targets), rng=rng())


@each
def test_a_target_of_which_the_view_says_nothing_is_left_out(attack):
    """The view answers NaN about one target of known membership and one of unknown membership."""
    case, _ = dependent()
    told, other = int(case.known.told[0]), int(np.setdiff1d(np.arange(N), case.known.told)[0])
    x = case.targets.x.copy()
    spoilt = Case(Deaf(case.view, x[[told, other]]), case.known, Records(x, case.targets.y))
    score = attack(spoilt, rng=rng()).score
    assert np.isnan(score[other]) and np.isfinite(score).sum() == N // 2 - 1


class Deaf:
    """Another view, which answers NaN about some records."""

    def __init__(self, view, rows):
        self._view, self._rows = view, rows
        for name in ("layers", "snapshots", "task", "gradient", "gradient_norms", "layer_outputs"):
            setattr(self, name, getattr(view, name))

    def predict(self, x):
        answer = self._view.predict(x).copy()
        answer[(np.asarray(x)[:, None] == self._rows).all(axis=2).any(axis=1)] = np.nan
        return answer


def test_gradients_tell_what_answers_do_not():
    """Membership is coded in the first layer's gradient alone, given the answer: only who looks inside learns
    it."""
    view, targets = network(), people(800)
    norms = np.log(view.gradient_norms(targets.x, targets.y))
    hint = norms[:, 0] - norms[:, 1]  # |W2^T error| |x| / |h|: not a function of the answer
    member = hint < np.median(hint)
    case = told_case(view, targets, member, np.arange(400))
    outside, inside = (
        attack(case, rng=rng()).score[400:] for attack in (Supervised(), SupervisedGradients())
    )
    assert auc(inside, member[400:]) > 0.95 > 0.85 > auc(outside, member[400:])


def test_layers_can_be_chosen():
    case, _ = dependent()
    with pytest.raises(KnowledgeError, match=r"no layer '1'; choose from 0, 2"):
        SupervisedGradients(layers=("1",))(case, rng=rng())
