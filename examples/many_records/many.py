"""A made-up register of any size and a model of it: python many.py RECORDS.

Two thirds of the records train the model, the others are held out. Writes data/train.parquet,
data/holdout.parquet and data/model.skops.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

COLUMNS = 50


def register(records: int, seed: int) -> pl.DataFrame:
    """Normal columns, and a class that is a noisy linear rule of them."""
    rule = np.random.default_rng(12).standard_normal(COLUMNS) / COLUMNS**0.5
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((records, COLUMNS))
    ill = x @ rule * 2.8 + rng.standard_normal(records) > 0
    columns = {f"measure_{i}": x[:, i] for i in range(COLUMNS)}
    return pl.DataFrame(columns).with_columns(ill=pl.Series(np.where(ill, "yes", "no")))


def main(records: int) -> None:
    """Write both files, train the model and save it."""
    Path("data").mkdir(exist_ok=True)
    inside, outside = register(records * 2 // 3, 1), register(records - records * 2 // 3, 2)
    inside.write_parquet("data/train.parquet")
    outside.write_parquet("data/holdout.parquet")
    model = make_pipeline(StandardScaler(), LogisticRegression())
    skops.io.dump(model.fit(inside.drop("ill"), inside["ill"].to_list()), "data/model.skops")


if __name__ == "__main__":
    main(int(sys.argv[1]))
