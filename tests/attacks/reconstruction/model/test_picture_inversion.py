"""Picture inversion: the priors by finite differences, and the optimum of a linear model in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import dctn, idctn

from confide.attacks.reconstruction.model import PictureInversion
from confide.attacks.reconstruction.model.picture_inversion import _Prior
from confide.core.nouns import Case
from confide.knowledge.pictures import PictureKnowledge
from confide.models.linear import LinearModel

RNG = np.random.default_rng
KNOWN = PictureKnowledge(RNG(0).random((9, 4, 5)))


@pytest.mark.parametrize(("statistics", "variation"), [(0.3, 0.0), (0.0, 0.7), (0.2, 0.1)])
def test_the_priors_gradient_by_finite_differences(statistics: float, variation: float) -> None:
    prior, x, step = _Prior.of(KNOWN, statistics=statistics, variation=variation), RNG(1).random((4, 5)), 1e-6
    _, slope = prior(x)
    for i in range(4):
        for j in range(5):
            up, down = x.copy(), x.copy()
            up[i, j] += step
            down[i, j] -= step
            assert slope[i, j] == pytest.approx((prior(up)[0] - prior(down)[0]) / (2 * step), abs=1e-6)


def test_where_the_loss_is_linear_the_picture_is_the_smoothed_template() -> None:
    """Far from sure, the loss of two classes with weights -w and w is nearly linear: its slope is -w (1 - p).

    Then the minimum is mean + (1 - p) / statistics times the template weighted by the power of frequencies.
    """
    w = 1e-4 * RNG(2).standard_normal((4, 5))
    model = LinearModel(np.append(w, 0.0)[None])
    case = Case(model, KNOWN, np.array([1]))
    guess = PictureInversion(statistics=0.01, variation=0.0)(case, rng=RNG(0))
    smoothed = idctn(dctn(w, norm="ortho") * KNOWN.power, norm="ortho")
    expected = KNOWN.mean + 0.5 / 0.01 * smoothed
    assert guess.value is not None
    assert np.allclose(guess.value[0].reshape(4, 5), expected, atol=2e-4)
    assert np.abs(expected - KNOWN.mean).max() > 1e-3  # the template is seen at all


def test_pictures_stay_in_the_range_of_the_inputs() -> None:
    model = LinearModel(100 * RNG(3).standard_normal((3, 21)))
    guess = PictureInversion(statistics=0.0, variation=0.0)(Case(model, KNOWN, np.arange(3)), rng=RNG(0))
    assert guess.value is not None and guess.value.min() >= 0 and guess.value.max() <= 1
