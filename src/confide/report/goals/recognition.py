"""Recognition: exposed are pictures of people in his gallery, control those of strangers."""

from __future__ import annotations

from confide.report.goals.goal import AGAIN, ALIKE, EPSILON, Goal, WorstOff

RECOGNITION = Goal(
    name="recognition",
    subjects={"": "Somebody who has other pictures of the people he looks for"},
    headline="can put the right name to {about}, while wrongly putting a name to {false_claim} pictures of "
    "strangers.",
    little="can put the right name to a picture of somebody he knows {little}more surely than he wrongly "
    "puts one to a picture of a stranger.",
    nothing="could not be shown to put the right name to pictures of people he knows more often than he "
    "wrongly puts one to pictures of strangers.",
    broken="This audit cannot say what the pictures give away: somebody who never saw them already tells "
    "those of people he knows from those of strangers, and no attack did clearly better.",
    few="This audit had too few pictures to say what they give away; that is no all-clear.",
    so_few="With so few pictures this audit could not have seen anything: take more of them.",
    exposed="pictures of people he knows",
    exposed_noun="pictures of people he knows",
    finds=("recognises", "recognised"),
    false_claim="strangers given a name",
    guess="guessing would recognise fewer than {guess}",
    luck="Guessing would recognise fewer than {guess}; only what lies above {luck}, the most strangers who "
    "may be given a name there, counts as shown.",
    outside="pictures of strangers",
    auc="Shown a picture of somebody he knows and one of a stranger, he is surer about the first, and gives "
    "it the right name, {often}. (This is the AUC; a wrong name counts as no claim, a tie counts half.)",
    blind="Compare pictures taken in the same way.",
    saw="He held the pictures as they are released.",
    everybody=False,
    better="A better recogniser, or more pictures to learn from, may recognise more.",
    means_not=(
        ALIKE,
        "Not a test of other harms: what else a picture shows (a place, a companion, a body) is not counted "
        "here.",
    ),
    steps={
        "broken": (
            "Let a fair coin decide for each person whether he is known or a stranger.",
            "Then run the audit again; publish nothing on the strength of this one.",
        ),
        "few": ("Take at least 1,000 pictures, half of them of strangers, and run the audit again.",),
        "nothing": ("Keep this report with the pictures, and audit again before more of them are released.",),
        "undecided": ("Take more pictures, or play more worlds, until the audit can see the limit.",),
        "found": (
            "Do not rely on mosaic or blur: whoever obscures his own pictures in the same way can learn to "
            "read yours. Cover the faces, cut them out, or put others in their place.",
            "Where the pictures themselves are not needed, publish counts or synthetic pictures made with "
            "differential privacy instead.",
            AGAIN,
        ),
        "blind": ("Audit again with known people and strangers drawn by a fair coin.",),
    },
    tiles=(
        "Pictures recognised, {false_claim} strangers given a name",
        "Pictures recognised",
        "Surer, and right, about the one of a pair whom he knows (AUC)",
        "Pictures compared",
        "of people he knows",
        "of strangers",
    ),
    claims=("right names for people he knows", "names for strangers"),
    worst_off=WorstOff(
        title="The pictures recognised most surely",
        reading="Pictures by their number, with the share of strangers who are given a name at least as "
        "surely. This table points at people; do not pass it on.",
        head=("picture", "times in", "strangers given a name"),
    ),
    charts={
        "roc": (
            "Pictures recognised against strangers given a name",
            "Each line is an attack. Go to the share of strangers' pictures that you would accept to be "
            "given a name, and read upwards how many pictures are given the right one. Guessing lies below "
            "the dotted line, where as many are named rightly as wrongly; the band is the interval of the "
            "strongest attack.",
        ),
        "scores": (
            "What the strongest attack sees",
            "All pictures stand in one row, ordered by how sure the attack is, cut into steps of equally "
            "many. Filled: the share of the pictures of people he knows in each step; outlined: of "
            "strangers. A picture with no name, or a wrong one, stands at the left. Pictures piled up at "
            "the right are recognised.",
        ),
        "worst_off": (
            "Which are recognised most surely",
            "Pictures of people he knows by how many strangers are given a name at least as surely as they "
            "are given theirs. The upright mark is the share of the strangers themselves. Bars beyond their "
            "mark at the top are pictures that stand out.",
        ),
        "epsilon": EPSILON,
    },
    groups=("of people he knows", "of strangers"),
    axes={
        "wrongly accused (false-positive rate)": "strangers given a name",
        "members found (true-positive rate)": "pictures recognised",
        "everybody, ordered by the attack's score": "all pictures, ordered by the attack's score",
        "share of the members; mark: guessing": "share of the pictures; mark: strangers",
        "others who look at least as much like members": "strangers given a name as surely",
    },
)
