"""Results of joint computations as tables, and as one file of JSON or Parquet."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from confide.core.arrays import Array, Floats
from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.mechanisms.share.joint.plan import JointPlan

SCHEMA = "confide.join/1"
TAKEN = {"table": ("count",), "kmeans": ("cluster", "size")}
"""Columns that a result has besides those of the plan."""


def refuse_names(plan: JointPlan) -> None:
    """Refuse a column whose name the table of the result needs.

    Raises:
        DataError: which.
    """
    for column in plan.columns:
        if column.name in TAKEN.get(plan.computation, ()):
            raise DataError(f"the result has a column {column.name!r:.60} of its own: rename yours.")


def sums(plan: JointPlan, found: Mapping[str, Floats]) -> pl.DataFrame:
    """A row a column."""
    return pl.DataFrame({"column": _names(plan), "sum": found["sum"]})


def means(plan: JointPlan, found: Mapping[str, Floats]) -> pl.DataFrame:
    """A row a column, with the variance where it is known."""
    width = len(plan.columns)
    whole = {word: found[word] for word in ("mean", "variance") if word in found}
    return pl.DataFrame({"column": _names(plan), "count": _counts(plan, found["count"], width), **whole})


def covariance(plan: JointPlan, found: Mapping[str, Floats]) -> pl.DataFrame:
    """A row a column, with its covariance with each."""
    whole = dict(zip(_names(plan), found["covariance"], strict=True))
    return pl.DataFrame(
        {
            "column": _names(plan),
            "count": _counts(plan, found["count"], len(whole)),
            "mean": found["mean"],
            **{f"covariance with {name}": values for name, values in whole.items()},
        }
    )


def histogram(plan: JointPlan, found: Mapping[str, Floats]) -> pl.DataFrame:
    """A row a bin of a column; it holds its lower end, and the last one its upper end too."""
    parts: list[pl.DataFrame] = []
    for column, counts in zip(plan.columns, found["counts"], strict=True):
        edges = np.linspace(column.low, column.high, len(counts) + 1)
        name = np.repeat(column.name, len(counts))
        made = {"column": name, "low": edges[:-1], "high": edges[1:], "count": _counts(plan, counts)}
        parts.append(pl.DataFrame(made))
    return pl.concat(parts)


def table(plan: JointPlan, found: Mapping[str, Floats]) -> pl.DataFrame:
    """A row a combination of codes, empty ones too."""
    codes = itertools.product(*(range(int(c.low), int(c.high) + 1) for c in plan.columns))
    made = dict(zip(_names(plan), np.array(list(codes), np.int64).T, strict=True))
    return pl.DataFrame({**made, "count": _counts(plan, found["counts"].ravel())})


def coefficients(plan: JointPlan, found: Mapping[str, Floats]) -> pl.DataFrame:
    """A row a term, the intercept first."""
    return pl.DataFrame({"term": ["intercept", *_names(plan)[:-1]], "coefficient": found["coefficients"]})


def centres(plan: JointPlan, found: Mapping[str, Floats]) -> pl.DataFrame:
    """A row a cluster."""
    whole = dict(zip(_names(plan), found["centres"].T, strict=True))
    numbers = np.arange(1, len(found["sizes"]) + 1)
    return pl.DataFrame({"cluster": numbers, "size": _counts(plan, found["sizes"]), **whole})


def write_result(path: Path, frame: pl.DataFrame, card: Mapping[str, Any]) -> None:
    """Write a result with its card, whole or not at all; a Parquet file has the card in its metadata."""
    about = {"schema": SCHEMA, **card}
    with atomic_write(path) as draft:
        if path.suffix == ".parquet":
            frame.write_parquet(draft, metadata={"confide": json.dumps(about)})
        else:
            text = json.dumps({**about, "result": frame.to_dicts()}, indent=1, ensure_ascii=False)
            draft.write_text(text + "\n", encoding="utf-8")


def is_result(path: Path) -> bool:
    """Whether a file is a result that may be replaced."""
    try:
        if path.suffix == ".parquet":
            return "confide" in pl.read_parquet_metadata(path)
        return json.loads(path.read_text(encoding="utf-8"))["schema"] == SCHEMA
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        return False


def _names(plan: JointPlan) -> list[str]:
    return [column.name for column in plan.columns]


def _counts(plan: JointPlan, counts: Floats, times: int = 1) -> Array:
    """Counts, whole where no noise is in them."""
    repeated = np.repeat(counts, times) if times > 1 else counts
    return np.rint(repeated).astype(np.int64) if plan.epsilon is None else repeated
