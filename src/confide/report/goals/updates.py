"""What an update of a collaboration gives away: the records behind it, their labels, and a property."""

from __future__ import annotations

from dataclasses import replace

from confide.report.goals.attribute import ATTRIBUTE
from confide.report.goals.collaboration import COLLABORATION
from confide.report.goals.rebuilding import FROM_WEIGHTS

PROTECTION = (
    "Show nobody the update of a single client: a secure sum of many clients mixes their records. It bounds "
    "nothing by itself.",
    "Several local steps on many records make it harder to rebuild them, and are no protection.",
    COLLABORATION.protection[1],
)

FROM_UPDATES = replace(
    FROM_WEIGHTS,
    subject="A party that sees the update of a client and none of its records",
    task="rebuild a record behind the update",
    better_than="more often than a record that nobody used",
    exposed="people whose record is behind the update",
    control="people whose record nobody used",
    pair=("a record behind the update", "one that nobody used"),
    groups=("behind the update", "used by nobody"),
    saw="The adversary saw updates of single clients.",
    lists=False,
    remedy="Give controls from the same distribution that nobody used.",
    enough="Hold out as many controls as there are records behind an update, or more.",
    protection=PROTECTION,
)

LABELS = replace(
    FROM_UPDATES,
    task="tell the label of a record behind the update",
    does="tell the label of the record of",
    wrongly="getting right the label of",
    better_than="more often than of a record that nobody used",
    noun="labels",
    verb=("tell", "tells", "told"),
    false_claim="labels of others that fit by chance",
    bar="where at most {rate} labels of others fit by chance",
    caveats=(
        "No single person's label: an update counts labels, and where all records behind it have the same "
        "one, it is everybody's.",
    ),
)

PROPERTY = replace(
    ATTRIBUTE,
    subject="A party that sees updates and has records of other people with the property",
    task="tell which updates have people with the property behind them",
    does="tell that people with the property are behind",
    better_than="better than by guessing",
    wrongly="wrongly saying so of",
    others="others",
    exposed="updates with the property behind them",
    control="updates without it",
    noun="updates with the property",
    false_claim="updates without the property taken for one with it",
    bar="where at most {rate} updates without the property are taken for one with it",
    pair=("an update with the property behind it", "one without it"),
    units="updates",
    groups=("with the property", "without it"),
    saw="The adversary saw updates of a round and their model.",
    condition="had people with the property behind it",
    caveats=(
        "Not which person has the property: an update is of all people behind it.",
        "Not what a party learns who has more records, or makes updates in a better way.",
    ),
    remedy="Compare clients with the same labels: what the counts of labels tell is no leak of the update.",
    enough="Give more auxiliary records, or more clients of whom it is known whether somebody has it.",
    protection=PROTECTION,
)
