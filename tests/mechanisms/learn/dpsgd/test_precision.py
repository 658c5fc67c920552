"""In mixed precision no unit adds more than a clip, nor moves what the others add."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from tests.mechanisms.learn.dpsgd.test_clipping import CASES, LOSSES, N, case, ways_of
from tests.mechanisms.learn.dpsgd.test_runs import crowd, mlp, rng, trainer
from tests.models.torch.modules import borrowed
from torch import Tensor, nn

from confide.core.budget import Budget, Unit
from confide.core.errors import ModelError, PromiseError
from confide.mechanisms.learn.dpsgd import clipping
from confide.mechanisms.learn.dpsgd.checking import check_norms, check_places
from confide.mechanisms.learn.dpsgd.clipping import Clipper
from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
from confide.mechanisms.learn.dpsgd.groups import groups_of
from confide.mechanisms.learn.dpsgd.noise import SLACK
from confide.mechanisms.learn.dpsgd.planning import planned
from confide.mechanisms.learn.dpsgd.precision import settle
from confide.mechanisms.learn.dpsgd.products import paired_squares
from confide.mechanisms.learn.dpsgd.rows import Rows
from confide.views.records import Records


def clipper_of(module: nn.Module, rows: Rows, **changes) -> Clipper:
    groups = changes.pop("groups", None) or planned(module, LOSSES, rows)
    given = {"losses": LOSSES, "clip": 1.0, "at_once": len(rows.x), "precision": "bfloat16"} | changes
    return Clipper(module=module, groups=groups, **given)


def length(total: dict[str, Tensor]) -> float:
    return float(torch.cat([t.double().flatten() for t in total.values()]).norm())


@pytest.mark.parametrize("name", CASES)
def test_no_contribution_is_longer_than_the_clip_however_long_its_gradient(name: str) -> None:
    module, x, y = case(name)
    rows = Rows(x, y, None, N)
    longest = 0.0
    for groups in ways_of(module, planned(module, LOSSES, rows)):
        for size, clip in ((1e-30, 1e-33), (1e-12, 1.0), (1.0, 1e-3), (1e3, 1.0), (1e12, 1e9), (1e25, 1.0)):
            sized = lambda out, y, size=size: size * LOSSES(out, y)  # noqa: E731
            clipper = clipper_of(module, rows, groups=groups, losses=sized, clip=clip)
            for unit in (0, N - 1):
                found = clipper.clipped(rows.of_units(unit, unit + 1))
                assert all(total.dtype == torch.float32 for total in found.total.values())
                added = length(found.total) / clip
                assert added <= 1 + SLACK / 10
                longest = max(longest, added)
    assert longest > 0.999, "some are as long as the clip"


@pytest.mark.parametrize("size", [1e-20, 1.0, 1e20])
def test_rows_of_any_size_add_no_more_than_the_clip(size: float) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    x = torch.randn(64, 6) * size
    rows = Rows(x, torch.randint(3, (64,)), torch.arange(64) // 2, 32)
    clipper = clipper_of(module, rows, at_once=32)
    for unit in range(32):
        found = clipper.clipped(rows.of_units(unit, unit + 1))
        assert length(found.total) <= 1 + SLACK / 10
        assert bool(torch.isfinite(torch.cat([t.flatten() for t in found.total.values()])).all())


def test_norms_of_other_tensors_than_are_summed_would_let_a_contribution_be_too_long(monkeypatch) -> None:
    """A broken twin takes its norms of rounded inputs, just as far off as bfloat16 can be."""
    module = nn.Sequential(nn.Linear(64, 1, bias=False))
    nn.init.zeros_(module[0].weight)
    x = torch.full((4, 64), 1 + 0.49 / 128)  # rounded down to 1
    rows = Rows(x, torch.ones(4, dtype=torch.long), None, 4)
    sloping = lambda out, y: 100 * out[:, 0]  # noqa: E731
    clipper = clipper_of(module, rows, losses=sloping, groups=[g.by("pairs") for g in groups_of(module)])
    found = clipper.clipped(rows.of_units(0, 1))
    assert length(found.total) == pytest.approx(1, abs=1e-6)

    def rounded(factors, units) -> Tensor:
        return paired_squares(replace(factors, given=factors.given.bfloat16().float()), units)

    monkeypatch.setattr(clipping, "paired_squares", rounded)
    assert length(clipper.clipped(rows.of_units(0, 1)).total) > 1 + SLACK


@pytest.mark.parametrize("name", CASES)
def test_sums_are_near_those_in_float32(name: str) -> None:
    module, x, y = case(name)
    rows = Rows(x, y, None, N)
    groups = planned(module, LOSSES, rows)
    for plan in ways_of(module, groups):
        exact = Clipper(module=module, losses=LOSSES, groups=plan, clip=0.5, at_once=N).clipped(rows)
        found = clipper_of(module, rows, groups=plan, clip=0.5).clipped(rows)
        apart = length({k: found.total[k].double() - exact.total[k].double() for k in exact.total})
        assert 0 < apart < 0.03 * length(exact.total), "near, and not computed in float32"
        assert torch.allclose(found.norms, exact.norms, rtol=0.05)


@pytest.mark.slow
def test_passes_all_have_one_number_of_rows_whoever_is_in_the_sample() -> None:
    seen: list[int] = []
    net = mlp()
    net.register_forward_hook(lambda *_: seen.append(len(_[1][0])))
    for budget, people in (
        (Budget(2.0, 1e-4), None),
        (Budget(2.0, 1e-4, Unit.person("who", at_most=9)), np.repeat(np.arange(100), 4)),
    ):
        private = trainer(net=net, budget=budget, batch=40, epochs=4, precision="bfloat16")
        planned_ = private.plan(400 if people is None else 100)
        seen.clear()
        private(crowd(), rng=rng(), people=people)
        steps = seen[-planned_.steps :]
        assert set(steps) == {59}, "40 in expectation, and three deviations"


def test_the_units_of_a_pass_are_those_whose_rows_fit() -> None:
    choose = np.random.default_rng(0)
    for _ in range(50):
        many = choose.integers(1, 5, size=12)
        owner = torch.from_numpy(np.repeat(np.arange(12), many))
        rows = Rows(torch.zeros(len(owner), 1), torch.zeros(len(owner)), owner, 12)
        start, most = int(choose.integers(12)), int(choose.integers(4, 9))
        fits = [stop for stop in range(start + 1, 13) if many[start:stop].sum() <= most]
        assert rows.fitting(start, most) == max(fits)


def test_a_row_has_the_same_slopes_wherever_it_stands_or_is_refused() -> None:
    class Placed(nn.Module):
        """Rounds by place, as a kernel may that adds up in another order at the edge of a tile."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(6, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x) * (1 + 1e-2 * (torch.arange(len(x)) == 17)[:, None])

    rows = Rows(torch.randn(4, 6), torch.tensor([0, 1, 2, 0]), None, 4)
    check_places(clipper_of(nn.Sequential(nn.Linear(6, 3)), rows, at_once=32), rows)
    with pytest.raises(ModelError, match=r"depends on where in a batch it stands.*precision='float32'"):
        check_places(clipper_of(Placed(), rows, at_once=32), rows)


