"""Per-example gradients from inside: every shortcut against plain autograd, record by record."""

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from confide.core.access import WhiteBox
from confide.core.errors import KnowledgeError, ModelError
from confide.models.torch.losses import cross_entropy, squared_residual
from confide.models.torch.model import TorchModel

RNG = np.random.default_rng
N = 7


class Wrapped(nn.Module):
    """A module around `body`, whose forward is a plain function of the body and the records."""

    def __init__(self, forward: Callable[..., Tensor], **parts: nn.Module | nn.Parameter) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self._forward = forward

    def forward(self, x: Tensor) -> Tensor:
        return self._forward(self, x)


def net(*parts: nn.Module) -> nn.Module:
    return nn.Sequential(*parts)


def flat_head(inputs: int) -> list[nn.Module]:
    return [nn.Tanh(), nn.Flatten(), nn.Linear(inputs, 3)]


def residual() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        h = self.first(x)
        h = h + self.second(functional.relu(h))
        h += self.third(functional.relu(h))  # in place
        return self.head(functional.relu_(h))

    parts = {"first": nn.Linear(6, 8), "second": nn.Linear(8, 8), "third": nn.Linear(8, 8, bias=False)}
    return Wrapped(forward, **parts, head=nn.Linear(8, 3))


def tied() -> nn.Module:
    module = net(nn.Embedding(9, 5), nn.Flatten(), nn.Linear(20, 5), nn.Tanh(), nn.Linear(5, 9))
    module[4].weight = module[0].weight
    return module


def twice() -> nn.Module:
    return Wrapped(
        lambda m, x: m.head(m.body(torch.tanh(m.body(x)))), body=nn.Linear(6, 6), head=nn.Linear(6, 3)
    )


def borrowed() -> nn.Module:
    """A layer whose weight is used beside the layer itself, which no hook sees."""
    return Wrapped(
        lambda m, x: m.head(torch.tanh(m.body(x)) + functional.linear(x, m.body.weight)),
        body=nn.Linear(6, 6),
        head=nn.Linear(6, 3),
    )


def time_first() -> nn.Module:
    """A layer whose records stand second; with N positions, as many as there are records."""
    return Wrapped(
        lambda m, x: m.head(m.body(x.transpose(0, 1)).tanh().transpose(0, 1).flatten(1)),
        body=nn.Linear(6, 4),
        head=nn.Linear(4 * N, 3),
    )


def own_parameter() -> nn.Module:
    return Wrapped(
        lambda m, x: m.head(torch.tanh(m.body(x) * m.scale)),
        scale=nn.Parameter(torch.randn(6)),
        body=nn.Linear(6, 6),
        head=nn.Linear(6, 3),
    )


def attention() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        h = self.embedding(x)
        return self.head(self.attention(h, h, h)[0].mean(1))

    return Wrapped(
        forward,
        embedding=nn.Embedding(9, 8, padding_idx=0),
        attention=nn.MultiheadAttention(8, 2, batch_first=True),
        head=nn.Linear(8, 3),
    )


def transformer(batch_first: bool) -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        h = self.embedding(x)
        h = self.block(h) if batch_first else self.block(h.transpose(0, 1)).transpose(0, 1)
        return self.head(h[:, 0])

    block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=batch_first)
    return Wrapped(forward, embedding=nn.Embedding(9, 8), block=block, head=nn.Linear(8, 3))


def recurrent() -> nn.Module:
    return Wrapped(
        lambda m, x: m.head(m.body(x)[0][:, -1]), body=nn.LSTM(6, 4, batch_first=True), head=nn.Linear(4, 3)
    )


def unused() -> nn.Module:
    return Wrapped(lambda m, x: m.head(x), idle=nn.Linear(6, 2), head=nn.Linear(6, 3))


def unreached() -> nn.Module:
    return Wrapped(
        lambda m, x: m.head(x) + 0 * m.body(x).detach(), body=nn.Linear(6, 3), head=nn.Linear(6, 3)
    )


def branching() -> nn.Module:
    """Python decides by a number, which vmap cannot follow."""
    return Wrapped(
        lambda m, x: m.head(x * m.scale if x.sum().item() < 1e9 else x),
        scale=nn.Parameter(torch.randn(6)),
        head=nn.Linear(6, 3),
    )


def frozen() -> nn.Module:
    module = net(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 5), nn.Tanh(), nn.Linear(5, 3))
    module[0].requires_grad_(False)
    module[2].weight.requires_grad_(False)
    module[4].bias.requires_grad_(False)
    return module


