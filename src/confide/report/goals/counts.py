"""Membership in counts: exposed people were among those counted; the claim is "they were counted"."""

from __future__ import annotations

from dataclasses import replace

from confide.report.goals.membership import MEMBERSHIP

COUNTS = replace(
    MEMBERSHIP,
    subject="Somebody who sees these counts and knows a person's visits",
    by_access=None,
    task="tell that the person was counted",
    exposed="people who were counted",
    control="people who were not counted",
    noun="people who were counted",
    pair=("a person who was counted", "one who was not"),
    groups=("counted", "not counted"),
    saw="The adversary saw the counts.",
    knew=("It knew all visits of each person it asked about.",),
    condition="were counted",
    blind_matters=False,  # a fair coin decides who is counted: the groups cannot differ by themselves
    remedy="Let a fair coin decide for each person whether they are counted.",
    enough="Ask about at least 1,000 people, and run the audit again.",
    protection=(
        "Count larger cells and longer bins of time, and let each person count in a few of them only.",
        "Where that is not enough, add noise with differential privacy for all visits of a person.",
    ),
)
