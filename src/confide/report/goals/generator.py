"""Synthetic records that are made for the audit: coins decide who is behind them, and what is secret."""

from __future__ import annotations

from dataclasses import replace

from confide.report.goals.membership import MEMBERSHIP
from confide.report.goals.secrets import SECRETS

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

GENERATED_SECRETS = replace(
    SECRETS,
    subject="Somebody who holds the synthetic records and knows all other columns of everybody",
    task="tell which of two values a coin had written into a person's secret",
    does="tell the secret of",
    better_than="better than by guessing",
    wrongly="saying it of",
    others="others",
    exposed="people whose secret is the value that is asked about",
    control="people whose secret is the other value",
    noun="people with the value",
    false_claim="people with the other value",
    pair=("somebody with the value", "somebody with the other one"),
    groups=("with the value", "with the other one"),
    saw="The adversary held the synthetic records, and knew the mechanism.",
    condition="have the value",
    certain=True,
    blind_matters=False,  # a fair coin wrote each secret: nothing else can tell it
    caveats=(
        "Coins wrote the secrets of those asked about, so nothing true of everybody tells them: what is "
        "found comes from their own records. What synthetic records say of people in general is not counted.",
    ),
    remedy="Let a fair coin write the secret of each person who is asked about.",
    enough="Give more records, and run the audit again.",
    protection=GENERATOR.protection,
)
