"""Plans of joint computations: what cannot be safe is refused, and differences are named."""

import dataclasses

import pytest
from tests.serve.parties.three import planned

from confide.core.errors import DataError
from confide.mechanisms.share.joint.plan import Column, JointPlan, refuse_difference
from confide.mechanisms.share.refusals import RefusedError


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"threshold": 0}, "shares at 0 are the values"),
        ({"threshold": 2}, "products need more than half"),
        ({"rows": 0}, "0 rows"),
        ({"deadline": -1.0}, "deadline is -1 s"),
        ({"columns": (Column(name="age", low=9, high=1),)}, "'age' has bounds 9 to 1"),
        ({"columns": (Column(name="age", low=0, high=1e-300),)}, "in another unit"),
        ({"columns": (Column(name="age", low=0, high=1),), "split": "columns"}, "does not say who holds"),
        ({"names": ("a", "b")}, "the threshold is 0 and each share is the value"),
        ({"names": ("a", "b", "b")}, "two parties|named"),
        ({"helpers": ("a", "b", "c")}, "every party is a helper"),
    ],
)
def test_a_plan_that_cannot_be_safe_is_refused(terms, said):
    with pytest.raises(DataError, match=said):
        planned(**terms)


def test_a_plan_is_read_again_and_five_parties_stand_two_colluding():
    plan, _ = planned(("a", "b", "c", "d", "e"), columns=(Column(name="x", low=0, high=1),))
    assert JointPlan.read(plan.text) == plan
    assert (plan.colluding, plan.trust.split(", ")[1]) == (2, "and at most 2 of 5 share what they saw")
    with pytest.raises(DataError, match="no plan"):
        JointPlan.read("{}")


def test_the_first_difference_is_named_with_both_values():
    plan, _ = planned(columns=(Column(name="age", low=0, high=100),))
    wider = dataclasses.replace(plan, columns=(Column(name="age", low=0, high=120),))
    with pytest.raises(RefusedError, match=r"plan.columns\[age\].high is 100 here and 120 there"):
        refuse_difference(plan, wider.text, party="b")
    with pytest.raises(RefusedError, match=r"number of plan.columns is 1 here and 0 there"):
        refuse_difference(plan, dataclasses.replace(plan, columns=()).text, party="b")
