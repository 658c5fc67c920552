"""Accuracy, membership and rebuilding on digits under six budgets, beside what each promise allows.

python benchmarks/frontier.py [--seeds 3] [--write]

Scikit-learn's digits, each pixel from 0 to 16 as a straight line (two knots), and the regression by gradient
descent at its shipped settings. Every fifth digit of the file is for testing. Accuracy first: models of all
other digits, with noise of each seed. Then what `confide frontier model` says of the whole file, at its
defaults: it holds a fifth out by itself, trains on half of the rest, and attacks each model; its accuracy is
lower for that. The curve is that of the Gaussian mechanism. Nothing was chosen on test data.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from click.testing import CliRunner
from page import bars, head, machine, publish, row
from sklearn.datasets import load_digits

from confide.cli import main as confide_command
from confide.core.budget import Budget
from confide.measure import proportion
from confide.measure.tradeoff import GaussianCurve, gaussian_mu_for
from confide.mechanisms.learn.private_training import PrivateTraining
from confide.mechanisms.learn.public_columns import Number, PublicColumns
from confide.views.records import Records

EPSILONS, DELTA = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0), 1e-5
PIXEL = Number(low=0, high=16, knots=2)


def digits() -> pl.DataFrame:
    """One row a digit: 64 pixels and what it is."""
    table: Any = load_digits()
    pixels = {f"p{i}": table.data[:, i] for i in range(64)}
    return pl.DataFrame({**pixels, "digit": table.target.astype(np.int64)})


def accuracies(frame: pl.DataFrame, seeds: int) -> dict[float, list[float]]:
    """The share of the test digits that models of all others get right, by budget."""
    encode = PublicColumns({f"p{i}": PIXEL for i in range(64)})
    every = Records(encode(frame), frame["digit"].to_numpy())
    test = np.arange(len(every)) % 5 == 4
    train, held_out = every.take(~test), every.take(test)
    found: dict[float, list[float]] = {}
    for epsilon in EPSILONS:
        made = PrivateTraining(
            way="gradient", budget=Budget(epsilon, DELTA), classes=10, radius=encode.radius, noise="rehearsal"
        )
        models = [made(train, rng=np.random.default_rng(seed)).view for seed in range(seeds)]
        found[epsilon] = [float((m.labels(held_out.x) == held_out.y).mean()) for m in models]
    return found


def audited(frame: pl.DataFrame) -> tuple[int, dict[str, Any]]:
    """The exit code of `confide frontier model`, and its report."""
    schema = "".join(f"[columns.p{i}]\nlow = 0\nhigh = 16\nknots = 2\n" for i in range(64))
    with TemporaryDirectory() as folder:
        here = Path(folder)
        frame.write_parquet(here / "digits.parquet")
        (here / "schema.toml").write_text(f"{schema}[columns.digit]\nvalues = {list(range(10))}\n")
        words = ["frontier", "model", str(here / "digits.parquet"), "--label", "digit"]
        words += ["--schema", str(here / "schema.toml"), "--epsilon", ",".join(f"{e:g}" for e in EPSILONS)]
        words += ["--delta", f"{DELTA:g}", "--cache", str(here / "cache"), "--out", str(here / "out")]
        done = CliRunner().invoke(confide_command, [*words, "--limit", "tpr@0.01=0.2"])
        return done.exit_code, json.loads((here / "out" / "report.json").read_text())


def exhibit(section: dict[str, Any], title: str) -> dict[str, Any]:
    return next(e for e in section["exhibits"] if e["title"].startswith(title))


def text(cell: Any) -> str:
    """A cell of the report: a number with its interval, a plain one, or a word."""
    if isinstance(cell, dict):
        return f"{cell['value']:.3f} [{cell['low']:.3f}, {cell['high']:.3f}]"
    return "–" if cell is None else f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def attacks_below(page: dict[str, Any]) -> list[tuple[str, bool]]:
    """Whether each attack on each model stays within its interval of the curve, at 1 in 100 false claims."""
    checks: list[tuple[str, bool]] = []
    for epsilon, section in zip(EPSILONS, page["sections"], strict=True):
        most = GaussianCurve(gaussian_mu_for(epsilon, DELTA)).tpr(0.01)
        rows = [r for r in exhibit(section, "Members found")["rows"] if "1 in 100 others" in r[0]]
        found = max(r[1]["low"] for r in rows)
        said = f"epsilon {epsilon:g}: no attack's TPR at 1 % FPR is with its whole interval above"
        checks.append((f"{said} the curve's {most:.4f} (highest low end {found:.4f})", found <= most))
    return checks


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options, started, cpu = parser.parse_args(), time.perf_counter(), time.process_time()
    frame = digits()
    found = accuracies(frame, options.seeds)
    code, page = audited(frame)
    means = [float(np.mean(found[e])) for e in EPSILONS]
    tested = len(frame) // 5
    whole = [proportion(round(m * tested), tested, confidence=0.95) for m in means]
    compared = exhibit(page["sections"][0], "What each protection buys")
    rows = {r[0]: r for r in compared["rows"]}
    rebuilt = compared["head"].index("records rebuilt")
    private = [r for name, r in rows.items() if name != "as they are"]
    spent = time.process_time() - cpu
    lines = [
        "# Which budget for a model of digits?",
        "",
        f"`python benchmarks/frontier.py --seeds {options.seeds} --write`; {machine()}; {spent:.0f} CPU "
        f"seconds of {time.perf_counter() - started:.0f}.",
        *(__doc__ or "").strip().split("\n\n")[2].split("\n"),
        "",
        f"## Accuracy on {tested} digits, trained on {len(frame) - tested:,}, delta {DELTA:g}",
        "",
        *head("epsilon", "mean accuracy [95 % for the digits tested]", "lowest to highest seed"),
        *(
            row(f"{e:g}", f"{m:.3f} [{w.low:.3f}, {w.high:.3f}]", f"{min(found[e]):.3f}–{max(found[e]):.3f}")
            for e, m, w in zip(EPSILONS, means, whole, strict=True)
        ),
        "",
        "## What `confide frontier model` says, seed 7, `--limit tpr@0.01=0.2`",
        "",
        *head(*compared["head"]),
        *(row(*map(text, r)) for r in compared["rows"]),
        "",
        f"Its exit code is {code}.",
        "",
    ]
    checks = [
        ("accuracy rises with every budget", all(a < b for a, b in pairwise(means))),
        *attacks_below(page),
        (
            "records rebuilt under a budget: never with the whole interval above what the promise allows",
            all(r[rebuilt]["low"] <= r[rebuilt + 1] for r in private),
        ),
        ("without a promise all records are rebuilt", rows["as they are"][rebuilt]["value"] == 1.0),
        ("some budget is within the limit, and the exit code says so", code == 0),
    ]
    publish([*lines, *bars(checks)], "frontier", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
