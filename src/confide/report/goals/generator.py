"""Membership behind synthetic records that are made for the audit: a coin decides about each person."""

from __future__ import annotations

from dataclasses import replace

from confide.report.goals.membership import MEMBERSHIP

GENERATOR = replace(
    MEMBERSHIP,
    subject="Somebody who holds the synthetic records and knows a person's full record",
    by_access=None,
    task="tell whether it was among those that they were made from",
    exposed="people whose record was given to the mechanism",
    control="people whose record was not",
    noun="people whose record was given to it",
    pair=("somebody whose record was given to it", "somebody else"),
    groups=("given to it", "not given"),
    condition="were given to the mechanism",
    saw="The adversary held the synthetic records, and knew the mechanism.",
    blind_matters=False,  # a fair coin decides: the groups cannot differ by themselves
    remedy="Let a fair coin decide for each person whether their record is given.",
    enough="Give more records, and run the audit again.",
    protection=(
        "Make the records with differential privacy: confide frontier synthetic shows what each mechanism "
        "and budget leaves of use and of risk, and confide synthesize makes the file that you choose.",
    ),
)
