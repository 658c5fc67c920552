"""Recipes for columns are read as written, and what is missing or unknown is named."""

from __future__ import annotations

import math

import pytest

from confide.core.errors import ConfideError, DataError, PromiseError
from confide.inputs.column_recipes import parse_columns
from confide.mechanisms.randomize.k_ary import KAry, Warner
from confide.mechanisms.randomize.noisy_numbers import NoisyNumbers
from confide.mechanisms.randomize.rappor import Rappor
from confide.mechanisms.randomize.unary_encoding import UnaryEncoding


def test_every_mechanism_with_its_settings():
    made = parse_columns(
        "warner(sex)  k-ary(region, weight 2) oue(job) rappor(\"street, no\", bits 64, cohorts 4)\n"
        "laplace(income, 0..200000, missing 0) gaussian(age, 0..120, delta 1e-6, weight 0.5)",
        epsilon=6.5,
    )  # fmt: skip
    assert [type(p) for p in made.parts] == [Warner, KAry, UnaryEncoding, Rappor, NoisyNumbers, NoisyNumbers]
    assert [p.epsilon for p in made.parts] == [pytest.approx(e) for e in (1, 2, 1, 1, 1, 0.5)]
    rappor, pure, normal = made.parts[3:]
    assert (rappor.column, rappor.bits, rappor.cohorts, rappor.hashes) == ("street, no", 64, 4, 2)
    assert (pure.bounds.low, pure.bounds.high, pure.bounds.missing, pure.delta) == (0, 200_000, 0, 0)
    assert normal.delta == 1e-6 and made.budget.delta == 1e-6
    assert made.budget.epsilon <= 6.5 and made.budget.epsilon == pytest.approx(6.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column is named"),
        ("warner sex", "cannot be read"),
        ("warner(sex) and more", "cannot be read"),
        ("warner()", "cannot be read"),
        ("k_ary(x)", "cannot be read"),
        ("kary(x)", "did you mean k-ary"),
        ("pram(x)", "there is no mechanism 'pram'"),
        ("laplace(income)", r"has no bounds.*laplace\(income, 0\.\.200000\)"),
        ("laplace(income, 5)", "'5' of laplace has no value"),
        ("laplace(income, 0..x)", "'x' is no number"),
        ("gaussian(income, 0..5)", "has no delta"),
        ("gaussian(income, 0..5, delta 0)", "delta of 0"),
        ("warner(sex, bits 4)", "no setting 'bits'"),
        ("k-ary(x, weight 1, weight 2)", "given twice"),
        ("k-ary(x, weight 0)", "weight of a column is 0"),
        ("k-ary(x) warner(x)", "'x' is randomised twice"),
        ("laplace(x, 5..5)", "bounds"),
        ("laplace(x, 0..inf)", "bounds"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, said: str):
    with pytest.raises(ConfideError, match=said):
        parse_columns(text, epsilon=1.0)


@pytest.mark.parametrize("epsilon", [0.0, math.inf, math.nan, -1.0])
def test_no_epsilon_of_zero_or_infinity(epsilon: float):
    with pytest.raises((DataError, PromiseError)):
        parse_columns("warner(sex)", epsilon=epsilon)
