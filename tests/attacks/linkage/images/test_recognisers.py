"""Every recogniser is surer about people of its gallery than about people it has never seen."""

from __future__ import annotations

import pytest
from tests.contracts.case import AttackCase
from tests.contracts.cases.linkage_images import CASES

from confide.measure import auc

TIERS = [
    pytest.param(case, marks=[pytest.mark.slow] * case.id.startswith("small-cnn"), id=case.id)
    for case in CASES
]
"""Networks take long to train."""


@pytest.mark.parametrize("case", TIERS)
def test_is_surer_about_the_people_of_its_gallery(case: AttackCase) -> None:
    """30 clear pictures of either kind: one that cannot tell them apart passes once in 40 runs."""
    assert case.leaky is not None
    found = case.leaky.play(case.attack)
    assert auc(found.claims[found.exposed], found.claims[~found.exposed]).low > 0.5
