"""Contingency tables: which records follow from them for certain, and who was counted."""

from __future__ import annotations

from dataclasses import replace

from confide.report.goals.goal import Goal

COUNTED_RECORDS = Goal(
    name="reconstruction",
    subject="Somebody who sees these tables",
    task="tell that a person's record was counted",
    does="rebuild the whole record of",
    better_than="better than by guessing",
    wrongly="wrongly claiming the record of",
    others="people who were not counted",
    exposed="people who were counted",
    control="people who were held out of the tables",
    noun="records",
    verb=("rebuild", "rebuilds", "rebuilt"),
    false_claim="records wrongly claimed",
    pair=("a person who was counted", "one who was held out"),
    groups=("counted", "held out"),
    saw="The adversary saw the tables.",
    knew=("It knew nobody: no name, and no value of any person.",),
    condition="were counted",
    caveats=(
        "Not that a claim about somebody who was held out came from nowhere: another person who was "
        "counted may have the same values.",
    ),
    remedy="Let a fair coin decide for each person whether they are counted.",
    enough="Ask about at least 1,000 people, and run the audit again.",
    protection=(
        "Publish fewer tables, of fewer columns at once, with coarser values, or of larger blocks.",
        "Where that is not enough, add noise with differential privacy. To hide small counts beside their "
        "totals does not help much.",
    ),
)

PROVED_RECORDS = replace(COUNTED_RECORDS, lists=False, bounds=False, caveats=())

CHANGED_RECORDS = replace(
    PROVED_RECORDS,
    exposed="people who came or left",
    saw="The adversary saw the tables, and those of earlier releases.",
)