FLAT, LINE, PICTURE, WORDS, SERIES = (6,), (4, 12), (4, 8, 8), "words", (N, 6)
CASES: dict[str, tuple[Callable[[], nn.Module], object]] = {
    "linear": (lambda: nn.Linear(6, 3), FLAT),
    "mlp": (lambda: net(nn.Linear(6, 9), nn.ReLU(inplace=True), nn.Linear(9, 3)), FLAT),
    "mlp without bias": (
        lambda: net(nn.Linear(6, 9, bias=False), nn.Tanh(), nn.Linear(9, 3, bias=False)),
        FLAT,
    ),
    "many positions": (lambda: net(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 2), *flat_head(2 * N)), SERIES),
    "conv1d": (lambda: net(nn.Conv1d(4, 6, 3, stride=2, dilation=2, groups=2), *flat_head(24)), LINE),
    "conv1d circular": (
        lambda: net(nn.Conv1d(4, 6, 3, padding=2, padding_mode="circular"), *flat_head(84)),
        LINE,
    ),
    "conv1d one position": (lambda: net(nn.Conv1d(4, 6, 12), *flat_head(6)), LINE),
    "conv2d": (lambda: net(nn.Conv2d(4, 6, 3, padding=1, stride=2), *flat_head(96)), PICTURE),
    "conv2d odd": (
        lambda: net(
            nn.Conv2d(4, 8, (3, 2), padding=(2, 1), stride=(1, 3), dilation=(2, 1), groups=4), *flat_head(192)
        ),
        PICTURE,
    ),
    "conv2d same": (lambda: net(nn.Conv2d(4, 4, 4, padding="same", bias=False), *flat_head(256)), PICTURE),
    "conv2d reflect": (
        lambda: net(nn.Conv2d(4, 2, 3, padding=1, padding_mode="reflect"), *flat_head(128)),
        PICTURE,
    ),
    "conv2d few positions": (lambda: net(nn.Conv2d(4, 16, 7), *flat_head(64)), PICTURE),
    "conv2d few, in groups": (lambda: net(nn.Conv2d(4, 16, 7, groups=2), *flat_head(64)), PICTURE),
    "conv2d depthwise": (lambda: net(nn.Conv2d(4, 4, 3, groups=4), *flat_head(144)), PICTURE),
    "conv3d": (
        lambda: net(nn.Unflatten(1, (1, 4)), nn.Conv3d(1, 2, (2, 3, 3), stride=(1, 2, 2)), *flat_head(54)),
        PICTURE,
    ),
    "transposed": (lambda: net(nn.ConvTranspose1d(4, 2, 3), *flat_head(28)), LINE),
    "embedding": (lambda: net(nn.Embedding(9, 5), nn.Flatten(), nn.Linear(20, 3)), WORDS),
    "embedding, large": (lambda: net(nn.Embedding(500, 5), nn.Flatten(), nn.Linear(20, 3)), WORDS),
    "embedding with padding": (
        lambda: net(nn.Embedding(9, 5, padding_idx=0), nn.Flatten(), nn.Linear(20, 3)),
        WORDS,
    ),
    "batch norm": (lambda: net(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 3)), FLAT),
    "batch norm 2d": (lambda: net(nn.Conv2d(4, 3, 3), nn.BatchNorm2d(3), *flat_head(108)), PICTURE),
    "layer norm": (lambda: net(nn.Linear(6, 5), nn.LayerNorm(5), nn.ReLU(), nn.Linear(5, 3)), FLAT),
    "layer norm of positions": (lambda: net(nn.LayerNorm(6, bias=False), *flat_head(6 * N)), SERIES),
    "group norm": (lambda: net(nn.Conv2d(4, 4, 3), nn.GroupNorm(2, 4), *flat_head(144)), PICTURE),
    "residual": (residual, FLAT),
    "tied": (tied, WORDS),
    "twice": (twice, FLAT),
    "borrowed": (borrowed, FLAT),
    "time first": (time_first, SERIES),
    "own parameter": (own_parameter, FLAT),
    "attention": (attention, WORDS),
    "transformer": (lambda: transformer(True), WORDS),
    "transformer, time first": (lambda: transformer(False), WORDS),
    "recurrent": (recurrent, SERIES),
    "unused": (unused, FLAT),
    "unreached": (unreached, FLAT),
    "branching": (branching, FLAT),
    "frozen": (frozen, FLAT),
    "weight norm": (lambda: net(nn.utils.parametrizations.weight_norm(nn.Linear(6, 5)), *flat_head(5)), FLAT),
    "binary": (lambda: nn.Linear(6, 1), FLAT),
    "regression": (lambda: net(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0)), FLAT),
}


def case(name: str, **settings: object) -> tuple[TorchModel, np.ndarray, np.ndarray]:
    make, kind = CASES[name]
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(3)
        module = make()
        for part in module.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                nn.init.normal_(part.running_mean)
                nn.init.uniform_(part.running_var, 0.5, 2.0)
            if isinstance(part, nn.modules.batchnorm._BatchNorm | nn.LayerNorm | nn.GroupNorm):
                nn.init.normal_(part.weight)
    rng = RNG(5)
    x = rng.integers(0, 9, (N, 4)) if kind == WORDS else rng.normal(size=(N, *kind)).astype(np.float32)
    if kind == WORDS:
        x[:, 1] = x[:, 0]  # repeated words
    regression = name == "regression"
    y = rng.normal(size=N).astype(np.float32) if regression else rng.integers(0, 2, N)
    return TorchModel(module, task="regression" if regression else "classification", **settings), x, y


