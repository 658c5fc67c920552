"""`confide train`: what is written, what is charged, and that bad input changes nothing on disk."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from confide.account.opening import open_ledger
from confide.cli import main
from confide.core.budget import Budget
from confide.core.errors import ConfideError
from confide.inputs.learner import codes_of
from confide.inputs.public_cells import read_public_rows
from confide.inputs.public_schema import read_public
from confide.learn import TrainSettings, load
from confide.mechanisms.learn.dpsgd.accounting import most_steps

pytest.importorskip("opendp")
pytest.importorskip("safetensors")

SCHEMA = """
[columns.age]
low = 0
high = 100
[columns.job]
values = ["cook", "nurse", "clerk"]
[columns.income]
values = ["low", "high"]
"""
NET = """
from torch import nn


def build(features, classes):
    return nn.Sequential(nn.Linear(features, 8), nn.Tanh(), nn.Linear(8, classes))


def seven(features, classes):
    return nn.Linear(features, 7)


class Interrupted(nn.Linear):
    calls = 0

    def forward(self, x):
        Interrupted.calls += 1
        if Interrupted.calls == MOST:
            raise KeyboardInterrupt
        return super().forward(x)


MOST = 0


def interrupted(features, classes):
    return Interrupted(features, classes)
"""
ODD = """

class Odd(nn.Linear):
    def forward(self, x):
        out = super().forward(x)
        return torch.where(x[:, -3:-2] > 0.5, out * float("nan"), out)


def odd(features, classes):
    return Odd(features, classes)


