"""DP-SGD end to end: it learns, can be rehearsed, keeps the module plain, and refuses what it must."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from scipy.stats import chi2
from tests.models.torch.modules import borrowed
from torch import Tensor, nn

from confide.core.budget import Budget, Unit
from confide.core.errors import ConfideError, DataError, ModelError, PromiseError
from confide.core.nouns import Rehearsal, Release
from confide.mechanisms.learn.dpsgd.accounting import epsilon_of
from confide.mechanisms.learn.dpsgd.checking import check_norms
from confide.mechanisms.learn.dpsgd.clipping import Clipper
from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
from confide.mechanisms.learn.dpsgd.groups import groups_of
from confide.mechanisms.learn.dpsgd.losses import default_losses
from confide.mechanisms.learn.dpsgd.noise import SAMPLE, RehearsalSource
from confide.mechanisms.learn.dpsgd.planning import planned
from confide.mechanisms.learn.dpsgd.rows import Rows
from confide.mechanisms.learn.dpsgd.sampling import poisson_sample
from confide.models.torch.losses import cross_entropy
from confide.views.records import Records

BUDGET = Budget(2.0, 1e-4)
PERSON = Budget(2.0, 1e-4, Unit.person("who", at_most=3))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def crowd(n: int = 400, seed: int = 0) -> Records:
    x = rng(seed).normal(size=(n, 6)).astype(np.float32)
    return Records(x, (x[:, 0] + x[:, 1] > 0).astype(np.int64))


def mlp() -> nn.Sequential:
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))


def trainer(net: nn.Module | None = None, **changes) -> DPSGD:
    settings = {"budget": BUDGET, "epochs": 4, "batch": 100, "noise": "rehearsal"} | changes
    return DPSGD(mlp() if net is None else net, **settings)


def weights(net: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in net.parameters()])


@pytest.mark.slow
def test_it_learns_and_its_plan_costs_the_budget() -> None:
    private = trainer()
    trained = private.train(crowd(), rng=rng())
    assert isinstance(trained.outcome, Rehearsal) and trained.outcome.budget == BUDGET
    fresh = crowd(2_000, seed=9)
    assert (trained.outcome.view.labels(fresh.x) == fresh.y).mean() > 0.9
    plan = trained.plan
    assert (plan.rate, plan.steps, plan.people) == (0.25, 16, 400)
    assert trainer(batch=None).plan(400).batch == 80 and trainer(batch=None).plan(9_000).batch == 1024
    spent = epsilon_of(multiplier=plan.multiplier, delta=1e-4, rate=plan.rate, steps=plan.steps)
    assert 0.99 * BUDGET.epsilon < spent <= BUDGET.epsilon


def test_a_real_release_cannot_be_replayed_and_a_rehearsal_can() -> None:
    def made(noise: str, seed: int = 0) -> tuple[type, Tensor]:
        private = trainer(noise=noise)
        return type(private(crowd(), rng=rng(seed))), weights(private.net)

    kind, first = made("rehearsal")
    assert kind is Rehearsal and torch.equal(first, made("rehearsal")[1])
    assert not torch.equal(first, made("rehearsal", seed=1)[1])
    kind, first = made("secure")
    assert kind is Release and not torch.equal(first, made("secure")[1])


def test_the_module_stays_the_one_that_came_in() -> None:
    net = mlp()
    keys, kinds, attributes = list(net.state_dict()), [type(m) for m in net.modules()], set(vars(net))
    before = torch.random.get_rng_state()
    model = trainer(net)(crowd(), rng=rng()).view
    assert (
        model.module is net and list(net.state_dict()) == keys and [type(m) for m in net.modules()] == kinds
    )
    assert set(vars(net)) == attributes and not any(m._forward_hooks for m in net.modules())
    assert all(p.grad is None for p in net.parameters()) and not net.training
    assert torch.equal(torch.random.get_rng_state(), before), "torch's own generator was left alone"
    mlp().load_state_dict(net.state_dict())


@pytest.mark.parametrize(
    "changes",
    [
        {"optimiser": "adam", "learning_rate": 0.05},
        {"momentum": 0.9, "learning_rate": 0.3},
        {"average": 0.8},
        {"memory_mb": 1, "clip": 0.1, "learning_rate": 20.0},
        {"loss": nn.CrossEntropyLoss(reduction="none")},
        {"augment": lambda x, g: x + 0.1 * torch.rand(x.shape, generator=g), "views": 3},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_every_setting_learns(changes) -> None:
    fresh = crowd(2_000, seed=9)
    model = trainer(epochs=8, **changes)(crowd(), rng=rng()).view
    assert (model.labels(fresh.x) == fresh.y).mean() > 0.85


def test_a_step_is_the_clipped_sum_of_its_sample_with_noise_over_the_expected_size() -> None:
    """What is left after a plain loop's clipped sum is noise: 74 numbers, within bounds but once in 10^6."""
    records = crowd()
    private = trainer(epochs=0.25, learning_rate=1.0, clip=0.2)
    net, before = mlp(), weights(private.net)
    trained = private.train(records, rng=rng(4))
    seed = int(rng(4).integers(1 << 62, size=2)[0])
    sample = poisson_sample(400, rate=0.25, bits=RehearsalSource(seed).at(0, SAMPLE))
    assert trained.plan.steps == 1 and len(sample) != 100, "divided by the sample's size it would be off"
    total = torch.zeros_like(before)
    for x, y in zip(torch.from_numpy(records.x)[sample], torch.from_numpy(records.y)[sample], strict=True):
        g = torch.autograd.grad(nn.functional.cross_entropy(net(x[None]), y[None]), list(net.parameters()))
        flat = torch.cat([part.flatten() for part in g])
        total += flat * min(1.0, 0.2 / float(flat.norm()))
    left = ((before - weights(private.net)) * 100 - total) / (0.2 * trained.plan.multiplier)
    assert chi2.ppf(5e-7, 74) < float(left.square().sum()) < chi2.isf(5e-7, 74)


