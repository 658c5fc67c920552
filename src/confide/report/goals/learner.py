"""Membership in models that are trained for the audit: a coin decides for each record whether it is in."""

from __future__ import annotations

from dataclasses import replace

from confide.report.goals.membership import MEMBERSHIP

LEARNER = replace(
    MEMBERSHIP,
    subject="Somebody who holds such a model and knows a person's record",
    by_access=None,
    task="tell whether it trained the model",
    exposed="people whose record trained the model",
    control="people whose record did not",
    noun="people whose record trained it",
    pair=("somebody whose record trained it", "somebody else"),
    groups=("trained the model", "did not"),
    knew=("It knew all records, and for none whether a coin had put it in.",),
    condition="trained the model",
    saw="The adversary held the model: its weights and its answers.",
    blind_matters=False,  # a fair coin decides: the groups cannot differ by themselves
    remedy="Let a fair coin decide for each record whether it is in.",
    enough="Give more records, and run the audit again.",
    protection=(
        "Train with differential privacy: confide frontier model shows what each budget leaves of accuracy "
        "and of risk, and confide train trains under the one that you choose.",
    ),
)
