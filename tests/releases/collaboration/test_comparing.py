"""Runs side by side: each point is what the audit of that run alone finds, and a mistake writes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import confide
from confide.audits import Audit
from confide.cli import main
from confide.collaboration import CollaborateSettings, ComparedPlans, carried_out, compare_plans
from confide.core.budget import Budget, Unit
from confide.core.errors import ConfideError
from confide.inputs.collaboration import Collaboration
from confide.releases.collaboration.points import compared_exhibits, point_of

WIDTH, SEED = 10, 3
PLAN = """\
rounds = 2
label = "y"
schema = "schema.toml"
test = "test.parquet"

[parties]
north = "north.parquet"
south = "south.parquet"
east = "east.parquet"
west = "west.parquet"

[learner]
model = "logistic"
epochs = 2
"""
FEDAVG = PLAN + '[protocol]\nname = "fedavg"\n[secure]\nlimit = 1_000\n'
NOISY = """\
[protocol]
name = "dp-fedavg"
clip = 0.5
sample = 1.0
[budget]
epsilon = 5.0
delta = 0.01
"""
WORDS = ("frontier", "collaboration", "plan.toml", "--controls", "controls.parquet", "--out", "out")
WORDS = (*WORDS, "--attacks", "update-loss")


def people(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    columns = {f"f{i}": rng.uniform(-1, 1, n) for i in range(WIDTH)}
    return pl.DataFrame({**columns, "y": np.where(columns["f0"] > rng.normal(0, 0.5, n), "a", "b")})


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with four hospitals, people that nobody trains on, and a plan."""
    for seed, name in enumerate(("north", "south", "east", "west", "controls", "test")):
        people(40, seed).write_parquet(tmp_path / f"{name}.parquet")
    columns = "".join(f"[columns.f{i}]\nlow = -1\nhigh = 1\nknots = 2\n" for i in range(WIDTH))
    (tmp_path / "schema.toml").write_text(columns + '[columns.y]\nvalues = ["a", "b"]\n')
    (tmp_path / "plan.toml").write_text(FEDAVG)
    (tmp_path / "noisy.toml").write_text(PLAN + NOISY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def alone(desk: Path, plan: str, name: str) -> tuple[Audit, float]:
    """The run of a plan that is written down, and its audit by itself."""
    (desk / f"{name}.toml").write_text(plan)
    done = carried_out(
        CollaborateSettings(
            f"{name}.toml", simulate=True, rehearse=SEED, record=desk / f"t-{name}", out=desk / f"{name}.npz"
        )
    )
    held = Collaboration(desk / f"t-{name}", seen_by="server", controls="controls.parquet")
    assert done.accuracy is not None
    return confide.audit(held, attacks="update-loss", seed=SEED), done.accuracy


@pytest.mark.slow
def test_each_point_is_what_the_audit_of_that_run_alone_finds(desk: Path) -> None:
    before = sorted(desk.iterdir())
    words = [*WORDS, "noisy.toml", "--under", "plain,secure,dp:5", "--clip", "0.5", "--delta", "0.01"]
    told = CliRunner().invoke(main, [*words, "--seed", str(SEED), "--limit", "auc=0.9"])
    assert told.exit_code == 0, told.output
    assert "nothing is charged" in told.output
    assert sorted(p for p in desk.iterdir() if p.name != "cache") == sorted([*before, desk / "out"])

    page = json.loads((desk / "out" / "report.json").read_text())
    (table,) = page["opening"]
    rows = {row[0]: row for row in table["rows"]}
    assert list(rows) == ["plain", "secure", "dp:5", "noisy.toml"]
    noisy = PLAN + NOISY
    for name, plan in (
        ("plain", PLAN + '[protocol]\nname = "fedavg"\n'),
        ("secure", FEDAVG),
        ("dp:5", noisy),
    ):
        audit, right = alone(desk, plan, name.replace(":", ""))
        auc = max((f.risk.auc for f in audit.sections[0].findings), key=lambda auc: (auc.low, auc.value))
        found = rows[name][2]
        assert (found["value"], found["low"], found["high"]) == pytest.approx((auc.value, auc.low, auc.high))
        assert rows[name][3]["value"] == pytest.approx(right)
    assert rows["noisy.toml"][1:4] == rows["dp:5"][1:4], "the same plan, named in two ways"
    assert "not against those who look here" in rows["dp:5"][1] and rows["secure"][1] == "none"
    (chart,) = [
        e for s in page["sections"] for e in s["exhibits"] if e["title"] == "Risk against what is left"
    ]
    # Noise is calibrated to the budget from below.
    assert [line["name"].replace("4.99", "5").replace("5.00", "5") for line in chart["lines"]] == [
        "plain", "secure", "dp:5, epsilon 5, not here", "noisy.toml, epsilon 5, not here",
    ]  # fmt: skip
    assert "Within all limits: plain, secure, dp:5, noisy.toml." in page["verdict_sentence"]


@pytest.mark.slow
def test_a_promise_that_is_refuted_is_marked_and_the_public_reads_no_file_s_name(desk: Path) -> None:
    (desk / "again.toml").write_text(FEDAVG)
    held = ComparedPlans(["plan.toml", "again.toml"], controls="controls.parquet", seen_by="client:north")
    audit = compare_plans(held, attacks="update-loss", seed=SEED, audience="public", language="de")
    text = audit.report.json()
    assert "Plan 1" in text and "plan.toml" not in text and "again" not in text and "north" not in text
    first = audit.sections[0]
    promise = Budget(2.0, 0.01, Unit.client())
    kept = replace(audit, sections=(replace(first, promise=promise),))
    broken = replace(audit, sections=(replace(first, promise=promise, broken=("what it allows",)),))
    assert not kept.sections[0].doubtful
    points = [
        point_of("kept", kept, promise, right=0.5, of=40),
        point_of("refuted", broken, promise, right=0.5, of=40),
        point_of("trusting", replace(audit, sections=(first,)), promise, right=0.5, of=40),
    ]
    assert [p.label for p in points] == [
        "kept, epsilon 2", "refuted, epsilon 2, broken", "trusting, epsilon 2, not here"
    ]  # fmt: skip
    assert points[1].ruling == "exceeded" and points[1].said.endswith("broken here")
    open_ = replace(audit, sections=(replace(first, unsettled=("sizes and times",)),))
    table, chart = compared_exhibits(points, [kept, broken, open_], [])
    for exhibit in (table, chart):
        assert "conclusive of trusting: a low number there is no all-clear" in str(exhibit.reading)
    assert [row[1] for row in table.rows] == [p.said for p in points]  # pyright: ignore
    assert [line.name for line in chart.lines] == [p.label for p in points]  # pyright: ignore


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ([], "nothing to compare it with"),
        (["noisy.toml", "--clip", "0.5"], "add --under"),
        (["--under", "plain,dp:2"], "add --delta"),
        (["--under", "plain,dp:2", "--delta", "0.1"], "add --clip"),
        (["--under", "plain,noise:2"], "choose from plain, secure"),
        (["--under", "plain,plain"], "twice"),
        (["--under", "plain,dp:2", "--delta", "0.5", "--clip", "1"], "--under dp:2: "),
        (["--under", "plain,secure", "--as", "client:nobody"], "choose from server"),
        (["--under", "plain,secure", "--about", "nobody"], "choose from north"),
        (["--under", "plain,secure", "--attacks", "spear"], "name update-decoder too"),
        (["--under", "plain,secure", "--limit", "auc=x"], "auc=x"),
        (["missing.toml"], "missing.toml"),
        (["learner.toml"], "its learner differs"),
        (["records.toml"], "its records differs"),
        (["none.toml"], "[protocol]"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_written(desk: Path, more: list[str], says: str) -> None:
    (desk / "learner.toml").write_text(FEDAVG.replace("epochs = 2", "epochs = 3"))
    (desk / "records.toml").write_text(FEDAVG.replace('"south.parquet"', '"north.parquet"'))
    (desk / "none.toml").write_text(PLAN)
    before = {path: path.read_bytes() for path in desk.iterdir()}
    done = CliRunner().invoke(main, [*WORDS, *more])
    assert done.exit_code == 2 and says in " ".join(done.output.split()), done.output
    assert {path: path.read_bytes() for path in desk.iterdir() if path.is_file()} == before
    assert not (desk / "out").exists()


def test_a_plan_without_test_records_and_bad_controls_are_refused_before_any_run(desk: Path) -> None:
    (desk / "plan.toml").write_text(FEDAVG.replace('test = "test.parquet"\n', ""))
    with pytest.raises(ConfideError, match="no test records"):
        compare_plans(ComparedPlans("plan.toml", controls="controls.parquet", under="plain,secure"))
    people(5, 1).drop("f3").write_parquet(desk / "controls.parquet")
    (desk / "plan.toml").write_text(FEDAVG)
    with pytest.raises(ConfideError, match="f3"):
        compare_plans(ComparedPlans("plan.toml", controls="controls.parquet", under="plain,secure"))
