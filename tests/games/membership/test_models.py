"""The rules of the membership games: coins, halves, and what the adversary may not see."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from tests.contracts.case import naive_auc
from tests.contracts.made_up_models import CLASSES, Table, people

from confide.attacks.blind import Blind
from confide.attacks.membership import Loss
from confide.core.access import BlackBox, LabelOnly, WhiteBox, access_of
from confide.core.budget import Unit
from confide.core.errors import DataError, EvidenceError, KnowledgeError
from confide.core.play import play
from confide.games.membership.models import IndependentWorlds, ModelPool, TrainedModel, shuffled
from confide.knowledge.models import Background, SupervisedBackground
from confide.mechanisms.anchors.models import Everything, Nothing
from confide.models.answers import Answers
from confide.models.memo import asked_once
from confide.views.records import Records

ALPHA = 1e-9


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def worlds_of(**changes) -> IndependentWorlds:
    return IndependentWorlds(mechanism=Everything(classes=CLASSES), records=people(300, 1), **changes)


def seen_by(model, records: Records) -> np.ndarray:
    """Whom an `Everything` model was trained on."""
    return model.labels(records.x) < CLASSES


def test_exposure_is_a_fair_coin_and_is_what_the_release_was_trained_on():
    game = worlds_of()
    heads = 0
    for child in rng().spawn(20):
        world = game.deal(0, rng=child)
        assert (seen_by(world.case.view, world.case.targets) == world.exposed).all()
        heads += int(world.exposed.sum())
    assert binomtest(heads, 20 * 300, 0.5).pvalue > ALPHA
    assert binomtest(int(heads * 1.2), 20 * 300, 0.5).pvalue < ALPHA, "this test could have failed"


def test_references_have_coins_of_their_own_in_opposite_pairs():
    world = worlds_of(references=5).deal(0, rng=rng())
    references = world.case.known.references
    assert len(references) == 5 and (references.included[1] == ~references.included[0]).all()
    for row, model in zip(references.included, references.on_targets.models, strict=True):
        assert (seen_by(model, world.case.targets) == row).all()
        assert 0.3 < (row == world.exposed).mean() < 0.7, "no reference knows the secret"


def test_targets_of_a_world_are_drawn_anew_and_the_base_is_always_in():
    base = people(50, 9)
    game = worlds_of(targets=20, base=base)
    one, other = (game.deal(0, rng=child) for child in rng().spawn(2))
    assert len(one.case.targets) == 20 and not np.array_equal(one.ids, other.ids)
    assert (game.records.x[one.ids] == one.case.targets.x).all()
    assert seen_by(one.case.view, base).all()


def test_games_play_single_records_and_every_claim_counts():
    for game in (worlds_of(), pool_of(4)):
        world = game.deal(0, rng=rng())
        guess = Loss()(world.case, rng=rng())
        assert game.unit == Unit.record() and game.hits(guess, world.secrets).all()
    assert worlds_of().randomised and not pool_of(4).randomised  # halves of a fixed size are no fair coins
    assert worlds_of().deal(0, rng=rng()).promise is None
    silent = IndependentWorlds(mechanism=Nothing(), records=people(30, 1))
    assert silent.deal(0, rng=rng()).promise.epsilon == 0


def pool_of(models: int, **changes) -> ModelPool:
    records, halves = people(200, 1), []
    for child in rng().spawn(models // 2):
        half = child.random(200) < 0.5
        halves += [half, ~half]
    answers = [Everything(classes=CLASSES)(records.take(half), rng=rng()).view for half in halves]
    return ModelPool(answers=Answers(answers, records), included=np.stack(halves), classes=CLASSES, **changes)


def test_a_pools_target_is_never_its_own_reference_nor_its_complement():
    game = pool_of(8)
    for i in range(8):
        world = game.deal(i, rng=rng())
        assert (world.exposed == game.included[i]).all()
        assert set(world.case.known.references.which) == set(range(8)) - {i, i ^ 1}
        assert (seen_by(world.case.view, world.case.targets) == world.exposed).all()


@pytest.mark.parametrize("k", [1, 2, 3, 4, 6])
def test_a_limit_keeps_whole_pairs(k):
    game = pool_of(8, references=k)
    for i in range(8):
        references = game.deal(i, rng=rng(i)).case.known.references
        which = references.which
        assert len(set(which)) == k and not {i, i ^ 1} & set(which)
        assert sum((j ^ 1) in which for j in which) == k - k % 2
        assert (references.included == game.included[list(which)]).all()


def test_a_pool_refuses_what_it_has_not():
    with pytest.raises(KnowledgeError, match="train 9 models"):
        pool_of(8, references=7).deal(0, rng=rng())
    with pytest.raises(EvidenceError, match="world 8 of a pool of 8"):
        pool_of(8).deal(8, rng=rng())
    with pytest.raises(DataError, match="one row a model"):
        ModelPool(answers=pool_of(4).answers, included=np.zeros((3, 200), bool))


def trained(**changes) -> TrainedModel:
    targets, member = shuffled(people(100, 1), people(80, 2), rng=rng())
    view = Everything(classes=CLASSES)(targets.take(member), rng=rng()).view
    return TrainedModel(view=view, targets=targets, member=member, **changes)


def test_shuffling_keeps_who_is_who_and_tells_nothing_by_the_order():
    members, others = people(100, 1), people(80, 2)
    targets, member = shuffled(members, others, rng=rng())
    assert np.isin(targets.fingerprints(), members.fingerprints()).tolist() == member.tolist()
    assert abs(np.corrcoef(np.arange(180), member)[0, 1]) < 0.3


def test_a_trained_model_is_one_world_and_not_randomised_unless_said():
    game = trained()
    assert not game.randomised and trained(randomised=True).randomised
    assert naive_auc(play(game, Loss(), worlds=1, rng=rng())) == 1
    with pytest.raises(EvidenceError, match="world 0 only"):
        game.deal(1, rng=rng())
    with pytest.raises(DataError, match="one truth each"):
        TrainedModel(view=game.view, targets=game.targets, member=game.member[:5])


def test_the_told_know_their_part_and_nothing_else_changes():
    plain, told = trained().deal(0, rng=rng()), trained(told=0.5).deal(0, rng=rng())
    assert type(plain.case.known) is Background
    known = told.case.known
    assert isinstance(known, SupervisedBackground) and len(known.told) == 90
    assert (known.member == told.exposed[known.told]).all()
    assert np.array_equal(Loss()(plain.case, rng=rng()).score, Loss()(told.case, rng=rng()).score)


class Counting:
    """A black box that counts its queries."""

    task = "classification"

    def __init__(self):
        self.asked = 0

    def predict(self, x):
        self.asked += 1
        return np.zeros((len(x), CLASSES))

    def labels(self, x):
        return self.predict(x).argmax(axis=1)


class Inside(Counting):
    def loss(self, x, y):
        return np.zeros(len(x))

    def gradient(self, x, y):
        return np.zeros((len(x), 1))


class Labels:
    def labels(self, x):
        return np.zeros(len(x), np.int64)


def test_several_attacks_ask_once():
    view = Counting()
    game = TrainedModel(view=view, targets=people(20, 1), member=np.arange(20) < 10)
    for _ in range(3):
        play(game, Loss(), worlds=1, rng=rng())
    assert view.asked == 1
    game.deal(0, rng=rng()).case.view.predict(people(20, 1).x)
    assert view.asked == 2, "other records, other answers: equal content in another place is asked again"


@pytest.mark.parametrize("view", [Inside(), Counting(), Labels(), object()])
def test_asking_once_keeps_the_access_as_it_is(view):
    assert access_of(asked_once(view)) == access_of(view)


def test_asked_views_answer_as_the_view():
    records = people(10, 1)
    view = Table(rng().standard_normal((10, 3)))
    ids = Records(np.arange(10)[:, None], records.y)
    asked = asked_once(view, (Answers([view], ids), 0))
    assert np.allclose(asked.predict(ids.x), view.predict(ids.x), atol=1e-6)
    assert (asked.predict(ids.x[:3]) == view.predict(ids.x[:3])).all() and asked.task == view.task
    assert isinstance(asked, BlackBox) and isinstance(asked, LabelOnly) and not isinstance(asked, WhiteBox)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_the_blind_adversary_wins_only_where_the_comparison_is_broken(shift):
    """1,000 targets scored: the standard error of the AUC under the null is .018."""
    members, others = people(1_000, 1), people(1_000, 2)
    members = Records(members.x + np.float32(shift) * (np.arange(6) == 0), members.y)
    targets, member = shuffled(members, others, rng=rng())
    game = TrainedModel(
        view=object(), targets=targets, member=member, told=0.5, background=Background(classes=CLASSES)
    )
    evidence = play(game, Blind(), worlds=1, rng=rng())
    assert len(evidence) == evidence.excluded == 1_000 and evidence.access == "blind"
    if shift:
        assert 0.66 < naive_auc(evidence) < 0.80, "at best Phi(1 / sqrt 2) = .76"
    else:
        assert abs(naive_auc(evidence) - 0.5) < 0.07


def test_the_blind_adversary_says_when_it_knows_too_little():
    with pytest.raises(KnowledgeError, match="needs 20 known members"):
        play(trained(told=0.1), Blind(), worlds=1, rng=rng())
    world = trained().deal(0, rng=rng())
    with pytest.raises(KnowledgeError, match="needs 20 known members"):
        Blind()(world.case, rng=rng())
