"""The small commands: scores, attacks, explain, report, version."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from confide import __version__, releases
from confide.attacks.catalogue import attacks_of
from confide.audits import KINDS, spec_of

from .conftest import Run


def scores(path: Path, shift: float, **more: object) -> Path:
    rng = np.random.default_rng(0)
    exposed = np.arange(4000) < 2000
    table = pl.DataFrame({"exposed": exposed, "score": rng.standard_normal(4000) + shift * exposed})
    table.with_columns(**{k: pl.lit(v) for k, v in more.items()}).write_parquet(path)
    return path


def test_scores_made_by_anything_are_measured(run: Run, desk: Path) -> None:
    done = run("audit", "scores", str(scores(desk / "e.parquet", 1.0)), "--out", "out")
    assert done.exit_code == 0, done.output
    auc = json.loads((desk / "out/report.json").read_text())["findings"][0]["auc"]
    assert auc["low"] < 0.7602 < auc["high"]  # Phi(1 / sqrt 2)


def test_scores_may_be_a_csv(run: Run, desk: Path) -> None:
    pl.read_parquet(scores(desk / "e.parquet", 1.0)).write_csv(desk / "e.csv")
    assert run("audit", "scores", "e.csv", "--limit", "auc=0.6").exit_code == 1


def test_a_fault_of_ours_is_never_taken_for_a_limit(
    run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("confide.audits.scores.read_scores", broken)
    done = run("audit", "scores", "e.parquet")
    assert done.exit_code == 3
    assert "please report it" in done.stderr


def test_scores_are_held_to_limits(run: Run, desk: Path) -> None:
    path = str(scores(desk / "e.parquet", 1.0))
    assert run("audit", "scores", path, "--limit", "auc=0.6").exit_code == 1
    assert run("audit", "scores", path, "--limit", "auc=0.9").exit_code == 0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: pl.DataFrame({"score": [1.0]}).write_parquet(p), "exposed and score"),
        (lambda p: p.write_bytes(b"PAR1"), "cannot be read as parquet"),
        (lambda p: None, "does not exist"),
        (lambda p: pl.DataFrame({"exposed": [True] * 9, "score": [1.0] * 9}).write_parquet(p), "control"),
    ],
)
def test_unusable_evidence_is_bad_data(make: object, says: str, run: Run, desk: Path) -> None:
    make(desk / "e.parquet")  # type: ignore[operator]
    done = run("audit", "scores", "e.parquet", "--out", "out")
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert not (desk / "out").exists()


def test_every_attack_is_listed_and_explained(run: Run) -> None:
    listed = run("attacks").output
    for attack in attacks_of():
        assert attack.name in listed
        told = run("explain", attack.name)
        assert told.exit_code == 0
        assert attack.paper.title in told.output
        assert f"@misc{{{attack.name}" in told.output


@pytest.mark.parametrize("kind", KINDS)
def test_every_protection_is_explained(kind: str, run: Run) -> None:
    for name, protection in spec_of(kind).protections.items():
        told = run("explain", name)
        assert told.exit_code == 0, told.output
        words = " ".join(told.output.split())
        assert f"confide audit {kind} ... --protect {protection.example}" in words
        assert (f"confide protect {kind} ... --with {protection.example}" in words) == (
            kind in releases.KINDS
        )
        assert all(text in words for text in protection.settings.values())
        assert run("explain", protection.example).output == told.output, "settings do not matter"


def test_a_protection_that_several_kinds_have_is_explained_once_for_each_that_differs(run: Run) -> None:
    told = run("explain", "rare").output
    assert told.count("Settings: rare:PEOPLE") == 2
    assert "rare: a protection of ratings and likes" in told and "rare: a protection of traces" in told
    assert "Promise: none." in told and "--find searches from rare:2, the weakest, to rare:1000." in told
    promised = run("explain", "planar").output
    assert "Promise: epsilon 1.4, delta 0, hiding where within 200 m any one visit was." in promised


def test_a_name_that_nothing_has_is_bad_use_with_the_nearest(run: Run) -> None:
    done = run("explain", "mosiac:16")
    assert done.exit_code == 2
    assert "there is no attack or protection 'mosiac': did you mean mosaic or" in done.stderr


def test_an_unknown_attack_is_bad_use(run: Run) -> None:
    done = run("explain", "lyra")
    assert done.exit_code == 2
    assert "lira" in done.stderr


def test_a_report_is_drawn_again_from_its_json(run: Run, desk: Path) -> None:
    run("audit", "scores", str(scores(desk / "e.parquet", 1.0)), "--out", "out")
    before = (desk / "out/report.html").read_text()
    (desk / "out/report.html").unlink()
    done = run("report", "out")
    assert done.exit_code == 0, done.output
    assert (desk / "out/report.html").read_text() == before
    assert run("report", "nowhere").exit_code == 2


@pytest.mark.slow
def test_a_report_by_its_file_is_shown_and_drawn_beside_it(run: Run, desk: Path) -> None:
    assert run("audit", "scores", str(scores(desk / "e.parquet", 1.0)), "--out", "out").exit_code == 0
    shown = run("report", "out")
    (desk / "out/report.json").rename(desk / "r.json")
    done = run("report", "r.json")
    assert (done.exit_code, done.stdout) == (0, shown.stdout)
    assert (desk / "r.html").read_bytes() == (desk / "out/report.html").read_bytes()
    (desk / "n.json").write_text('{"a": 1}')
    assert run("report", "n.json").exit_code == 2 and not (desk / "n.html").exists()
    assert "n.json" in run("report", "n.json").stderr


def test_the_version_is_told(run: Run) -> None:
    assert run("version").output == f"confide {__version__}\n"
