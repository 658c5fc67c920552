"""Answers that exist, held against the records: a wrong order, a wrong noise, and answers that are made up.

With random halves the slope of answers on the sums by the records is the correlation of the secrets with
those of the rows taken for theirs: 1 in the right order, 0 on average in a wrong one. The interval is of 3.3
deviations, so a right order is in doubt about once in 1,000 times; seeds are fixed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.inputs.answer_fit import answer_fit
from confide.inputs.answers import Answers, AnswersData, read_answers
from confide.inputs.workloads import Workload
from confide.views.answers import Subsets

PEOPLE, QUERIES = 200, 800
RNG = np.random.default_rng(0)
BITS = (RNG.random(PEOPLE) < 0.4).astype(np.int64)
MEMBER = RNG.integers(0, 2, (PEOPLE, QUERIES))
TRUE = (BITS @ MEMBER).astype(np.float64)
SHUFFLED = RNG.permutation(PEOPLE)
NOISY = TRUE + RNG.normal(0, 3.5, QUERIES)
SOME = RNG.permutation(QUERIES)[: QUERIES // 10]


def made_up(answers: np.ndarray, which: np.ndarray = SOME) -> np.ndarray:
    """The answers, some of them replaced by any number of people."""
    changed = answers.copy()
    changed[which] = np.random.default_rng(5).integers(0, PEOPLE, len(which))
    return changed


def held(answers: np.ndarray, *, noise: float = 0.0, order: Any = slice(None)) -> AnswersData:
    asked = pl.DataFrame({f"q{i}": column for i, column in enumerate(MEMBER[order].T)})
    given = pl.DataFrame({"answer": answers})
    return read_answers(
        Answers(pl.DataFrame({"ill": BITS}), secret="ill", workload=asked, answers=given, noise=noise)
    )


@pytest.mark.parametrize("noise", [0.0, 3.5, 4.91, 6.0, 8.0])
@pytest.mark.parametrize("answers", [TRUE, TRUE[RNG.permutation(QUERIES)]], ids=["rows", "answers"])
def test_no_noise_that_is_stated_makes_a_wrong_order_pass(noise, answers):
    order = SHUFFLED if answers is TRUE else slice(None)
    with pytest.raises(DataError, match="do not rise with it") as refused:
        held(answers, noise=noise, order=order)
    assert "--noise" not in str(refused.value), "advice that would hide it"


def test_a_part_of_the_rows_in_another_order_is_in_doubt():
    part = np.arange(PEOPLE)
    part[:70] = RNG.permutation(70)
    true = BITS @ MEMBER[part]
    found = held(TRUE, noise=float(np.std(true - TRUE)), order=part)
    assert list(found.unsettled) == ["whether the answers belong to these records"]


@pytest.mark.parametrize("noise", [2.0, 7.0, 30.0])
def test_noise_that_the_residuals_contradict_is_refused_in_both_directions(noise):
    with pytest.raises(DataError, match=r"off from the records by about 3\.[3-9].*`--noise 3\."):
        held(NOISY if noise < 3 else made_up(NOISY), noise=noise)
    with pytest.raises(DataError, match="leave it out: most are exact"):
        held(made_up(TRUE), noise=noise)


@pytest.mark.parametrize(
    ("law", "deviation"),
    [
        (lambda rng: rng.normal(0, 3.5, QUERIES), 3.5),
        (lambda rng: rng.laplace(0, 2.0, QUERIES), 8**0.5),
        (lambda rng: 5 * np.rint(TRUE / 5) - TRUE, 5 / 12**0.5),
        # Two-sided geometric noise with a = 0.2 is mostly 0, and has the variance 2 a / (1 - a)^2.
        (lambda rng: rng.geometric(0.8, QUERIES) - rng.geometric(0.8, QUERIES), 0.4**0.5 / 0.8),
    ],
    ids=["normal", "laplace", "rounded", "geometric"],
)
def test_noise_of_other_laws_in_the_right_order_is_settled(law, deviation):
    found = held(TRUE + law(np.random.default_rng(3)), noise=deviation)
    assert not found.unsettled and found.released is not None


@pytest.mark.parametrize(("answers", "noise", "others"), [(TRUE, 0.0, "exact"), (NOISY, 3.5, "off by about")])
def test_a_tenth_of_arbitrary_answers_pass_and_are_said(answers, noise, others):
    found = held(made_up(answers), noise=noise)
    assert not found.unsettled and found.released is not None
    assert "are taken for arbitrary" in found.notes[0] and f"the others are {others}" in found.notes[0]


def test_more_arbitrary_answers_than_any_attack_is_sure_to_stand_keep_no_limit():
    found = held(made_up(TRUE, np.arange(QUERIES // 10 * 3)))
    assert list(found.unsettled) == ["what the other answers say"]


def test_answers_under_much_noise_or_of_groups_of_one_size_settle_nothing():
    far = held(TRUE + np.random.default_rng(1).normal(0, 60, QUERIES), noise=60.0)
    assert "give or take" in far.unsettled["whether the answers belong to these records"]
    few = read_answers(
        Answers(
            pl.DataFrame({"ill": BITS, "age": np.arange(PEOPLE)}),
            secret="ill",
            workload=["age > 30", "age > 60"],
            answers=pl.DataFrame({"answer": [BITS[31:].sum() + 1, BITS[61:].sum() - 2]}),
            noise=2.0,
        )
    )
    assert "too few" in few.unsettled["whether the answers belong to these records"]


def test_the_slope_by_least_distances_is_exact_where_most_answers_are():
    """More than half of the answers on a line: that line has the least sum of distances, by hand 1 here."""
    member = MEMBER[:, :100].T
    workload = Workload(
        name="w", subsets=Subsets.of(member), texts=(), base=np.zeros(100), sign=np.ones(100, np.int64),
        number=np.arange(100), names=tuple(map(str, range(100))),
    )  # fmt: skip
    true = TRUE[:100]
    answers = true + np.where(np.arange(100) % 5 == 0, 30.0, 0.0)
    fit = answer_fit(answers, workload, true, noise=0.0)
    assert fit.slope == pytest.approx(1, abs=1e-4) and fit.settled
    assert (fit.spread, fit.arbitrary) == (0.0, 20)


def test_the_interval_holds_the_right_slope_and_no_shuffled_one_is_settled():
    """100 answer sets each: of intervals that miss once in 1,000 times, more than 3 do once in 200,000 times.

    The slope of a shuffled set is the correlation of 80 secrets with shuffled ones, of deviation 0.11: to
    reach 0.7, from where on an interval of 0.3 holds 1, takes 6 deviations.
    """
    rng, misses = np.random.default_rng(9), 0
    for _ in range(100):
        bits, member = (rng.random(80) < 0.4).astype(np.float64), rng.integers(0, 2, (200, 80))
        workload = Workload(
            name="w", subsets=Subsets.of(member), texts=(), base=np.zeros(200), sign=np.ones(200, np.int64),
            number=np.arange(200), names=tuple(map(str, range(200))),
        )  # fmt: skip
        true = member @ bits
        fit = answer_fit(true + rng.normal(0, 1.5, 200), workload, true, noise=1.5)
        misses += abs(fit.slope - 1) > fit.half
        other = member @ rng.permutation(bits)
        assert not answer_fit(true, workload, other, noise=float(np.std(other - true))).settled
    assert misses <= 3
