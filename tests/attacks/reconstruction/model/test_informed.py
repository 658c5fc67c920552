"""The informed adversary against hand-made cases, every kind of linear model, and the growth of its error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

from confide.attacks.reconstruction.model import InformedRebuild
from confide.attacks.reconstruction.model._residual import foretold_errors, optimality, usual_errors
from confide.attacks.reconstruction.model.informed import solved
from confide.core.budget import Budget
from confide.core.nouns import Case, Guess
from confide.core.play import play
from confide.games.reconstruction.models import RecordRebuilding
from confide.knowledge.rebuilding import InformedRebuilding, KnownRest
from confide.learners.newton import NewtonRegression
from confide.measure.rebuilding import chance_of_hit, largest_errors
from confide.measure.rebuilding_bound import success_bound, success_bound_of_budget
from confide.mechanisms.learn.fit import Fit
from confide.mechanisms.learn.output_perturbation import OutputPerturbation
from confide.models.linear import LinearModel, features_of
from confide.models.linear_form import linear_form_of
from confide.models.sklearn.inside import SklearnInside
from confide.views.records import Records

RNG = np.random.default_rng


def people(n: int = 120, d: int = 5, classes: int = 3, seed: int = 0) -> Records:
    x = RNG(seed).standard_normal((n, d))
    return Records(x, (x[:, :classes] + RNG([seed, 1]).standard_normal((n, classes))).argmax(axis=1))


def rebuild(view: Any, records: Records, inside: int, penalty: float) -> Guess:
    """All records asked about; the first ones trained the model."""
    member, everybody = np.arange(len(records)) < inside, np.arange(len(records))
    known = InformedRebuilding(KnownRest(records, member, everybody), penalty)
    return InformedRebuild()(Case(view, known, everybody), rng=RNG(0))


def test_one_record_of_one_feature_by_hand() -> None:
    """Two records, weight w and intercept b: at the optimum the gradients cancel, whatever the second is.

    With penalty 0 the known record is (1, label 1). Weights 0 give p = 1/2 everywhere, so its gradient is
    -1/2 (1, 1), and what is left is 1/2 (x, 1) of a record (1, label 0): the only one that balances it.
    """
    records = Records(np.array([[1.0], [1.0]]), np.array([1, 0]))
    known = InformedRebuilding(KnownRest(records, np.array([True, True]), np.array([1])), 0.0)
    guess = InformedRebuild()(Case(LinearModel(np.zeros((1, 2))), known, np.array([0])), rng=RNG(0))
    assert guess.value is not None and guess.value.tolist() == [[1.0, 0.0]]
    assert guess.score[0] == pytest.approx(16)  # an exact fit


def test_a_shortened_gradient_gives_its_record_away_too() -> None:
    """Weights 0 give p = 1/2: the gradient of (3, label 0) is 1/2 (3, 1), shortened to the length 1/2."""
    form = linear_form_of(LinearModel(np.zeros((1, 2))))
    assert form is not None
    left = np.array([[3.0, 1.0]]) / (2 * np.sqrt(10))
    record, misfit = solved(form, left, 0.5)
    assert record == pytest.approx([3.0, 0.0]) and misfit < 1e-12
    unaware, doubt = solved(form, left)
    assert unaware == pytest.approx([3.0, 0.0]) and doubt > 0.5, "the length does not fit the model"


def test_every_linear_model_of_ours_gives_every_record_away() -> None:
    for classes in (2, 3):
        records = people(classes=classes)
        view = NewtonRegression(classes=classes, penalty=1.0).fit(records.take(np.arange(80)), rng=RNG(0))
        guess = rebuild(view, records, 80, 1.0)
        assert guess.value is not None
        assert largest_errors(guess.value[:80, :-1], records.x[:80]).max() <= 1e-8
        assert (guess.value[:80, -1] == records.y[:80]).all()
        assert guess.score[:80].min() > guess.score[80:].max()


@pytest.mark.parametrize("labels", [["b", "a", "c"], ["no", "yes"]], ids=["softmax", "logistic"])
def test_scikit_learn_with_classes_in_another_order_than_their_codes(labels: list[str]) -> None:
    records = people(classes=len(labels))
    words = np.array(labels)[records.y]
    fitted = LogisticRegression(C=0.5, tol=1e-12, max_iter=5_000, solver="newton-cg").fit(
        records.x[:80], words[:80]
    )
    guess = rebuild(SklearnInside(fitted, classes=labels), records, 80, 2.0)
    assert guess.value is not None
    assert largest_errors(guess.value[:80, :-1], records.x[:80]).max() <= 1e-4
    assert (guess.value[:80, -1] == records.y[:80]).all()


@pytest.mark.parametrize(
    ("regression", "penalty"), [(Ridge(alpha=3.0), 6.0), (LinearRegression(), 0.0)], ids=["ridge", "linear"]
)
def test_regressions_give_features_and_values_away(regression: Any, penalty: float) -> None:
    x = RNG(0).standard_normal((60, 4))
    y = x @ np.arange(4.0) + 2 + RNG(1).standard_normal(60)
    view = SklearnInside(regression.fit(x[:40], y[:40]))
    guess = rebuild(view, Records(x, y), 40, penalty)
    assert guess.value is not None
    assert largest_errors(guess.value[:40], np.column_stack([x, y])[:40]).max() <= 1e-8
    assert guess.score[:40].min() > guess.score[40:].max()


def test_the_error_is_the_one_foretold_from_the_residual() -> None:
    """To first order: in a model that is slightly off the forecast is right to a few in a thousand."""
    records = people(200)
    made = NewtonRegression(classes=3, penalty=1.0).fit(records, rng=RNG(0))
    off = LinearModel(made.rows + 1e-8 * RNG(3).standard_normal(made.rows.shape))
    form = linear_form_of(off)
    assert form is not None
    found = optimality(form, records, penalty=1.0)
    guess = rebuild(off, records, 200, 1.0)
    assert guess.value is not None
    measured = largest_errors(guess.value[:, :-1], records.x)
    assert np.allclose(measured, foretold_errors(form, records, found), rtol=5e-3)
    # A random direction foretells the size alone: the median within a factor of three.
    usual = np.median(usual_errors(form, records, mean_gradient=found.mean_gradient, records=200))
    rms = np.median(np.sqrt(((guess.value[:, :-1] - records.x) ** 2).mean(axis=1)))
    assert rms / 3 < usual < 3 * rms


def test_the_penalty_that_fits_is_the_one_of_training() -> None:
    records = people()
    view = NewtonRegression(classes=3, penalty=0.7).fit(records, rng=RNG(0))
    form = linear_form_of(view)
    assert form is not None
    found = optimality(form, records, penalty=None)
    assert found.penalty == pytest.approx(0.7, abs=1e-9) and found.mean_gradient < 1e-11


def test_errors_grow_with_the_distance_from_the_optimum_and_the_attack_says_so() -> None:
    records, medians = people(300), []
    for goal in (1e-12, 1e-7, 1e-4):
        view = NewtonRegression(classes=3, penalty=1.0, mean_gradient=goal).fit(records, rng=RNG(0))
        guess = rebuild(view, records, 300, 1.0)
        assert guess.value is not None and guess.diagnostics is not None and guess.diagnostics.conclusive
        medians.append(float(np.median(largest_errors(guess.value[:, :-1], records.x))))
    assert medians[0] < 1e-9 < medians[1] < 1e-3 < medians[2]
    far = rebuild(LinearModel(RNG(0).standard_normal((3, 6))), records, 300, 1.0)
    assert far.diagnostics is not None and not far.diagnostics.conclusive
    assert "luck and no protection" in str(far.diagnostics.remarks)


def private(epsilon: float, records: Records) -> RecordRebuilding:
    made = OutputPerturbation(
        budget=Budget(epsilon, 1e-3), classes=2, penalty=1.0, radius=1.0, noise="rehearsal"
    )
    return RecordRebuilding(mechanism=made, records=records, penalty=1.0, targets=40)


@pytest.mark.slow
@pytest.mark.parametrize("epsilon", [2.0, 30.0])
def test_under_a_promise_success_is_at_or_below_its_bound(epsilon: float) -> None:
    """The records that share a world share its noise: the interval is that of the means of 40 worlds.

    Five standard errors: a sound trainer fails once in some million runs.
    """
    x = RNG(0).standard_normal((120, 2))
    records = Records(x, (x[:, 0] > 0).astype(np.int64))
    seen = features_of(x, 1.0)[:, :-1]
    game = private(epsilon, records)
    radius = 0.2
    prior = chance_of_hit(seen, radius) * 120 / 50  # at least 50 of 120 are out with all but certainty
    found = play(
        RecordRebuilding(mechanism=game.mechanism, records=records, penalty=1.0, targets=40, radius=radius),
        InformedRebuild(), worlds=40, rng=RNG(1),
    )  # fmt: skip
    bound = success_bound_of_budget(epsilon=epsilon, delta=1e-3, prior=min(prior, 1.0))
    inside = found.table.filter("exposed").group_by("world").mean()["hit"].to_numpy()
    assert inside.mean() <= bound + 5 * inside.std() / np.sqrt(len(inside))


def test_a_trainer_without_noise_is_above_the_bound() -> None:
    """The broken twin: it claims mu = 1, and adds nothing."""
    records = people(60)
    game = RecordRebuilding(
        mechanism=Fit(NewtonRegression(classes=3, penalty=1.0)), records=records, penalty=1.0
    )
    found = play(game, InformedRebuild(), worlds=1, rng=RNG(0))
    success = float(found.table.filter("exposed")["hit"].mean())
    assert success == 1.0 > success_bound(mu=1.0, prior=0.1)
