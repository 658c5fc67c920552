"""Describing people by their items, and regressing a trait on it: against naive or independent references."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit, softmax
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from confide.attacks.attribute.likes import _item_matrix as item_matrix
from confide.attacks.attribute.likes._item_matrix import Axes, TfIdf, matrix, thinned
from confide.attacks.attribute.likes._leave_one_out import own_shift
from confide.attacks.attribute.likes._trait_model import TraitModel, log_odds
from confide.views.interactions import Interactions


def some_likes(n: int, m: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.random((n, m)) < rng.beta(1, 4, m)).astype(np.float64)


def as_matrix(x: np.ndarray):
    return matrix(Interactions.of(*np.nonzero(x), people=x.shape[0], items=x.shape[1]))


def test_tfidf_is_that_of_scikit_learn_and_a_bare_row_stays_zero() -> None:
    x = some_likes(60, 25)
    x[3] = 0
    x[0] = 1  # no item without people, which would be left out here and kept there
    ours = TfIdf.of(as_matrix(x), fewest_people=1)(as_matrix(x)).toarray()
    np.testing.assert_allclose(ours, TfidfTransformer().fit_transform(x).toarray(), atol=1e-12)
    assert not ours[3].any()


def test_tfidf_learns_weights_and_items_from_its_own_people_alone() -> None:
    x = some_likes(60, 25)
    weighed = TfIdf.of(as_matrix(x[:40]), fewest_people=5)
    assert weighed.items.tolist() == (x[:40].sum(axis=0) >= 5).tolist()
    assert weighed(as_matrix(x[40:])).shape == (20, int(weighed.items.sum()))
    among = np.arange(25) % 2 == 0
    assert TfIdf.of(as_matrix(x), fewest_people=1, among=among).items[1::2].sum() == 0


def test_thinned_is_the_largest_set_in_which_all_have_enough() -> None:
    x = some_likes(80, 60, seed=3)
    people, items = np.ones(80, bool), np.ones(60, bool)
    for _ in range(200):  # one at a time, anywhere: the end does not depend on the order
        weak = np.flatnonzero(people & (x[:, items].sum(axis=1) < 6))
        rare = np.flatnonzero(items & (x[people].sum(axis=0) < 12))
        if len(weak):
            people[weak[-1]] = False
        elif len(rare):
            items[rare[0]] = False
    found = thinned(as_matrix(x), fewest_items=6, fewest_people=12)
    assert found[0].tolist() == people.tolist() and found[1].tolist() == items.tolist()
    assert 0 < people.sum() < 80 and 0 < items.sum() < 60


@pytest.mark.parametrize("small", [10**6, 0], ids=["dense", "sparse"])
def test_axes_are_the_leading_singular_directions_without_centring(
    small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_matrix, "SMALL", small)
    x = some_likes(50, 30)
    axes = Axes.of(as_matrix(x), axes=5, fewest_items=0, fewest_people=0, rng=np.random.default_rng(0))
    v = np.linalg.svd(x)[2][:5].T
    np.testing.assert_allclose(axes.v @ axes.v.T, v @ v.T, atol=1e-8)
    np.testing.assert_allclose(axes(as_matrix(x)), x @ axes.v, atol=1e-12)
    assert Axes.of(
        as_matrix(x), axes=100, fewest_items=0, fewest_people=0, rng=np.random.default_rng(0)
    ).v.shape == (30, 29)


def test_log_odds_of_classes_do_not_round_at_the_ends() -> None:
    said = np.array([[0.3, -1.0, 2.0], [50.0, 0.0, -3.0]])
    p = softmax(said, axis=1)
    found = log_odds(said, np.array([2, 1]), "classes")
    np.testing.assert_allclose(found, logit(p[[0, 1], [2, 1]]), rtol=1e-9)
    assert log_odds(said, np.array([0, 0]), "classes")[1] == pytest.approx(50 - np.log1p(np.exp(-3)))


@pytest.mark.parametrize("there", [[0, 2], [1, 2, 3]])
def test_a_class_that_the_panel_lacks_is_never_claimed(there: list[int]) -> None:
    rng = np.random.default_rng(0)
    value = rng.choice(there, 90).astype(np.float64)
    x = some_likes(90, 8) + (value[:, None] == np.arange(8))
    model = TraitModel.fit(x, value, kind="classes", classes=4, c=1.0)
    said = model(x, blank=np.zeros(90, bool))
    missing = [c for c in range(4) if c not in there]
    assert (said[:, missing] == -np.inf).all()
    reference = LogisticRegression(C=1.0, tol=1e-8, max_iter=1_000).fit(x, value).predict_proba(x)
    np.testing.assert_allclose(softmax(said, axis=1)[:, there], reference, atol=2e-3)


def test_a_ridge_solves_its_normal_equations_and_the_bare_get_the_mean() -> None:
    rng = np.random.default_rng(0)
    x, value = some_likes(70, 12), rng.normal(5, 1, 70)
    centred = x - x.mean(axis=0)
    weights = np.linalg.solve(centred.T @ centred + 0.5 * np.eye(12), centred.T @ (value - value.mean()))
    for form in (x, as_matrix(x)):
        model = TraitModel.fit(form, value, kind="number", classes=2, c=2.0)
        np.testing.assert_allclose(model.weights[:, 0], weights, atol=1e-4)
        assert model(form, blank=np.ones(70, bool))[0, 0] == pytest.approx(value.mean())


@pytest.mark.parametrize("m", [15, 150])
def test_own_shift_is_that_of_training_again_without_him(m: int) -> None:
    rng = np.random.default_rng(1)
    n, c = 120, 3.0
    likes = some_likes(n, m, seed=2)
    yes = rng.random(n) < expit(2 * (likes[:, :5].sum(axis=1) - likes[:, :5].sum(axis=1).mean()))
    x = TfIdf.of(as_matrix(likes), fewest_people=1)(as_matrix(likes))
    model = TraitModel.fit(x, yes.astype(float), kind="binary", classes=2, c=c)
    people = np.arange(0, n, 3)
    found = own_shift(x, yes, model, people, c=c)

    def says(rows: np.ndarray) -> np.ndarray:
        again = LogisticRegression(C=c, tol=1e-10, max_iter=5_000, solver="newton-cholesky")
        return expit(again.fit(x.toarray()[rows], yes[rows]).decision_function(x.toarray()))

    everybody = says(np.arange(n))
    true = np.array([abs(everybody[i] - says(np.delete(np.arange(n), i))[i]) for i in people])
    assert np.abs(found - true).max() < 0.15 * true.max()
    assert np.median(np.abs(found - true)) < 0.05 * np.median(true)
    assert np.corrcoef(found, true)[0, 1] > 0.99
