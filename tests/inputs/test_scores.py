"""Scores that were made elsewhere: what is no yes or no, and scores that are turned round, are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
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
    with pytest.raises(
        EvidenceError, match=r"column exposed holds 9 in row 11: give 1 \(or true\) for yes and"
    ):
        read(tmp_path, suffix, exposed=np.where(np.arange(400) == 10, 9, MEMBER))
    assert read(tmp_path, suffix, exposed=MEMBER.astype(float)).exposed.sum() == 200


@pytest.mark.parametrize("turned", [{"score": -SCORE}, {"score": np.exp(-SCORE)}, {"exposed": 1 - MEMBER}])
def test_scores_that_are_turned_round_are_refused(turned: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"AUC 0\.1\d\), and a higher score is to mean surer"):
        read(tmp_path, **turned)


@pytest.mark.slow
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


@pytest.mark.parametrize(("yes", "no"), [("yes", "no"), ("member", "others"), ("Y", "N"), ("2", "1")])
def test_other_words_for_yes_and_no_are_refused_with_those_to_give(yes: str, no: str, tmp_path: Path) -> None:
    words = np.where(MEMBER, yes, no)
    for given in (lambda: read(tmp_path, exposed=words), lambda: read_scores(frame_of(exposed=words))):
        with pytest.raises(EvidenceError, match=rf"exposed holds {yes} in row 1: give 1 \(or true\) for yes"):
            given()


@pytest.mark.parametrize("words", [("true", "false"), ("TRUE", "False"), ("1", "0"), ("1", "false")])
def test_true_and_false_are_read_however_they_are_written(words: tuple[str, str], tmp_path: Path) -> None:
    text = np.where(MEMBER, *words)
    assert read(tmp_path, exposed=text).exposed.tolist() == (MEMBER == 1).tolist()
    assert read(tmp_path, "parquet", exposed=text).exposed.sum() == 200
    category = pl.Series(text).cast(pl.Categorical)
    (found,) = read_scores(frame_of(exposed=category)).evidence
    assert found.exposed.sum() == 200


def frame_of(**columns: object) -> Scores:
    return Scores(pl.DataFrame({"exposed": MEMBER, "score": SCORE} | columns))


def test_a_frame_is_read_as_its_file_is(tmp_path: Path) -> None:
    asked = read(tmp_path, who=[f"p{i // 2}" for i in range(400)])
    plain = pl.read_csv(tmp_path / "e.csv")
    for frame in (plain, plain.lazy(), pd.DataFrame(plain.to_dict(as_series=False))):
        (found,) = read_scores(Scores(frame)).evidence
        assert found.table.equals(asked.table)
        assert read_scores(Scores(frame, user="who")).targets["id"].n_unique() == 200
    with pytest.raises(
        EvidenceError, match="the frame of scores needs at least the columns exposed and score"
    ):
        read_scores(Scores(plain.drop("score")))
    with pytest.raises(EvidenceError, match=r"AUC 0\.1\d\)"):
        read_scores(frame_of(score=-SCORE))
