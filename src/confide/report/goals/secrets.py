"""Secrets of a table: exposed people are in the release; the claim is what stands in their secret column."""

from __future__ import annotations

from confide.report.goals.goal import Goal

SECRETS = Goal(
    name="attribute",
    subject="Somebody who holds this release and knows some columns of a person",
    task="tell that person's secret",
    does="tell the secret of",
    better_than="more often than for a person who is not in the release",
    wrongly="telling as surely, and rightly, that of",
    others="people who are not in it",
    exposed="people in the release",
    control="people held out of the release",
    noun="secrets",
    verb=("tell", "tells", "told"),
    false_claim="people outside it told rightly",
    pair=("a person in the release", "a person held out of it"),
    groups=("in the release", "held out of it"),
    saw="The adversary held the whole release, without the names.",
    certain=False,
    caveats=(
        "What is told rightly of people who are not in the release is no leak about them: it follows from how "
        "things go together in everybody. Only what is told of people in the release beyond that comes from "
        "their own rows.",
    ),
    remedy="Let a fair coin decide for each person whether they are held out of the release.",
    enough="Ask about at least 1,000 people, half of them held out, and run the audit again.",
    protection=(
        "To make known columns coarser hides whose row it is, and not what the rows of a class have in "
        "common: ask for diversity of the secret too (l, t), or leave the secret out.",
        "Where that is not enough, publish aggregates or synthetic rows made with differential privacy.",
    ),
)
