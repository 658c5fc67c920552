"""Modules, losses and views that mix the rows of a batch are refused, also where they spare small ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from tests.mechanisms.learn.dpsgd.test_runs import crowd
from torch import Tensor, nn

from confide.core.budget import Budget
from confide.core.errors import ModelError
from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
from confide.mechanisms.learn.dpsgd.mixing import check_views
from confide.views.records import Records

Augment = Callable[[Tensor, torch.Generator], Tensor]


def train(net: nn.Module | None = None, **changes) -> None:
    settings = {"budget": Budget(3.0, 1e-4), "epochs": 1, "batch": 60} | changes
    made = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2))
    DPSGD(net or made, **settings)(crowd(300), rng=np.random.default_rng(0))


def mixed(t: Tensor, g: torch.Generator) -> Tensor:
    return torch.where(torch.rand(t.shape, generator=g) < 0.5, t, t[torch.randperm(len(t), generator=g)])


MIXING: dict[str, Augment] = {
    "a mixture with the row before": lambda t, _: 0.5 * t + 0.5 * t.roll(1, 0),
    "numbers of another row": mixed,
    "less the batch's mean": lambda t, _: t - t.mean(0),
    "in units of the batch": lambda t, _: (t - t.mean(0)) / t.std(0).clamp(min=1e-3),
    "of the largest": lambda t, _: t / t.abs().amax(),
    "in large batches": lambda t, _: t - t.mean(0) if len(t) > 40 else t,
    "by the row's rank": lambda t, _: t + t[:, 0].argsort().argsort()[:, None],
}
SOUND: dict[str, Augment] = {
    "noise": lambda t, g: t + torch.randn(t.shape, generator=g),
    "noise of torch": lambda t, _: t + torch.randn(t.shape),
    "turned at random": lambda t, g: torch.where(torch.rand(len(t), 1, generator=g) < 0.5, t.flip(1), t),
    "in units of the row": lambda t, _: (t - t.mean(1, keepdim=True)) / t.std(1, keepdim=True),
    "in place": lambda t, g: t.mul_(torch.rand(len(t), 1, generator=g)),
}


@pytest.mark.parametrize("name", MIXING)
def test_views_that_mix_rows_are_refused(name: str) -> None:
    with pytest.raises(ModelError, match="view of a row depends on the other rows of the batch"):
        train(augment=MIXING[name])


@pytest.mark.parametrize("name", SOUND)
def test_views_of_single_rows_are_trained_with(name: str) -> None:
    train(augment=SOUND[name], views=2)


def test_whole_numbers_are_tried_too() -> None:
    tokens = torch.randint(0, 9, (40, 5), generator=torch.Generator().manual_seed(0))
    check_views(lambda t, g: t.roll(int(torch.randint(5, (1,), generator=g)), 1), tokens)
    with pytest.raises(ModelError, match="depends on the other rows"):
        check_views(lambda t, _: t - t.amin(), tokens)


def test_views_from_a_generator_that_somebody_may_know_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ModelError, match="draws random numbers of its own"):
        train(augment=lambda t, _: t + float(rng.normal()))


@pytest.mark.parametrize(
    "augment", [lambda t, _: torch.cat([t, t]), lambda t, _: t[: len(t) // 2], lambda t, _: t.numpy()]
)
def test_views_of_another_number_of_rows_are_refused(augment) -> None:
    with pytest.raises(ModelError, match=r"of 60 rows: return one view of each row, \[60, ...\]"):
        train(augment=augment)


class Body(nn.Module):
    def __init__(self, inner: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.last, self.inner = nn.Linear(6, 8), nn.Linear(8, 2), inner

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.tanh(self.inner(self.first(x))))


LARGE: dict[str, Callable[[Tensor], Tensor]] = {
    "less the mean": lambda h: h - h.mean(0) if len(h) > 8 else h,
    "less the mean of larger ones": lambda h: h - h.mean(0) if len(h) > 40 else h,
    "with the row before": lambda h: h + h.roll(1, 0) if len(h) > 8 else h,
    "by place": lambda h: h + torch.arange(len(h))[:, None] // 8,
    "rows after the eighth": lambda h: torch.cat([h[:8], h[8:] - h[8:].mean(0)]) if len(h) > 8 else h,
}


@pytest.mark.parametrize("name", LARGE)
def test_a_module_that_mixes_large_batches_alone_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="output for a row depends on the other rows of the batch"):
        train(Body(LARGE[name]))


def test_a_loss_that_mixes_large_batches_alone_is_refused() -> None:
    def losses(out: Tensor, y: Tensor) -> Tensor:
        each = nn.functional.cross_entropy(out, y, reduction="none")
        return each - each.mean() if len(y) > 8 else each

    with pytest.raises(ModelError, match="the loss of a row depends on the other rows"):
        train(loss=losses)


class Attending(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.out = inner, nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = x[:, None].expand(-1, 3, -1)
        found = self.inner(h, h, h)[0] if isinstance(self.inner, nn.MultiheadAttention) else self.inner(h)
        return self.out(found[:, 0])


@pytest.mark.parametrize(
    "inner",
    [
        nn.MultiheadAttention(6, 2, batch_first=True, dropout=0.1),
        nn.TransformerEncoderLayer(6, 2, 8, batch_first=True, dropout=0.1),
    ],
    ids=["attention", "layer of a transformer"],
)
def test_dropout_within_attention_is_trained_with(inner: nn.Module) -> None:
    train(Attending(inner))
    assert all(part.dropout == 0.1 for part in inner.modules() if isinstance(part, nn.MultiheadAttention))


def test_random_numbers_that_cannot_be_switched_off_are_refused_by_their_name() -> None:
    with pytest.raises(ModelError, match=r"draws random numbers in its forward pass.*use nn.Dropout"):
        train(Body(lambda h: nn.functional.dropout(h, 0.5)))
    rng = np.random.default_rng(0)
    with pytest.raises(ModelError, match=r"changes from call to call.*random numbers that are not torch's"):
        train(Body(lambda h: h * float(rng.random())))


def test_a_record_far_from_all_others_is_no_mixture() -> None:
    records = crowd(300)
    x = np.array(records.x)
    x[5], x[7, 0] = 1e29, np.nan
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    private = DPSGD(net, budget=Budget(3.0, 1e-4), epochs=1, batch=60)
    private(Records(x, records.y), rng=np.random.default_rng(0))
