"""Limits that no evidence on so few people can settle, held to the audit that would be made."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.evidence import Evidence
from confide.measure import measure
from confide.report import Finding, Limit, judge
from confide.report.settling import cannot_settle


@pytest.mark.parametrize(
    ("text", "exposed", "control", "confidence"),
    [
        ("tpr@0.01=0.05", 40, 120, 0.95),
        ("tpr@0.01=0.05", 400, 120, 0.95),
        ("tpr@0.01=0.05", 40, 400, 0.95),
        ("tpr@0.01=0.05", 40, 400, 1 - 0.05 / 7),
        ("tpr@0.1=0.2", 30, 30, 0.95),
        ("tpr@0.1=0.05", 12, 12, 0.95),
    ],
)
def test_what_cannot_be_settled_is_neither_exceeded_nor_kept_by_the_clearest_evidence(
    text, exposed, control, confidence
):
    limit, members = Limit.parse(text), np.repeat([True, False], [exposed, control])
    order = np.arange(len(members)) / len(members)
    # All exposed people stand out; and none is among the top, though they are above most others.
    middle = np.quantile(order[~members], 0.7)
    clear = {
        judge([Finding(risk=measure(Evidence.of(members, score), confidence=confidence))], [limit]).ruling
        for score in (members + order, np.where(members, middle, order))
    }
    can = not cannot_settle(limit, exposed=exposed, control=control, confidence=confidence)
    assert can == bool(clear & {"exceeded", "within"})


def test_the_numbers_that_it_would_take_are_enough():
    limit = Limit.parse("tpr@0.01=0.05")
    said = cannot_settle(limit, exposed=40, control=120, confidence=0.95)
    assert "it takes 299 of these to see that it is exceeded, or 72 of those" in said
    assert cannot_settle(limit, exposed=40, control=299, confidence=0.95) == ""
    assert cannot_settle(limit, exposed=40, control=298, confidence=0.95) != ""
    assert cannot_settle(limit, exposed=72, control=120, confidence=0.95) == ""
    assert cannot_settle(limit, exposed=71, control=120, confidence=0.95) != ""
