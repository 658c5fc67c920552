"""Norms and clipped sums are those of a plain loop over rows, for every kind of layer and every way."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tests.models.torch.modules import borrowed, residual, tied, time_first, twice
from torch import Tensor, nn

from confide.core.errors import ModelError
from confide.mechanisms.learn.dpsgd.clipping import Clipper
from confide.mechanisms.learn.dpsgd.groups import Group, groups_of, trainable
from confide.mechanisms.learn.dpsgd.losses import default_losses
from confide.mechanisms.learn.dpsgd.planning import planned, units_at_once
from confide.mechanisms.learn.dpsgd.rows import Rows
from confide.models.torch.losses import cross_entropy

LOSSES = default_losses(cross_entropy)
N = 9


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTM(4, 5, batch_first=True)
        self.head = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cell(x)[0][:, -1])


class Attention(nn.Module):
    """Linear layers over time, an embedding with a padding code, layer norm, a bare parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(9, 8, padding_idx=0)
        self.place = nn.Parameter(torch.zeros(6, 8))
        self.inner = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.inner(self.table(x) + self.place).mean(1))


class Adapted(nn.Module):
    """A frozen layer with a low-rank addition that begins at zero."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen = nn.Linear(6, 5).requires_grad_(False)
        self.down, self.up = nn.Linear(6, 2, bias=False), nn.Linear(2, 5, bias=False)
        nn.init.zeros_(self.up.weight)
        self.head = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.tanh(self.frozen(x) + self.up(self.down(x))))


def over_time() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 7), nn.Tanh(), nn.Linear(7, 2), nn.Flatten(), nn.Linear(10, 3))


def convolutional() -> nn.Module:
    first = nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular")
    return nn.Sequential(
        first,
        nn.GroupNorm(2, 4),
        nn.ReLU(),
        nn.Conv2d(4, 6, 3, stride=2, groups=2),
        nn.Flatten(),
        nn.Linear(54, 3),
    )


def line() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(2, 3, 3, padding="same"), nn.LayerNorm([3, 8]), nn.Flatten(), nn.Linear(24, 3)
    )


def frozen_and_without_bias() -> nn.Module:
    module = nn.Sequential(
        nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 8, bias=False), nn.Tanh(), nn.Linear(8, 3)
    )
    module[0].weight.requires_grad_(False)
    return module


CASES = {
    "mlp": (lambda: nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)), (6,), 0),
    "over time": (over_time, (5, 4), 0),
    "convolutional": (convolutional, (2, 8, 8), 0),
    "line": (line, (2, 8), 0),
    "frozen": (frozen_and_without_bias, (6,), 0),
    "recurrent": (Recurrent, (5, 4), 0),
    "attention": (Attention, (6,), 9),
    "adapted": (Adapted, (6,), 0),
    "tied": (tied, (4,), 9),
    "twice": (twice, (6,), 0),
    "borrowed": (borrowed, (6,), 0),
    "in place": (residual, (6,), 0),
    "time first": (time_first, (7, 6), 0),
}


def case(name: str) -> tuple[nn.Module, Tensor, Tensor]:
    make, shape, codes = CASES[name]
    torch.manual_seed(3)
    x = torch.randint(codes, (N, *shape)) if codes else torch.randn(N, *shape)
    return make(), x, torch.randint(3, (N,))


def naive(module: nn.Module, x: Tensor, y: Tensor, owner: list[int], clip: float, weight: float = 1.0):
    """The clipped sum and the norms by a plain loop over rows, with one backward pass for each."""
    names = trainable(module)
    units: dict[int, dict[str, Tensor]] = {}
    for row, label, unit in zip(x, y, owner, strict=True):
        module.zero_grad()
        (weight * nn.functional.cross_entropy(module(row[None]), label[None])).backward()
        held = units.setdefault(
            unit, {name: torch.zeros_like(p, dtype=torch.float64) for name, p in names.items()}
        )
        for name, p in names.items():
            held[name] += p.grad.double()
    module.zero_grad()
    norms = torch.stack([torch.sqrt(sum(g.square().sum() for g in held.values())) for held in units.values()])
    total = {
        name: sum(
            held[name] * min(1.0, clip / float(norm))
            for held, norm in zip(units.values(), norms, strict=True)
        )
        for name in names
    }
    return total, norms


def close(found: dict[str, Tensor], expected: dict[str, Tensor], within: float = 1e-5) -> None:
    assert found.keys() == expected.keys()
    whole = torch.sqrt(sum(g.square().sum() for g in expected.values()))
    for name, g in expected.items():
        assert float((found[name].double() - g).norm() / whole) < within, name


def ways_of(module: nn.Module, groups: list[Group]) -> list[list[Group]]:
    """The plan itself, and the plan with each group by every way that has a rule for it."""
    from confide.models.torch.convolutions import Convolution

    plans = [groups, [replace(g, way="vmap") for g in groups]]
    for k, group in enumerate(groups):
        parts = [module.get_submodule(layer) for layer in group.layers]
        if group.way in ("pairs", "made", "patches") and isinstance(
            parts[0], nn.Linear | nn.Embedding | Convolution
        ):
            ways = ["pairs", "made", *(["patches"] if isinstance(parts[0], Convolution) else [])]
            plans += [[*groups[:k], replace(group, way=way), *groups[k + 1 :]] for way in ways]
    return plans


@pytest.mark.parametrize("name", CASES)
def test_norms_and_sums_are_those_of_a_loop_by_every_way(name: str) -> None:
    module, x, y = case(name)
    keys, kind = list(module.state_dict()), type(module)
    before = [p.detach().clone() for p in module.parameters()]
    rows = Rows(x, y, None, N)
    groups = planned(module, LOSSES, rows)
    clip = float(naive(module, x, y, list(range(N)), 1.0)[1].median())
    expected, norms = naive(module, x, y, list(range(N)), clip)
    for plan in ways_of(module, groups):
        for at_once in (N, 4):
            found = Clipper(module=module, losses=LOSSES, groups=plan, clip=clip, at_once=at_once).clipped(
                rows
            )
            close(found.total, expected)
            assert torch.allclose(found.norms, norms.double(), rtol=1e-5)
            assert found.unusable == 0
    assert list(module.state_dict()) == keys and type(module) is kind
    assert all(not part._forward_hooks for part in module.modules()), "no hook is left"
    assert all((p == q).all() for p, q in zip(module.parameters(), before, strict=True)), (
        "no weight was moved"
    )


@pytest.mark.parametrize("name", ["mlp", "over time", "convolutional", "attention", "tied", "recurrent"])
def test_a_persons_rows_are_added_up_before_they_are_clipped(name: str) -> None:
    module, x, y = case(name)
    owner = [0, 0, 0, 1, 2, 2, 3, 3, 3]
    rows = Rows(x, y, torch.tensor(owner), 4)
    clip = float(naive(module, x, y, owner, 1.0)[1].median())
    expected, norms = naive(module, x, y, owner, clip)
    for plan in ways_of(module, planned(module, LOSSES, rows)):
        for at_once in (4, 1, 3):
            found = Clipper(module=module, losses=LOSSES, groups=plan, clip=clip, at_once=at_once).clipped(
                rows
            )
            close(found.total, expected)
            assert torch.allclose(found.norms, norms.double(), rtol=1e-5)


def test_views_of_a_picture_are_averaged_before_they_are_clipped() -> None:
    module, x, y = case("convolutional")
    owner = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    expected, _ = naive(module, x, y, owner, 0.5, weight=1 / 3)
    rows = Rows(x, y, torch.tensor(owner), 3, 1 / 3)
    for plan in ways_of(module, planned(module, LOSSES, rows)):
        close(
            Clipper(module=module, losses=LOSSES, groups=plan, clip=0.5, at_once=9).clipped(rows).total,
            expected,
        )


def test_layers_get_the_way_that_their_form_asks_for() -> None:
    def ways(name: str) -> dict[str, str]:
        module, x, y = case(name)
        return {g.title: g.way for g in planned(module, LOSSES, Rows(x, y, None, N), timed=False)}

    assert ways("mlp") == {"0": "pairs", "2": "pairs"}
    assert ways("twice") == {"body": "shared", "head": "pairs"}
    assert ways("tied")["0, 4"] == "shared"
    assert ways("borrowed") == {"body": "vmap", "head": "pairs"}, "a use that no hook sees"
    assert ways("attention")["place"] == "vmap", "a parameter without a layer"
    assert ways("adapted") == {"down": "pairs", "up": "pairs", "head": "pairs"}


def test_a_gradient_that_is_not_finite_is_clipped_to_zero_and_counted() -> None:
    module, x, y = case("mlp")
    groups = planned(module, LOSSES, Rows(x, y, None, N))
    bad = x.clone()
    bad[2], bad[5, 0] = torch.nan, torch.inf
    kept = [k for k in range(N) if k not in (2, 5)]
    expected, _ = naive(module, x[kept], y[kept], kept, 0.7)
    for at_once in (N, 3, 1):
        clipper = Clipper(module=module, losses=LOSSES, groups=groups, clip=0.7, at_once=at_once)
        found = clipper.clipped(Rows(bad, y, None, N))
        close(found.total, expected)
        assert found.unusable == 2 and torch.isnan(found.norms).nonzero().flatten().tolist() == [2, 5]
    clipper = Clipper(module=module, losses=LOSSES, groups=groups, clip=0.7, at_once=N)
    nobody = clipper.clipped(Rows(torch.full_like(x, torch.nan), y, None, N))
    assert nobody.unusable == N and all((g == 0).all() for g in nobody.total.values())


def test_an_empty_sample_sums_to_zero() -> None:
    module, x, y = case("convolutional")
    clipper = Clipper(module=module, losses=LOSSES, groups=groups_of(module), clip=1.0, at_once=4)
    found = clipper.clipped(Rows(x[:0], y[:0], None, 0))
    assert all((g == 0).all() for g in found.total.values()) and len(found.norms) == 0


def test_no_sum_is_longer_than_one_clip_for_each_unit() -> None:
    module, x, y = case("over time")
    for scale in (1e-30, 1e-3, 1.0, 1e6, 1e20):
        found = Clipper(
            module=module,
            losses=LOSSES,
            groups=planned(module, LOSSES, Rows(x, y, None, N)),
            clip=0.1,
            at_once=1,
        ).clipped(Rows(x[:1] * scale, y[:1], None, 1))
        length = torch.sqrt(sum(g.double().square().sum() for g in found.total.values()))
        assert 0 < float(length) <= 0.1 * (1 + 1e-6)


def test_a_loss_of_the_wrong_shape_is_refused() -> None:
    module, x, y = case("mlp")
    for losses in (nn.CrossEntropyLoss(), lambda out, y: out):
        with pytest.raises(ModelError, match=r"loss of . rows has shape .*return one loss for each row"):
            planned(module, losses, Rows(x, y, None, N))


class Changing(nn.Module):
    """Uses a layer's input again after it was changed in place, which no rule can see."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.first(x))
        out = self.second(h)
        h.mul_(2)
        return out