def test_a_wrong_rule_is_found_in_mixed_precision_too(monkeypatch) -> None:
    module, records = borrowed(), crowd(4)
    rows = Rows(torch.from_numpy(records.x), torch.from_numpy(records.y), None, 4)
    right = clipper_of(module, rows)
    check_norms(right, LOSSES, rows)
    wrong = replace(right, groups=[group.by("pairs") for group in groups_of(module)])
    with pytest.raises(ModelError, match="norms of layer 'body' differ from those of plain autograd"):
        check_norms(wrong, LOSSES, rows)

    def longer(tap, slopes, count):
        """A fault that float32 does not have: slopes that become a tenth too long."""
        made = settle(tap, slopes, count)
        low = any(s.dtype == torch.bfloat16 for each in slopes.values() for s in each)
        return {name: [1.1 * s if low else s for s in each] for name, each in made.items()}

    plain = clipper_of(mlp(), rows)
    check_norms(plain, LOSSES, rows)
    monkeypatch.setattr(clipping, "settle", longer)
    with pytest.raises(ModelError, match="differ from those of plain autograd"):
        check_norms(plain, LOSSES, rows)


@pytest.mark.parametrize("name", CASES)
def test_every_module_passes_its_check(name: str) -> None:
    module, x, y = case(name)
    rows = Rows(x[:4], y[:4], None, 4)
    if name != "time first":  # is written for N rows
        check_norms(clipper_of(module, rows, at_once=16), LOSSES, rows)


def test_digits_are_learned() -> None:
    """As well as in float32, with the same noise and samples: 397 digits are judged."""
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    found = {}
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
        private = DPSGD(net, budget=Budget(2.0, 1e-5), batch=280, noise="rehearsal", precision=precision)
        model = private(Records(x[:1400], y[:1400]), rng=rng(1)).view
        found[precision] = float((model.labels(x[1400:]) == y[1400:]).mean())
    assert found["bfloat16"] > 0.75 and abs(found["bfloat16"] - found["float32"]) < 0.02


def test_an_audit_sees_what_is_added_up() -> None:
    """A watched run makes whole gradients, which autograd rounds: its weights are near those of others."""
    tap = Lengths()
    settings = {"precision": "bfloat16", "noise_multiplier": 2.0, "epochs": 2}
    watched, plain = trainer(tap=tap, **settings), trainer(**settings)
    for private in (watched, plain):
        private(crowd(), rng=rng())
    one, other = (torch.cat([p.detach().flatten() for p in t.net.parameters()]) for t in (watched, plain))
    assert 0 < float((one - other).norm()) < 0.02 * float(other.norm())
    assert tap.steps == 8 and tap.rows > 400


class Lengths:
    def __init__(self) -> None:
        self.steps = self.rows = 0

    def plan(self, plan, model=None) -> None: ...

    def gradients(self, rows, gradients: Tensor) -> Tensor:
        assert len(rows) == len(gradients) and gradients.dtype == torch.float32
        self.rows += len(rows)
        return gradients

    def noised(self, clipped, noised, applied=None) -> None:
        self.steps += 1


def test_a_module_in_half_precision_and_unknown_words_are_refused() -> None:
    with pytest.raises(ModelError, match=r"torch.bfloat16, in which sums .* lose their digits"):
        trainer(net=mlp().bfloat16())(crowd(), rng=rng())
    with pytest.raises(PromiseError, match="precision is 'float16': say 'float32' or 'bfloat16'"):
        trainer(precision="float16")
