"""Wrong values of every kind, for any argument; and frames and arrays of odd types."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import torch
from scipy import sparse


def _raising(*given: object, **named: object) -> object:
    raise OverflowError("a function that raises")


class Unsayable:
    """An object that cannot even be shown."""

    def __repr__(self) -> str:
        raise ValueError("no repr")


def odd_values(folder: Path) -> Iterator[tuple[str, Any]]:
    """Some forty values that hardly any argument takes."""
    yield "None", None
    yield "True", True
    yield "empty text", ""
    yield "blank", " "
    yield "control characters", "a\x1b[2J\n\u202eb"
    yield "NUL", "a\0b"
    yield "half a pair", "\ud800"
    yield "long text", "x" * 100_000
    yield "other text", "=1+1"
    yield "-1", -1
    yield "0", 0
    yield "2^64", 2**64
    yield "10^5000", 10**5000
    yield "-10^400", -(10**400)
    yield "nan", float("nan")
    yield "inf", float("inf")
    yield "1e308", 1e308
    yield "complex", 1j
    yield "decimal", decimal.Decimal("1.5")
    yield "bytes", b"\xff\x00"
    yield "object", object()
    yield "no repr", Unsayable()
    yield "a class", dict
    yield "a function that raises", _raising
    yield "mixed list", [1, "a", None, b"x", [2]]
    yield "empty list", []
    yield "nested list", [[1, 2], [3]]
    yield "tuple of None", (None, None)
    yield "set", {1, 2}
    yield "dict", {"a": 1}
    yield "generator", (i for i in range(3))
    yield "range", range(3)
    yield "date", dt.date(2020, 1, 1)
    yield "no such file", "no/such/file.parquet"
    yield "path that is not there", Path("no/such/file.npz")
    yield "folder", folder
    yield "device", Path("/dev/null")
    yield "empty pandas frame", pd.DataFrame()
    yield "pandas frame with two columns of one name", pd.DataFrame([[1, 2]] * 4, columns=["user", "user"])
    yield "pandas series", pd.Series([1, None, "a"])
    yield "empty polars frame", pl.DataFrame()
    yield "polars frame", pl.DataFrame({"a": [1, 2]})
    yield "lazy frame that fails", pl.LazyFrame({"a": [1]}).select("b")
    yield "polars series", pl.Series([1, 2])
    # Every third: readers of arrays meet all of them in `doors.odd_tables`.
    yield from list(odd_arrays(4))[::3]


def odd_arrays(n: int = 40) -> Iterator[tuple[str, Any]]:
    """Arrays, tensors and matrices of n rows, most of which are no features, labels or answers."""
    whole = np.arange(n) % 2
    for kind in ("?", "i1", "u8", "f2", "f8", "g", "c16", "U3", "S3", "O", "M8[s]", "m8[s]", "V8"):
        yield f"numpy {kind} [n]", whole.astype(kind)
        yield f"numpy {kind} [n, 3]", np.stack([whole] * 3, 1).astype(kind)
    yield "numpy with fields", np.zeros(n, dtype=[("a", "f8"), ("b", "i4")])
    yield "numpy of no dimension", np.array(1.0)
    yield "numpy object of no dimension", np.array(None)
    yield "numpy [0, 3]", np.zeros((0, 3))
    yield "numpy [n, 0]", np.zeros((n, 0))
    yield "numpy NaT", np.full(n, np.datetime64("NaT"))
    yield "numpy NaN", np.full((n, 3), np.nan)
    yield "numpy of mixed objects", np.array([1, "a", None, b"x"] * (n // 4), object)
    yield "numpy of lists", np.array([*[[1]] * (n - 1), [1, 2]], object)
    yield "numpy beyond 2^63", np.full(n, 2**63 + 5, np.uint64)
    yield "numpy of Python's huge numbers", np.array([10**400] * n, object)
    yield "masked", np.ma.masked_array(whole, mask=whole > 0)
    yield "matrix", np.asmatrix(np.zeros((n, 3)))
    yield "tensor with a gradient", torch.zeros(n, 3, requires_grad=True)
    yield "tensor of bfloat16", torch.zeros(n, 3, dtype=torch.bfloat16)
    yield "tensor of no dimension", torch.tensor(1.0)
    yield "tensor of complex numbers", torch.zeros(n, 3, dtype=torch.complex64)
    yield "tensor without memory", torch.zeros(n, 3, device="meta")
    yield "sparse tensor", torch.eye(n).to_sparse()
    yield "sparse matrix", sparse.csr_matrix(np.eye(n))
    yield "sparse complex matrix", sparse.csr_matrix(np.eye(n) * 1j)
    yield "sparse huge matrix", sparse.csr_matrix((n, 2**40))
    yield "ragged list", [[1, 2]] * (n - 1) + [[1]]
    yield "list of text", ["a"] * n


def odd_frames(plain: pl.DataFrame, column: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """A table as a pandas frame, one column of which is of each type that pandas has."""
    n = len(plain)
    whole = np.arange(n) % 20
    days = pd.Series(pd.date_range("2020-01-01", periods=n, freq="h"))
    kinds: dict[str, Any] = {
        "Int64 with NA": pd.array([None, *whole[1:]], dtype="Int64"),
        "boolean with NA": pd.array([None, *(whole[1:] > 9)], dtype="boolean"),
        "string": pd.array([f"p{i}" for i in whole], dtype="string"),
        "string with NA": pd.array([None, *[f"p{i}" for i in whole[1:]]], dtype="string"),
        "Float32": pd.array(whole, dtype="Float32"),
        "category of text": pd.Categorical([f"p{i}" for i in whole]),
        "category of numbers": pd.Categorical(whole),
        "category of times": pd.Categorical(days),
        "category without values": pd.Categorical([None] * n),
        "Period": pd.period_range("2020-01", periods=n, freq="M"),
        "Period with NaT": pd.PeriodIndex([pd.NaT, *pd.period_range("2020-01", periods=n - 1, freq="D")]),
        "interval": pd.interval_range(0, n),
        "with a zone": days.dt.tz_localize("Europe/Berlin", ambiguous="NaT", nonexistent="NaT"),
        "with an offset": days.dt.tz_localize("+02:00"),
        "with NaT": pd.Series([pd.NaT, *days[1:]]),
        "timedelta": pd.to_timedelta(whole, unit="h"),
        "complex": whole + 1j,
        "sparse": pd.arrays.SparseArray(whole),
        "Decimal": pd.Series([decimal.Decimal(int(i)) for i in whole], dtype=object),
        "huge Decimal": pd.Series([decimal.Decimal("1e400")] * n, dtype=object),
        "bytes": pd.Series([b"x"] * n, dtype=object),
        "lists": pd.Series([[1], []] * (n // 2), dtype=object),
        "dicts": pd.Series([{"a": 1}] * n, dtype=object),
        "dates": pd.Series([dt.date(2020, 1, 1)] * n, dtype=object),
        "mixed": pd.Series([1, "a"] * (n // 2), dtype=object),
        "mixed zones": pd.Series(
            [dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)] * (n // 2), dtype=object
        ),
        "huge numbers": pd.Series([10**400] * n, dtype=object),
        "objects": pd.Series([object()] * n, dtype=object),
        "arrays": pd.Series([np.zeros(2)] * n, dtype=object),
        "None": pd.Series([None] * n, dtype=object),
        "year 1": pd.Series([dt.datetime(1, 1, 1)] * n, dtype=object),
    }
    for name, values in kinds.items():
        frame = pd.DataFrame({c: plain[c].to_numpy() for c in plain.columns if c != column})
        frame[column] = values
        yield f"pandas {name}", frame
    frame = pd.DataFrame({c: plain[c].to_numpy() for c in plain.columns})
    yield "pandas, twice", pd.concat([frame, frame[[column]]], axis=1)
    yield "pandas, several levels", frame.set_axis(pd.MultiIndex.from_product([["a"], frame.columns]), axis=1)
    yield "polars objects", plain.with_columns(pl.Series(column, [object()] * n, dtype=pl.Object))
    yield "polars Int128 beyond", plain.with_columns(pl.Series(column, [2**100] * n, dtype=pl.Int128))
