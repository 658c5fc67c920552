"""Private regression on tables: logistic regression in three ways on Adult, and linear regression on ACS.

CONFIDE_DATA=... python benchmarks/private_regression.py [--write]

Adult in its official split (UCI): trained on 32,561 people, measured on the other 16,281. delta is 1e-5, five
seeds of the noise. Bounds and categories are those of UCI's description; amounts of capital are spread in
logarithms. All other settings are the shipped defaults, which were chosen on other data: the excerpts of
the American Community Survey (NIST, 2018 and 2019) and hospital records (Diabetes 130), in the last table.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from page import bars, head, machine, publish, row
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import r2_score, roc_auc_score

from confide.data import adult
from confide.data.locating import File, locate
from confide.data.twins import Levels
from confide.learn import Number, PrivateLinearRegression, PrivateLogisticRegression
from confide.mechanisms.learn.public_columns import PublicColumns

SEEDS, DELTA = range(5), 1e-5
EPSILONS = (1.0, 0.1)
METHODS = ("gradient", "objective", "output")
AMOUNTS = ("capital_gain", "capital_loss")
ACCURACY, AUC, ACCURACY_AT_A_TENTH = 0.850, 0.90, 0.845
ACS = "PUMA SEX MSP HISP RAC1P NPF NOC HOUSING_TYPE OWN_RENT INDP_CAT EDU DVET DREM DPHY DEYE DEAR"
HOSPITAL = (
    "race gender age admission_type_id discharge_disposition_id admission_source_id payer_code "
    "medical_specialty max_glu_serum A1Cresult metformin glipizide glyburide insulin change diabetesMed"
)
STAYS = {
    "time_in_hospital": (1, 14),
    "num_lab_procedures": (1, 132),
    "num_procedures": (0, 6),
    "num_medications": (1, 81),
    "number_diagnoses": (1, 16),
    **{f"number_{c}": Number(low=0, high=76, log=True) for c in ("outpatient", "emergency", "inpatient")},
}


def of_adult() -> dict[str, Any]:
    """What UCI's description says about the columns."""
    found: dict[str, Any] = {}
    for column in adult.COLUMNS:
        if isinstance(column, Levels):
            found[column.name] = list(column.levels)
        else:
            amount = column.name in AMOUNTS
            found[column.name] = Number(low=column.low, high=column.high, log=amount)
    return found


def table(name: str) -> pl.DataFrame:
    return pl.read_parquet(
        Path(locate(File(path=f"tabular/{name}.parquet"), get="Get it from its publisher."))
    )


def levels(people: pl.DataFrame, names: str) -> dict[str, list[Any]]:
    """The codes of a survey stand in its dictionary; here they are taken from the file for shortness."""
    return {n: sorted(people[n].drop_nulls().unique().to_list()) for n in names.split()}


def halves(people: pl.DataFrame, y: np.ndarray, train: int) -> tuple[Any, ...]:
    order = np.random.default_rng(0).permutation(len(y))
    first, rest = order[:train], order[train : train + 20_000]
    return people[first], y[first], people[rest], y[rest]


def chosen_on() -> dict[str, tuple[dict[str, Any], tuple[Any, ...]]]:
    """The sets that the defaults were chosen on: bounds, and the two halves."""
    acs, later, stays = (table(n) for n in ("nist_acs_national2018", "nist_acs_national2019", "diabetes130"))
    found: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {}
    paid = acs.filter(pl.col("PINCP").is_not_null())
    bounds = {"AGEP": (0, 99), "PWGTP": (1, 1000), **levels(acs, ACS)}
    found["income of 50,000 and more (ACS 2018)"] = (
        bounds,
        halves(paid, (paid["PINCP"] >= 50_000).cast(pl.Int64).to_numpy(), 17_080),
    )
    homes = acs.filter(pl.col("OWN_RENT") > 0)
    owned = {k: v for k, v in bounds.items() if k != "OWN_RENT"} | {"POVPIP": (0, 501)}
    found["home owned (ACS 2018)"] = (
        owned,
        halves(homes, (homes["OWN_RENT"] == 1).cast(pl.Int64).to_numpy(), 19_023),
    )
    known = later.filter(pl.col("POVPIP").is_not_null())
    found["poor, 5,000 people (ACS 2019)"] = (
        {**bounds, **levels(later, ACS)},
        halves(known, (known["POVPIP"] < 200).cast(pl.Int64).to_numpy(), 5_000),
    )
    found["readmitted, 20,000 stays (Diabetes 130)"] = (
        {**STAYS, **levels(stays, HOSPITAL)},
        halves(stays, (stays["readmitted"] != "NO").cast(pl.Int64).to_numpy(), 20_000),
    )
    return found


def without(bounds: dict[str, Any], x: Any, y: np.ndarray) -> Callable[[Any], np.ndarray]:
    """An ordinary logistic regression on the same encoding: its probabilities."""
    encode = PublicColumns.of(bounds)
    model = LogisticRegression(C=10.0, max_iter=1_000).fit(encode(x), y)
    return lambda other: model.predict_proba(encode(other))[:, 1]


