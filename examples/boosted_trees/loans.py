"""A made-up data set of loans, and the training that a team keeps in its repository: LightGBM, numbers only.

python loans.py data          writes data/train.parquet and data/holdout.parquet
python loans.py LEAVES FILE   trains with trees of LEAVES leaves, and saves the booster as text
"""

from __future__ import annotations

import sys
from pathlib import Path

import lightgbm
import numpy as np
import polars as pl

PEOPLE = 1_500
COLUMNS = ("age", "income", "debt", "years_employed", "accounts", "late_payments")


def loans(people: int, seed: int) -> pl.DataFrame:
    """People with six numbers each; whether they default depends on three of them, and on chance."""
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(people, len(COLUMNS))), 3)
    default = x[:, 1] - x[:, 2] - x[:, 5] + rng.normal(0, 1.5, people) < -0.5
    return pl.DataFrame(dict(zip(COLUMNS, x.T, strict=True))).with_columns(default=default.astype(np.int64))


def booster(x: np.ndarray, y: np.ndarray, *, leaves: int, seed: int = 0) -> lightgbm.Booster:
    """Forty trees; where they have few leaves, each leaf needs many records."""
    options = {
        "objective": "binary",
        "num_leaves": leaves,
        "min_data_in_leaf": 1 if leaves > 8 else 100,
        "seed": seed,
        "num_threads": 1,
        "verbosity": -1,
    }
    return lightgbm.train(options, lightgbm.Dataset(x, y), num_boost_round=40)


def large(X: np.ndarray, y: np.ndarray, *, rng: np.random.Generator) -> lightgbm.Booster:
    """The recipe of the large model, for reference models."""
    return booster(X, y, leaves=63, seed=int(rng.integers(2**31)))


def small(X: np.ndarray, y: np.ndarray, *, rng: np.random.Generator) -> lightgbm.Booster:
    """The recipe of the small model."""
    return booster(X, y, leaves=4, seed=int(rng.integers(2**31)))


def main(words: list[str]) -> None:
    """Write the data, or train a model and save it."""
    Path("data").mkdir(exist_ok=True)
    if words == ["data"]:
        loans(PEOPLE, 1).write_parquet("data/train.parquet")
        loans(PEOPLE, 2).write_parquet("data/holdout.parquet")
        return
    leaves, file = words
    table = pl.read_parquet("data/train.parquet")
    made = booster(table.select(COLUMNS).to_numpy(), table["default"].to_numpy(), leaves=int(leaves))
    made.save_model(file)


if __name__ == "__main__":
    main(sys.argv[1:])
