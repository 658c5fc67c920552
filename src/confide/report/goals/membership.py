"""Membership: exposed people were in the training data; the claim is "they were in"."""

from __future__ import annotations

from confide.report.goals.goal import Goal

MEMBERSHIP = Goal(
    name="membership",
    subject="An outsider who sees this release and knows a person's record",
    by_access={
        "black-box": "An outsider who can query this model and knows a person's record",
        "label-only": "An outsider who sees only this model's decisions and knows a person's record",
        "white-box": "An outsider who holds a copy of this model and knows a person's record",
    },
    task="tell whether it was among the training data",
    better_than="better than by guessing",
    wrongly="wrongly accusing",
    others="others",
    exposed="members",
    control="people outside the data",
    noun="members",
    verb=("find", "finds", "found"),
    false_claim="wrong accusations",
    pair=("a member", "another person"),
    groups=("in the training data", "not in it"),
    saw="The adversary saw what the release shows.",
    knew=("It knew the full record of each person it asked about.",),
    condition="were in the data",
    blind_matters=True,
    remedy="Draw the people outside the data at random from the same source and time as those inside.",
    enough="Hold out at least 1,000 people before training, retrain, and run the audit again.",
    protection=(
        "Lower the memory of the model first: stop training earlier, regularise more, take more data, and "
        "remove repeated records.",
        "Where that is not enough, train with differential privacy. To round or hide scores alone does not "
        "help much, because decisions leak too.",
    ),
)
