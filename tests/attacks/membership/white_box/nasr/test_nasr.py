"""The attack network: gradients in few numbers are the gradients, the convolution is the convolution."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.attacks.membership.white_box.small_network import network, people, rng, told_case
from torch import nn

from confide.attacks.membership import Nasr
from confide.attacks.membership.white_box.nasr._components import (
    Narrow,
    Outer,
    Sketch,
    factors,
    gradient_part,
    matrices,
    outer_layout,
    output_table,
)
from confide.attacks.membership.white_box.nasr._network import QUIET, AttackNetwork, Kernels, dense
from confide.attacks.membership.white_box.nasr.attack import robust
from confide.models.torch.model import TorchModel

CHUNK = 2**12


def part_of(view, records, layer, *, widest=512, chunk_bytes=CHUNK):
    return gradient_part(view, records, layer, widest=widest, chunk_bytes=chunk_bytes, rng=rng())


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("layer, units", [("0", 4), ("2", 3)])
def test_a_linear_layers_gradient_is_the_product_of_its_parts(layer, units, bias):
    """In chunks of a few records; the outer products are the gradients to the last digits of float32."""
    view, records = network(bias=bias), people(30)
    part = part_of(view, records, layer)
    assert isinstance(part, Outer)
    whole = view.gradient(records.x, records.y, layers=[layer])
    laid_out = matrices(whole, units, "bias last" if bias else "no bias")
    made = part.units[:, :, None] * part.inputs[:, None, :] * np.linalg.norm(whole, axis=1)[:, None, None]
    assert made == pytest.approx(laid_out, abs=1e-6 * np.abs(whole).max())


def test_how_the_gradient_lies_is_seen_in_it_and_not_guessed_from_its_length():
    delta, h = rng(1).standard_normal((4, 3)), rng(2).standard_normal((4, 5))
    without = (delta[:, :, None] * h[:, None, :]).reshape(4, -1)
    weights = (delta[:, :, None] * h[:, None, :4]).reshape(4, -1)
    assert outer_layout(without, 3) == "no bias"
    assert outer_layout(np.hstack([weights, delta]), 3) == "bias last"
    assert outer_layout(np.hstack([weights, delta[:, ::-1]]), 3) is None  # biases of other units
    assert outer_layout(without + 0.01 * rng(3).standard_normal(without.shape), 3) is None
    assert outer_layout(without, 4) is None and outer_layout(np.zeros((4, 15)), 3) is None


def test_factors_of_the_smallest_gradients_keep_their_direction():
    """A member's gradient may be 1e-12 of another's; and one of exactly 0 has no direction."""
    delta, h = rng(1).standard_normal((3, 3)), rng(2).standard_normal((3, 5))
    size = np.array([1.0, 1e-100, 0.0])
    units, inputs = factors(size[:, None, None] * delta[:, :, None] * h[:, None, :])
    wanted = (delta[:, :, None] * h[:, None, :]) / np.linalg.norm(delta, axis=1)[:, None, None]
    wanted /= np.linalg.norm(h, axis=1)[:, None, None]
    assert (units[:, :, None] * inputs[:, None, :])[:2] == pytest.approx(wanted[:2])
    assert not units[2].any() and not inputs[2].any()


def test_a_convolutions_gradient_is_no_product_and_is_sketched():
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(2 * 16, 3))
    records = people(12, d=36)
    images = type(records)(records.x.reshape(-1, 1, 6, 6), records.y)
    view = TorchModel(module)
    assert isinstance(part_of(view, images, "2"), Outer)
    part = part_of(view, images, "0", widest=8)
    assert isinstance(part, Sketch) and part.numbers.shape == (12, 8)


@pytest.mark.parametrize("chunk_bytes", [1, 2**12, 2**28])
def test_the_size_of_the_chunks_changes_nothing(chunk_bytes):
    view, records = network(), people(30)
    one, other = part_of(view, records, "0", chunk_bytes=chunk_bytes), part_of(view, records, "0")
    assert one.units == pytest.approx(other.units) and one.inputs == pytest.approx(other.inputs)


@pytest.mark.parametrize("chunk_bytes", [1, 2**28])
def test_outputs_are_streamed_too(chunk_bytes):
    view, records = network(), people(30)
    table = output_table(view, records, "0", widest=4, chunk_bytes=chunk_bytes, rng=rng())
    assert table == pytest.approx(view.layer_outputs(records.x, layers=["0"])[0], rel=1e-6)
    narrow = output_table(view, records, "0", widest=3, chunk_bytes=chunk_bytes, rng=rng())
    assert narrow.shape == (30, 3)


def test_a_projection_keeps_inner_products_on_average():
    """(narrow(a) . narrow(b)) has mean a . b and, for unit vectors, a variance of at most 2 / width: over 400
    projections the mean's standard error is .009 at most, so .045 is five of them."""
    a, b = rng(1).standard_normal((2, 1, 500))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    b = (a + b) / np.linalg.norm(a + b)
    drawn = [Narrow.of(500, 64, rng=rng(seed)) for seed in range(400)]
    made = np.array([(each(a) * each(b)).sum() for each in drawn])
    assert abs(made.mean() - (a * b).sum()) < 0.045
    assert made.var() < 2 * 2 / 64
    groups_without_signs = [Narrow(each.order, np.ones(500, np.float32), 64) for each in drawn]
    assert abs(np.mean([(each(a + 0.1) * each(a + 0.1)).sum() for each in groups_without_signs]) - 6) > 1
    short = np.arange(6.0)[None]
    assert np.array_equal(Narrow.of(6, 64, rng=rng())(short), short)


