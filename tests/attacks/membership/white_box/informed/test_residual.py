"""The informed residual test: exact where training ended, honest where it did not, blind to nothing."""

from __future__ import annotations

import numpy as np
import pytest
from tests.attacks.membership.white_box.informed.convex import Logistic, crowd
from tests.contracts.case import naive_auc, naive_tpr
from tests.contracts.made_up_models import CLASSES, game_against

from confide.attacks.membership import LiRA, Residual
from confide.attacks.membership.white_box.informed._stationarity import balance
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case
from confide.core.play import play
from confide.core.sentence import said
from confide.games.membership.models import IndependentWorlds, ModelPool, TrainedModel
from confide.knowledge.models import Background, LeaveOneOutSums
from confide.mechanisms.anchors.models import Nothing
from confide.mechanisms.learn.fit import Fit
from confide.models.answers import Answers
from confide.views.records import Records


def rng(seed: int = 4) -> np.random.Generator:
    return np.random.default_rng(seed)


def game_of(d: int, learner: Logistic, **changes) -> IndependentWorlds:
    """800 candidates, some 400 of them members."""
    return IndependentWorlds(mechanism=Fit(learner), records=crowd(800, d, 1), informed=True, **changes)


@pytest.mark.slow
def test_a_convex_model_gives_every_member_away_where_lira_sees_little():
    game = game_of(101, Logistic(), references=64)
    evidence = play(game, Residual(), worlds=1, rng=rng())
    assert naive_auc(evidence) == 1.0 and naive_tpr(evidence, 0.01) == 1.0
    assert (evidence.claims > 0).tolist() == evidence.exposed.tolist(), "0 is the threshold, without a label"
    assert evidence.diagnostics[0].conclusive and "is stationary" in said(evidence.diagnostics[0].remarks[0])
    lira = play(game, LiRA(), worlds=1, rng=rng())
    assert naive_auc(lira) < 0.75 and naive_tpr(lira, 0.01) < 0.2


def test_stopping_early_costs_power_and_the_residual_says_so():
    evidence = play(game_of(201, Logistic(steps=40)), Residual(), worlds=1, rng=rng())
    assert 0.8 < naive_auc(evidence) < 0.99 and naive_tpr(evidence, 0.01) < 0.9
    said = evidence.diagnostics[0]
    assert not said.conclusive and "stopped early" in str(said.remarks[0])


def test_the_likelihood_ratio_beats_the_plain_ratio_where_training_stopped_early():
    """-<s, g>/|g|^2 divides the error by a small gradient: it loses the surest claims first."""
    world = game_of(201, Logistic(steps=300)).deal(0, rng=rng())
    books = balance(world.case, "residual", None)
    plain = -books.left_over(books.gram, books.penalty) / np.maximum(np.diagonal(books.gram), 1e-300)
    score, member = Residual()(world.case, rng=rng()).score, world.exposed
    aucs = [np.mean(s[member][:, None] > s[~member]) for s in (plain, score)]
    assert aucs[1] > aucs[0] + 0.05


@pytest.mark.parametrize("penalty", [None, 0.4])
def test_the_balance_is_what_a_naive_sum_gives(penalty):
    """With base records, record by record, from the gradients themselves."""
    base = crowd(30, 11, 7)
    game = IndependentWorlds(
        mechanism=Fit(Logistic(steps=20)), records=crowd(60, 11, 2), base=base, informed=True
    )
    world = game.deal(0, rng=rng())
    case, member = world.case, world.exposed
    books = balance(case, "residual", penalty)
    score = Residual(penalty=penalty)(case, rng=rng()).score
    g, of_base = (case.view.gradient(r.x, r.y) for r in (case.targets, base))
    r = np.concatenate(case.view.penalty_gradient())
    for z in range(60):
        rest = g[np.arange(60)[member & (np.arange(60) != z)]].sum(axis=0) + of_base.sum(axis=0)
        kappa = -rest @ r / (r @ r) if penalty is None else penalty
        left = rest + kappa * r
        assert books.left_over(books.gram, books.penalty)[z] == pytest.approx(left @ g[z], abs=1e-9)
        with_it = -(rest + g[z]) @ r / (r @ r) if penalty is None else penalty
        added = rest + g[z] + with_it * r
        nearest = min(np.linalg.norm(left), np.linalg.norm(added))
        assert books.residue[z] == pytest.approx(nearest, abs=1e-6)
        ratio = left @ left - added @ added
        assert score[z] * books.own.mean() == pytest.approx(ratio, abs=1e-6)


