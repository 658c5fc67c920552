"""What parties of an exchange train: fitted models as flat vectors, soft labels, votes that count once."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from confide.collaboration import KernelRidge, SoftmaxRegression
from confide.core.errors import DataError, ModelError
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.local import TorchLocal
from confide.mechanisms.federate.exchange import counts_fault, need_heard, predicted, trained, votes_of
from confide.mechanisms.federate.fitted import Fitted
from confide.mechanisms.federate.students import one_hot
from confide.views.records import Records

D, C = 4, 3


def people(n: int, seed: int = 0) -> Records:
    rng = np.random.default_rng(seed)
    return Records(rng.normal(size=(n, D)).astype(np.float32), rng.integers(C, size=n))


def network(outputs: int = C) -> TorchLocal:
    optimiser = partial(torch.optim.SGD, lr=0.3)
    factory = partial(nn.Linear, D, outputs)
    return TorchLocal(TorchLearner(factory=factory, epochs=3, batch_size=5, optimiser=optimiser))


@pytest.mark.parametrize("recipe", [SoftmaxRegression(penalty=0.5), KernelRidge(width=1.5)])
def test_a_fitted_model_comes_back_from_its_parameters(recipe) -> None:
    learner = Fitted(recipe=recipe, features=D, classes=C)
    own, other = people(20), people(9, 1)
    wanted = recipe.fit(own.x, one_hot(own.y, C), rng=np.random.default_rng(0))
    found = learner.model(trained(learner, own, rng=np.random.default_rng(0)))
    np.testing.assert_allclose(found.predict(other.x), wanted.predict(other.x))
    with pytest.raises(DataError, match="parameters"):
        learner.model(np.zeros(C * (D + 1) + 1))
    with pytest.raises(ModelError, match="no gradients"):
        learner.gradients(np.zeros((1, 0)), [own])


@pytest.mark.parametrize("outputs", [C, 1])
def test_labels_as_shares_of_classes_are_the_labels_where_one_class_has_all(outputs: int) -> None:
    """The cross-entropy of a share of 1 is that of the label, of logits and of one binary logit."""
    own = people(12)
    classes = C if outputs > 1 else 2
    own = Records(own.x, own.y % classes)
    soft = Records(own.x, one_hot(own.y, classes))
    hard, shared = (trained(network(outputs), one, rng=np.random.default_rng(1)) for one in (own, soft))
    np.testing.assert_allclose(shared, hard, atol=1e-5)
    half = trained(
        network(outputs), Records(own.x, np.full((12, classes), 1 / classes)), rng=np.random.default_rng(1)
    )
    assert np.abs(half - hard).max() > 1e-2, "soft labels are looked at"


def test_a_party_without_records_or_with_a_model_that_diverged_abstains() -> None:
    learner = Fitted(recipe=SoftmaxRegression(), features=D, classes=C)
    rngs = [np.random.default_rng(k) for k in range(2)]
    public = people(6, 3).x
    nobody, somebody = votes_of(learner, [people(0), people(30)], public, rngs=rngs)
    assert (nobody == -1).all() and (somebody >= 0).all()
    assert np.isnan(predicted(learner, np.full(C * (D + 1), np.nan), public)).all()


def test_a_ballot_that_counts_twice_is_left_out() -> None:
    fine = np.eye(C, dtype=np.int8)[:2]
    assert counts_fault({"votes": fine}, (2, C), 1) is None
    assert counts_fault({"votes": fine * 2}, (2, C), 2) is None
    for given, why in (
        (fine * 2, "more votes than it has"),
        (-fine, "more votes than it has"),
        (np.full((2, C), 127, np.int8), "more votes than it has"),  # their sum is -129 in a byte
        (fine.astype(float), "no votes on these records"),
        (fine[:1], "no votes on these records"),
    ):
        assert counts_fault({"votes": given}, (2, C), 1) == why
    with pytest.raises(DataError, match="no party's answer could be used"):
        need_heard(0)
