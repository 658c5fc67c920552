"""Synthetic files: who was behind one, what it tells of their secret, and a description of one person."""

from __future__ import annotations

from dataclasses import replace

from confide.report.goals.membership import MEMBERSHIP
from confide.report.goals.secrets import DESCRIBED, SECRETS

NEXT = (
    "Make the synthetic file again by a mechanism with differential privacy, such as AIM or MST: then no row "
    "follows one person, and the promise holds against attacks that nobody has thought of. To remove the "
    "rows that come too near to a person hides these rows, and not what the others say.",
)

SYNTHETIC = replace(
    MEMBERSHIP,
    subject="Somebody who holds this synthetic file and knows a person's full record",
    by_access=None,
    task="tell that the person is among the real people behind it",
    exposed="people behind the file",
    control="people who were held out of it",
    noun="people behind the file",
    pair=("a person behind the file", "one who was held out of it"),
    groups=("behind the file", "held out"),
    saw="The adversary held the whole synthetic file.",
    condition="were among the real people",
    caveats=(
        "No share of people who are safe: what these attacks do not find, another one may, above all one "
        "that knows the generator.",
    ),
    remedy="Draw the held-out people at random from the same source and time as the real ones.",
    enough="Hold out at least 1,000 people, make the synthetic file from the others, and audit it.",
    protection=NEXT,
)

SYNTHETIC_ALONE = replace(
    SYNTHETIC,
    task="tell that the rows were made from the person's own",
    better_than="better than of as many rows of other real people",
    wrongly="claiming it as surely of rows of others for",
    others="others",
    exposed="people behind the file",
    control="people who were looked for in rows of others",
    pair=("a person and the file", "another person and rows of others"),
    groups=("in the file", "in rows of others"),
    false_claim="wrong claims about rows of others",
    condition="",
    bounds=False,
    blind_matters=False,  # rows of other people are the blind adversary's
    caveats=(
        *SYNTHETIC.caveats,
        "Not all that the file gives away: nobody was held out, and a file that is made less exactly than "
        "real rows are can hide it.",
    ),
    remedy="Hold people out, make the synthetic file again from the others, and audit it with --control.",
)

SYNTHETIC_SECRETS = replace(
    SECRETS,
    subject="Somebody who holds this synthetic file and knows the other columns of a person",
    better_than="more often than for a person who was held out of it",
    others="people who were held out of it",
    exposed="people behind the file",
    control="people held out of the file",
    false_claim="held-out people whose secret it gets right",
    pair=("a person behind the file", "a person held out of it"),
    groups=("behind the file", "held out"),
    saw="The adversary held the whole synthetic file.",
    caveats=(
        "What the adversary gets right about people who were held out is no leak about them: it follows from "
        "how things go together in everybody, and that is what a synthetic file is for. Only what it gets "
        "right about people behind the file beyond that comes from their own rows.",
    ),
    remedy="Draw the held-out people at random from the same source and time as the real ones.",
    enough="Hold out at least 1,000 people, make the synthetic file from the others, and audit it.",
    protection=NEXT,
)

SYNTHETIC_DESCRIBED = replace(
    DESCRIBED,
    subject="Somebody who holds this synthetic file",
    better_than="more often than for people who were held out of it",
    exposed="of its descriptions that were tried on the people behind the file",
    control="descriptions that were tried on people held out",
    false_claim="descriptions that fit one held-out person",
    pair=("a description tried on the people behind the file", "one tried on people held out"),
    groups=("behind the file", "held out"),
    saw="The adversary held the whole synthetic file.",
    remedy="Draw the held-out people at random from the same source and time as the real ones.",
    enough="Give larger files, and run the audit again.",
    protection=NEXT,
)
