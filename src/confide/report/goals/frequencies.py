"""Membership in a pool: exposed people were in the pool; the claim is "they were in the pool"."""

from __future__ import annotations

from dataclasses import replace

from confide.report.goals.membership import MEMBERSHIP

FREQUENCIES = replace(
    MEMBERSHIP,
    subject="Somebody who sees these statistics and knows a person's own values",
    by_access=None,
    task="tell that the person was in the pool",
    exposed="people who were in the pool",
    control="people who were not in the pool",
    noun="people of the pool",
    pair=("a person of the pool", "one who was not in it"),
    groups=("in the pool", "not in it"),
    saw="The adversary saw the statistics of the pool.",
    knew=("It knew all values of each person it asked about.",),
    condition="were in the pool",
    blind_matters=False,  # a fair coin decides who is in the pool: the groups cannot differ by themselves
    remedy="Let a fair coin decide for each person whether they are in the pool.",
    enough="Give more people who are absent from the pool, ask 1,000 times or more, and run the audit again.",
    protection=(
        "Publish fewer statistics, or those of more people: what gives a person away grows with the "
        "number of statistics over the number of people.",
        "Where that is not enough, add noise with differential privacy. Rounding hides hardly anybody.",
    ),
)
