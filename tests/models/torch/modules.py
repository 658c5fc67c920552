"""Modules of many kinds, and the gradients of plain autograd to hold them against."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

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
