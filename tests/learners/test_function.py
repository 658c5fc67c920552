"""Training by a user's own function."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from torch import nn

from confide.core.access import WhiteBox
from confide.core.errors import ModelError
from confide.learners.function import CallableLearner, callable_learner
from confide.learners.learner import Keepable
from confide.views.records import Records


def train_tree(X, y, *, rng):
    return DecisionTreeClassifier(max_features=1, random_state=int(rng.integers(2**31))).fit(X, y)


def train_net(X, y, *, rng):
    torch.manual_seed(int(rng.integers(2**31)))
    net = nn.Linear(X.shape[1], 3)
    optimiser = torch.optim.SGD(net.parameters(), 0.1)
    for _ in range(3):
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(torch.as_tensor(X).float()), torch.as_tensor(y)).backward()
        optimiser.step()
    return net


def train_function(X, y, *, rng):
    share = np.bincount(y, minlength=3) / len(y)
    return lambda x: np.tile(share, (len(x), 1))


def train_badly(X, y, *, rng):
    raise ValueError("the learning rate is missing")


def train_nothing(X, y, *, rng):
    train_tree(X, y, rng=rng)


@pytest.fixture
def records():
    rng = np.random.default_rng(7)
    return Records(rng.normal(size=(60, 3)).astype(np.float32), rng.integers(3, size=60))


@pytest.mark.slow
@pytest.mark.parametrize("train", [train_tree, train_net, train_function])
def test_what_it_returns_becomes_a_view_decided_by_rng(train, records):
    learner = CallableLearner(train=train, classes=3)
    elsewhere = records.x + 0.5
    first, again, other = (
        learner.fit(records, rng=np.random.default_rng(seed)).predict(elsewhere) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert first.shape == (60, 3)
    assert train is train_function or (first != other).any()


@pytest.mark.slow
def test_a_module_is_shown_from_inside(records):
    model = CallableLearner(train=train_net, classes=3).fit(records, rng=np.random.default_rng(1))
    assert isinstance(model, WhiteBox)


def test_a_class_that_a_subset_lacks_gets_probability_zero(records):
    lacking = records.take(np.flatnonzero(records.y != 1))
    model = CallableLearner(train=train_tree, classes=3).fit(lacking, rng=np.random.default_rng(1))
    answer = model.predict(records.x)
    assert answer.shape == (60, 3)
    assert (answer[:, 1] == np.log(1e-45)).all()


def test_errors_name_the_function_and_what_it_said(records):
    rng = np.random.default_rng(1)
    with pytest.raises(
        ModelError, match=r"train_badly fails on 60 records .ValueError: the learning rate is"
    ):
        CallableLearner(train=train_badly).fit(records, rng=rng)
    with pytest.raises(ModelError, match="train_nothing returns nothing: end it with `return model`"):
        CallableLearner(train=train_nothing).fit(records, rng=rng)
    with pytest.raises(ModelError, match="must answer with scores, not with labels"):
        CallableLearner(train=lambda X, y, *, rng: lambda x: np.zeros(len(x), int)).fit(records, rng=rng)


@pytest.mark.parametrize(
    ("train", "like"),
    [(train_net, nn.Linear(3, 3)), (train_tree, DecisionTreeClassifier())],
    ids=["safetensors", "skops"],
)
def test_models_like_the_target_are_kept(train, like, records, tmp_path):
    learner = callable_learner(train, classes=3, like=like)
    assert isinstance(learner, Keepable)
    models = [learner.fit(records, rng=rng) for rng in np.random.default_rng(7).spawn(3)]
    learner.save(models, tmp_path / "models")
    for old, new in zip(models, learner.load(tmp_path / "models"), strict=True):
        np.testing.assert_array_equal(old.predict(records.x), new.predict(records.x))


def test_other_models_are_not_kept(records, tmp_path):
    assert not isinstance(callable_learner(train_function), Keepable)
    assert not isinstance(callable_learner(train_function, like=lambda x: x), Keepable)
    learner = callable_learner(train_tree, classes=3, like=LogisticRegression())
    model = learner.fit(records, rng=np.random.default_rng(1))
    with pytest.raises(
        ModelError, match="a DecisionTreeClassifier, which cannot be kept as a LogisticRegression"
    ):
        learner.save([model], tmp_path / "models")


def test_the_recipe_names_the_function_and_its_file():
    assert callable_learner(train_net).recipe() == callable_learner(train_net).recipe()
    assert callable_learner(train_net).recipe() != callable_learner(train_tree).recipe()


def test_the_recipe_knows_the_values_that_a_function_holds():
    def train_with(rate):
        def train(X, y, *, rng):
            return train if rate else None  # holds itself, too

        return train

    recipes = [callable_learner(train_with(rate)).recipe() for rate in (0.1, 0.2, 0.1)]
    assert recipes[0] == recipes[2]
    assert recipes[0] != recipes[1]
