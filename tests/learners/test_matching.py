"""References are like the target, or a warning says that they are not."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from torch import nn

from confide.core.access import BlackBox
from confide.core.errors import DataError, ModelError
from confide.learners.comparing import Line, accuracy, compare_accuracy
from confide.learners.estimator import sklearn_learner
from confide.learners.learner import GroupLearner, Keepable
from confide.learners.matching import reference_learner
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.reinitialise import Reinitialise
from confide.models.loading import as_view
from confide.models.signals import log_of
from confide.models.sklearn.model import SklearnModel
from confide.views.records import Records

N, D, C = 2000, 60, 8


def net():
    return nn.Sequential(nn.Linear(D, 64), nn.Tanh(), nn.Linear(64, C))


def recipe(epochs=20, batch_size=128):
    return TorchLearner(factory=net, epochs=epochs, batch_size=batch_size)


@pytest.fixture(scope="module")
def world():
    """Binary records of 8 classes; half of them trained the target."""
    rng = np.random.default_rng(7)
    centres, y = rng.random((C, D)), rng.integers(C, size=N)
    x = (rng.random((N, D)) < 0.5 + 0.5 * (centres[y] - 0.5)).astype(np.float32)
    member = rng.permutation(N) < N // 2
    records = Records(x, y)
    target = recipe().fit(records.take(member), rng=np.random.default_rng(1))
    return records, member, target


def compared(world, learner, count=4):
    records, member, target = world
    rng = np.random.default_rng(3)
    included = np.stack([rng.permutation(N) < N // 2 for _ in range(count)])
    references = [learner.fit(records.take(rows), rng=rng) for rows in included]
    return compare_accuracy(target, references, records, member=member, included=included)


@pytest.mark.parametrize("count", [1, 4])
def test_the_right_recipe_gets_no_warning(world, count):
    assert compared(world, recipe(), count).warning == ""


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [{"batch_size": 32}, {"epochs": 80}, {"epochs": 8}], ids=str)
def test_a_wrong_recipe_is_caught(world, wrong):
    warning = compared(world, recipe(**wrong)).warning
    assert "not like the target" in warning
    assert "--train" in warning


def test_the_rule_of_what_differs():
    def line(target, references, what="accuracy", noise=0.0):
        return Line(what=what, side="train", target=target, references=references, noise=noise).differs

    assert line(0.80, (0.74,))  # 6 points
    assert line(0.80, (0.60, 0.88))  # 6 points, however they vary
    assert not line(0.80, (0.74,), noise=0.03)  # 6 points, but of few records
    assert not line(0.80, (0.76,), noise=0.02)  # 4 points, 1.4 deviations
    assert line(0.80, (0.76,), noise=0.008)  # 4 points, 3.5 deviations
    assert not line(0.995, (1.0, 1.0))  # under one point, though no reference varies
    assert line(5.0, (6.0, 6.1), what="confidence")
    assert not line(5.0, (5.2, 5.2), what="confidence")
    assert not line(5.0, (4.0, 7.0), what="confidence")


def test_numbers_by_hand():
    x = np.arange(6.0)[:, None]
    y = np.array([0, 0, 0, 1, 1, 1])
    always_one = as_view(lambda x: np.tile([0.2, 0.8], (len(x), 1)), answers="probabilities")
    right = as_view(lambda x: (x[:, 0] > 2).astype(int), answers="labels")
    member = np.array([1, 1, 0, 1, 0, 0], bool)
    records = Records(x, y)
    found = compare_accuracy(always_one, [always_one], records, member=member, included=member[None])
    assert found.line("train", "accuracy").target == pytest.approx(1 / 3)
    assert found.line("test", "accuracy").target == pytest.approx(2 / 3)
    assert found.line("train", "confidence").mean == pytest.approx(np.log(0.2 / 0.8))
    assert found.line("test", "confidence").mean == pytest.approx(np.log(0.8 / 0.2))
    labels = compare_accuracy(right, [always_one], records, member=member, included=member[None])
    assert labels.line("train", "confidence") is None
    assert "train accuracy 0.333 ± 0 against the target's 1" in labels.warning
    with pytest.raises(DataError, match=r"included \(1, 6\) for 2 references"):
        compare_accuracy(right, [always_one] * 2, records, member=member, included=member[None])


def test_regressions_are_compared_by_r2():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(400, 3))
    records = Records(x, x[:, 0] + 0.5 * rng.normal(size=400))
    member = rng.permutation(400) < 200
    deep, line = (sklearn_learner(e) for e in (DecisionTreeRegressor(), LinearRegression()))
    target = deep.fit(records.take(member), rng=rng)
    assert accuracy(target, records.take(member), task="regression") == pytest.approx(1.0)
    for learner, same in ((deep, True), (line, False)):
        references = [learner.fit(records.take(~member), rng=rng)]
        found = compare_accuracy(
            target, references, records, member=member, included=~member[None], task="regression"
        )
        assert (found.warning == "") is same
        assert found.line("train", "R2").target == pytest.approx(1.0)


def test_a_scikit_learn_target_is_cloned(world):
    records, member, _ = world
    names = np.array(list("hgfedcba"))
    inside = records.take(member)
    target = SklearnModel(
        RandomForestClassifier(7, max_depth=5, random_state=0).fit(inside.x, names[inside.y]),
        classes=names.tolist(),
    )
    learner, words = reference_learner(target, records, member=member, rng=np.random.default_rng(1))
    model = learner.fit(records.take(~member), rng=np.random.default_rng(2))
    assert model.estimator.get_params()["max_depth"] == 5
    assert accuracy(model, records.take(~member), task="classification") > 0.5  # the same codes
    assert words == "the target's estimator (RandomForestClassifier), cloned and fitted again."


def test_a_module_is_trained_anew_until_it_is_as_good(world):
    records, member, target = world
    learner, words = reference_learner(target, records, member=member, rng=np.random.default_rng(1))
    assert isinstance(learner, TorchLearner)
    assert isinstance(learner, Keepable)
    assert 4 <= learner.epochs <= 30
    assert (
        f"batches of 64 for {learner.epochs} epochs, when its train accuracy and confidence matched" in words
    )
    assert "Sequential" in words
    found = compared(world, learner)
    assert abs(found.line("train", "accuracy").mean - found.line("train", "accuracy").target) < 0.02
    assert found.warning == ""


def test_growing_stops_at_the_same_epoch_for_equal_coins(world):
    records, member, target = world
    epochs = {
        reference_learner(target, records, member=member, rng=np.random.default_rng(5))[0].epochs
        for _ in range(2)
    }
    assert len(epochs) == 1


def test_a_goal_out_of_reach_is_said(world, monkeypatch):
    monkeypatch.setattr("confide.learners.matching.MOST_EPOCHS", 2)
    records, member, target = world
    learner, words = reference_learner(target, records, member=member, rng=np.random.default_rng(1))
    assert learner.epochs == 2
    assert "with a train accuracy of only" in words


def test_reborn_modules_share_nothing_with_the_target():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Linear(4, 4)
            self.body.requires_grad_(False)
            self.norm = nn.BatchNorm1d(4)
            self.attention = nn.MultiheadAttention(4, 2)
            self.head = nn.Linear(4, 2)

    old = Net()
    old.norm.running_mean += 3
    with torch.no_grad():
        old.norm.weight.fill_(5.0)
    new = Reinitialise(old)()
    assert torch.equal(new.body.weight, old.body.weight)  # frozen: a pretrained body stays
    assert new.body.weight is not old.body.weight
    assert not torch.equal(new.head.weight, old.head.weight)
    assert not torch.equal(new.attention.in_proj_weight, old.attention.in_proj_weight)
    assert torch.equal(new.norm.weight, torch.ones(4))
    assert torch.equal(new.norm.running_mean, torch.zeros(4))
    assert (old.norm.weight == 5).all()


def test_a_module_frozen_after_training_is_not_taken_for_a_reference():
    old = nn.Linear(3, 2).requires_grad_(False)
    new = Reinitialise(old)()
    assert not torch.equal(new.weight, old.weight)
    assert new.weight.requires_grad


def test_a_module_that_cannot_be_reset_is_refused(world):
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.by = nn.Parameter(torch.ones(1))

        def forward(self, x):
            return x * self.by

    records, member, _ = world
    target = as_view(nn.Sequential(nn.Linear(D, C), Scale()))
    with pytest.raises(ModelError, match=r"its part Scale has parameters but no `reset_parameters`.*--train"):
        reference_learner(target, records, member=member, rng=np.random.default_rng(1))


def mixed(n=600):
    rng = np.random.default_rng(7)
    frame = pl.DataFrame({"age": rng.normal(40, 12, n), "job": rng.choice(list("abcd"), n)})
    y = ((frame["age"].to_numpy() > 40) ^ (frame["job"] == "a").to_numpy()).astype(np.int64)
    return Records(frame, y), rng.permutation(n) < n // 2


@pytest.mark.parametrize("torch_there", [True, False], ids=["torch", "scikit-learn"])
def test_a_foreign_model_gets_a_network_on_encoded_records(torch_there, monkeypatch):
    if not torch_there:
        monkeypatch.setattr("confide.learners.matching.find_spec", lambda name: None)
    records, member = mixed()
    inside = records.take(member)
    pipeline = make_pipeline(
        ColumnTransformer([("n", StandardScaler(), ["age"]), ("c", OneHotEncoder(), ["job"])]),
        LogisticRegression(),
    ).fit(inside.x, inside.y)
    target = as_view(pipeline.predict_proba, answers="probabilities")
    learner, words = reference_learner(target, records, member=member, rng=np.random.default_rng(1))
    assert isinstance(learner, GroupLearner) is torch_there
    assert "numbers standardised and categories one-hot" in words
    assert "matched" in words
    model = learner.fit(records.take(~member), rng=np.random.default_rng(2))
    assert isinstance(model, BlackBox)
    goal = accuracy(target, inside, task="classification")
    assert abs(accuracy(model, records.take(~member), task="classification") - goal) < 0.08


def test_a_foreign_regression_is_matched_in_its_own_units(monkeypatch):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(600, 2)) * [10, 0.1]
    y = 1000 * np.tanh(x[:, 0] / 10) + 50 * rng.normal(size=600) + 5000
    tree = DecisionTreeRegressor(max_depth=3).fit(x[:300], y[:300])
    target = as_view(tree.predict, answers="values")
    records, member = Records(x, y), np.arange(600) < 300
    learner, words = reference_learner(target, records, member=member, rng=rng)
    model = learner.fit(records.take(~member), rng=rng)
    assert model.task == "regression"
    assert "train R2" in words
    assert accuracy(model, records, task="regression") > 0.8


def test_encoded_networks_are_trained_together_and_kept(tmp_path):
    records, member = mixed()
    stump = DecisionTreeClassifier(max_depth=1).fit(records.x["age"].to_numpy()[:, None], records.y)
    target = as_view(
        lambda frame: stump.predict_proba(frame["age"].to_numpy()[:, None]), answers="probabilities"
    )
    learner, _ = reference_learner(target, records, member=member, rng=np.random.default_rng(1))
    assert isinstance(learner, Keepable)
    subsets = [np.flatnonzero(member), np.flatnonzero(~member)]
    together = learner.fit_group(records, subsets, rngs=np.random.default_rng(3).spawn(2))
    alone = [
        learner.fit(records.take(rows), rng=rng)
        for rows, rng in zip(subsets, np.random.default_rng(3).spawn(2), strict=True)
    ]
    learner.save(together, tmp_path / "models")
    for a, b, c in zip(together, alone, learner.load(tmp_path / "models"), strict=True):
        np.testing.assert_allclose(a.predict(records.x), b.predict(records.x), atol=1e-3)
        np.testing.assert_array_equal(a.predict(records.x), c.predict(records.x))
    assert learner.recipe() == learner.recipe()


def test_someone_must_be_a_member(world):
    records, member, target = world
    with pytest.raises(DataError, match="no record is a member"):
        reference_learner(target, records, member=np.zeros_like(member), rng=np.random.default_rng(1))


@dataclass
class Fixed:
    """A model that answers every question with the same logits."""

    outputs: np.ndarray
    task: str = "classification"

    def predict(self, x):
        return self.outputs

    def labels(self, x):
        return self.outputs.argmax(1)


def test_a_rounded_probability_is_no_confidence_of_103_nats() -> None:
    """A target whose trees are sure of all answers, and references that say 0.99 and 0.8 in turn."""

    def shown(sure):
        return Fixed(log_of(np.stack([1 - sure, sure], 1)))

    n = 40
    near = np.where(np.arange(n) % 2 == 0, 0.99, 0.8)
    member = np.arange(n) < n // 2
    records = Records(np.zeros((n, 1)), np.ones(n, np.int64))
    both = np.stack([member, ~member])
    compared = compare_accuracy(
        shown(np.ones(n)), [shown(near)] * 2, records, member=member, included=both, task="classification"
    )
    line = compared.line("train", "confidence")
    # log 2 beyond the largest logit that is not rounded: log(99) + log(2); the median of the others by hand.
    assert line is not None and line.target == pytest.approx(np.log(198))
    assert line.mean == pytest.approx((np.log(99) + np.log(4)) / 2)
