"""Scores that were made elsewhere: what is no yes or no, and scores that are turned round, are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from confide.core.errors import EvidenceError
from confide.inputs.scores import Scores, read_scores

RNG = np.random.default_rng(0)
MEMBER = np.repeat([1, 0], 200)
SCORE = RNG.normal(1.5 * MEMBER, 1)


def read(path: Path, suffix: str = "csv", **columns: object):
    frame = pl.DataFrame({"exposed": MEMBER, "score": SCORE} | columns)
    frame.write_csv(path / "e.csv") if suffix == "csv" else frame.write_parquet(path / "e.parquet")
    (found,) = read_scores(Scores(path / f"e.{suffix}")).evidence
    return found


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_number_that_is_no_yes_or_no_is_refused(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"column exposed holds 9 in row 11: give 1 for yes and 0 for no"):
        read(tmp_path, suffix, exposed=np.where(np.arange(400) == 10, 9, MEMBER))
    assert read(tmp_path, suffix, exposed=MEMBER.astype(float)).exposed.sum() == 200


@pytest.mark.parametrize("turned", [{"score": -SCORE}, {"score": np.exp(-SCORE)}, {"exposed": 1 - MEMBER}])
def test_scores_that_are_turned_round_are_refused(turned: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"AUC 0\.1\d\), and a higher score is to mean surer"):
        read(tmp_path, **turned)


def test_scores_that_say_nothing_are_read(tmp_path: Path) -> None:
    """Of 200 sets of scores that say nothing, none is six standard errors below guessing (1 in 10^9)."""
    for seed in range(200):
        read(tmp_path, score=np.random.default_rng(seed).normal(size=400))


def test_a_csv_is_read_as_any_other(tmp_path: Path) -> None:
    text = "exposed;score;who\n1;1,5;07\n0;-0,5;7\n1;0,25;07\n"
    (tmp_path / "e.csv").write_text(text)
    (found,) = read_scores(Scores(tmp_path / "e.csv", user="who")).evidence
    assert found.table["score"].to_list() == [1.5, -0.5, 0.25]
    assert found.table["target"].n_unique() == 2


def test_scores_that_are_all_the_same_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"every score is 0\.5, so nothing is measured"):
        read(tmp_path, score=np.full(400, 0.5))
