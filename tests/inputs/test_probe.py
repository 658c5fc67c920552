"""The probe before any attack: a model right on fewer members than guessing stops; so does a wrong order."""

import numpy as np
import pytest

from confide.core.access import BlackBox
from confide.core.errors import ModelError
from confide.inputs.probe import CHANGING, Said, asked_about, need_right, unsteady
from confide.models.remote import Line, remote
from confide.views.records import Records

RNG = np.random.default_rng(5)
N = 600
Y = RNG.integers(0, 4, N)
MEMBER = np.arange(N) < N // 2
CLASSES = ["a", "b", "c", "d"]


@pytest.fixture(autouse=True)
def _same_draws():
    """What a test draws does not depend on the tests before it."""
    RNG.bit_generator.state = np.random.default_rng(6).bit_generator.state


def said(codes, *, width=4):
    """Logits that decide for these classes."""
    return Said(answers=np.eye(width)[codes] * 3 + RNG.normal(size=(N, width)) * 0.1, scores=True)


def with_errors(share):
    """The labels, but for a share of wrong ones drawn evenly from all classes."""
    return np.where(RNG.random(N) < share, RNG.integers(0, 4, N), Y)


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [1, 2, 3, 0], [3, 2, 1, 0], [0, 1, 3, 2]])
def test_any_other_order_of_the_classes_is_found(order):
    moved = np.array(order)[with_errors(0.2)]
    with pytest.raises(ModelError, match="--class"):
        need_right(said(moved), Y, MEMBER, CLASSES, ordered=False)
    # as labels too
    with pytest.raises(ModelError, match="--class"):
        need_right(Said(answers=moved, scores=False), Y, MEMBER, CLASSES, ordered=False)


def test_two_of_many_classes_that_changed_places_are_named():
    with pytest.raises(
        ModelError, match=r"right about [45]\d% .*another order it would be about 9\d% .*b fits c, c fits b"
    ):
        need_right(said(np.array([0, 2, 1, 3])[with_errors(0.05)]), Y, MEMBER, CLASSES, ordered=False)


def test_a_model_that_guesses_is_hardly_ever_stopped():
    """The rule stops 1 in 1,000 by chance: 3 or more of 200 have a probability of 0.001."""
    stopped = 0
    for _ in range(200):
        try:
            need_right(Said(answers=RNG.integers(0, 4, N), scores=False), Y, MEMBER, CLASSES, ordered=False)
        except ModelError:
            stopped += 1
    assert stopped < 3


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_models_that_are_right_pass(share):
    need_right(said(with_errors(share)), Y, MEMBER, CLASSES, ordered=False)


def test_a_model_of_one_class_only_passes():
    need_right(Said(answers=np.zeros(N, int), scores=False), Y, MEMBER, CLASSES, ordered=False)


def test_costs_are_a_likely_cause():
    costs = Said(answers=-said(Y).answers, scores=True)
    with pytest.raises(ModelError, match=r"right about 0% of its members.*--answers costs"):
        need_right(costs, Y, MEMBER, CLASSES, ordered=False)


def test_values_in_another_unit_stop():
    y = RNG.normal(50, 10, N)
    close = Said(answers=(y + RNG.normal(size=N))[:, None], scores=True)
    need_right(close, y, MEMBER, None, ordered=False)
    need_right(Said(answers=np.full((N, 1), y.mean()), scores=True), y, MEMBER, None, ordered=False)
    with pytest.raises(ModelError, match="another unit"):
        need_right(Said(answers=close.answers / 10, scores=True), y, MEMBER, None, ordered=False)


def test_answers_that_change_are_said():
    x = RNG.normal(size=(N, 3))
    draw = np.random.default_rng(1)

    def chance(x):
        return 1 / (1 + np.exp(-x[:, 0]))

    def noisy(x):
        return np.clip(chance(x) + draw.normal(0, 0.1, len(x)), 0, 1)

    def by_batch(x):
        return chance(x - x.mean(axis=0))

    for model, changes in ((chance, False), (noisy, True), (by_batch, True), (lambda x: x[:, 0] > 0, False)):
        view = remote(Line(model), task="classification", probe=x, classes=2)
        found = unsteady(view, x, asked_about(view, Records(x, np.zeros(N, np.int64))))
        assert list(found) == [CHANGING] * changes
        assert all("change from call to call" in why for why in found.values())


def test_labels_of_which_one_in_fifty_changes_are_said() -> None:
    """Of 512 records that are asked twice none changes with probability .96^512 (two draws), below 1e-9."""
    x, draw = RNG.normal(size=(600, 3)), np.random.default_rng(1)
    view = remote(Line(lambda x: (x[:, 0] > 0) ^ (draw.random(len(x)) < 0.02)), classes=2, probe=x)
    assert not isinstance(view, BlackBox)
    assert unsteady(view, x, asked_about(view, Records(x, np.zeros(600, np.int64))))