def test_an_empty_sample_is_a_step_with_noise_alone() -> None:
    records, empty = crowd(), 0
    one = Records(records.x[:, :1], records.y)
    loss = lambda out, y: out[:, 0] * (2.0 * y - 1)  # noqa: E731
    for seed in range(6):
        private = trainer(
            nn.Linear(1, 1, bias=False), loss=loss, batch=1, epochs=1 / 400, budget=Budget(8.0, 1e-4)
        )
        before = weights(private.net)
        private(one, rng=rng(seed))
        bits = RehearsalSource(int(rng(seed).integers(1 << 62, size=2)[0])).at(0, SAMPLE)
        empty += len(poisson_sample(400, rate=1 / 400, bits=bits)) == 0
        assert not torch.equal(before, weights(private.net))
    assert empty > 0, (
        "of six samples with one in expectation none is empty once in 16 runs; the seeds are set"
    )


def test_dropout_views_and_a_frozen_batch_norm_are_allowed() -> None:
    net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.ReLU(), nn.Linear(8, 2))
    net[1].requires_grad_(False).eval()
    statistics = net[1].running_mean.clone()
    trainer(net)(crowd(), rng=rng())
    assert torch.equal(net[1].running_mean, statistics)


def test_persons_are_trimmed_and_their_number_is_what_is_sampled() -> None:
    records = crowd(500)
    who = rng(3).permutation(np.concatenate([np.repeat(np.arange(100), 3), np.full(200, 100)]))
    frame = pl.DataFrame(records.x).with_columns(who=pl.Series(who))
    private = trainer(budget=PERSON, batch=50)
    trained = private.train(records, rng=rng(), people=who)
    assert (trained.plan.people, trained.trimmed, trained.plan.rate) == (101, 197, 50 / 101)
    again = trainer(budget=PERSON, batch=50)
    again(Records(frame, records.y), rng=rng())
    assert torch.equal(weights(again.net), weights(private.net)), "a column says the same as people"


def test_no_person_moves_a_step_by_more_than_a_clip_whatever_their_rows() -> None:
    """Training without noise worth the name, one step on everybody: neighbours' weights are a clip apart."""
    records = crowd(90)
    who = np.repeat(np.arange(30), 3)
    found = []
    for kept in (np.arange(90), np.arange(87)):
        x = records.x.copy()
        x[87:] *= 1e4
        records.y[87:] = 1 - mlp()(torch.from_numpy(x[87:])).argmax(1).numpy()
        private = trainer(
            budget=Budget(1e6, 1e-4, PERSON.unit),
            batch=29 if len(kept) < 90 else 30,
            epochs=1,
            learning_rate=1.0,
        )
        before = weights(private.net)
        trained = private.train(Records(x[kept], records.y[kept]), rng=rng(), people=who[kept])
        found.append((weights(private.net) - before) * trained.plan.batch)
        assert trained.plan.rate == 1 and trained.plan.multiplier < 0.01
    apart = float((found[0] - found[1]).norm())
    assert 0.9 < apart < 1 + 0.01 * 2 * math.sqrt(len(found[0]))


