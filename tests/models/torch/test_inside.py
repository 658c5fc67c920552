"""Per-example gradients from inside: every shortcut against plain autograd, record by record."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from tests.models.torch.modules import CASES, RNG, N, by_layer, by_loop, case, net
from torch import nn

from confide.core.access import WhiteBox
from confide.core.errors import KnowledgeError, ModelError
from confide.models.torch.model import TorchModel

MANY_LAYERS = {"attention", "transformer", "transformer, time first", "recurrent"}
"""One record at a time, these four take as long as all other cases together."""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(
    ("name", "bound"),
    [
        pytest.param(
            name, bound, id=f"{way}-{name}", marks=[pytest.mark.slow] * (bound == 1 and name in MANY_LAYERS)
        )
        for name in CASES
        for way, bound in {"one by one": 1, "at once": 2**28}.items()
    ],
)
def test_everything_is_that_of_a_plain_loop(name: str, bound: int) -> None:
    model, x, y = case(name, gradient_bytes=bound)
    model = replace(model, chunk=N if bound > 1 else 3)
    truth = by_loop(model, x, y)
    layers = by_layer(model, truth)
    close = {"rtol": 2e-4, "atol": 2e-6 * max(1.0, np.abs(truth).max())}
    assert np.abs(truth).max() > 1e-3
    assert_allclose(model.gradient(x, y), np.concatenate(layers, axis=1), **close)
    assert_allclose(
        model.gradient_norms(x, y), np.stack([np.linalg.norm(g, axis=1) for g in layers], 1), **close
    )
    ways = [RNG(0).normal(size=g.shape[1]) for g in layers]
    along = np.stack([g @ way for g, way in zip(layers, ways, strict=True)], 1)
    assert_allclose(model.gradient_along(x, y, ways), along, rtol=2e-4, atol=1e-4)
    assert_allclose(model.gradient_gram(x, y), truth @ truth.T, rtol=2e-4, atol=1e-4)
    for layer, g in zip(model.layers, layers, strict=True):
        assert_allclose(model.gradient_gram(x, y, layers=[layer]), g @ g.T, rtol=2e-4, atol=1e-4)


FAST = {
    "mlp": {"0", "2"},
    "conv2d odd": {"0", "3"},
    "embedding with padding": {"0", "2"},
    "batch norm 2d": {"0", "1", "4"},
    "residual": {"first", "second", "third", "head"},
    "tied": {"2", "4"},  # of the last layer, only the bias is its own
    "twice": {"head"},
    "borrowed": {"head"},
    "time first": {"head"},
    "own parameter": {"body", "head"},
    "attention": {"embedding", "head"},
    "transformer": {"embedding", "block.linear1", "block.linear2", "block.norm1", "block.norm2", "head"},
    "transformer, time first": {"embedding", "head"},
    "weight norm": {"3"},
}


@pytest.mark.parametrize("name", FAST)
def test_only_layers_that_passed_the_probe_take_the_shortcut(name: str) -> None:
    model, x, y = case(name)
    inside = model._inside(x, y)
    assert set(inside.fast) == FAST[name]


def test_the_module_comes_back_as_it_was() -> None:
    model, x, y = case("residual")
    model.module.first.requires_grad_(False)
    before = {k: v.clone() for k, v in model.module.state_dict().items()}
    wanted = [p.requires_grad for p in model.module.parameters()]
    ways = [np.ones_like(w) for w in model.weights()]
    model.gradient_norms(x, y), model.gradient_gram(x, y), model.gradient_along(x, y, ways)
    model.gradient(x, y), model.layer_outputs(x)
    assert all(not part._forward_hooks for part in model.module.modules())
    assert all(p.grad is None for p in model.module.parameters())
    assert [p.requires_grad for p in model.module.parameters()] == wanted
    for name, value in model.module.state_dict().items():
        assert torch.equal(value, before[name])


def test_a_failure_leaves_no_hooks_behind() -> None:
    model, x, y = case("mlp")
    with pytest.raises(ModelError, match="give features of the shape"):
        model.gradient_norms(x[:, :4], y)
    with pytest.raises(ModelError, match="give features of the shape"):
        model.layer_outputs(x[:, :4])
    assert all(not part._forward_hooks for part in model.module.modules())


def test_frozen_parameters_are_no_layers() -> None:
    model, x, y = case("frozen")
    assert model.layers == ("2", "4")
    assert [w.size for w in model.weights()] == [5, 15]
    assert model.gradient_norms(x, y).shape == (N, 2)
    model.module.requires_grad_(False)  # now there is nothing that sets some of them apart
    assert model.layers == ("0", "2", "4")


def test_a_layer_that_does_not_exist_is_an_error_that_lists_those_that_do() -> None:
    model, x, y = case("mlp")
    for ask in (model.gradient, model.gradient_gram):
        with pytest.raises(KnowledgeError, match="no layer '1': the layers with parameters are 0, 2"):
            ask(x, y, layers=["0", "1"])
    with pytest.raises(KnowledgeError, match="no layer 'fc'"):
        model.layer_outputs(x, layers=["fc"])


def test_a_module_that_mixes_records_is_refused() -> None:
    module = net(nn.Linear(6, 5), nn.BatchNorm1d(5, track_running_stats=False), nn.Linear(5, 3))
    with pytest.raises(ModelError, match=r"layer '1' .* depends on the others .* track_running_stats=True"):
        TorchModel(module).gradient_norms(np.zeros((4, 6)), np.zeros(4))


def test_no_records_no_gradients() -> None:
    model, x, y = case("mlp")
    assert model.gradient(x[:0], y[:0]).shape == (0, 93)
    assert model.gradient_norms(x[:0], y[:0]).shape == (0, 2)
    assert model.gradient_gram(x[:0], y[:0]).shape == (0, 0)
    assert model.layer_outputs(x[:0])[0].shape[0] == 0


def test_what_layers_answer_is_theirs() -> None:
    model, x, _ = case("conv2d")
    conv, head = model.layer_outputs(x)
    with torch.no_grad():
        expected = model.module[0](torch.from_numpy(x)).flatten(1)
    assert_allclose(conv, expected.numpy(), rtol=1e-6)
    assert_allclose(head, model.predict(x), rtol=1e-6)
    several = replace(model, chunk=2).layer_outputs(x, layers=["3"])
    assert len(several) == 1
    assert_allclose(several[0], head, rtol=1e-5)


def test_what_odd_layers_answer() -> None:
    model, x, _ = case("transformer")
    answers = dict(zip(model.layers, model.layer_outputs(x), strict=True))
    assert answers["block.linear1"].shape == (N, 4 * 16)
    assert answers["block.self_attn"].shape == (N, 4 * 8)  # the first of its two answers
    assert answers["block.self_attn.out_proj"].shape == (N, 0)  # its weights are used, it is never asked
    model, x, _ = case("twice")
    assert model.layer_outputs(x, layers=["body"])[0].shape == (N, 12)


def test_a_module_frozen_for_inference_is_looked_into_all_the_same() -> None:
    """Its gradients are those of its thawed twin, and the user's module stays frozen."""
    torch.manual_seed(0)
    free = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 3))
    frozen = copy.deepcopy(free).requires_grad_(False)
    x, y = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32), np.array([0, 1, 2, 0, 1, 2])
    one, other = TorchModel(frozen), TorchModel(free)
    assert one.layers == other.layers
    direction = other.weights()
    for asked in (
        lambda m: m.gradient(x, y),
        lambda m: m.gradient_norms(x, y),
        lambda m: m.gradient_gram(x, y),
        lambda m: m.gradient_along(x, y, direction),
        lambda m: m.softened(2.0).gradient(x, y, layers=["3"]),
        lambda m: np.concatenate(m.weights()),
        lambda m: np.hstack(m.layer_outputs(x)),
    ):
        assert_allclose(asked(one), asked(other), rtol=1e-6, atol=1e-9)
    assert not any(p.requires_grad or p.grad is not None for p in frozen.parameters())
    assert not any(part._forward_hooks for part in frozen.modules())
    with torch.no_grad():
        frozen[0].weight.zero_()  # what the owner changes is what is seen
    assert not one.weights()[0][:20].any()
    assert_allclose(one.gradient(x, y), TorchModel(frozen.requires_grad_(True)).gradient(x, y), rtol=1e-6)


def test_a_module_without_parameters_is_refused_in_one_sentence() -> None:
    model = TorchModel(nn.Sequential(nn.Flatten(), nn.Softmax(dim=1)))
    x, y = np.ones((3, 2), np.float32), np.array([0, 1, 0])
    assert isinstance(model, WhiteBox)
    assert model.layers == ()
    for asked in (
        model.weights,
        lambda: model.gradient(x, y),
        lambda: model.gradient_norms(x, y),
        lambda: model.gradient_gram(x, y),
        lambda: model.gradient_along(x, y, ()),
        lambda: model.layer_outputs(x),
    ):
        with pytest.raises(KnowledgeError, match=r"Sequential has no floating-point parameters.*black-box"):
            asked()