def test_the_rest_by_hand_and_the_base_is_asked_for():
    rest = LeaveOneOutSums(2, np.array([True, False, True]))
    values = np.array([1.0, 10.0, 100.0])
    assert rest.total(values).tolist() == [100.0, 101.0, 1.0]
    along, square = rest.products(np.outer(values, values))
    assert along.tolist() == [100.0, 1010.0, 100.0] and square.tolist() == [100.0**2, 101.0**2, 1.0]
    based = LeaveOneOutSums(4, np.array([True]), Records(np.zeros((2, 1)), np.zeros(2, np.int64)))
    assert based.total(np.ones((1, 2)), np.ones((2, 2))).tolist() == [[2.0, 2.0]]
    for call in (lambda: based.total(np.ones(1)), lambda: based.products(np.ones((1, 1)))):
        with pytest.raises(KnowledgeError, match=r"rest\.base"):
            call()


def test_the_size_says_nothing_of_this_worlds_coins():
    game = game_against(Nothing(classes=CLASSES), targets=51, informed=True)
    sizes = {game.deal(i, rng=child).case.known.rest.size for i, child in enumerate(rng().spawn(20))}
    assert sizes == {25}


def test_every_game_deals_the_rest():
    records, member = crowd(40, 5, 3), np.arange(40) % 2 == 0
    views = [Logistic().fit(records.take(side), rng=rng()) for side in (member, ~member)]
    included = np.stack([member, ~member])
    known = Background(classes=2)
    games = [
        TrainedModel(view=views[0], targets=records, member=member, background=known, informed=True),
        ModelPool(answers=Answers(views, records), included=included, informed=True),
    ]
    for game in games:
        assert naive_auc(play(game, Residual(), worlds=1, rng=rng())) == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("worlds", [400])
def test_alone_with_one_target_and_a_view_that_says_nothing_he_is_at_chance(worlds):
    """The rest alone must not give the target away: one target a world, 400 worlds, 4 standard errors."""
    base = game_against(Nothing(classes=CLASSES), targets=30).records
    game = game_against(Nothing(classes=CLASSES), targets=200, references=0, informed=True)
    alone = IndependentWorlds(
        mechanism=game.mechanism, records=game.records, targets=1, base=base, informed=True, classes=CLASSES
    )
    evidence = play(alone, Residual(), worlds=worlds, rng=rng())
    assert abs(naive_auc(evidence) - 0.5) < 4 / np.sqrt(3 * worlds)


def test_who_is_not_informed_is_told_how_to_be():
    records = crowd(20, 5, 3)
    case = Case(Logistic().fit(records, rng=rng()), Background(), records)
    with pytest.raises(KnowledgeError, match="informed=True"):
        Residual()(case, rng=rng())


def test_a_spoilt_gradient_is_left_out_and_harms_nobody_else():
    records, member = crowd(60, 5, 3), np.arange(60) % 2 == 0
    view = Logistic().fit(records.take(member), rng=rng())
    spoilt = Records(np.where(np.arange(60)[:, None] == 7, np.nan, records.x).astype(np.float32), records.y)
    game = TrainedModel(view=view, targets=spoilt, member=member, informed=True)
    known = game.deal(0, rng=rng()).case.known
    got = Residual()(Case(view, known, spoilt), rng=rng()).score
    assert np.isnan(got[7]) and ((np.delete(got, 7) > 0) == np.delete(member, 7)).all()
