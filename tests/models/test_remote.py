"""Models that can only be asked: batches, failures, counts."""

from functools import partial

import numpy as np
import polars as pl
import pytest
import torch

from confide.core.access import BlackBox, LabelOnly, access_of
from confide.core.errors import ModelError
from confide.models.remote import Line, remote


def softmax_of(x):
    z = np.exp(np.column_stack([x[:, 0], -x[:, 0]]))
    return z / z.sum(axis=1, keepdims=True)


def test_batches_are_put_together_in_order_and_counted():
    sizes = []

    def predict(x):
        sizes.append(len(x))
        return softmax_of(x)

    line = Line(predict, batch_size=4)
    x = np.random.default_rng(7).normal(size=(10, 2))
    view = remote(line, answers="probabilities")
    np.testing.assert_allclose(np.exp(view.predict(x)), softmax_of(x))
    assert sizes == [4, 4, 2]
    assert view.queries == 10
    assert isinstance(view, BlackBox)
    frame = pl.DataFrame({"a": x[:, 0], "b": x[:, 1]})
    by_frame = remote(Line(lambda f: softmax_of(f.to_numpy()), batch_size=3), answers="probabilities")
    np.testing.assert_allclose(by_frame.predict(frame), view.predict(x))


def test_it_tries_again_and_waits_twice_as_long_each_time():
    slept, calls = [], []

    def flaky(x):
        calls.append(len(x))
        if len(calls) in (1, 2, 4):
            raise ConnectionError("busy")
        return softmax_of(x)

    line = Line(flaky, batch_size=2, attempts=3, wait=0.5, sleep=slept.append)
    remote(line, answers="probabilities").predict(np.ones((4, 1)))
    assert slept == [0.5, 1.0, 0.5]
    assert line.queries == 10  # five attempts of two records


def test_it_gives_up_with_the_last_message():
    slept = []

    def down(x):
        raise TimeoutError("no route")

    line = Line(down, attempts=3, sleep=slept.append)
    with pytest.raises(
        ModelError, match=r"down` failed 3 times on a batch of 5 .*TimeoutError: no route.*by hand"
    ):
        line(np.ones((5, 1)))
    assert len(slept) == 2


def test_a_line_that_returns_labels_is_label_only():
    x = np.array([[1.0], [-1.0], [2.0]])
    by_code = remote(Line(lambda x: (x[:, 0] > 0).astype(int)), probe=x)
    by_name = remote(Line(lambda x: np.where(x[:, 0] > 0, "up", "down")), classes=["up", "down"], probe=x)
    assert access_of(by_code) == access_of(by_name) == "label-only"
    assert not hasattr(by_code, "predict")
    assert not isinstance(by_code, BlackBox)
    assert isinstance(by_code, LabelOnly)
    assert by_code.labels(x).tolist() == [1, 0, 1]
    assert by_name.labels(x).tolist() == [0, 1, 0]
    assert by_name.labels(x[:1]).tolist() == [0]  # a batch that meets one class only
    numbered = remote(Line(lambda x: (x[:, 0] > 0).astype(int)), classes=["down", "up"], probe=x)
    assert numbered.labels(x).tolist() == [1, 0, 1]
    assert numbered.labels(x[:1]).tolist() == [1]
    with pytest.raises(ModelError, match="answers with sideways; the labels are up, down: write them in the"):
        remote(Line(lambda x: np.full(len(x), "sideways")), classes=["up", "down"], answers="labels").labels(
            x
        )
    with pytest.raises(ModelError, match=r"give `classes`"):
        remote(Line(lambda x: np.full(len(x), "up")), answers="labels").labels(x)
    with pytest.raises(ModelError, match="answers with 7"):
        remote(Line(lambda x: np.full(len(x), 7)), classes=2, answers="labels").labels(x)


def test_values_mean_regression():
    x = np.array([[1.5], [2.25]])
    view = remote(Line(lambda x: x[:, 0] * 2), probe=x)
    assert view.task == "regression"
    np.testing.assert_array_equal(view.predict(x), [[3.0], [4.5]])
    np.testing.assert_array_equal(view.labels(x), [3.0, 4.5])
    chance = remote(Line(lambda x: x[:, 0] / 3), task="classification", probe=x)
    np.testing.assert_allclose(np.exp(chance.predict(x)), [[0.5, 0.5], [0.25, 0.75]])


@pytest.mark.parametrize(
    ("predict", "options", "words"),
    [
        (softmax_of, {}, "give a few records as `probe`, or give answers="),
        (lambda x: softmax_of(x)[:-1], {"answers": "logits"}, "gave 2 answers to 3 records"),
        (lambda x: 0.5, {"answers": "logits"}, "gave one number as answers to 3 records"),
        (lambda x: softmax_of(x) * np.nan, {"answers": "probabilities"}, "6 NaN or infinite .* row 0"),
        (softmax_of, {"answers": "probabilities", "classes": 5}, "knows 2 classes, the labels need 5"),
        (softmax_of, {"answers": "probabilities", "task": "regression"}, "do not fit a regression"),
    ],
)
def test_refusals(predict, options, words):
    with pytest.raises(ModelError, match=words):
        remote(Line(predict), **options).predict(np.ones((3, 1)))


def needs(hidden):
    return torch.nn.Linear(2, len(hidden))


def grows(hidden):
    return [0] * hidden.no_such_setting


@pytest.mark.parametrize("function", [needs, grows])
def test_a_function_that_makes_a_model_from_an_argument_is_told_that_it_must_need_none(function):
    says = "taken for `predict\\(X\\)`: if it makes a model, it must need no arguments"
    with pytest.raises(ModelError, match=says):
        remote(Line(function, wait=0), answers="logits").predict(np.ones((3, 1)))
    # What is called in another way makes no models.
    with pytest.raises(ModelError) as caught:
        remote(Line(partial(function), wait=0), answers="logits").predict(np.ones((3, 1)))
    assert "no arguments" not in str(caught.value)


def test_a_line_needs_room_for_one():
    with pytest.raises(ModelError, match="batch_size is 0 and attempts 3: give 1 or more"):
        Line(softmax_of, batch_size=0)