def both(shown: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Accuracy and AUC."""
    return float(((shown > 0.5) == y).mean()), float(roc_auc_score(y, shown))


def one(
    bounds: dict[str, Any], split: tuple[Any, ...], epsilon: float, method: Any, seed: int
) -> list[float]:
    """Accuracy, AUC and CPU seconds of one private training."""
    x, y, other, truth = split
    made = PrivateLogisticRegression(epsilon, DELTA, bounds=bounds, method=method)
    made.set_params(noise="rehearsal", random_state=seed)
    began = time.process_time()
    made.fit(x, y)
    took = time.process_time() - began
    return [*both(made.predict_proba(other)[:, 1], truth), took]


def cell(values: Any, digits: int = 4) -> str:
    return f"{np.mean(values):.{digits}f} ± {np.std(values, ddof=1):.{digits}f}"


def on_adult() -> tuple[list[str], list[tuple[str, bool]]]:
    train, test, bounds = (
        adult.load(split="train", distinct=False),
        adult.load(split="test", distinct=False),
        of_adult(),
    )
    split = (train.x, train.y, test.x, test.y)
    accuracy, auc = both(without(bounds, train.x, train.y)(test.x), test.y)
    lines = [*head("method", "epsilon", "accuracy", "AUC", "CPU seconds")]
    lines.append(row("no privacy (scikit-learn)", "", f"{accuracy:.4f}", f"{auc:.4f}", ""))
    reached: dict[tuple[str, float], np.ndarray] = {}
    for epsilon in EPSILONS:
        for method in METHODS:
            found = np.array([one(bounds, split, epsilon, method, seed) for seed in SEEDS])
            reached[method, epsilon] = found.mean(axis=0)
            cells = (cell(found[:, 0]), cell(found[:, 1]), f"{found[:, 2].mean():.1f}")
            lines.append(row(method, f"{epsilon:g}", *cells))
    best, low = reached["gradient", 1.0], reached["gradient", 0.1]
    checks = [
        (f"descent at epsilon 1: accuracy at least {ACCURACY}", bool(best[0] >= ACCURACY)),
        (f"descent at epsilon 1: AUC at least {AUC}", bool(best[1] >= AUC)),
        (
            f"descent at epsilon 0.1: accuracy at least {ACCURACY_AT_A_TENTH}",
            bool(low[0] >= ACCURACY_AT_A_TENTH),
        ),
    ]
    return lines, checks


def on_others() -> list[str]:
    lines = [*head("set", "no privacy", *(f"{m}, epsilon {e:g}" for e in EPSILONS for m in METHODS))]
    for name, (bounds, split) in chosen_on().items():
        plain = both(without(bounds, split[0], split[1])(split[2]), split[3])
        private = [one(bounds, split, e, m, 0)[:2] for e in EPSILONS for m in METHODS]
        lines.append(row(name, *(f"{a:.4f} / {b:.4f}" for a, b in (plain, *private))))
    return lines


def of_numbers() -> list[str]:
    """Linear regression of income on ACS 2019, cut at 150,000 dollars."""
    people = table("nist_acs_national2019").filter(pl.col("PINCP").is_not_null())
    bounds = {"AGEP": (0, 99), **levels(people, ACS)}
    x, y, other, truth = halves(people, people["PINCP"].cast(pl.Float64).to_numpy().clip(0, 150_000), 17_000)
    encode = PublicColumns.of(bounds)
    plain = LinearRegression().fit(encode(x), y)
    lines = [
        *head("epsilon", "R²"),
        row("no privacy", f"{r2_score(truth, plain.predict(encode(other))):.3f}"),
    ]
    for epsilon in (8.0, *EPSILONS):
        found: list[float] = []
        for seed in SEEDS:
            made = PrivateLinearRegression(epsilon, DELTA, bounds=bounds, target=(0, 150_000))
            made.set_params(noise="rehearsal", random_state=seed)
            found.append(r2_score(truth, made.fit(x, y).predict(other)))
        lines.append(row(f"{epsilon:g}", cell(found, 3)))
    return lines


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    started = time.perf_counter()
    people, checks = on_adult()
    lines = [
        "# Private regression on tables",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        "## Adult",
        "",
        *people,
        "",
        "Means over five seeds ± their standard deviations. Descent takes 200 steps on all records.",
        "",
        *bars(checks),
        "",
        "## Linear regression of income, ACS 2019, 17,000 people",
        "",
        *of_numbers(),
        "",
        "Means over five seeds ± their standard deviations.",
        "",
        "## The sets that the defaults were chosen on",
        "",
        *on_others(),
        "",
        "Accuracy / AUC on other people, one seed.",
        "",
        f"{machine()}; {time.perf_counter() - started:.0f} s.",
    ]
    publish(lines, "private_regression", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
