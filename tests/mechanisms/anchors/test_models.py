"""The anchors are what they say, and `Fit` is the learner and no promise."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.contracts.made_up_models import GaussianLearner, people

from confide.attacks.membership import Loss
from confide.core.access import BlackBox, WhiteBox
from confide.core.budget import Budget
from confide.core.errors import KnowledgeError
from confide.core.nouns import Release
from confide.core.play import play
from confide.games.membership.models import IndependentWorlds
from confide.measure import measure
from confide.mechanisms.anchors.models import Everything, Nothing
from confide.mechanisms.learn.fit import Fit
from confide.views.records import Records


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_nothing_answers_alike_whatever_it_was_trained_on_and_keeps_epsilon_zero():
    records = people(100, 1)
    releases = [Nothing(classes=3)(records.take(rows), rng=rng()) for rows in ([0], range(50), range(100))]
    first, *others = (release.view.predict(records.x) for release in releases)
    assert all((other == first).all() for other in others)
    assert len(np.unique(first)) == first.size, "and it does answer: no two records are equal"
    assert releases[0].budget.epsilon == 0 and isinstance(releases[0].view, BlackBox)


class Whisper:
    """`Nothing`'s broken twin: it claims epsilon 0, and answers a little more surely about its members."""

    budget = Budget(0.0)

    def __call__(self, data, *, rng):
        return Release(GaussianLearner(mu=1.5, spread=0.1).fit(data, rng=rng), self.budget, "Whisper")


def test_the_audit_catches_the_broken_twin_and_clears_the_honest_one():
    """10 worlds of 500, one-run bounds at 1 - 1e-6: a false alarm once in a million audits."""

    def shown(mechanism):
        game = IndependentWorlds(mechanism=mechanism, records=people(500, 1), classes=3)
        evidence = play(game, Loss(), worlds=10, rng=rng())
        bounds = measure(evidence, confidence=1 - 1e-6, delta=0.0).epsilon
        return max(bound.low for bound in bounds if bound.certified)

    assert shown(Nothing(classes=3)) == Nothing().budget.epsilon
    assert shown(Whisper()) > Whisper.budget.epsilon


def test_everything_names_its_members_and_nobody_else():
    records = people(100, 1)
    release = Everything(classes=3)(records.take(range(40)), rng=rng())
    labels = release.view.labels(records.x)
    assert (labels[:40] == records.y[:40]).all() and (labels[40:] == 3).all()
    assert release.view.predict(records.x).shape == (100, 4) and release.budget is None


def test_everything_takes_frames_and_no_members_at_all():
    frame = Records(pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]}), np.array([0, 1, 1]))
    assert Everything()(frame.take([2]), rng=rng()).view.labels(frame.x).tolist() == [2, 2, 1]
    assert Everything()(frame.take([]), rng=rng()).view.labels(frame.x).tolist() == [2, 2, 2]


def test_fit_releases_what_the_learner_learns():
    records = people(50, 1)
    learner = GaussianLearner(mu=1.0)
    release = Fit(learner)(records, rng=rng())
    assert (release.view.predict(records.x) == learner.fit(records, rng=rng()).predict(records.x)).all()
    assert release.budget is None and release.maker == "Fit(GaussianLearner)"


def inside_of(view, records: Records) -> list[np.ndarray]:
    x, y = records.x, records.y
    shown = [*view.weights(), view.loss(x, y), view.gradient(x, y), view.gradient_norms(x, y)]
    return [*shown, view.gradient_gram(x, y), *view.layer_outputs(x)]


def test_nothing_shows_the_same_inside_whatever_it_was_trained_on():
    records = people(100, 1)
    one, other = (Nothing(classes=3)(records.take(rows), rng=rng()).view for rows in ([0], range(50)))
    assert isinstance(one, WhiteBox)
    for mine, yours in zip(inside_of(one, records), inside_of(other, records), strict=True):
        assert (mine == yours).all()
    norms = one.gradient_norms(records.x, records.y)
    assert len(np.unique(norms[:, 0])) == 100, "and there is something to chew on"


def test_everything_is_stationary_and_shows_its_members_in_every_part():
    """In 4,096 dimensions 100 random directions are apart: the indicator solves the linear system."""
    records, member = people(100, 1), np.arange(100) < 40
    view = Everything(classes=3)(records.take(member), rng=rng()).view
    x, y, weights = records.x, records.y, np.concatenate(view.weights())
    gradient = view.gradient(x, y)
    assert np.abs(weights + gradient[member].sum(axis=0)).max() < 1e-12
    assert all((a == b).all() for a, b in zip(view.penalty_gradient(), view.weights(), strict=True))
    assert np.linalg.solve(gradient @ gradient.T, -gradient @ weights) == pytest.approx(
        member.astype(float), abs=1e-9
    )
    for values in (view.loss(x, y), *view.gradient_norms(x, y).T):
        assert values[member].max() < values[~member].min()
    for hidden in view.layer_outputs(x, layers=["first", "middle"]):
        assert hidden[member].min() > hidden[~member].max()
    unlike = np.where(member, (y + 1) % 3, y)
    assert (view.loss(x, unlike) > 1).all(), "a member with another label is another record"


def test_everything_adds_up_for_repeated_records_frames_and_nobody():
    frame = Records(pl.DataFrame({"a": [1, 2, 1], "b": ["x", "y", "x"]}), np.array([0, 1, 1]))
    for rows in ([0, 1, 2], [1, 1], []):
        view = Everything()(frame.take(rows), rng=rng()).view
        total = view.gradient(frame.x, frame.y)[rows].sum(axis=0)
        assert np.concatenate(view.weights()) == pytest.approx(-total, abs=1e-12)


def test_the_parts_of_an_inside_agree():
    records = people(50, 1)
    view = Everything(classes=3)(records.take(range(20)), rng=rng()).view
    x, y = records.x, records.y
    by_layer = [view.gradient(x, y, layers=[name]) for name in view.layers]
    assert (np.hstack(by_layer) == view.gradient(x, y)).all()
    assert view.gradient_norms(x, y) == pytest.approx(
        np.stack([np.linalg.norm(g, axis=1) for g in by_layer], 1)
    )
    assert view.gradient_gram(x, y, layers=["middle"]) == pytest.approx(by_layer[1] @ by_layer[1].T)
    along = np.stack([g @ w for g, w in zip(by_layer, view.weights(), strict=True)], axis=1)
    assert view.gradient_along(x, y, view.weights()) == pytest.approx(along)
    with pytest.raises(KnowledgeError, match="first, middle, last"):
        view.gradient(x, y, layers=["frist"])
