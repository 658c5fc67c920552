"""(n, p)-discoverable extraction held against actual sampling, and against naive loops."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from confide.core.errors import EvidenceError
from confide.measure import clopper_pearson
from confide.measure.extraction import extraction_probability, least_log_likelihood, samples_needed

SIGNS = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.25, 0.25, 0.5]])
"""The probability of each of three signs after each: a model of texts that can be drawn from."""


def test_the_formula_is_inside_the_interval_of_actual_sampling() -> None:
    """Texts of three signs after sign 0, drawn sign by sign; 16 intervals fail together once in 60,000."""
    rng, rounds = np.random.default_rng(0), 4_000
    for suffix in ((0, 0, 0), (1, 2, 2), (2, 1, 0), (2, 0, 2)):
        p = float(np.prod([SIGNS[a, b] for a, b in zip((0, *suffix), suffix, strict=False)]))
        for n in (1, 5, 20, 100):
            state = np.zeros((rounds, n), int)
            same = np.ones((rounds, n), bool)
            for sign in suffix:
                state = (rng.random((rounds, n, 1)) > SIGNS[state].cumsum(axis=2)).sum(axis=2)
                same &= state == sign
            low, high = clopper_pearson(int(same.any(axis=1).sum()), rounds, confidence=1 - 1e-6)
            assert low <= extraction_probability(log(p), samples=n) <= high
            if 0.5 < n * p < 2 and n > 1:
                assert not low <= n * p <= high, "this test could not have failed"


@pytest.mark.parametrize("p", [0.9, 0.5, 0.3, 0.008, 1e-4])
@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_samples_needed_is_the_first_that_suffices(p: float, probability: float) -> None:
    missed, n = 1.0, 0
    while 1 - missed < probability - 1e-12:
        missed, n = missed * (1 - p), n + 1
    assert samples_needed(log(p), probability=probability) == n
    assert extraction_probability(log(p), samples=n) >= probability - 1e-9
    assert least_log_likelihood(samples=n, probability=probability) <= log(p) + 1e-9


def test_certain_and_impossible_texts() -> None:
    assert extraction_probability([0.0, -800.0], samples=10).tolist() == [1.0, 0.0]
    assert samples_needed([0.0, -800.0], probability=0.5).tolist() == [1.0, np.inf]
    tiny = extraction_probability(-40.0, samples=1_000)  # too small for 1 - (1 - p)^n as it is written
    assert tiny == pytest.approx(1_000 * np.exp(-40.0))


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"probability": 0.0}, {"probability": 1.0}])
def test_refuses_what_is_no_number_of_samples_or_probability(wrong: dict[str, float]) -> None:
    with pytest.raises(EvidenceError, match="give"):
        least_log_likelihood(**({"samples": 1, "probability": 0.5} | wrong))  # type: ignore[arg-type]
