"""Adult as it is: bins by private quantiles, a rule that it keeps, and rows that come back."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from confide.inputs.domain import domain_of
from confide.mechanisms.synthesize.columns.breaches import broken
from confide.mechanisms.synthesize.columns.decoding import decode
from confide.mechanisms.synthesize.columns.encoding import encode
from confide.mechanisms.synthesize.columns.quantile_bins import QuantileBins, with_quantile_bins

FILE = Path(os.environ.get("CONFIDE_DATA", "")) / "tabular/adult.parquet"
BOUNDS = {
    "age": (17, 90),
    "fnlwgt": (12_285, 1_490_400),
    "education_num": (1, 16),
    "capital_gain": (0, 99_999),
    "capital_loss": (0, 4_356),
    "hours_per_week": (1, 99),
}
YEARS = {
    "Preschool": 1, "1st-4th": 2, "5th-6th": 3, "7th-8th": 4, "9th": 5, "10th": 6, "11th": 7, "12th": 8,
    "HS-grad": 9, "Some-college": 10, "Assoc-voc": 11, "Assoc-acdm": 12, "Bachelors": 13, "Masters": 14,
    "Prof-school": 15, "Doctorate": 16,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.skipif(not FILE.is_file(), reason="needs the Adult data set under $CONFIDE_DATA")
def test_adult_there_and_back() -> None:
    frame = pl.read_parquet(FILE)
    said = {
        name: {"kind": "integer", "low": BOUNDS[name][0], "high": BOUNDS[name][1], "bins": "quantiles:16"}
        if name in BOUNDS
        else {"kind": "category", "values": frame[name].drop_nulls().unique().to_list(), "nulls": True}
        for name in frame.columns
    }
    said["education"]["nulls"] = False
    said["education_num"]["bins"] = 16
    domain = domain_of({"columns": said, "rules": [{"rule": "education -> education_num", "table": YEARS}]})
    assert not broken(frame, domain)["education -> education_num"].any()
    assert "education_num" not in [m.name for m in domain.modelled]
    assert set(domain.pending) == set(BOUNDS) - {"education_num"}
    # A tenth of what epsilon 1 at delta 1e-9 gives, for all five columns together.
    bins = QuantileBins(rho=0.0015, noise="rehearsal")
    made = with_quantile_bins(frame, domain, bins, rng=np.random.default_rng(0))
    table = encode(frame, made).table
    at = table.names.index("age")
    assert np.bincount(table.low[:, at]).max() < 1.6 * len(frame) / 16
    gain = table.names.index("capital_gain")
    cuts = made.modelled[gain].cuts
    assert cuts is not None and cuts.end(0) < 150 and len(cuts) > 4  # the least gain is 114: zeros stay zeros
    back = decode(table.low, made, rng=np.random.default_rng(1), schema=frame.schema).frame
    assert back.schema == frame.schema and (encode(back, made).table.low == table.low).all()
    assert (back["education_num"] == frame["education_num"]).all()