def test_an_input_changed_in_place_later_is_refused_with_the_layer() -> None:
    _, x, y = case("mlp")
    module = Changing()
    clipper = Clipper(module=module, losses=LOSSES, groups=groups_of(module), clip=1.0, at_once=N)
    with pytest.raises(ModelError, match=r"input of layer 'second' is changed in place .* use inplace=False"):
        clipper.clipped(Rows(x, y, None, N))


def test_harmless_activations_in_place_are_allowed() -> None:
    module, x, y = case("mlp")
    module[1] = nn.ReLU(inplace=True)
    groups = planned(module, LOSSES, Rows(x, y, None, N))
    found = Clipper(module=module, losses=LOSSES, groups=groups, clip=1.0, at_once=N).clipped(
        Rows(x, y, None, N)
    )
    close(found.total, naive(module, x, y, list(range(N)), 1.0)[0])


def test_a_pass_takes_as_many_rows_as_the_memory_holds() -> None:
    """1,000 positions of 64 numbers: inputs and slopes alone take 0.5 MB a row, in each direction."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 3), nn.Flatten(), nn.Linear(3000, 3))
    rows = Rows(torch.randn(4, 1000, 64), torch.randint(3, (4,)), None, 4)
    groups = planned(module, LOSSES, rows, timed=False)
    few, more = (units_at_once(module, LOSSES, groups, rows, memory_mb=mb) for mb in (8, 64))
    assert 1 <= few <= 16 and 4 * few <= more <= 16 * few
    assert units_at_once(module, LOSSES, groups, rows, memory_mb=1) == 1, "one at least"
