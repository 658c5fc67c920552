"""The white-box table: its networks are the published ones, its statistics right, its rows can be made."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from confide.data import cifar100, deezer600, digits
from confide.games.membership.models import TrainedModel
from confide.knowledge.models import Background
from confide.models.torch.model import TorchModel

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RNG = np.random.default_rng


@pytest.fixture(scope="module")
def table() -> ModuleType:
    """The script, which imports its neighbours as scripts do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import lecture_table  # pyright: ignore[reportMissingImports]

        return lecture_table


@pytest.fixture
def networks(table: ModuleType) -> ModuleType:
    return sys.modules["networks"]


def size(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def depth(module: nn.Module, *, without: str = "across") -> int:
    layers = [(n, m) for n, m in module.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    return sum(without not in name for name, _ in layers)


def test_the_networks_have_the_published_depth_and_size(networks: ModuleType) -> None:
    """Sizes: He et al. 2016, table 6 (ours project, for 1 % more); Huang et al. 2017, table 2.

    AlexNet is counted by hand: k^2 C C' + C' a convolution.
    """
    by_hand = [(11, 3, 64), (5, 64, 192), (3, 192, 384), (3, 384, 256), (3, 256, 256), (1, 256, 100)]
    assert size(networks.alexnet(100)) == sum(k * k * a * b + b for k, a, b in by_hand)
    for deep, millions in ((20, 0.27), (110, 1.7)):
        net = networks.resnet(10, depth=deep)
        assert depth(net) == deep
        assert size(net) / 1e6 == pytest.approx(millions, rel=0.03)
    net = networks.densenet(10, depth=100, growth=12)
    assert (depth(net), round(size(net) / 1e6, 1)) == (100, 0.8)
    net = networks.fully_connected(600, 100)
    assert [m.out_features for m in net if isinstance(m, nn.Linear)] == [1024, 512, 256, 128, 100]
    with pytest.raises(ValueError, match="20, 32"):
        networks.resnet(depth=21)


def test_all_networks_answer_and_learn_nothing_in_eval_mode(networks: ModuleType) -> None:
    x = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    for net in (networks.alexnet(7, width=4), networks.resnet(7, depth=8), networks.densenet(7, depth=10)):
        net.eval()
        before = [t.clone() for t in net.state_dict().values()]
        alone = torch.cat([net(x[i : i + 1]) for i in range(3)])
        assert net(x).shape == (3, 7)
        torch.testing.assert_close(net(x), alone)  # a record's answer does not depend on the others
        assert all((a == b).all() for a, b in zip(before, net.state_dict().values(), strict=True))


def test_everybody_is_measured_on_the_targets_of_which_nobody_was_told(table: ModuleType) -> None:
    people = deezer600.twin(200, rng=RNG(1))
    member = np.arange(200) < 90
    view = TorchModel(nn.Linear(600, 100))
    game = TrainedModel(
        view=view, targets=people, member=member, told=0.5, background=Background(classes=100)
    )
    alone, told = (table._played(game, table.ATTACKS[name]) for name in ("loss", "supervised"))
    assert len(alone) == 100
    assert alone.table["target"].to_list() == told.table["target"].to_list()
    assert (alone.exposed == member[alone.table["target"].to_numpy()]).all()


def small(row: object, **change: object) -> object:
    return replace(row, members=80, epochs=2, device="cpu", **change)  # pyright: ignore[reportArgumentType]


@pytest.mark.slow
def test_rows_of_either_size_can_be_made(
    table: ModuleType, networks: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "KNOWN", 60)
    pictures, people, scans = (data.twin(300, rng=RNG(1)) for data in (cifar100, deezer600, digits))
    laptop, gpu = ({row.name: row for row in rows()} for rows in (table.laptop, table.gpu))
    assert list(laptop) == list(gpu)
    assert {row.device for row in gpu.values() if row.build} == {"cuda"}
    rows = [
        small(laptop["alexnet"], load=lambda: pictures, build=partial(networks.alexnet, 100, width=4)),
        small(
            gpu["deezer600"], load=lambda: people, build=partial(networks.fully_connected, 600, 100, width=32)
        ),
        small(laptop["regression-location30"], load=lambda: scans),
    ]
    made = [table.found(row, tmp_path) for row in rows]
    for got in made:
        assert (got.members, got.nonmembers) == (80, 80)
        assert list(got.accuracy) == list(table.ATTACKS)
        assert all(low <= value <= high for value, low, high in got.accuracy.values())
    page = "\n".join(table.lines_of(rows, made))
    assert (
        "– lecture: Purchase100, FC (other data) | – | 1.000 | 0.800 | 0.200 | 0.676 | – | 0.676 | 0.734"
        in page
    )
    assert len(table.checks(rows, made)) == 3  # of the fully connected row

    def again(*_: object) -> None:
        raise AssertionError("a finished row is made again")

    monkeypatch.setattr(table, "attacked", again)
    assert [table.found(row, tmp_path) for row in rows] == made


def test_published_networks_fit_their_records(table: ModuleType) -> None:
    """Each row's network takes its records: pictures for the first three, rows for the others."""
    shapes = {"alexnet": (3, 32, 32), "resnet": (3, 32, 32), "densenet": (3, 32, 32)}
    shapes |= {"deezer600": (600,), "diabetes130": (1_611,), "location30": (446,)}
    for rows in (table.laptop, table.gpu):
        for row in rows():
            if row.build is not None:
                assert row.build().eval()(torch.zeros(1, *shapes[row.name])).shape[0] == 1
