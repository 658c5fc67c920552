"""`confide audit model`, as a user meets it: whole reports, exit codes, and one sentence for bad input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .conftest import Run, people


@pytest.mark.slow
def test_a_forest_that_overfits_is_found_out(audit: Run, desk: Path) -> None:
    done = audit("--population", "public.parquet", "--out", "out", "-v", references=4)
    assert done.exit_code == 0, done.output
    assert "An outsider who can query this model" in done.output
    assert "reference models" in done.output
    report = json.loads((desk / "out/report.json").read_text())
    assert report["schema"] == "confide.report/4"
    assert report["seed"] == 7
    best = max(f["auc"]["low"] for f in report["findings"])
    assert best > 0.7
    rows = pl.read_parquet(desk / "out/evidence.parquet")
    assert {"attack", "world", "target", "exposed", "hit", "score"} <= set(rows.columns)
    assert (desk / "out/report.html").read_text().startswith("<!doctype html>")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_report(audit: Run, desk: Path) -> None:
    def once(out: str) -> dict[str, object]:
        audit("--attacks", "loss,rmia,student", "--seed", "3", "--out", out)
        report = json.loads((desk / out / "report.json").read_text())
        for finding in report["findings"]:
            finding.pop("seconds")
        return {key: report[key] for key in ("release", "seed", "verdict", "findings", "skipped")}

    assert once("one") == once("two")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "code", "verdict"),
    [("auc=0.55", 1, "exceeded"), ("auc=0.999", 0, "within"), ("epsilon=8", 1, "not settled")],
)
def test_limits_decide_the_exit_code(limit: str, code: int, verdict: str, audit: Run, desk: Path) -> None:
    words = ["--attacks", "rmia", "--limit", limit, "--out", "out"]
    done = audit(*words)
    assert done.exit_code == code, done.output
    assert json.loads((desk / "out/report.json").read_text())["verdict"] == verdict


def test_a_limit_that_so_few_people_cannot_settle_is_refused_before_any_work(audit: Run, desk: Path) -> None:
    done = audit("--attacks", "rmia", "--limit", "tpr@0.0001=0.5", "--out", "out")
    assert done.exit_code == 2
    assert "cannot be settled with" in done.output and "it takes at least 10,000" in done.output
    assert not (desk / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("model", ["mymodel:predict", "mymodel:labels"])
def test_anything_that_answers_can_be_audited(model: str, audit: Run, desk: Path) -> None:
    done = audit("--out", "out", "--train", "mymodel:train", model=model)
    assert done.exit_code == 0, done.output
    report = json.loads((desk / "out/report.json").read_text())
    skipped = {s["attack"]: s["why"] for s in report["skipped"]}
    if model == "mymodel:labels":
        assert [f["attack"] for f in report["findings"]] == ["label-only"]
        assert "needs black-box access, but the release gives label-only access" in skipped["lira"]
    else:
        assert "lira" in {f["attack"] for f in report["findings"]}


@pytest.mark.slow
@pytest.mark.parametrize(("train", "warned"), [("mymodel:stump", True), ("mymodel:train", False)])
def test_a_wrong_recipe_is_warned_about_before_anything_is_scored(
    train: str, warned: bool, audit: Run, desk: Path
) -> None:
    done = audit("--attacks", "rmia", "--train", train, "--out", "out", references=4)
    assert done.exit_code == 0, done.output
    assert ("warning: The reference models are not like the target" in done.stderr) == warned


@pytest.mark.slow
def test_a_public_report_has_no_rows(audit: Run, desk: Path) -> None:
    done = audit("--attacks", "loss", "--audience", "public", "--out", "out")
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in (desk / "out").iterdir()) == ["report.html", "report.json"]


def test_csv_and_npz_serve_as_well(audit: Run, desk: Path) -> None:
    for name in ("members", "holdout"):
        pl.read_parquet(desk / f"{name}.parquet").write_csv(desk / f"{name}.csv")
    done = audit("--attacks", "loss", "--out", "out", members="members.csv", nonmembers="holdout.csv")
    assert done.exit_code == 0, done.output


def overlap(desk: Path) -> None:
    both = pl.concat([people(300, 2), people(300, 1).head(7)])
    both.write_parquet(desk / "holdout.parquet")


@pytest.mark.slow
def test_people_on_both_sides_are_refused_or_left_out(audit: Run, desk: Path) -> None:
    overlap(desk)
    refused = audit("--attacks", "loss", "--out", "out")
    assert refused.exit_code == 2
    assert "7 records stand among the members and among the non-members" in refused.stderr
    allowed = audit("--attacks", "loss", "--out", "out", "--allow-overlap")
    assert allowed.exit_code == 0, allowed.output
    assert (
        "7 records are members and non-members and were left out of both"
        in (desk / "out/report.html").read_text()
    )


def other_column(desk: Path) -> None:
    people(300, 2).rename({"hours": "minutes"}).write_parquet(desk / "holdout.parquet")


def other_type(desk: Path) -> None:
    people(300, 2).with_columns(pl.col("age").cast(pl.String)).write_parquet(desk / "holdout.parquet")


def stranger(desk: Path) -> None:
    people(300, 2).with_columns(pl.lit("middling").alias("income")).write_parquet(desk / "holdout.parquet")


def corrupt(desk: Path) -> None:
    (desk / "holdout.parquet").write_bytes((desk / "members.parquet").read_bytes()[:200])


def nothing(desk: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        (nothing, {"label": "salary"}, "no column 'salary'"),
        (other_column, {}, "holdout.parquet lacks hours"),
        (other_type, {}, "column 'age' is Int64 in members.parquet and String in holdout.parquet"),
        (stranger, {}, "middling"),
        (corrupt, {}, "cannot be read as parquet"),
        (nothing, {"nonmembers": "gone.parquet"}, "does not exist"),
        (nothing, {"model": "mymodel:broken"}, "NaN"),
        (nothing, {"model": "mymodel:three"}, "3 classes"),
        (nothing, {"model": "net.pt"}, "export it with `torch.onnx.export`"),
        (nothing, {"model": "model.pkl"}, "skops"),
        (nothing, {"model": "model.joblib"}, "skops"),
        (nothing, {"model": "gone.onnx"}, "there is no file gone.onnx"),
        (nothing, {"model": "mymodel:pipline"}, "it has pipeline"),
        (nothing, {"model": "nomodule:net"}, "no module 'nomodule'"),
    ],
    ids=lambda value: "" if callable(value) or isinstance(value, str) else "-".join(value.values()),
)
def test_bad_input_gets_one_sentence_and_nothing_is_written(
    change: object, options: dict[str, str], says: str, audit: Run, desk: Path
) -> None:
    change(desk)  # type: ignore[operator]
    done = audit("--out", "out", "--train", "mymodel:train", **options)
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert done.stderr.count("confide: ") == 1
    assert "Traceback" not in done.output
    assert not (desk / "out").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--limit", "tpr=0.05"], "is not a limit"),
        (["--attacks", "lira,nonsense"], "called 'nonsense'"),
        (["--train", "mymodel:failing"], "no GPU"),
        (["--train", "mymodel:predict"], "cannot be called as train"),
        (["--references", "-1"], "--references"),
        (["--seed", "-1"], "--seed"),
        (["--out", "mymodel.py/out"], "no folder that can be written to"),
    ],
)
def test_bad_options_are_bad_use(words: list[str], says: str, audit: Run, desk: Path) -> None:
    done = audit("--out", "out", *words)
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert not (desk / "out").exists()


@pytest.mark.slow
def test_too_few_records_for_a_rate_are_said_not_guessed(audit: Run, desk: Path) -> None:
    audit("--attacks", "loss", "--out", "out")
    report = json.loads((desk / "out/report.json").read_text())
    at = {a["fpr"]: a for a in report["findings"][0]["tpr_at"]}
    assert at[0.1]["rate"] is not None
    assert at[0.001]["rate"] is None
    assert "1,000" in at[0.001]["why"] or "1000" in at[0.001]["why"]


def test_a_numeric_table_suits_a_plain_estimator(run: Run, desk: Path) -> None:
    rng = np.random.default_rng(0)
    for name, n in (("a", 250), ("b", 250)):
        np.savez(desk / f"{name}.npz", X=rng.standard_normal((n, 5)), y=rng.integers(0, 3, n))
    (desk / "plain.py").write_text(
        "import numpy as np\nfrom sklearn.tree import DecisionTreeClassifier\n"
        "with np.load('a.npz') as d:\n    tree = DecisionTreeClassifier(random_state=0).fit(d['X'], d['y'])\n"
    )
    done = run("audit", "model", "plain:tree", "--members", "a.npz", "--nonmembers", "b.npz",
               "--references", "2", "--attacks", "loss", "--out", "out")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads((desk / "out/report.json").read_text())["findings"][0]["auc"]["low"] > 0.6
