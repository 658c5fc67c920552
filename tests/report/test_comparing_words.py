"""The sentence and the table say the same numbers, and what says nothing is left out."""

from __future__ import annotations

from confide.report.compare import words
from confide.report.compare.renders import _span
from confide.report.record_types import EstimateRecord


def estimate(value: float, low: float, high: float) -> EstimateRecord:
    return {"value": value, "low": low, "high": high, "confidence": 0.95}


def test_the_sentence_and_the_table_round_alike() -> None:
    """.0857 to .2143 is outward .085 to .215; to the nearest it would be .086 to .214."""
    apart = estimate(0.15, 0.0857, 0.2143)
    said = words.answered(
        "worse", ("a", "b"), fpr=None, values=(estimate(0.5, 0.4, 0.6), estimate(0.65, 0.6, 0.7)),
        apart=apart, margin=0.01,
    )  # fmt: skip
    assert "between 0.085 and 0.215 more" in said and _span(None, apart) == "0.085 to 0.215"
    assert _span(0.01, apart) == "8.5 to 21.5"
    assert _span(0.01, estimate(0.0, -0.1234, 0.1)) == "-12.4 to 10.0"
    # An end that is a number of these decimals stays, whatever the multiplication adds.
    assert _span(None, estimate(0.3, 0.29, 0.57)) == "0.290 to 0.570"


def test_an_epsilon_of_zero_is_not_said() -> None:
    assert "0.00" not in words.epsilon(0.001, 1.2, delta=1e-5)
    assert words.epsilon(0.0, 1.2, delta=1e-5).startswith("An epsilon of at least 1.20 was shown after, and")
    assert words.epsilon(1.2, 0.0, delta=1e-5).startswith("An epsilon of at least 1.20 was shown before, and")
    assert "at least 0.50 was shown before, and of at least 1.20 after" in words.epsilon(0.5, 1.2, delta=1e-5)
