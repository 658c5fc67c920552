"""`confide audit model --access white-box`: weights and checkpoints as files, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import Result
from safetensors.torch import save_file
from torch import nn

from .conftest import Run

MODULE = """
from torch import nn

def net():
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))

def scores(X):
    return [[0.2, 0.3, 0.5]] * len(X)
"""


@pytest.fixture
def white(run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command on a module whose weights and earlier states are files beside it."""
    import sys

    monkeypatch.delitem(sys.modules, "netmodel", raising=False)
    (desk / "netmodel.py").write_text(MODULE)
    rng = np.random.default_rng(0)
    for name in ("in", "out"):
        x = rng.standard_normal((200, 6)).astype(np.float32)
        np.savez(desk / f"{name}.npz", X=x, y=rng.integers(0, 3, 200))
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
    for name in ("epoch0", "epoch5", "net"):
        save_file({k: v + 0.0 for k, v in net.state_dict().items()}, desk / f"{name}.safetensors")
        torch.save(net.state_dict(), desk / f"{name}.pt")
        net[0].weight.data *= 1.5

    def command(*words: str, model: str = "netmodel:net") -> Result:
        given = ["--members", "in.npz", "--nonmembers", "out.npz", "--references", "0", "--out", "report"]
        return run("audit", "model", model, *given, *words)

    return command


def test_weights_checkpoints_and_coverage_reach_the_report(white: Run, desk: Path) -> None:
    done = white("--attacks", "loss", "--access", "white-box", "--weights", "net.safetensors",
                 "--checkpoint", "epoch0.safetensors", "--checkpoint", "epoch5.safetensors",
                 "--trained-on", "250")  # fmt: skip
    assert done.exit_code == 0, done.output
    page = json.loads((desk / "report/report.json").read_text())
    assert any("The audited list holds 200 of the 250" in had for had in page["sections"][0]["adversary"])
    (plot,) = [e for e in page["sections"][0]["exhibits"] if e["kind"] == "plot"]
    assert plot["places"] == ["checkpoint 1", "checkpoint 2", "published"]
    assert "Gradient norms over training" in (desk / "report/report.html").read_text()
    assert (white("--attacks", "loss", "--audience", "public").exit_code) == 2  # beside the rows of the first


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--weights", "net.pt"], "net.pt is refused, because .pt files are pickles"),
        (["--checkpoint", "epoch0.pt"], "epoch0.pt is refused"),
        (["--weights", "gone.safetensors"], "there is no file gone.safetensors"),
        (["--trained-on", "199"], "there are 200 members, but trained_on is 199"),
        (["--trained-on", "0"], "--trained-on"),
        (["--access", "grey-box"], "--access"),
        (["--access", "black-box", "--checkpoint", "epoch0.safetensors"], "checkpoints show the inside"),
    ],
)
def test_bad_weights_and_options_are_bad_use(words: list[str], says: str, white: Run, desk: Path) -> None:
    done = white("--attacks", "loss", *words)
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert "Traceback" not in done.output
    assert not (desk / "report").exists()


def test_weights_of_another_architecture_name_what_does_not_fit(white: Run, desk: Path) -> None:
    save_file({"0.weight": torch.zeros(16, 9), "head": torch.zeros(2)}, desk / "other.safetensors")
    for option in ("--weights", "--checkpoint"):
        done = white("--attacks", "loss", option, "other.safetensors")
        assert done.exit_code == 2, done.output
        assert "it lacks 0.bias, 2.weight, 2.bias" in done.stderr
        assert "0.weight is (16, 9), not (16, 6)" in done.stderr


def test_a_model_without_weights_is_told_so(white: Run) -> None:
    done = white("--attacks", "loss", "--weights", "net.safetensors", model="netmodel:scores")
    assert done.exit_code == 2
    assert "weights and checkpoints go into a torch module" in done.stderr


def test_white_box_access_to_scores_alone_warns_and_goes_on(white: Run) -> None:
    done = white("--attacks", "loss", "--access", "white-box", model="netmodel:scores")
    assert done.exit_code == 0, done.output
    assert done.stderr.count("the model gives black-box access") == 1
