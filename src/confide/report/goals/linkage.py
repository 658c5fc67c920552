"""Linkage: exposed people have a row in the release, control people were held out; he names a row."""

from __future__ import annotations

from confide.report.goals.goal import AGAIN, ALIKE, EPSILON, Goal, WorstOff

LINKAGE = Goal(
    name="linkage",
    subjects={"": "Somebody who holds this release and knows a few facts about a person"},
    headline="can point to that person's record for {about}, while wrongly naming a record for {false_claim} "
    "people who are not in it.",
    little="can point to the record of a person in the release {little}more surely than he wrongly names "
    "one for a person who is not in it.",
    nothing="could not be shown to point to the records of people in the release more often than he wrongly "
    "names one for people who are not in it.",
    broken="This audit cannot say what the release gives away: somebody who never saw it already tells "
    "people in it from people held out, so the two groups differ by themselves, and no attack did clearly "
    "better.",
    so_few="With so few people this audit could not have seen anything: ask about more of them.",
    exposed="people in the release",
    exposed_noun="records",
    finds=("recognises", "recognised"),
    false_claim="absent people given a record",
    guess="guessing would recognise fewer than {guess}",
    luck="Guessing would recognise fewer than {guess}; only what lies above {luck}, the most absent people "
    "who may be given a record there, counts as shown.",
    outside="people held out of the release",
    auc="Shown one person in the release and one who is not, he is surer about the one in it, and names the "
    "right record, {often}. (This is the AUC; a wrong record counts as no claim, a tie counts half.)",
    saw="He held the whole release: every record, without its name.",
    everybody=False,
    better="A better attack, or somebody who knows more about a person, may recognise more.",
    means_not=(
        ALIKE,
        "Not a test of other harms: guessing a trait and rebuilding records are other games. What a named "
        "record goes on to tell is not counted here.",
    ),
    steps={
        "broken": (
            "Let a fair coin decide for each person whether he is held out of the release.",
            "Then run the audit again; publish nothing on the strength of this one.",
        ),
        "few": ("Ask about at least 1,000 people, half of them held out, and run the audit again.",),
        "nothing": (
            "Keep this report with the release, and audit again before more is released about them.",
        ),
        "undecided": ("Ask about more people, or play more worlds, until the audit can see the limit.",),
        "found": (
            "Do not take names for the only thing to remove: make times and places coarser, and leave out "
            "the rare items that single people out.",
            "Where that is not enough, publish aggregates or synthetic records made with differential "
            "privacy instead of the records themselves.",
            AGAIN,
        ),
        "blind": ("Audit again with people held out by a fair coin, to learn how much is the release's.",),
    },
    tiles=(
        "Records recognised, {false_claim} absent people given a record",
        "Records recognised",
        "Surer, and right, about the one of a pair who is in it (AUC)",
        "People compared",
        "in",
        "held out",
    ),
    claims=("right records named for people in the release", "records named for people held out of it"),
    worst_off=WorstOff(
        title="The people recognised most surely",
        reading="People by their number, with the share of absent people who are given a record at least as "
        "surely. This table points at people; do not pass it on.",
        head=("person", "times in", "absent people given a record"),
    ),
    charts={
        "roc": (
            "Records recognised against absent people given a record",
            "Each line is an attack. Go to the share of absent people whom you would accept to be given a "
            "record, and read upwards how many people's records are rightly named. Guessing lies far below "
            "the dotted line, where as many are named rightly as wrongly; the band is the interval of the "
            "strongest attack.",
        ),
        "scores": (
            "What the strongest attack sees",
            "Everybody stands in one row, ordered by how sure the attack is, cut into steps of equally many "
            "people. Filled: the share of the people in the release in each step; outlined: of those held "
            "out. Who is given no record, or a wrong one, stands at the left. People piled up at the right "
            "are recognised.",
        ),
        "worst_off": (
            "Who is recognised most surely",
            "People in the release by how many absent people are given a record at least as surely as they "
            "are given theirs. The upright mark is the share of absent people themselves. Bars beyond their "
            "mark at the top are people who stand out.",
        ),
        "epsilon": EPSILON,
    },
    groups=("in the release", "held out of it"),
    axes={
        "wrongly accused (false-positive rate)": "absent people given a record",
        "members found (true-positive rate)": "records recognised",
        "share of the members; mark: guessing": "share of the people; mark: absent",
        "others who look at least as much like members": "absent people given a record as surely",
    },
)
