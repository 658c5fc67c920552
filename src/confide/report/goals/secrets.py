"""Tables: the secret of a person in the release, and a description that fits one person alone."""

from __future__ import annotations

from confide.report.goals.goal import Goal

SECRETS = Goal(
    name="attribute",
    subject="Somebody who holds this release and knows some columns of a person",
    task="tell that person's secret",
    does="tell the secret of",
    better_than="more often than for a person who is not in the release",
    wrongly="getting as surely right that of",
    others="people who are not in it",
    exposed="people in the release",
    control="people held out of the release",
    noun="secrets",
    verb=("tell", "tells", "told"),
    false_claim="outsiders whose secret it gets right",
    pair=("a person in the release", "a person held out of it"),
    groups=("in the release", "held out of it"),
    saw="The adversary held the whole release, without the names.",
    certain=False,
    caveats=(
        "What the adversary gets right about people who are not in the release is no leak about them: it "
        "follows from how things go together in everybody. Only what it gets right about people in the "
        "release beyond that comes from their own rows.",
    ),
    remedy="Let a fair coin decide for each person whether they are held out of the release.",
    enough="Ask about at least 1,000 people, half of them held out, and run the audit again.",
    protection=(
        "To make known columns coarser hides whose row it is, and not what the rows of a class have in "
        "common: ask for diversity of the secret too (l, t), or leave the secret out.",
        "Where that is not enough, publish aggregates or synthetic rows made with differential privacy.",
    ),
)

DESCRIBED = Goal(
    name="linkage",
    subject="Somebody who holds this release",
    task="describe a person so that nobody else in the data fits",
    does="write descriptions that fit exactly one person, for",
    better_than="more often than for people who are not in the release",
    wrongly="fitting exactly one person as surely in",
    others="of its descriptions that were tried on people outside",
    exposed="of its descriptions that were tried on the people in the release",
    control="descriptions that were tried on people outside",
    noun="descriptions",
    verb=("make", "makes", "made"),
    false_claim="descriptions that fit one person outside",
    pair=("a description tried on the people in the release", "one tried on people outside"),
    units="descriptions",
    groups=("in the release", "outside"),
    saw="The adversary held the whole release, without the names.",
    certain=False,
    lists=False,
    bounds=False,
    caveats=(
        "Not who the person is: a description that fits one person alone is what anonymous data must not "
        "allow, and others may know whom it fits.",
    ),
    remedy="Let chance divide the people into those in the release and those outside.",
    enough="Give a larger table, and run the audit again.",
    protection=(
        "To make columns coarser does not stop this: columns that are not coarser, or the class itself with "
        "a random further condition, still describe one person. Leave columns out, or add noise.",
        "Where that is not enough, publish aggregates or synthetic rows made with differential privacy.",
    ),
)
