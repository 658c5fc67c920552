"""What a reply is, by the stated rule; and every refusal."""

import numpy as np
import pytest

from confide.core.errors import ModelError
from confide.models.kinds import kind_of
from confide.models.replies import (
    clipped_share,
    codes_of,
    columns_of,
    need_classes,
    outputs_of,
)
from confide.models.signals import true_logit


@pytest.mark.parametrize(
    ("reply", "task", "kind"),
    [
        ([[0.25, 0.75], [1.0, 0.0]], None, "probabilities"),
        ([[0.33, 0.33, 0.33]], None, "probabilities"),  # rounded to two digits
        ([[0.25, 0.75], [0.9, 0.9]], None, "sigmoids"),
        ([[-1.0, 2.0]], None, "logits"),
        ([1, 0, 2], None, "labels"),
        (["a", "b"], None, "labels"),
        ([True, False], None, "labels"),
        ([1.0, 0.0], "classification", "labels"),
        ([1.0, 0.0], None, "values"),
        ([3, 4], "regression", "values"),
        ([[3.5], [4.5]], None, "values"),
        ([0.5, 0.25], "classification", "probabilities"),
        ([[2.5], [-0.5]], "classification", "logits"),
    ],
)
def test_the_kind_of_a_reply(reply, task, kind):
    assert kind_of(np.array(reply), task=task) == kind


def test_one_number_a_record_becomes_two_columns_with_the_same_odds():
    chances = np.array([0.25, 0.5, 0.9])
    odds = np.log(chances / (1 - chances))
    y = np.array([1, 1, 1])
    from_chances = outputs_of(chances, "probabilities", name="m")
    from_logits = outputs_of(odds[:, None], "logits", name="m")
    np.testing.assert_allclose(true_logit(from_chances, y), odds, rtol=1e-12)
    np.testing.assert_allclose(true_logit(from_logits, y), odds, rtol=1e-12)


def test_a_probability_of_zero_is_a_finite_logit():
    answer = outputs_of(np.array([[1.0, 0.0]], np.float32), "probabilities", name="m")
    assert answer.dtype == np.float64
    np.testing.assert_allclose(answer, [[0.0, np.log(1e-45)]])


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        ([[0.5, np.nan], [np.inf, 1]], "probabilities", ["2 NaN or infinite", "2 of 2", "first on row 0"]),
        ([[0.5, 0.5], [0.9, 0.9]], "probabilities", ["row 1 sums to 1.8", "--answers logits"]),
        ([[1.5, -0.5]], "probabilities", ["smallest is -0.5"]),
        ([["a"]], "logits", ["not with an array of numbers"]),
        (np.zeros((2, 3, 4)), "logits", ["shape (2, 3, 4)"]),
        ([[1.0, 2.0]], "values", ["2 values for each record"]),
    ],
)
def test_replies_that_cannot_be_used(reply, kind, words):
    with pytest.raises(ModelError) as error:
        outputs_of(np.array(reply), kind, name="my model")
    assert all(word in str(error.value) for word in ["my model", *words])


def test_columns_follow_the_labels_not_the_model():
    assert columns_of(["a", "b", "c"], ["c", "a", "b"], name="m").tolist() == [1, 2, 0]
    assert columns_of([1, 2, 3], ["3", "1", "2"], name="m").tolist() == [1, 2, 0]
    assert columns_of([0, 1], ["no", "yes"], name="m").tolist() == [0, 1]
    assert columns_of([-1, 1], [-1, 1], name="m").tolist() == [0, 1]
    assert columns_of([5, 7, 9], 3, name="m").tolist() == [0, 1, 2]
    # what the labels lack comes last
    assert columns_of(["x", "a", "b"], ["a", "b"], name="m").tolist() == [2, 0, 1]


def test_class_counts_that_do_not_fit():
    with pytest.raises(ModelError, match=r"the model knows 3 classes, the labels need 5.*Give the label"):
        need_classes(3, 5, name="the model")
    with pytest.raises(ModelError, match=r"need 4 .codes 0 to 3.*number the labels from 0 as the model does"):
        need_classes(3, 4, name="the model")
    with pytest.raises(ModelError, match=r"knows 3 classes, the labels need 2: no, yes. Give"):
        need_classes(3, ["no", "yes"], name="the model")
    need_classes(10, 9, name="the model")  # a sample may lack the last class
    need_classes(10, range(9), name="the model")
    with pytest.raises(ModelError, match=r"needs? 3: it does not know c \(it knows a, b\)"):
        columns_of(["a", "b"], ["a", "b", "c"], name="the model")
    with pytest.raises(ModelError, match="does not know no, yes"):
        columns_of(["nein", "ja"], ["no", "yes"], name="the model")
    with pytest.raises(ModelError, match="answers with maybe; the labels are no, yes: write them in the"):
        codes_of(np.array(["no", "maybe"]), {"no": 0, "yes": 1}, name="the model")


def test_clipped_points_are_counted_whichever_side_they_saturate():
    answers = np.array([[1.0, 0.0, 0.0], [0.0, 0.6, 0.4], [0.2, 0.3, 0.5], [0.0, 1.0, 0.0]])
    outputs = outputs_of(answers, "probabilities", name="m")
    assert clipped_share(outputs, np.array([0, 0, 0, 0])) == 0.75  # rows 0 (is 1), 1 (is 0), 3 (is 0)
    assert clipped_share(outputs, np.array([1, 1, 2, 2])) == 0.5  # rows 0 and 3
    assert clipped_share(np.array([[50.0, -60.0]]), np.array([0])) == 0.0  # true logits do not clip
    assert clipped_share(np.array([[3.0], [4.0]]), np.array([3.0, 1.0])) == 0.0
