"""`confide audit model` on the other things a user may hold: a torch module, ONNX, skops, a regression."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from .conftest import Run

pytestmark = pytest.mark.slow

FILES = """
import numpy as np
with np.load("in.npz") as d:
    X, y = d["X"], d["y"]
"""

TORCH = (
    FILES
    + """
import torch
from torch import nn

def net():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 4))
    optimiser = torch.optim.Adam(module.parameters(), lr=0.01)
    x, t = torch.from_numpy(X), torch.from_numpy(y)
    for _ in range(150):
        optimiser.zero_grad()
        nn.functional.cross_entropy(module(x), t).backward()
        optimiser.step()
    return module
"""
)


@pytest.fixture
def arrays(desk: Path) -> Path:
    """in.npz, out.npz: 240 records each of 40 numbers, 4 classes, half of the labels by chance."""
    rng = np.random.default_rng(0)
    for name in ("in", "out"):
        x = rng.standard_normal((240, 40)).astype(np.float32)
        y = np.where(rng.random(240) < 0.5, x[:, :4].argmax(axis=1), rng.integers(0, 4, 240))
        np.savez(desk / f"{name}.npz", X=x, y=y)
    return desk


def audit(run: Run, model: str, *words: str) -> dict[str, object]:
    done = run("audit", "model", model, "--members", "in.npz", "--nonmembers", "out.npz",
               "--references", "4", "--out", "out", *words)  # fmt: skip
    assert done.exit_code == 0, done.output
    return json.loads(Path("out/report.json").read_text())


def best(report: dict[str, object]) -> float:
    return max(f["auc"]["low"] for f in report["findings"])  # type: ignore[attr-defined]


def test_a_torch_module_is_trained_anew_by_a_stated_default(arrays: Path, run: Run) -> None:
    (arrays / "torchnet.py").write_text(TORCH)
    report = audit(run, "torchnet:net", "--attacks", "loss,student")
    assert best(report) > 0.8
    assert report["sections"][0]["headline"].startswith(
        "An outsider who can query"
    )  # no attack looked inside
    assert "with new weights, trained by Adam" in (arrays / "out/report.html").read_text()


def forest(desk: Path):
    from sklearn.ensemble import RandomForestClassifier

    with np.load(desk / "in.npz") as d:
        return RandomForestClassifier(20, random_state=0).fit(d["X"], d["y"])


def test_an_onnx_file_is_a_foreign_black_box(arrays: Path, run: Run) -> None:
    from skl2onnx import to_onnx

    model = to_onnx(forest(arrays), np.zeros((1, 40), np.float32), options={"zipmap": False})
    (arrays / "forest.onnx").write_bytes(model.SerializeToString())
    report = audit(run, "forest.onnx", "--attacks", "loss,rmia")
    assert best(report) > 0.8
    assert "the target's own kind is unknown" in (arrays / "out/report.html").read_text().replace(
        "&#39;", "'"
    )


def test_a_skops_file_is_cloned(arrays: Path, run: Run) -> None:
    import skops.io

    skops.io.dump(forest(arrays), arrays / "forest.skops")
    report = audit(run, "forest.skops", "--attacks", "loss,rmia")
    assert best(report) > 0.8


def test_a_regression_is_audited_by_its_residuals(arrays: Path, run: Run) -> None:
    rng = np.random.default_rng(1)
    for name in ("in", "out"):
        x = rng.standard_normal((240, 8))
        np.savez(arrays / f"{name}.npz", X=x, y=x[:, 0] + rng.standard_normal(240))
    (arrays / "trees.py").write_text(
        FILES + "from sklearn.ensemble import RandomForestRegressor\n"
        "model = RandomForestRegressor(20, random_state=0).fit(X, y)\n"
    )
    report = audit(run, "trees:model", "--attacks", "all")
    assert best(report) > 0.8
    skipped = {s["attack"]: s["why"] for s in report["skipped"]}  # type: ignore[attr-defined]
    assert "needs classes" in skipped["entropy"]
    assert "needs classes" in skipped["shadow"]
