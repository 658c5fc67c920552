"""Masks of dropout and random views are secrets of a real run: nobody who knows `rng` can replay them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.mechanisms.learn.dpsgd.test_runs import crowd
from torch import Tensor, nn

from confide.core.budget import Budget
from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
from confide.mechanisms.learn.dpsgd.masks import drawing
from confide.mechanisms.learn.dpsgd.noise import GridNoise

CPU = torch.device("cpu")


def shaken(x: Tensor, generator: torch.Generator) -> Tensor:
    return x + torch.randn(x.shape, generator=generator)


class TwoLayers(nn.Module):
    """An LSTM drops between its layers by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.over = nn.LSTM(2, 4, num_layers=2, dropout=0.5, batch_first=True)
        self.out = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.over(x.view(-1, 3, 2))[0][:, -1])


def dropping() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 16), nn.Dropout(0.5), nn.Linear(16, 2))


def sums(monkeypatch: pytest.MonkeyPatch, net: nn.Module, noise: str, **changes) -> list[Tensor]:
    """The clipped sums of a run in which every step takes everybody: masks alone are random in them."""
    found: list[Tensor] = []
    added = GridNoise.added

    def kept(self, total, bits, **named):
        found.append(total.detach().clone().double())
        return added(self, total, bits, **named)

    with monkeypatch.context() as patch:
        patch.setattr(GridNoise, "added", kept)
        settings = {"budget": Budget(2.0, 1e-4), "epochs": 1, "batch": 200, "noise": noise, "clip": 0.05}
        DPSGD(net, **(settings | changes))(crowd(200), rng=np.random.default_rng(0))
    return found


CASES = {
    "dropout": (dropping, {}),
    "dropout of an LSTM": (TwoLayers, {}),
    "views": (lambda: nn.Linear(6, 2), {"augment": shaken, "views": 2}),
    "two processes": (dropping, {"processes": 2}),
}


@pytest.mark.parametrize("name", CASES)
def test_who_knows_the_generator_cannot_replay_the_masks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, changes = CASES[name]
    once: dict[str, list[Tensor]] = {}
    for noise in ("rehearsal", "secure"):
        pair: list[Tensor] = []
        for _ in range(2):
            torch.manual_seed(0)
            pair += sums(monkeypatch, make(), noise, **changes)
        once[noise] = pair
    again, anew = (float((a - b).norm()) for a, b in once.values())
    assert again == 0, "a rehearsal is replayed by its seed"
    assert anew > 1e-3, "two real runs with one generator have other masks"


def test_masks_of_a_real_step_are_in_no_table_of_seeds() -> None:
    """Torch keeps 32 bits of a seed; the state has 19,937. Equal words by chance: below 2^-600."""
    assert torch.equal(
        *(torch.rand(9, generator=torch.Generator().manual_seed(s)) for s in (7, 7 + 2**32))
    ), "torch takes the whole seed now: masks.py can say so"
    with drawing(None, CPU) as views:
        for generator in (views, torch.default_generator):
            named = torch.Generator().manual_seed(generator.initial_seed())
            assert not torch.equal(torch.rand(20, generator=generator), torch.rand(20, generator=named))
        found = [torch.rand(20, generator=views), torch.rand(20)]
    with drawing(None, CPU) as views:
        found += [torch.rand(20, generator=views), torch.rand(20)]
    assert len({tuple(t.tolist()) for t in found}) == 4


def test_words_of_a_secret_state_are_uniform() -> None:
    """20 cells, 200,000 words: above 5 deviations of each with a chance below 20 * 6e-7."""
    with drawing(None, CPU) as views:
        counts = torch.histc(torch.rand(200_000, generator=views), bins=20, min=0, max=1)
    assert float((counts - 10_000).abs().max()) < 5 * 10_000**0.5


def test_the_generator_of_the_process_is_as_it_was() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    with drawing(None, CPU):
        torch.rand(5)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_checkpoint_of_a_real_run_holds_no_seed(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    private = DPSGD(dropping(), budget=Budget(2.0, 1e-4), epochs=1, batch=50, checkpoint=path)
    private(crowd(200), rng=np.random.default_rng(0))
    assert b'\\"other_seed\\": null' in path.read_bytes()
