"""Shadow worlds: what made a synthetic file is run again, found where it copies, and named where it fails."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.audits.synthetic.test_door import CONTROL, REAL

import confide
from confide.audits.synthetic.generated import in_bins, outliers
from confide.audits.synthetic.of_function import OfFunction, table_of
from confide.audits.synthetic.population import frame_of
from confide.core.errors import DataError, KnowledgeError
from confide.views.table import Domain, Table

pytest.importorskip("opendp")
ATTACKS = ["synthetic-copies", "synthetic-shadow-queries", "noised-margins-lr"]


def copying(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    return frame.sample(frame.height, with_replacement=True, seed=seed)


def failing(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    raise RuntimeError(f"a row: {frame.row(0)}")


def sometimes(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    return failing(frame, seed) if seed % 3 == 0 else copying(frame, seed)


def audited(folder: Path, **given: Any) -> confide.Audit:
    held = confide.Synthetic(REAL, copying(REAL, 5), control=CONTROL, people=400, shadows=20, **given)
    return confide.audit(held, cache=folder / "cache", attacks=ATTACKS)


@pytest.mark.slow
@pytest.mark.parametrize("make", [copying, sometimes])
def test_copies_are_found_and_failed_worlds_are_named(tmp_path: Path, make: Any) -> None:
    audit = audited(tmp_path, generator=make)
    worlds = audit.sections[-1]
    assert {f.risk.attack for f in worlds.findings} == set(ATTACKS[:2])
    assert worlds.headline.risk.auc.low > 0.6
    text = audit.report.text()
    assert ("worlds were skipped and made again: it raised RuntimeError" in text) is (make is sometimes)
    assert "a row: " not in text


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (failing, "failed 25 times in a row, the last time it raised RuntimeError"),
        (lambda frame, seed: frame.drop(frame.columns[0]), "it returned no column"),
        (lambda frame, seed: frame.head(0), "it returned no row"),
        (lambda frame, seed: 3, "it returned a int, and no data frame"),
    ],
)
def test_a_generator_that_does_not_work_ends_no_audit(tmp_path: Path, make: Any, says: str) -> None:
    audit = audited(tmp_path, generator=make)
    assert len(audit.sections) == 1 and audit.sections[0].headline.risk.attack == "synthetic-copies"
    assert says in " ".join(audit.report.text().split())


def test_a_generator_that_hangs_is_left_after_its_time() -> None:
    table = Table.of([Domain("a", ("x", "y"))], np.array([[0], [1]]))
    slow = OfFunction(lambda frame, seed: time.sleep(60), table.domains, patience=0.1)
    with pytest.raises(KnowledgeError, match=r"more than 0\.1 seconds for one world"):
        slow(table, rng=np.random.default_rng(0))


@pytest.mark.slow
def test_a_mechanism_is_held_against_its_promise_and_everything_that_it_measured(tmp_path: Path) -> None:
    audit = audited(tmp_path, mechanism="mst", epsilon=1.0)
    worlds = audit.sections[-1]
    assert worlds.promise is not None and worlds.promise.epsilon == 1.0
    assert {f.risk.attack for f in worlds.findings} == set(ATTACKS)
    # 200 worlds of Phi(sqrt(2 rho / 3)) = .54, and 30 of a file by MST.
    assert worlds.headline.risk.auc.low < 0.6 and audit.exit_code == 0


def test_frames_and_tables_say_the_same() -> None:
    domains = (
        Domain("a", ("x", "y", "(missing)"), missing=True),
        Domain("n", ("1", "2", "(missing)"), np.array([1.0, 2.0, np.nan]), missing=True),
    )
    table = Table.of(domains, np.array([[0, 1], [2, 0], [1, 2]]))
    frame = frame_of(table)
    assert frame.rows() == [("x", 2.0), (None, 1.0), ("y", None)]
    assert (table_of(frame, domains).low == table.low).all()
    # A number counts as the nearest one that the files have.
    near = frame.with_columns(n=pl.Series([1.9, 1.2, None]))
    assert (table_of(near, domains).low == table.low).all()


def test_bins_are_public_or_even() -> None:
    numbers = np.arange(100.0)
    table = Table.of([Domain("n", tuple(map(str, range(100))), numbers)], np.arange(100)[:, None])
    even, _ = in_bins(table, table, public={})
    # Sixteenths of the range from 0 to 99, in whole numbers.
    assert (even.low[:, 0] == np.minimum(np.arange(100) * 16 // 99, 15)).all()
    public, _ = in_bins(table, table, public={"n": (numbers >= 30).astype(np.int64)})
    assert np.bincount(public.low[:, 0]).tolist() == [30, 70]


def test_outliers_are_the_least_likely_rows() -> None:
    codes = np.array([[0]] * 30 + [[1]] * 8 + [[2]] * 2)
    table = Table.of([Domain("a", ("x", "y", "z"))], codes)
    assert outliers(table, 2, rng=np.random.default_rng(0)).tolist() == [38, 39]
    assert len(outliers(table, 40, rng=np.random.default_rng(0))) == 10


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"generator": copying, "mechanism": "mst", "epsilon": 1.0}, "give one of them"),
        ({"mechanism": "mst"}, "give its epsilon too"),
        ({"epsilon": 1.0}, "name the mechanism too"),
        ({"mechanism": "bootstrap", "control": None}, "held out: give their rows too"),
        ({"generator": 3}, "give a function make"),
        ({"patience": 0.0}, "patience is 0.0"),
    ],
)
def test_settings_that_cannot_be_are_a_sentence(tmp_path: Path, given: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        held = confide.Synthetic(REAL, copying(REAL, 5), **{"control": CONTROL, **given})
        confide.audit(held, cache=tmp_path / "cache", attacks=ATTACKS)
