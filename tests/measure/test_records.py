"""Records: who is worst off, by a naive count and by hand."""

import numpy as np
import polars as pl
import pytest

from confide.core.errors import EvidenceError
from confide.core.evidence import Evidence
from confide.measure.bounded import difference_of_means
from confide.measure.records import records


def test_one_world_by_naive_count() -> None:
    rng = np.random.default_rng(0)
    exposed, score = rng.random(400) < 0.5, rng.integers(0, 50, 400).astype(float)
    frame = records(Evidence.of(exposed, score), fprs=(0.01, 0.1))
    control = score[~exposed]
    assert frame["target"].to_list() == sorted(
        np.flatnonzero(exposed), key=lambda i: (np.sum(control >= score[i]), i)
    )
    for target, fpr, called in frame["target", "fpr", "called@0.1"].rows():
        assert fpr == pytest.approx((np.sum(control >= score[target]) + 1) / (len(control) + 1))
        assert called == (score[target] > np.sort(control)[::-1][int(0.1 * len(control))])
    assert frame["worlds_in"].to_list() == [1] * len(frame)
    assert frame["excess"].null_count() == len(frame)


def test_what_is_not_resolved_is_null() -> None:
    frame = records(Evidence.of(np.arange(100) < 50, np.arange(100.0)))
    assert frame["called@0.01"].null_count() == len(frame)


@pytest.mark.slow
def test_a_control_has_a_uniform_rank() -> None:
    """(k + 1) / (N + 1) is a p-value: for people drawn like the controls it is at most u with chance u."""
    rng = np.random.default_rng(2)
    fprs = [records(Evidence.of(np.arange(20) < 1, rng.standard_normal(20)))["fpr"][0] for _ in range(400)]
    for u in (0.05, 0.1, 0.5):  # 5 standard errors: one false alarm in 2 million
        assert np.mean(np.array(fprs) <= u + 1e-9) == pytest.approx(u, abs=5 * np.sqrt(u * (1 - u) / 400))


def many_worlds(rng: np.random.Generator) -> Evidence:
    """30 worlds of 100 targets; target 7 is given away when in, 8 looks like a member always."""
    world, target = np.divmod(np.arange(3000), 100)
    exposed = rng.random(3000) < 0.5
    score = rng.standard_normal(3000) + 4 * ((target == 7) & exposed) + 4 * (target == 8)
    return Evidence.of(exposed, score, world=world, target=target)


def test_excess_is_what_being_in_adds() -> None:
    evidence = many_worlds(np.random.default_rng(0))
    frame = records(evidence)
    assert frame["target"][0] == 7
    first, eighth = frame.row(0, named=True), frame.row(by_predicate=pl.col("target") == 8, named=True)
    assert first["low"] > 0
    assert eighth["fpr"] < 0.1
    assert eighth["low"] < 0 < eighth["high"]
    assert first["worlds_in"] + first["worlds_out"] == 30


def test_excess_is_the_difference_of_mean_ranks_with_its_exact_interval() -> None:
    evidence = many_worlds(np.random.default_rng(1))
    row = records(evidence, confidence=0.9).row(by_predicate=pl.col("target") == 3, named=True)
    ranks: dict[bool, list[float]] = {True: [], False: []}
    for (_,), part in evidence.table.group_by("world", maintain_order=True):
        control = part.filter(~pl.col("exposed"))["score"].to_numpy()
        (me,) = part.filter(pl.col("target") == 3).iter_rows(named=True)
        at_least = int(np.sum(control >= me["score"]))
        ranks[me["exposed"]].append((at_least + me["exposed"]) / (len(control) + me["exposed"]))
    out, inside = np.array(ranks[False]), np.array(ranks[True])
    assert row["excess"] == pytest.approx(out.mean() - inside.mean())
    low, high = difference_of_means(
        out, np.zeros(len(out), int), inside, np.zeros(len(inside), int), groups=1, confidence=0.9
    )
    assert (row["low"], row["high"]) == pytest.approx((low[0], high[0]))


def test_wrong_claims_come_last() -> None:
    hit = np.array([False, True, True, True])
    frame = records(
        Evidence.of(np.array([True, True, False, False]), np.array([9.0, 1.0, 0.0, 2.0]), hit=hit)
    )
    assert frame["target"].to_list() == [1, 0]
    assert frame["fpr"][1] == 1


def test_no_control_is_an_error() -> None:
    with pytest.raises(EvidenceError, match="3 exposed and 0 control"):
        records(Evidence.of(np.ones(3, bool), np.ones(3)))
