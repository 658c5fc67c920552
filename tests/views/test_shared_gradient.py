"""What was sent, as gradients: vectors, changes of one step, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.views.shared_gradient import Layer, SharedGradient

LAYERS = (Layer(weight=np.zeros((2, 3)), bias=np.zeros(2), activation="relu"), Layer(weight=np.zeros((4, 2))))


def test_a_vector_is_read_layer_by_layer_weights_before_biases() -> None:
    sent = SharedGradient.of_vector(LAYERS, np.arange(16.0), records=1)
    (first, bias), (second, none) = sent.gradients
    assert first.tolist() == [[0, 1, 2], [3, 4, 5]] and bias is not None and bias.tolist() == [6, 7]
    assert second.ravel().tolist() == list(range(8, 16)) and none is None
    assert sent.vector.tolist() == list(range(16))


def test_a_change_is_minus_rate_times_steps_times_the_gradient() -> None:
    gradient = np.arange(16.0)
    sent = SharedGradient.of_vector(LAYERS, -0.5 * 2 * gradient, records=1, rate=0.5, steps=2)
    assert np.array_equal(sent.vector, gradient)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"records": 0}, "0 records"),
        ({"records": 1, "rate": 0.0}, "rate 0.0"),
        ({"records": 1, "steps": 0}, "0 steps"),
        ({"records": 1, "vector": np.full(16, np.nan)}, "not finite"),
        ({"records": 1, "vector": np.zeros(15)}, "16 parameters"),
    ],
)
def test_what_is_no_gradient_of_the_network_is_refused(how: dict[str, Any], says: str) -> None:
    vector = how.pop("vector", np.zeros(16))
    with pytest.raises(DataError, match=says):
        SharedGradient.of_vector(LAYERS, vector, **how)


def test_other_shapes_are_refused_with_both() -> None:
    with pytest.raises(DataError, match=r"layer 0 .* \(2, 3\), and \(3, 2\)"):
        SharedGradient(layers=LAYERS[:1], shared=((np.zeros((3, 2)), np.zeros(2)),), records=1)
    with pytest.raises(DataError, match="2 layers, and gradients of 1"):
        SharedGradient(layers=LAYERS, shared=((np.zeros((2, 3)), np.zeros(2)),), records=1)
