"""Errors of SEAL's ciphertexts against their law, and promises against the errors found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest, laplace, norm

pytest.importorskip("tenseal")

from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic, Polynomial, Square
from confide.mechanisms.encrypt.errors import DEVIATIONS, worst_error
from confide.mechanisms.encrypt.evaluating import Layout, column_scores, period, rotations, row_scores
from confide.mechanisms.encrypt.parameters import Parameters
from confide.mechanisms.encrypt.seal import Seal, rotation_keys

PARAMETERS = Parameters(8192, (45, 35, 35, 35, 60))
TIGHT = Parameters(8192, (45, 35, 35, 35, 45))  # the special prime is no larger than the first


def seal_of(parameters: Parameters, steps: tuple[int, ...] = ()) -> Seal:
    context = parameters.context()
    keys = rotation_keys(context, parameters, steps) if steps else None
    return Seal(context, parameters, rotations=keys)


def test_rounding_errors_follow_laplace_and_fresh_ones_the_normal_law() -> None:
    """4,096 slots a law. Each p-value is below 1e-4 once in 10,000 runs; the wrong law is refused."""
    seal = seal_of(PARAMETERS)
    fresh = seal.read(seal.encrypted(np.zeros(PARAMETERS.slots)))
    error = seal.decrypted(fresh) / PARAMETERS.fresh_error()
    assert kstest(error, norm.cdf).pvalue > 1e-4
    scale = PARAMETERS.scale * seal.prime(fresh) / seal.scale(fresh)
    rounded = seal.rounded(seal.times(fresh, seal.coded(1e-3, fresh, scale)), PARAMETERS.scale)
    error = seal.decrypted(rounded) / PARAMETERS.rescaling_error()
    assert kstest(error, laplace(scale=np.sqrt(0.5)).cdf).pvalue > 1e-4
    assert kstest(error, norm.cdf).pvalue < 1e-6
    assert laplace(scale=np.sqrt(0.5)).sf(DEVIATIONS) * 2 < 2.5e-9


@pytest.mark.parametrize("parameters", [PARAMETERS, TIGHT], ids=["large", "tight"])
def test_turning_adds_the_error_that_is_said(parameters: Parameters) -> None:
    """The deviation of 4,096 slots under Laplace's law is found within 1.8 % at one standard error.

    Where the special prime is no larger than the others, the first slots are off by far more than the rest.
    """
    seal = seal_of(parameters, (1,))
    error = seal.decrypted(seal.rotated(seal.read(seal.encrypted(np.zeros(parameters.slots))), 1))
    said = np.hypot(parameters.fresh_error(), parameters.rotation_error(parameters.levels))
    if parameters is PARAMETERS:
        assert abs(np.std(error) / said - 1) < 0.12
    assert said / 30 < np.abs(error).max() < DEVIATIONS * said


def affine(inputs: int, outputs: int, rng: np.random.Generator) -> Affine:
    return Affine(rng.normal(size=(outputs, inputs)) / np.sqrt(inputs), rng.normal(size=outputs))


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize("kind", ["linear", "squares", "cubic", "seventh"])
def test_no_slot_is_off_by_more_than_promised_nor_thirty_times_less(kind: str, layout: Layout) -> None:
    rng = np.random.default_rng(5)
    middle = {
        "linear": (),
        "squares": (Square(), affine(4, 4, rng)),
        "cubic": (Polynomial((0.5, 0.25, 0.0, -0.01)),),
        "seventh": (Polynomial((0.5, 0.2, 0.1, -0.1, 0.05, 0.01, 0.02, -0.01)),),
    }[kind]
    model = Arithmetic((affine(6, 4, rng), *middle))
    parameters = Parameters(16384, (45, *[35] * model.depth, 60)) if model.depth > 3 else PARAMETERS
    seal = seal_of(parameters, rotations(model) if layout == "rows" else ())
    slots, scale = parameters.slots, parameters.scale
    if layout == "columns":
        x = rng.uniform(-1, 1, (slots, 6))
        ones = [seal.read(seal.encrypted(column)) for column in x.T]
        found = np.array([seal.decrypted(one) for one in column_scores(seal, model, ones, scale)]).T
    else:
        first = model.layers[0]
        assert isinstance(first, Affine)
        worst = int(np.argmax(first.largest(np.ones(6))))
        x = np.sign(first.weights[[worst]] * first.offset[worst])  # the row that reaches the bound
        row = np.tile(np.pad(x[0], (0, 2)), slots // period(6))
        one = row_scores(seal, model, seal.read(seal.encrypted(row)), scale, slots, {})
        found = seal.decrypted(one).reshape(-1, 4)
    error = np.abs(found - model.scores(x)).max()
    promised = worst_error(model, parameters, 1.0, layout=layout)
    assert promised / 30 < error < promised


def test_weights_that_are_all_rounded_to_one_side_keep_the_promise() -> None:
    """The rounding of 784 equal weights adds up in full: 784 times a third of a step."""
    inputs, parameters = 784, Parameters(8192, (60, 40, 60))
    step = 1 / parameters.scale
    layer = Affine(np.full((1, inputs), round(parameters.scale / 700) * step + step / 3), np.zeros(1))
    rounded = np.rint(layer.weights * parameters.scale) * step
    bias = float((np.abs(layer.weights - rounded) * 255).sum())
    assert bias == pytest.approx(inputs * 255 * step / 3, rel=1e-3)
    assert worst_error(Arithmetic((layer,)), parameters, 255.0) > bias
