"""A rehearsal and a release are two types, and a rehearsal is never on disk without its mark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.nouns import Rehearsal, Release
from confide.inputs.sidecar import Sidecar, sidecar_of
from confide.mechanisms.anonymize.gaussian_places import GaussianPlaces
from confide.mechanisms.anonymize.noisy_ratings import NoisyRatings
from confide.mechanisms.anonymize.rare_items import WithoutRareItems
from confide.mechanisms.anonymize.sampled_rows import SampledRows
from confide.mechanisms.in_order import in_order
from confide.mechanisms.learn.output_perturbation import OutputPerturbation
from confide.mechanisms.noise.laws import Law
from confide.mechanisms.randomize.dp_pix import DPPix
from confide.mechanisms.randomize.item_response import RandomisedResponse
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.mechanisms.statistics.visit_counts import VisitCounts
from confide.releases import written
from confide.views.counts import Grid, Visits
from confide.views.images import Pictures
from confide.views.interactions import Interactions
from confide.views.records import Records
from confide.views.traces import Traces

LIKES = Interactions.of(np.arange(4), np.arange(4), rating=np.array([1.0, 2.0, 3.0, 4.0]))
VISITS = Traces.of(np.arange(2), np.zeros(2), np.arange(2), where=np.array([[0.0, 0.0], [0.0, 0.001]]))
DRAWING = [
    (SampledRows(share=0.9), LIKES),
    (NoisyRatings(stars=Law("laplace", 1.0)), LIKES),
    (RandomisedResponse(budget=Budget(1.0)), LIKES),
    (GaussianPlaces(sigma_m=50.0), VISITS),
    (PlanarLaplace(), VISITS),
    (DPPix.of(epsilon=1.0, side=2, pixels=1), Pictures(np.zeros((1, 4, 4), np.uint8))),
    (VisitCounts(epsilon=1.0, at_most=1), Visits(traces=VISITS, grid=Grid(cells=2, start=0, times=1))),
    (
        OutputPerturbation(budget=Budget(1.0, 1e-5), classes=2, penalty=1.0),
        Records(np.eye(2), np.array([0, 1])),
    ),
]


@pytest.mark.parametrize(("mechanism", "data"), DRAWING, ids=lambda x: type(x).__name__)
def test_noise_from_a_seed_gives_a_rehearsal_and_secure_noise_a_release(mechanism, data):
    secure, seeded = (
        replace(mechanism, noise=noise)(data, rng=np.random.default_rng(0))
        for noise in ("secure", "rehearsal")
    )
    assert type(secure) is Release and type(seeded) is Rehearsal
    assert not isinstance(seeded, Release) and not isinstance(secure, Rehearsal)
    assert seeded.budget == secure.budget == mechanism.budget and seeded.maker == secure.maker


def test_several_in_order_are_rehearsed_if_one_is():
    rare = WithoutRareItems(people=1)
    for noise, kind in (("secure", Release), ("rehearsal", Rehearsal)):
        response = RandomisedResponse(budget=Budget(1.0), noise=noise)
        assert type(in_order([response, rare])(LIKES, rng=np.random.default_rng(0))) is kind


def sidecar(noise: str) -> Sidecar:
    words = {"kind": "ratings", "promise": None, "ids": "kept", "found": "", "verdict": "", "sha256": ""}
    lists = dict.fromkeys(("protections", "settings", "left_out", "verified"), ())
    return Sidecar(**words, **lists, noise=noise, before={}, after={})


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    folder = tmp_path / "draft"
    folder.mkdir()
    path = folder / "safe.csv"
    path.write_text("1,2\n")
    return path


SEEDED, SECURE = Rehearsal(LIKES, None, "response:1"), Release(LIKES, None, "response:1")


@pytest.mark.parametrize(
    ("write", "made", "noise"),
    [
        (written.publish, SEEDED, "rehearsed"),
        (written.publish, SEEDED, "secure"),
        (written.publish, SECURE, "rehearsed"),
        (written.keep_rehearsal, SEEDED, "secure"),
        (written.keep_rehearsal, SEEDED, "none"),
        (written.keep_rehearsal, SECURE, "rehearsed"),
    ],
)
def test_nothing_is_written_where_type_and_mark_differ(write, made, noise, draft: Path, tmp_path: Path):
    out = tmp_path / "safe.csv"
    with pytest.raises(PromiseError, match="rehearsed with a seed"):
        write(made, draft, out, sidecar(noise))
    assert not out.exists() and not sidecar_of(out).exists()


def test_the_mark_of_a_rehearsal_stands_there_before_its_data(draft: Path, tmp_path: Path, monkeypatch):
    out = tmp_path / "safe.csv"

    def cut_off(one: Path, other: Path) -> None:
        assert json.loads(sidecar_of(other).read_text())["noise"] == "rehearsed"
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(written, "replace", cut_off)
        written.keep_rehearsal(SEEDED, draft, out, sidecar("rehearsed"))
    assert not out.exists() and sidecar_of(out).exists()
    written.keep_rehearsal(SEEDED, draft, out, sidecar("rehearsed"))
    assert out.read_text() == "1,2\n"


STATIC = """
from pathlib import Path
from confide.core.nouns import Rehearsal, Release
from confide.inputs.sidecar import Sidecar
from confide.releases.written import keep_rehearsal, publish

def right(release: Release[object], rehearsal: Rehearsal[object], path: Path, sidecar: Sidecar) -> None:
    publish(release, path, path, sidecar)
    keep_rehearsal(rehearsal, path, path, sidecar)
"""


@pytest.mark.slow
def test_the_type_checker_tells_them_apart(tmp_path: Path):
    """What takes a release takes no rehearsal, and the other way round: one error in each wrong line."""
    wrong = STATIC.replace("publish(release", "publish(rehearsal").replace(
        "keep_rehearsal(rehearsal", "keep_rehearsal(release"
    )
    found = {}
    for name, text in (("right", STATIC), ("wrong", wrong)):
        (tmp_path / f"{name}.py").write_text(text)
        checker = Path(sys.executable).with_name("basedpyright")
        sources = Path(written.__file__).parents[2]
        done = subprocess.run(
            [checker, "--outputjson", "--pythonpath", sys.executable, tmp_path / f"{name}.py"],
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(sources)},
            cwd=tmp_path,
        )
        told = [d for d in json.loads(done.stdout)["generalDiagnostics"] if d["severity"] == "error"]
        found[name] = [(d["rule"], d["range"]["start"]["line"]) for d in told]
    assert found == {"right": [], "wrong": [("reportArgumentType", 7), ("reportArgumentType", 8)]}