def test_individual_epsilons_never_exceed_the_promise_and_reach_it_when_always_clipped() -> None:
    records = crowd()
    x = np.where(np.arange(400)[:, None] < 200, 100 * records.x, records.x / 1e3).astype(np.float32)
    net = nn.Linear(6, 1, bias=False)
    nn.init.zeros_(net.weight)
    loss = lambda out, y: out[:, 0] * (2.0 * y - 1)  # noqa: E731 - its gradient is x or -x in every step
    private = trainer(net, individual=True, loss=loss, batch=200, epochs=10)
    spent = private.train(Records(x, records.y), rng=rng()).epsilons
    assert spent is not None and (spent <= BUDGET.epsilon).all()
    assert (spent[:200] == BUDGET.epsilon).all(), "whose gradient is always longer than the clip"
    assert np.median(spent[200:]) < 0.3 * BUDGET.epsilon, "whose gradient is a hundredth of it"
    assert trainer().train(records, rng=rng()).epsilons is None


def test_a_record_that_is_not_a_number_is_counted_and_changes_nothing_else() -> None:
    records = crowd()
    records.x[7], records.x[8, 0], records.x[9, 2] = np.nan, np.inf, 3e38
    trained = trainer(batch=400, epochs=3).train(records, rng=rng())
    assert trained.unusable == 9
    assert torch.isfinite(weights(trained.outcome.view.module)).all()


class Mixing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x - x.mean(0))


class Remembering(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 2)
        self.register_buffer("seen", torch.zeros(6))

    def forward(self, x: Tensor) -> Tensor:
        self.seen += x.detach().sum(0)
        return self.inner(x)


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.spare = nn.Linear(6, 2), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


def with_batch_norm() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 2))


@pytest.mark.parametrize(
    ("net", "changes", "kind", "said"),
    [
        (with_batch_norm, {}, ModelError, r"layer '1' \(BatchNorm1d\) mixes .* put nn.GroupNorm\(24, 48\)"),
        (Mixing, {}, ModelError, "output for a row depends on the other rows"),
        (Remembering, {}, ModelError, "buffer 'seen' changes while the module is used"),
        (Unused, {}, ModelError, "does not depend on spare.weight, spare.bias.* freeze it"),
        (lambda: mlp().requires_grad_(False), {}, ModelError, "every parameter is frozen"),
        (mlp, {"loss": nn.CrossEntropyLoss()}, ModelError, r"loss of 4 rows has shape \(\): return one loss"),
        (
            mlp,
            {"loss": lambda out, y: (out - out.mean(0)).square().sum(1)},
            ModelError,
            "loss of a row depends on the other rows",
        ),
        (lambda: nn.Linear(5, 2), {}, ModelError, "cannot take the records"),
        (mlp, {"budget": Budget(2.0, 1 / 400)}, PromiseError, r"delta is 0.0025, and there are 400 people"),
        (mlp, {"budget": Budget(2.0)}, PromiseError, "give both above 0"),
        (
            mlp,
            {"batch": 401},
            PromiseError,
            "takes 401 in expectation, and there are 400: give a batch of 400",
        ),
        (
            mlp,
            {"budget": Budget(0.001, 1e-4)},
            PromiseError,
            "nothing but noise would be learned: train on some",
        ),
        (mlp, {"budget": Budget(2.0, 1e-4, Unit.client())}, PromiseError, "hides a record or a person"),
        (mlp, {"budget": PERSON}, DataError, "not known whose rows are whose"),
        (mlp, {"learning_rate": 0.0}, PromiseError, "learning_rate is 0"),
        (mlp, {"learning_rate": 1e-30}, ModelError, "parameter '0.weight' does not move in a step"),
        (mlp, {"momentum": 1.0}, PromiseError, "momentum is 1.0"),
        (mlp, {"clip": math.inf}, PromiseError, "clip is inf"),
        (mlp, {"optimiser": "lbfgs"}, PromiseError, "optimiser is 'lbfgs'"),
        (mlp, {"views": 2}, PromiseError, "2 views"),
        (mlp, {"noise": "weak"}, PromiseError, "noise is 'weak'"),
    ],
)
def test_what_cannot_be_trained_so_is_refused_and_nothing_has_moved(net, changes, kind, said) -> None:
    module = net()
    before = {name: t.clone() for name, t in module.state_dict().items()}
    with pytest.raises(kind, match=said):
        trainer(module, **changes)(crowd(), rng=rng())
    assert all(torch.equal(t, before[name]) for name, t in module.state_dict().items())