import torch
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng = np.random.default_rng(0)
    n = 3_000
    age, job = rng.integers(0, 100, n), rng.choice(["cook", "nurse", "clerk"], n)
    income = np.where((age > 45) & (job != "cook"), "high", "low")
    pl.DataFrame({"user": np.arange(n) // 2, "age": age, "job": job, "income": income}).write_parquet(
        tmp_path / "people.parquet"
    )
    (tmp_path / "schema.toml").write_text(SCHEMA)
    (tmp_path / "nets.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


RIGHT = (
    "people.parquet",
    "--label",
    "income",
    "--schema",
    "schema.toml",
    "--epsilon",
    "1",
    "--delta",
    "1e-6",
)


def run(*more: str) -> Any:
    return CliRunner().invoke(main, ["train", *RIGHT, *more])


def test_a_model_is_trained_paid_for_written_and_read_again(desk: Path) -> None:
    done = run("--ledger", "sqlite:///l.db", "--budget", "3,1e-5", "--out", "model")
    assert done.exit_code == 0, done.output
    assert "epsilon 1, delta 1e-06, hiding any one record" in done.output and "Spent rho" in done.output
    card = json.loads((desk / "model/model.json").read_text())
    assert card["noise"] == "secure" and card["classes"] == ["high", "low"]
    people = pl.read_parquet("people.parquet")
    model = load("model")
    assert np.mean(model.predict(people) == people["income"].to_numpy()) > 0.9
    assert np.allclose(model.predict_proba(people).sum(1), 1)
    # The answers are those of the weights: logits by hand, with numbers as shares of the two nearest knots.
    assert sorted(p.name for p in (desk / "model").iterdir()) == ["model.json", "model.safetensors"]


def test_a_second_training_charges_again(desk: Path) -> None:
    first = run("--ledger", "sqlite:///l.db", "--budget", "3,1e-5", "--out", "a")
    second = run("--ledger", "sqlite:///l.db", "--out", "b")
    spent = [float(done.output.split("Spent rho ")[1].split(";")[0]) for done in (first, second)]
    assert spent[1] == pytest.approx(2 * spent[0])


@pytest.mark.slow
def test_a_module_is_trained_for_persons(desk: Path) -> None:
    done = run("--model", "nets:build", "--unit", "user:2", "--batch", "200", "--out", "net")
    assert done.exit_code == 0, done.output
    assert "hiding all rows of any one user" in done.output and "DP-SGD" in done.output
    import nets  # pyright: ignore[reportMissingImports]

    people = pl.read_parquet("people.parquet")
    assert np.mean(load("net", nets.build).predict(people) == people["income"].to_numpy()) > 0.8
    with pytest.raises(ConfideError, match="give the function nets:build"):
        load("net")


@pytest.mark.slow
def test_a_module_is_trained_by_processes_in_mixed_precision_as_long_as_the_budget_pays(desk: Path) -> None:
    words = ("--model", "nets:build", "--batch", "300", "--noise-multiplier", "5", "--precision", "bfloat16")
    done = run(*words, "--processes", "2", "--rehearse", "1", "--out", "net")
    assert done.exit_code == 0, done.output
    steps = most_steps(multiplier=5.0, epsilon=1.0, delta=1e-6, rate=0.1)
    assert f"DP-SGD, {steps:,} steps, sampling rate 0.1, noise of 5 clipping norms" in done.output


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--out", "people.parquet"), "exists and is no model"),
        (("--out", "m", "--delta", "0.01"), "delta is 0.01 for 3,000 records"),
        (("--out", "m", "--label", "age"), "no values for the label 'age'"),
        (("--out", "m", "--schema", "none.toml"), "cannot be read"),
        (("--out", "m", "--schema", "nets.py"), "is no TOML"),
        (("--out", "m", "--budget", "3,1e-5"), "give --ledger too"),
        (("--out", "m", "--ledger", "sqlite:///no.db"), "no.db"),
        (("--out", "m", "--rehearse", "1", "--ledger", "sqlite:///l.db"), "nothing to charge"),
        (("--out", "m", "--unit", "nobody:2"), "no column 'nobody'"),
        (("--out", "m", "--model", "nets:nothing"), "has no 'nothing'"),
        (("--out", "m", "--checkpoint", "c"), "takes no --checkpoint: leave it out"),
        (("--out", "m", "--epochs", "3", "--learning-rate", "1"), "takes no --epochs, --learning-rate"),
        (("--out", "m", "--epsilon", "0"), "epsilon is 0"),
        (("--out", "m", "--model", "net.pkl"), "name a model to train as package.module:function"),
        (
            ("--out", "m", "--model", "weights.pt"),
            "Weights in a file are what a training makes: .safetensors",
        ),
        (("--out", "m", "--model", "logistik"), "or say logistic"),
        (("--out", "m", "--model", "nets:seven"), "let it return 2 outputs for each record"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(desk: Path, more: tuple[str, ...], says: str) -> None:
    before = sorted(p.name for p in desk.iterdir())
    done = run(*more)
    assert done.exit_code == 2 and says in done.output, done.output
    # Importing a module leaves its bytecode.
    assert sorted(p.name for p in desk.iterdir() if p.name != "__pycache__") == before


def test_a_label_that_the_schema_does_not_have_is_counted_and_not_shown(desk: Path) -> None:
    people = pl.read_parquet("people.parquet")
    people.with_columns(income=pl.lit("secret-value")).write_parquet("people.parquet")
    done = run("--out", "m")
    assert "3,000 labels of people.parquet are not among the values" in done.output
    assert "secret-value" not in done.output


def schema_of(age: str) -> None:
    Path("schema.toml").write_text(SCHEMA.replace("low = 0\nhigh = 100", age))


def test_bounds_in_another_unit_are_refused_before_the_charge(desk: Path) -> None:
    people = pl.read_parquet("people.parquet")
    people.with_columns(pl.col("age") + 18).write_parquet("people.parquet")
    schema_of("low = 0\nhigh = 1")
    done = run("--ledger", "sqlite:///l.db", "--budget", "3,1e-5", "--out", "m")
    assert done.exit_code == 2 and "no value of 'age' is within 0 to 1: give bounds in the" in done.output
    assert not (desk / "l.db").exists() and not (desk / "m").exists()


def test_a_column_that_lies_outside_its_bounds_for_the_most_part_is_said(desk: Path) -> None:
    schema_of("low = 0\nhigh = 5")  # 94 of 100 ages lie outside
    said = run("--out", "m").stderr
    assert "more than nine in ten of the values of 'age' lie outside 0 to 5" in said
    schema_of("low = 0\nhigh = 40")
    assert "more than half of the values of 'age' lie outside 0 to 40" in run("--out", "n").stderr
    schema_of("low = 0\nhigh = 60")
    assert "outside" not in run("--out", "o").stderr
    schema_of("low = 0\nhigh = 100")
    Path("schema.toml").write_text(Path("schema.toml").read_text().replace('"nurse", "clerk"', '"smith"'))
    assert "more than half of the values of 'job' are none of its 2 categories" in run("--out", "p").stderr


LEDGER = ("--ledger", "sqlite:///l.db", "--budget", "3,1e-5", "--out", "m")


def interrupted(calls: int, *more: str) -> Any:
    import nets  # pyright: ignore[reportMissingImports]

    nets.MOST, nets.Interrupted.calls = calls, 0
    done = run("--model", "nets:interrupted", "--batch", "300", *more)
    assert done.exit_code == 130 and "go on from what is finished" not in done.stderr, done.output
    assert not Path("m").exists()
    return done.stderr


def test_an_interrupted_run_says_what_it_charged(desk: Path) -> None:
    assert "confide: stopped. Nothing was charged" in interrupted(1, *LEDGER)
    assert "nothing was charged" in interrupted(100, "--out", "m").lower()  # no ledger
    said = interrupted(100, *LEDGER)
    assert "the ledger was charged epsilon 1, delta 1e-06" in said and "to train again charges again" in said
    shown = CliRunner().invoke(main, ["ledger", "show", "sqlite:///l.db"])
    assert "on 1 question" in shown.output
    kept = interrupted(100, *LEDGER, "--checkpoint", "c")
    assert "the ledger was charged epsilon 1" in kept and "goes on from c without another charge" in kept


def test_an_interrupted_regression_says_what_it_charged(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    where = "confide.mechanisms.learn.gradient_descent.GradientDescent"
    with monkeypatch.context() as patch:
        patch.setattr(f"{where}.__call__", stop)
        done = run(*LEDGER)
    assert done.exit_code == 130 and "The ledger was charged epsilon 1, delta 1e-06" in done.stderr
    with monkeypatch.context() as patch:
        patch.setattr("confide.releases.training.run.read_public_rows", stop)
        done = run(*LEDGER)
    assert done.exit_code == 130 and "Nothing was charged" in done.stderr and "The ledger" not in done.stderr
    with monkeypatch.context() as patch:  # trained and paid for, and then not written
        patch.setattr("confide.releases.training.run.card_of", stop)
        done = run(*LEDGER)
    assert done.exit_code == 130 and "The ledger was charged" in done.stderr and not (desk / "m").exists()


def test_what_is_to_be_expected_is_said_before_the_charge(desk: Path) -> None:
    assert "forecast: made-up records" in run("--out", "m").stdout
    drowned = run("--out", "n", "--epsilon", "0.01")
    assert "the noise will cost much" in drowned.stderr and "records would do" in drowned.stderr
    lost = run("--out", "o", "--epsilon", "0.0005", "--ledger", "sqlite:///l.db", "--budget", "3,1e-5")
    assert lost.exit_code == 2 and "records would do" in lost.output
    wild = run("--model", "nets:build", "--learning-rate", "1e9", "--out", "o")
    assert wild.exit_code == 2 and "with a learning rate of 1e+09 noise alone would move" in wild.output
    faint = run("--model", "nets:build", "--epsilon", "0.03", "--learning-rate", "0.01", "--out", "q")
    assert "the gradients add up to at most" in faint.stderr, faint.output
    assert not (desk / "o").exists()


def test_values_that_are_no_numbers_are_counted_for_the_owner(desk: Path) -> None:
    people = pl.read_parquet("people.parquet").with_columns(pl.col("age").cast(pl.Float64))
    odd = pl.Series([float("nan")] * 3 + [float("inf")] * 4 + [None] * 2)
    ages = pl.concat([odd, people["age"].slice(len(odd))])
    people.with_columns(age=ages).write_parquet("people.parquet")
    done = run("--out", "m")
    assert "9 values of 'age' are missing or no finite numbers" in done.stderr
    assert "finite" not in (desk / "m/model.json").read_text()


@pytest.mark.parametrize(
    ("labels", "values", "says"),
    [
        (pl.col("age") > 40, '["true", "false"]', "Labels are Boolean, and the values there texts"),
        (pl.col("age") > 40, "[true, false]", ""),
        ((pl.col("age") > 40).cast(pl.Float64), "[0, 1]", ""),
        ((pl.col("age") > 40).cast(pl.Int64), '["0", "1"]', "Labels are Int64, and the values there texts"),
        (pl.lit(1.5), "[0, 1]", "3,000 labels of people.parquet are not among"),
    ],
)
def test_labels_of_another_type(desk: Path, labels: pl.Expr, values: str, says: str) -> None:
    pl.read_parquet("people.parquet").with_columns(income=labels).write_parquet("people.parquet")
    Path("schema.toml").write_text(SCHEMA.replace('["low", "high"]', values))
    done = run("--out", "m")
    assert done.exit_code == (2 if says else 0) and says in done.output, done.output


def test_a_file_without_rows_is_not_audited(desk: Path) -> None:
    pl.read_parquet("people.parquet").head(0).write_parquet("people.parquet")
    done = run("--out", "m")
    assert done.exit_code == 2 and "has no rows: give a file" in done.output and "audit" not in done.output


def test_a_ledger_is_named_by_its_file_and_outputs_are_the_owners(desk: Path) -> None:
    assert run("--ledger", "l.db", "--budget", "3,1e-5", "--out", "m").exit_code == 0
    assert (desk / "l.db").exists()
    assert {p.name: p.stat().st_mode & 0o777 for p in (desk / "m").iterdir()} == {
        "model.json": 0o600,
        "model.safetensors": 0o600,
    }


def test_a_budget_that_is_too_small_trains_nothing(desk: Path) -> None:
    done = run("--ledger", "sqlite:///l.db", "--budget", "0.5,1e-6", "--out", "m")
    assert done.exit_code == 2 and "left" in done.output and not (desk / "m").exists()
    assert "the question" not in done.output
    most = float(re.findall(r"an epsilon of ([\d.]+) fits", done.output)[0])
    assert 0.1 < most < 0.5  # epsilon 0.5, by a sum that keeps half of its delta for rho
    above = run("--ledger", "l.db", "--epsilon", f"{1.02 * most}", "--out", "m")
    assert above.exit_code == 2 and "this costs rho" in above.output
    assert run("--ledger", "l.db", "--epsilon", f"{most}", "--out", "m").exit_code == 0


def test_a_model_stays_where_its_successor_fails(desk: Path) -> None:
    assert run("--out", "m").exit_code == 0
    kept = (desk / "m/model.safetensors").read_bytes()
    assert run("--out", "m", "--force", "--model", "nets:nothing").exit_code == 2
    assert (desk / "m/model.safetensors").read_bytes() == kept
    assert run("--out", "m").exit_code == 2  # not without --force
    assert run("--out", "m", "--force").exit_code == 0


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfideError, match="name a model's folder"):
        load(tmp_path)
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(ConfideError, match="no card of a model"):
        load(tmp_path)


@pytest.mark.slow
def test_a_killed_training_goes_on_and_is_charged_once(desk: Path) -> None:
    words = [*RIGHT, "--model", "nets:build", "--batch", "100", "--epochs", "200", "--checkpoint", "c",
             "--ledger", "sqlite:///l.db", "--budget", "3,1e-5", "--out", "net"]  # fmt: skip
    command = [sys.executable, "-m", "confide", "train", *words]
    process = subprocess.Popen(command, cwd=desk, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (desk / "c").exists() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = subprocess.run(command, cwd=desk, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = CliRunner().invoke(main, ["ledger", "show", "sqlite:///l.db"])
    assert "on 1 question" in shown.output


def test_an_analyst_pays_with_their_own_part(desk: Path) -> None:
    made = open_ledger(
        "sqlite:///l.db",
        data=sha256(Path("people.parquet").read_bytes()).hexdigest(),
        budget=Budget(4.0, 1e-5),
        parts={"ada": 0.5, "ben": 0.5},
        composition="basic",
    )
    made.close()
    nobody = run("--ledger", "sqlite:///l.db", "--out", "m")
    assert nobody.exit_code == 2 and "say who asks" in nobody.output and not (desk / "m").exists()
    done = run("--ledger", "sqlite:///l.db", "--analyst", "ada", "--out", "m")
    assert done.exit_code == 0 and "left epsilon 1," in done.output, done.output


def test_a_frame_is_no_file_and_is_not_shown(desk: Path) -> None:
    frame = pl.DataFrame({"income": ["secret-value"]})
    with pytest.raises(ConfideError, match="data is of type DataFrame: give the path") as refused:
        TrainSettings(frame, label="income", schema="schema.toml", epsilon=1.0, delta=1e-6, out="m")  # pyright: ignore[reportArgumentType]
    assert "secret" not in str(refused.value)


def test_persons_of_a_regression_are_paid_for_as_persons(desk: Path) -> None:
    done = run("--unit", "user:2", "--ledger", "sqlite:///l.db", "--budget", "3,1e-5", "--out", "m")
    assert done.exit_code == 0, done.output
    assert "hiding all rows of any one user." in done.output


def test_all_rows_of_a_person_are_hidden_by_a_regression_however_many(desk: Path) -> None:
    done = run("--unit", "user:1", "--out", "m")  # everybody has two
    assert done.exit_code == 0, done.output
    assert "hiding all rows of any one user." in done.output and "nobody has more" not in done.output
    card = json.loads((desk / "m/model.json").read_text())
    assert card["promise"]["unit"] == {"kind": "person", "column": "user", "at_most": None}


def test_rows_above_the_bound_are_left_out_of_a_module_and_counted(desk: Path) -> None:
    done = run("--unit", "user:1", "--model", "nets:build", "--batch", "200", "--out", "m")
    assert done.exit_code == 0, done.output
    assert "trained on 1,500 records" in done.output and "nobody has more than 1" in done.output
    assert "1,500 rows of people above the bound were left out" in done.output
    assert "left out" not in (desk / "m/model.json").read_text()


def test_gradients_that_are_not_finite_are_counted_for_the_owner(desk: Path) -> None:
    # Of the first category of jobs the network makes no number.
    Path("odd_nets.py").write_text(NET + ODD)
    done = run("--model", "odd_nets:odd", "--batch", "200", "--out", "m")
    assert done.exit_code == 0, done.output
    assert "gradients were not finite, over all steps, and were clipped to zero" in done.output
    assert "finite" not in (desk / "m/model.json").read_text()


def test_a_rehearsal_promises_nothing(desk: Path) -> None:
    done = run("--rehearse", "3", "--out", "m")
    assert "It promises nothing: it is a rehearsal of epsilon 1, delta 1e-06" in done.output
    promise = json.loads((desk / "m/model.json").read_text())["promise"]
    assert promise["epsilon"] is None and promise["text"].startswith("nothing: it is a rehearsal")
    assert "no --ledger is given" not in done.stderr


def test_a_training_without_a_ledger_says_so(desk: Path) -> None:
    assert "no --ledger is given: this training is charged to no budget" in run("--out", "m").stderr
    assert "no --ledger" not in run(*LEDGER[:-1], "n").stderr


@pytest.mark.parametrize("odd", ["unknown,40,high", "True,zero,low", "True,40, high"])
def test_one_row_more_changes_the_reading_of_no_other_record(desk: Path, odd: str) -> None:
    """The types of a csv file must not follow from its values, or one row changes all records' features."""
    schema = "[columns.smokes]\nvalues = [true, false]\n[columns.age]\nlow = 0\nhigh = 99\n"
    (desk / "s.toml").write_text(f'{schema}[columns.income]\nvalues = ["low", "high"]\n')
    rows = [f"{bool(i % 2)},{i % 100},{'high' if i % 3 else 'low'}" for i in range(600)]
    public = read_public(desk / "s.toml", label="income", without=None)
    found = []
    for more in ([], [odd]):
        (desk / "r.csv").write_text("\n".join(["smokes,age,income", *rows, *more]) + "\n")
        frame = read_public_rows(desk / "r.csv", public, label="income")
        assert len(frame) == 600 + len(more)
        found.append((public.columns(frame)[:600], codes_of(frame, public, label="income", name="r")[:600]))
    assert (found[0][0] == found[1][0]).all() and (found[0][1] == found[1][1]).all()
    assert found[0][0][:, :2].sum() == 600  # each record smokes or does not
