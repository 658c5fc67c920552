"""Linkage: the adversary names the record, or the picture, of a person; others have none in the release."""

from __future__ import annotations

from confide.report.goals.goal import Goal

RECORDS = Goal(
    name="linkage",
    subject="Somebody who holds this release and knows a few facts about a person",
    task="point to that person's record",
    better_than="more surely than it names one for a person who is not in the release",
    wrongly="wrongly naming a record for",
    others="people who are not in it",
    exposed="people in the release",
    control="people held out of the release",
    noun="records",
    verb=("recognise", "recognises", "recognised"),
    false_claim="absent people given a record",
    pair=("a person in the release", "a person held out of it"),
    groups=("in the release", "held out of it"),
    saw="The adversary held the whole release: every record, without its name.",
    certain=False,
    caveats=("Not what a recognised record goes on to tell: that is not counted here.",),
    remedy="Let a fair coin decide for each person whether they are held out of the release.",
    enough="Ask about at least 1,000 people, half of them held out, and run the audit again.",
    protection=(
        "To remove the names is not enough. Make times and places coarser, and leave out the rare items that "
        "single people out.",
        "Where that is not enough, publish aggregates or synthetic records made with differential privacy "
        "instead of the records themselves.",
    ),
)

IMAGES = Goal(
    name="linkage",
    subject="An adversary that has other pictures of the people it looks for",
    task="put the right name to a picture",
    does="put the right name to",
    better_than="more surely than it puts one to a picture of an unknown person",
    wrongly="wrongly putting a name to",
    others="pictures of unknown people",
    exposed="pictures of people it knows",
    control="pictures of unknown people",
    noun="pictures",
    verb=("recognise", "recognises", "recognised"),
    false_claim="unknown people given a name",
    pair=("a picture of somebody it knows", "a picture of an unknown person"),
    units="pictures",
    groups=("whom it knows", "whom it does not know"),
    counted=("people it knows", "unknown people"),
    saw="The adversary held the pictures as they are released.",
    certain=False,
    caveats=("Not what else a picture shows: a place, a companion or a body is not counted here.",),
    remedy="Let a fair coin decide for each person whether the adversary knows them.",
    enough="Take pictures of at least 600 people, half of whom it does not know, and run the audit again.",
    protection=(
        "Do not rely on mosaic or blur: a recogniser that learned from pictures obscured in the same way can "
        "read yours. Cover the faces, cut them out, or put others in their place.",
        "Where the pictures themselves are not needed, publish counts or synthetic pictures made with "
        "differential privacy instead.",
    ),
)