def test_kernels_do_what_a_convolution_over_the_gradient_does():
    """torch's own convolution with kernels [1, in] over the matrix [out, in], shared by all units."""
    coins = torch.Generator().manual_seed(0)
    units, inputs = torch.randn(7, 4, generator=coins), torch.randn(7, 6, generator=coins)
    kernels = Kernels(6, 5, coins)
    with torch.no_grad():
        kernels.kernels.bias.normal_(generator=coins)
        gradients = units[:, :, None] * inputs[:, None, :]
        convolved = nn.functional.conv2d(
            gradients[:, None], kernels.kernels.weight[:, None, None, :], kernels.kernels.bias
        )
        assert convolved.shape == (7, 5, 4, 1)
        wanted = convolved[..., 0].relu().transpose(1, 2).flatten(1)
        assert torch.allclose(kernels(units, inputs), wanted, atol=1e-5)


def test_the_first_table_reaches_the_classifier_as_it_is():
    """With all encoders dead, the log-odds still depend on it."""
    coins = torch.Generator().manual_seed(0)
    tables = [torch.randn(6, 3, generator=coins), torch.randn(6, 2, generator=coins)]
    net = AttackNetwork(tables, [], Nasr(), coins).eval()
    with torch.no_grad():
        for encoder in net.tables:
            for parameter in encoder.parameters():
                parameter.zero_()
        assert net(tables, []).std() > 1e-3
        assert torch.equal(net([tables[0], 2 * tables[1]], []), net(tables, []))


def test_first_weights_have_the_spread_that_keeps_the_signal():
    """He: variance 2 / in. 40,000 weights: a standard error of .7 % of the variance; 4 % is over five."""
    weight = dense(200, 200, torch.Generator().manual_seed(0)).weight.detach()
    assert float(weight.var()) == pytest.approx(2 / 200, rel=0.04)
    assert abs(float(weight.mean())) < 5 * (2 / 200 / 40_000) ** 0.5
    assert 0 < QUIET < 1


def test_robust_scaling_is_not_moved_by_a_few_and_has_no_place_for_nan():
    table = np.concatenate([np.arange(101.0), [1e12, np.nan]])[:, None]
    scaled = robust(table)[:, 0]
    assert scaled[50] == pytest.approx(0, abs=0.02) and scaled[75] == pytest.approx(0.5, abs=0.02)
    assert scaled[101] == 5 and scaled[102] == 0
    assert not robust(np.full((4, 1), 7.0)).any()


def test_torchs_own_coins_and_threads_are_left_alone():
    view, targets = network(), people(100)
    norm = view.gradient_norms(targets.x, targets.y)[:, 1]
    case = told_case(view, targets, norm < np.median(norm), np.arange(50))
    torch.manual_seed(5)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    Nasr(networks=1, epochs=3)(case, rng=rng())
    assert torch.equal(torch.random.get_rng_state(), before) and torch.get_num_threads() == threads
    one = Nasr(networks=1, epochs=3)(case, rng=rng()).score
    torch.manual_seed(6)
    assert np.array_equal(Nasr(networks=1, epochs=3)(case, rng=rng()).score, one, equal_nan=True)
