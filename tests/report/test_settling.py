"""Limits that no evidence on so few people can settle, held to the audit that would be made."""

from __future__ import annotations

from math import ceil, log

import numpy as np
import pytest

from confide.audits.settings import Settings
from confide.core.errors import DataError
from confide.core.evidence import Evidence
from confide.measure import measure
from confide.report import Finding, Limit, judge
from confide.report.settling import cannot_settle, never_exceeded


@pytest.mark.parametrize(
    ("text", "exposed", "control", "confidence"),
    [
        ("tpr@0.01=0.05", 40, 120, 0.95),
        ("tpr@0.01=0.05", 400, 120, 0.95),
        ("tpr@0.01=0.05", 40, 400, 0.95),
        ("tpr@0.01=0.05", 40, 400, 1 - 0.05 / 7),
        ("tpr@0.1=0.2", 30, 30, 0.95),
        ("tpr@0.1=0.05", 12, 12, 0.95),
        ("tpr@0.01=0.15", 250, 250, 0.95),
        ("tpr@0.1=0.85", 30, 30, 0.95),
    ],
)
def test_what_cannot_be_settled_is_not_exceeded_by_the_clearest_evidence(text, exposed, control, confidence):
    limit, members = Limit.parse(text), np.repeat([True, False], [exposed, control])
    score = members + np.arange(len(members)) / len(members)
    risk = measure(Evidence.of(members, score), confidence=confidence)
    can = not cannot_settle(limit, exposed=exposed, control=control, confidence=confidence)
    assert can == (judge([Finding(risk=risk)], [limit]).ruling == "exceeded")


@pytest.mark.parametrize("confidence", [0.95, 1 - 0.05 / 7])
@pytest.mark.parametrize("at_most", [0.05, 0.15, 0.5, 0.9])
def test_the_numbers_that_it_takes_are_needed_and_nearly_enough(at_most, confidence):
    def can(exposed, control):
        limit = Limit(quantity="tpr", fpr=0.01, at_most=at_most)
        return not cannot_settle(limit, exposed=exposed, control=control, confidence=confidence)

    error = (1 - confidence) / 2
    controls, people = ceil(log(2 * error) / log(0.99)), ceil(log(error) / log(at_most))
    assert not can(100 * people, controls - 1)
    assert not can(people - 1, 100 * controls)
    assert can(2 * people, 2 * controls)


def test_the_numbers_are_said():
    said = cannot_settle(Limit.parse("tpr@0.01=0.15"), exposed=250, control=250, confidence=0.95)
    assert "It takes at least 2 of those and 299 of these" in said
    assert "no rate is above 1" in cannot_settle(
        Limit.parse("tpr@0.01=1"), exposed=250, control=250, confidence=0.95
    )


@pytest.mark.parametrize("name", ["tpr@0.1", "auc", "advantage", "balanced_accuracy", "proved"])
def test_a_limit_at_the_largest_value_there_is_can_never_be_exceeded(name):
    """A perfect attack reaches 1 and no more, so that a limit of 1 is no gate."""
    limit = Limit.parse(f"{name}=1")
    assert f"{limit} can never be exceeded" in never_exceeded(limit)
    for given in (limit, str(limit)):
        with pytest.raises(DataError, match="set a lower limit"):
            Settings(limits=[given])
    assert not never_exceeded(Limit.parse(f"{name}=0.999"))
    assert len(Settings(limits=["utility", "epsilon=1e9", f"{name}=0.999"]).parsed_limits) == 3