def test_batches_of_a_loader_and_budgets_that_are_none_are_refused() -> None:
    records = crowd(8)
    data = [(torch.as_tensor(row), int(y)) for row, y in zip(records.x, records.y, strict=True)]
    for given in (torch.utils.data.DataLoader(data), (records.x, records.y)):  # pyright: ignore[reportArgumentType]
        with pytest.raises(DataError, match=r"give confide\.Records.* draws its batches itself"):
            trainer(mlp())(given, rng=rng())  # pyright: ignore[reportArgumentType]
    with pytest.raises(PromiseError, match=r"budget is \(1\.0, 1e-05\): give confide\.Budget"):
        trainer(mlp(), budget=(1.0, 1e-5))


def test_a_rule_that_does_not_fit_is_found_before_training() -> None:
    """A layer whose weight is used beside the layer itself, and a plan that does not know it."""
    module, records = borrowed(), crowd(4)
    losses = default_losses(cross_entropy)
    rows = Rows(torch.from_numpy(records.x), torch.from_numpy(records.y), None, 4)
    groups = [group.by("pairs") for group in groups_of(module)]
    clipper = Clipper(module=module, losses=losses, groups=groups, clip=1.0, at_once=4)
    with pytest.raises(ModelError, match="norms of layer 'body' differ from those of plain autograd"):
        check_norms(clipper, losses, rows)
    check_norms(replace(clipper, groups=planned(module, losses, rows)), losses, rows)


@pytest.mark.parametrize("label", [-1, 2])
def test_labels_outside_the_classes_are_refused(label: int) -> None:
    records = crowd()
    records.y[11] = label
    with pytest.raises(DataError, match=f"a label is {label}, and the module has the classes 0 to 1"):
        trainer()(records, rng=rng())


def test_labels_that_are_no_codes_are_refused_and_values_are_learned() -> None:
    records = crowd()
    for y, said in ((records.y + 0.5, "a label is"), (np.array(["a"] * 400), "labels are <U1")):
        with pytest.raises(DataError, match=said):
            trainer()(Records(records.x, y), rng=rng())
    values = Records(records.x, records.x[:, 0] / 2)
    model = trainer(nn.Linear(6, 1), task="regression", learning_rate=0.5)(values, rng=rng()).view
    assert np.square(model.predict(values.x)[:, 0] - values.y).mean() < 0.5 * values.y.var()
    values.y[3] = np.nan
    with pytest.raises(DataError, match="a value to predict is not finite"):
        trainer(nn.Linear(6, 1), task="regression")(values, rng=rng())
    with pytest.raises(ModelError, match="net is a dict"):
        trainer({"not": "a module"})(records, rng=rng())


def test_people_of_the_wrong_shape_or_without_need_are_refused() -> None:
    for budget, people, said in (
        (BUDGET, np.arange(400), "the promise hides a record"),
        (PERSON, np.arange(399), r"people has shape \(399,\)"),
        (PERSON, np.where(np.arange(400) == 3, np.nan, 1.0), "an id in people is missing"),
    ):
        with pytest.raises(DataError, match=said):
            trainer(budget=budget)(crowd(), rng=rng(), people=people)


def test_an_error_on_the_way_puts_everything_back() -> None:
    calls = []

    def loss(out: Tensor, y: Tensor) -> Tensor:
        calls.append(1)
        if len(calls) > 40:
            raise RuntimeError("the disk is full")
        return nn.functional.cross_entropy(out, y, reduction="none")

    private = trainer(loss=loss, epochs=40)
    before = weights(private.net)
    with pytest.raises((RuntimeError, ConfideError), match="the disk is full"):
        private(crowd(), rng=rng())
    assert torch.equal(weights(private.net), before) and private.net.training


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        trainer().batch = 3


class Scaled(nn.Module):
    """Has a temperature, one number without dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.scale = nn.Linear(6, 2), nn.Parameter(torch.tensor(1.0))

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) * self.scale


def test_a_parameter_without_dimensions_is_trained() -> None:
    net = Scaled()
    trainer(net)(crowd(), rng=rng())
    assert float(net.scale.detach()) != 1 and net.scale.shape == ()


def test_layers_that_cannot_be_seen_into_are_refused_by_their_name() -> None:
    with pytest.warns(DeprecationWarning):
        compiled = torch.jit.script(nn.Linear(6, 2))
    with pytest.raises(ModelError, match="compiled by TorchScript"):
        trainer(compiled)(crowd(), rng=rng())
    words = Records(rng().integers(0, 8, (400, 5)), rng().integers(0, 2, 400))
    with pytest.raises(ModelError, match=r"layer '0' has sparse gradients.*give sparse=False"):
        trainer(nn.Sequential(nn.Embedding(8, 2, sparse=True), nn.Flatten(), nn.Linear(10, 2)))(
            words, rng=rng()
        )
