"""The unsupervised variant: clustering as on the full matrix, and two groups that are there to be found."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.attacks.membership.white_box.small_network import network, people, plain_case, rng

from confide.attacks.membership import Embedding
from confide.attacks.membership.black_box._shadow_targets import known_auc as auc
from confide.attacks.membership.white_box.embedding._autoencoder import embedded
from confide.attacks.membership.white_box.embedding._spectral import BINS, two_groups
from confide.attacks.membership.white_box.embedding.attack import oriented
from confide.core.sentence import said
from confide.learners.torch.learner import TorchLearner
from confide.views.records import Records


def naive_second(z):
    """Of the n x n random walk D^-1 A, by an eigensolver for any matrix."""
    affinity = np.exp(-((z[:, None] - z) ** 2))
    values, vectors = np.linalg.eig(affinity / affinity.sum(axis=1, keepdims=True))
    second = vectors[:, np.argsort(-values.real)[1]].real
    return second / np.sqrt((second**2).mean())


def up_to_sign(one, other):
    return one * np.sign((one * other).sum())


@pytest.mark.parametrize("gap", [0.0, 3.0])
def test_is_the_second_eigenvector_of_the_full_matrix(gap):
    """On the bins' grid exactly (each number the middle of its bin), elsewhere up to the width of a bin."""
    z = np.concatenate([rng(1).standard_normal(120), gap + 0.5 * rng(2).standard_normal(80)])
    assert up_to_sign(two_groups(z), naive_second(z)) == pytest.approx(naive_second(z), abs=0.05)
    on_grid = np.repeat(np.unique((z * 20).round() / 20), 2)
    assert len(on_grid) / 2 < BINS
    found, wanted = two_groups(on_grid), naive_second(on_grid)
    assert up_to_sign(found, wanted) == pytest.approx(wanted, abs=1e-6)


def test_many_numbers_are_no_more_work_than_their_bins():
    z = np.concatenate([rng(1).normal(0, 1, 150_000), rng(2).normal(4, 1, 50_000)])
    groups = two_groups(z) > 0
    near = np.arange(200_000) < 150_000
    assert max((groups == near).mean(), (groups != near).mean()) > 0.95


def test_equal_numbers_are_no_two_groups():
    assert not two_groups(np.full(5, 2.0)).any()


def test_members_are_the_group_with_the_smaller_gradients():
    values, norm = np.array([1.0, 2.0, -1.0]), np.array([5.0, 7.0, 1.0])
    assert oriented(values, norm).tolist() == [-1.0, -2.0, 1.0]
    assert oriented(-values, norm).tolist() == [-1.0, -2.0, 1.0]
    assert oriented(values, -norm).tolist() == values.tolist()


@pytest.mark.slow
def test_the_embedding_finds_the_curve_that_the_table_lies_on():
    """Three functions of one hidden number, and noise of .05: the code is that number, monotonely bent."""
    hidden = rng(1).uniform(-1, 1, 500)
    table = np.column_stack([hidden, hidden**3, np.tanh(3 * hidden)]) + 0.05 * rng(2).standard_normal(
        (500, 3)
    )
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    z = embedded(table, table, width=16, steps=300, rng=rng(3))
    ranks = [values.argsort().argsort() for values in (hidden, z)]
    assert abs(np.corrcoef(*ranks)[0, 1]) > 0.95
    other = embedded(table, table[rng(4).permutation(500)], width=16, steps=300, rng=rng(3))
    assert abs(np.corrcoef(ranks[0], other.argsort().argsort())[0, 1]) < 0.9, "this test could have failed"


@pytest.mark.slow
def test_overfitted_members_form_a_group_and_nobody_was_told():
    """A network that knows 150 random labels by heart, of eight: seven in eight of the others are wrong."""
    targets, member = people(300), np.arange(300) < 150
    targets = Records(targets.x, rng(9).integers(8, size=300))
    view = TorchLearner(factory=wide, epochs=400, batch_size=32).fit(targets.take(member), rng=rng())
    guess = Embedding()(plain_case(view, targets), rng=rng())
    assert auc(guess.score, member) > 0.85
    claimed = guess.score > 0
    assert (claimed[member].mean() + 1 - claimed[~member].mean()) / 2 > 0.8
    (remark,) = guess.diagnostics.remarks
    assert f"{claimed.mean():.0%} of the targets" in said(remark) and guess.diagnostics.conclusive
    again = Embedding()(plain_case(view, targets), rng=rng())
    assert np.array_equal(again.score, guess.score)


def wide():
    return torch.nn.Sequential(torch.nn.Linear(5, 128), torch.nn.ReLU(), torch.nn.Linear(128, 8))


@pytest.mark.slow
def test_one_record_many_times_is_not_conclusive():
    view, targets = network(), people(40).take(np.zeros(40, np.int64))
    guess = Embedding()(plain_case(view, targets), rng=rng())
    assert not guess.score.any() and guess.diagnostics is not None and not guess.diagnostics.conclusive
