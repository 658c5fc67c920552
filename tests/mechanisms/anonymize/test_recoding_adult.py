"""Recodings of Adult (UCI) with the hierarchies of ARX: optimal losses, local ones, and Mondrian's."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from confide.inputs.coded_table import InCodes, in_codes
from confide.measure.anonymity import anonymity
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.full_domain import FullDomain
from confide.mechanisms.anonymize.local_recoding import LocalRecoding
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.views.table import Table

FOLDER = Path(os.environ.get("CONFIDE_DATA", "")) / "tabular"
HIERARCHIES = FOLDER / "arx_adult_hierarchies"
NINE = (
    "sex",
    "age",
    "race",
    "marital_status",
    "education",
    "native_country",
    "workclass",
    "occupation",
    "income",
)
pytestmark = pytest.mark.skipif(
    not (FOLDER / "adult.parquet").exists() or not HIERARCHIES.exists(),
    reason="adult.parquet and the hierarchies of ARX are not under $CONFIDE_DATA",
)


@pytest.fixture(scope="module")
def adult() -> InCodes:
    frame = pl.read_parquet(FOLDER / "adult.parquet").filter(pl.col("split") == "train").drop_nulls()
    assert frame.height == 30_162
    return in_codes(frame, NINE, folder=HIERARCHIES)


# k = 10 with 5 % suppressed is ARX's own optimum; all of them are those of counting all 12,960 nodes.
@pytest.mark.parametrize(
    ("k", "losses"),
    [
        (10, (0.6355, 0.4484, 0.3178)),
        pytest.param(2, (0.6037, 0.2816, 0.1753), marks=pytest.mark.slow),
        pytest.param(5, (0.6355, 0.4020, 0.2696), marks=pytest.mark.slow),
        pytest.param(50, (0.6355, 0.5600, 0.4627), marks=pytest.mark.slow),
    ],
)
def test_the_lattice_finds_the_optimum(adult: InCodes, k: int, losses: tuple[float, ...]):
    table = Table.of(adult.domains, adult.codes)
    for share, loss in zip((0.0, 0.01, 0.05), losses, strict=True):
        mechanism = FullDomain(known=NINE, rules=Rules(k=k), hierarchies=adult.hierarchies, suppress=share)
        found = mechanism.search(table)
        assert found.nodes == 12_960 and found.loss == pytest.approx(loss, abs=5e-5)
        if (k, share) == (10, 0.05):
            view = mechanism(table, rng=None).view
            seen = anonymity(view, NINE)
            assert seen.suppressed == 1_437 and seen.k >= 10 and _loss(view) == pytest.approx(found.loss)


@pytest.mark.slow
def test_the_lattice_finds_what_counting_all_nodes_finds(adult: InCodes):
    """Six columns of Adult, 2,160 nodes: every one is counted."""
    six = ("sex", "age", "race", "education", "workclass", "occupation")
    table = Table.of(adult.domains, adult.codes).only(six)
    levels = [adult.hierarchies[NINE.index(name)] for name in six]
    best = np.inf
    for node in np.ndindex(*[h.levels for h in levels]):
        groups = [
            h.group[level][table.low[:, i]] for i, (h, level) in enumerate(zip(levels, node, strict=True))
        ]
        word = np.ravel_multi_index(groups, [h.values for h in levels])
        _, key, count = np.unique(word, return_inverse=True, return_counts=True)
        hidden = (count < 10)[key]
        lost = sum(
            h.loss(level)[table.low[:, i]] for i, (h, level) in enumerate(zip(levels, node, strict=True))
        )
        if hidden.mean() <= 0.02 and (hidden.any() or node != tuple(h.levels - 1 for h in levels)):
            best = min(best, float(np.where(hidden, 1.0, lost / 6).mean()))
    mechanism = FullDomain(known=six, rules=Rules(k=10), hierarchies=tuple(levels), suppress=0.02)
    assert mechanism.search(table).loss == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize(("k", "bar"), [(2, 0.05), (5, 0.13), (10, 0.22), (50, 0.43)])
def test_local_recoding_loses_little(adult: InCodes, k: int, bar: float):
    table = Table.of(adult.domains, adult.codes)
    mechanism = LocalRecoding(known=NINE, rules=Rules(k=k), hierarchies=adult.hierarchies)
    view = mechanism(table, rng=None).view
    seen = anonymity(view, NINE)
    assert seen.k >= k and seen.suppressed == 0 and _loss(view) <= bar
    # Each range is a group of its column's hierarchy.
    for i, h in enumerate(adult.hierarchies):
        ranges = {(int(a), int(b)) for a, b in zip(view.low[:, i], view.high[:, i], strict=True)}
        groups = {
            (int(a), int(b) - 1)
            for start, stop in zip(h.start, h.stop, strict=True)
            for a, b in zip(start, stop, strict=True)
        }
        assert ranges <= groups


def test_mondrian_keeps_more_detail_than_whole_columns(adult: InCodes):
    table = Table.of(adult.domains, adult.codes)
    view = Mondrian(known=NINE, rules=Rules(k=10))(table, rng=None).view
    seen = anonymity(view, NINE)
    # A prototype reached .086 with 2,111 boxes.
    assert seen.k >= 10 and seen.classes > 2_000 and _loss(view) <= 0.09


def _loss(view: Table) -> float:
    return float(((view.high - view.low) / np.maximum(view.sizes - 1, 1)).mean())