def by_loop(model: TorchModel, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Plain autograd, one record at a time: float64[n, p]."""
    loss = squared_residual if model.task == "regression" else cross_entropy
    parameters = [p for p in model.module.parameters() if p.requires_grad]
    found = []
    for i in range(len(x)):
        rows = torch.from_numpy(x[i : i + 1])
        out = model.module(rows)
        one = loss((out[:, None] if out.ndim == 1 else out).double(), torch.from_numpy(y[i : i + 1]))
        grads = torch.autograd.grad(one, parameters, allow_unused=True, materialize_grads=True)
        found.append(np.concatenate([g.double().numpy().ravel() for g in grads]))
    return np.stack(found)


def by_layer(model: TorchModel, gradients: np.ndarray) -> list[np.ndarray]:
    """Cut [n, p] into layers; here the parameters of a layer need not stand together."""
    trained = [(n, p.numel()) for n, p in model.module.named_parameters() if p.requires_grad]
    ends = np.cumsum([0, *(size for _, size in trained)])
    named = {n: gradients[:, a:b] for (n, _), a, b in zip(trained, ends[:-1], ends[1:], strict=True)}
    owned = model._owned().values()
    return [np.concatenate([named[n] for n in names], axis=1) for names in owned]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("bound", [1, 2**28], ids=["one by one", "at once"])
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


@pytest.mark.parametrize("name", ["mlp", "conv2d", "embedding", "transformer", "own parameter"])
def test_chunks_and_memory_change_nothing(name: str) -> None:
    model, x, y = case(name)
    for other in (replace(model, chunk=2), replace(model, gradient_bytes=2000)):
        assert_allclose(other.gradient_norms(x, y), model.gradient_norms(x, y), rtol=1e-4, atol=1e-7)
        assert_allclose(other.gradient_gram(x, y), model.gradient_gram(x, y), rtol=1e-4, atol=1e-7)


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


class Largest(TorchDispatchMode):
    """The largest tensor that is made while it is on, in bytes."""

    bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        for one in out if isinstance(out, tuple | list) else (out,):
            if isinstance(one, Tensor):
                self.bytes = max(self.bytes, one.numel() * one.element_size())
        return out


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_memory_stays_within_the_bound(kind: str) -> None:
    n, bound = 300, 200_000
    rng = RNG(0)
    if kind == "mlp":  # 300 x 4,803 gradients would take 5.8 MB
        module, x = net(nn.Linear(40, 100), nn.ReLU(), nn.Linear(100, 7)), rng.normal(size=(n, 40))
    else:  # 300 x 1,615 gradients would take 1.9 MB, and all patches 6 MB
        module, x = (
            net(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), *flat_head(128)),
            rng.normal(size=(n, 3, 8, 8)),
        )
    model, y = TorchModel(module, gradient_bytes=bound), rng.integers(0, 3, n)
    x = x.astype(np.float32)
    with Largest() as seen:
        model.gradient_norms(x, y)
    assert seen.bytes <= max(bound, x.nbytes)
    with Largest() as seen:
        gram = model.gradient_gram(x, y)
    assert seen.bytes <= max(bound, x.nbytes, gram.nbytes)
    assert_allclose(gram, TorchModel(module).gradient_gram(x, y), rtol=1e-3, atol=1e-6)
    with Largest() as seen:
        TorchModel(module, gradient_bytes=2**28).gradient(x, y)
    assert seen.bytes > bound  # the meter does see gradients


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_gradients_of_fitted_records_keep_their_digits(kind: str) -> None:
    """A Gram whose entries range over eight decades, against the same module in float64."""
    rng = RNG(0)
    x = rng.normal(size=(40, 3, 8, 8)).astype(np.float32)
    y = rng.integers(0, 3, 40)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        body = (
            [nn.Flatten(), nn.Linear(192, 30)]
            if kind == "mlp"
            else [nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten()]
        )
        module = net(*body, nn.ReLU(), nn.Linear(30 if kind == "mlp" else 288, 3))
    optimiser = torch.optim.Adam(module.parameters(), lr=1e-2)
    for _ in range(60):  # the first half is fitted
        optimiser.zero_grad()
        functional.cross_entropy(module(torch.from_numpy(x[:20])), torch.from_numpy(y[:20])).backward()
        optimiser.step()
    optimiser.zero_grad()
    found = TorchModel(module).gradient_gram(x, y)
    exact = TorchModel(copy.deepcopy(module).double()).gradient_gram(x, y)
    size = np.sqrt(np.diag(exact))
    assert size.min() < 1e-3 * size.max()
    error = np.abs(found - exact) / np.outer(size, size)
    assert error.max() < 1e-4


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
