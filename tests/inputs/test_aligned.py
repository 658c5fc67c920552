"""Files that are compared are read in one way, and as the model was trained."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

import confide
from confide.core.errors import DataError
from confide.inputs.aligned import aligned, reading_said
from confide.inputs.records import RawRecords, as_raw_records
from confide.inputs.trained_columns import as_trained, trained_columns


def sheets(path: Path, *texts: str, label: str = "y") -> list[RawRecords]:
    """Records from csv files with these texts."""
    for i, text in enumerate(texts):
        (path / f"{i}.csv").write_text(text)
    return [as_raw_records(path / f"{i}.csv", label=label, name="x") for i in range(len(texts))]


def held(*frames: pl.DataFrame | pd.DataFrame) -> list[RawRecords]:
    return [as_raw_records(f, label="y", name=f"f{i}") for i, f in enumerate(frames)]


def column(sheet: RawRecords, name: str) -> pl.Series:
    assert isinstance(sheet.x, pl.DataFrame)
    return sheet.x[name]


def test_what_is_text_in_one_file_is_text_in_all_as_it_is_written(tmp_path: Path) -> None:
    one, other = aligned(sheets(tmp_path, "code,n,y\n100,1,a\n1.0,2,b\n", "code,n,y\n007,1.5,a\n8,2,b\n"))
    assert column(one, "code").to_list() == ["100", "1.0"] and column(other, "code").to_list() == ["007", "8"]
    assert column(one, "n").to_list() == [1, 2] and column(one, "n").dtype == column(other, "n").dtype


def test_a_column_without_values_takes_the_type_of_the_others(tmp_path: Path) -> None:
    one, other = aligned(sheets(tmp_path, "n,m,y\n1,2,a\n", "n,m,y\n,2,a\n"))
    assert column(other, "n").dtype == column(one, "n").dtype == pl.Int64
    none = pl.DataFrame({"t": [None], "y": ["a"]})
    assert column(aligned(held(pl.DataFrame({"t": ["x"], "y": ["a"]}), none))[1], "t").dtype == pl.String


def test_numbers_that_may_have_lost_their_zeros_are_refused(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("code,y\n007,a\n")
    csv = as_raw_records(tmp_path / "c.csv", label="y", name="x")
    (whole,) = held(pl.DataFrame({"code": [7], "y": ["a"]}))
    with pytest.raises(DataError, match=r"column 'code' is String in c\.csv and Int64 in f0"):
        aligned([csv, whole])


def test_categories_are_those_of_the_members_and_then_the_others() -> None:
    low = pd.Categorical(["low", "mid"], categories=["low", "mid"])
    high = pd.Categorical(["high", "low"], categories=["high", "low"])
    one, other = aligned(held(*(pd.DataFrame({"r": c, "y": ["a", "b"]}) for c in (low, high))))
    for sheet in (one, other):
        assert column(sheet, "r").dtype == pl.Enum(["low", "mid", "high"])
    assert column(other, "r").to_list() == ["high", "low"]
    frames = [
        pl.DataFrame({"r": pl.Series(v, dtype=pl.Categorical), "y": v}) for v in (["z", "b"], ["a", "z"])
    ]
    for sheet in aligned(held(*frames)):
        assert column(sheet, "r").dtype == pl.Enum(["b", "z", "a"]), (
            "sorted, as pandas does, those of members first"
        )


def test_the_reading_is_said(tmp_path: Path) -> None:
    (sheet,) = sheets(tmp_path, "code;age;job;ok;y\n07;1,5;?;true;a\n8;;x;false;b\n")
    assert reading_said(sheet) == [
        "Read as (csv with semicolons and decimal commas): code text, age number, job text, ok yes or no; "
        "the labels are text.",
        "Missing values (empty, blank, NA, nan or ?) in 0.csv: age 1, job 1 of 2.",
    ]


FRAME = pd.DataFrame({"code": ["038", "250", "008", "250"], "ward": [1, 2, 2, 1], "age": [30.0, 40, 50, 60]})
LABEL = ["a", "b", "a", "b"]
ENCODERS: dict[str, Any] = {
    "alone": OneHotEncoder(),
    "columns": make_column_transformer((OneHotEncoder(), ["code", "ward"]), remainder="passthrough"),
    "numbers": make_column_transformer((OneHotEncoder(), [0, 1]), remainder="passthrough"),
    "mask": make_column_transformer((OrdinalEncoder(), [True, True, False])),
    "slice": make_column_transformer((OrdinalEncoder(), slice(0, 2))),
    "chosen": make_column_transformer((OrdinalEncoder(), lambda f: ["code", "ward"])),
    "one": ColumnTransformer([("c", OneHotEncoder(), ["code"]), ("w", OneHotEncoder(), ["ward"])]),
    "imputed": make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["code", "ward"])
    ),
    "in a pipeline": make_pipeline(
        make_column_transformer((OneHotEncoder(), ["code", "ward"]), remainder="passthrough"),
        StandardScaler(with_mean=False),
    ),
}


@pytest.mark.parametrize("name", ENCODERS)
def test_the_categories_of_an_encoder_are_found_wherever_it_stands(name: str) -> None:
    known = trained_columns(ENCODERS[name].fit(FRAME, LABEL))
    assert known["code"].kind == "text" and known["code"].values == {"038", "250", "008"}
    assert known["ward"].kind == "number" and known["ward"].values == {1, 2}


def test_of_columns_that_a_step_makes_nothing_is_known() -> None:
    cut = make_pipeline(FunctionTransformer(lambda f: f[["ward"]].to_numpy()), OneHotEncoder()).fit(FRAME)
    assert "code" not in trained_columns(cut)
    assert trained_columns(lambda x: x) == {} and trained_columns(None) == {}


def test_columns_are_read_as_the_encoder_knows_them(tmp_path: Path) -> None:
    model = ENCODERS["columns"].fit(FRAME, LABEL)
    # No code of this file begins with a zero, so nothing but the model says that they are text.
    (sheet,) = sheets(tmp_path, "code,ward,age,y\n250,01,30,a\n250,2,40,b\n")
    assert column(sheet, "code").dtype == pl.Int64 and column(sheet, "ward").dtype == pl.String
    (made,), notes = as_trained(model, [sheet])
    assert column(made, "code").to_list() == ["250", "250"] and column(made, "ward").to_list() == [1, 2]
    assert notes == []
    (other,) = held(
        pl.DataFrame({"code": [250, 250, 9], "ward": [1, 2, 1], "age": [1, 2, 3], "y": LABEL[:3]})
    )
    (made,), notes = as_trained(model, [other])
    assert column(made, "code").to_list() == ["250", "250", "9"]
    assert notes == ["1 values of column code in f0 are none that the model was trained on."]


def test_members_whose_values_the_model_never_saw_are_refused() -> None:
    model = ENCODERS["columns"].fit(FRAME, LABEL)
    lost = pl.DataFrame({"code": [38, 8, 250], "ward": [1, 2, 1], "age": [1, 2, 3], "y": LABEL[:3]})
    with pytest.raises(
        DataError,
        match=r"f0: the model was not trained on 2 of 3 values of column 'code', such as '38'; it knows 3, "
        r"such as '008', '038', '250': write the column as it was in training",
    ):
        as_trained(model, held(lost))


def test_missing_is_what_it_was_in_training() -> None:
    given = held(pl.DataFrame({"job": ["nurse", "?", "NA", None], "y": LABEL}))
    frames = {
        "a category": pd.DataFrame({"job": ["nurse", "?"]}),
        "nan": pd.DataFrame({"job": ["nurse", np.nan]}),
        "blank": pd.DataFrame({"job": ["nurse", ""]}),
    }
    found = {
        name: column(as_trained(OneHotEncoder().fit(f), given)[0][0], "job").to_list()
        for name, f in frames.items()
    }
    assert found["a category"] == ["nurse", "?", "NA", None], "the model's own word stays"
    assert found["nan"] == ["nurse", None, None, None]
    assert found["blank"] == ["nurse", "?", "NA", ""]


def test_an_input_that_a_graph_declares_as_text_is_text(tmp_path: Path) -> None:
    ports = [
        SimpleNamespace(name="code", type="tensor(string)"),
        SimpleNamespace(name="age", type="tensor(float)"),
    ]
    graph = SimpleNamespace(session=SimpleNamespace(get_inputs=lambda: ports))
    (sheet,) = sheets(tmp_path, "code,age,y\n100,007,a\n200,8,b\n")
    (made,), _ = as_trained(graph, [sheet])
    assert column(made, "code").to_list() == ["100", "200"] and column(made, "age").to_list() == [7, 8]


@pytest.mark.slow
@pytest.mark.parametrize("lowest", [100, 0])
def test_csv_and_parquet_of_the_same_rows_give_the_same_audit(lowest: int, tmp_path: Path) -> None:
    """Codes from 100 on have no zero that shows them; of those from 0 on some have."""
    rng = np.random.default_rng(lowest)
    code, age = rng.integers(lowest, lowest + 300, 300), rng.integers(20, 90, 300)
    frame = pl.DataFrame(
        {"code": [f"{c:03d}" for c in code], "age": age, "y": rng.choice(["ill", "well"], 300)}
    )
    sides = {"in": frame[:150], "out": frame[150:]}
    plain = pd.DataFrame(sides["in"].to_dict(as_series=False))
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["code"]), remainder="passthrough"),
        RandomForestClassifier(20, random_state=0),
    ).fit(plain[["code", "age"]], plain["y"])
    tables: list[Any] = []
    for suffix in ("parquet", "csv"):
        for name, side in sides.items():
            path = tmp_path / f"{name}.{suffix}"
            side.write_parquet(path) if suffix == "parquet" else side.write_csv(path)
        members, others = (tmp_path / f"{name}.{suffix}" for name in sides)
        given = confide.Model(model, members=members, nonmembers=others, label="y", references=0)
        audit = confide.audit(given, seed=7, attacks=["loss"], cache=tmp_path / "cache")
        tables.append(audit.evidence[0].table)
    assert tables[0].equals(tables[1])
    assert tables[0].group_by("exposed").agg(pl.col("score").mean()).sort("exposed")["score"].diff()[1] > 0.5
