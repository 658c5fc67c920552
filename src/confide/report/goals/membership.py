"""Membership: exposed people were in the training data; the claim is "he was in"."""

from __future__ import annotations

from confide.report.goals.goal import AGAIN, ALIKE, EPSILON, Goal, WorstOff

MEMBERSHIP = Goal(
    name="membership",
    subjects={
        "": "An outsider who sees this release and knows a person's record",
        "black-box": "An outsider who can query this model and knows a person's record",
        "label-only": "An outsider who sees only this model's decisions and knows a person's record",
        "white-box": "An outsider who holds a copy of this model and knows a person's record",
    },
    headline="can tell that it was among the training data for {about}, while wrongly accusing {false_claim} "
    "others.",
    little="can tell {little}better than by guessing whether it was among the training data.",
    nothing="could not be shown to tell whether it was among the training data.",
    broken="This audit cannot say what the release gives away: somebody who never saw it already tells "
    "people in the data from people outside, so the two groups differ by themselves, and no attack did "
    "clearly better.",
    so_few="With so few people this audit could not have seen anything: hold out more of them.",
    exposed="members",
    exposed_noun="members",
    finds=("finds", "found"),
    false_claim="wrong accusations",
    guess="guessing would find {guess}",
    luck="Guessing would find {guess}, or by luck up to {luck}: more than that is not shown.",
    outside="people outside the data",
    auc="Shown one member and one other person, he picks the member {often}; guessing: 50 in 100. (This is "
    "the AUC.)",
    unblinded="No blind adversary was played, so nobody checked that the two groups are alike.",
    knew=("He knew the full record of each person he asked about.",),
    precision="If {prior} of the people he asks about were in the data, a claim made at {fpr} wrong "
    "accusations would be right {often}.",
    better="A better attack, more reference models or more access may find more.",
    means_not=(
        ALIKE,
        "Not a test of other harms: guessing an attribute, linking records and rebuilding them are other "
        "games.",
    ),
    no_certificate="Not a certificate: nobody tossed a coin over who was in the data, so the comparison "
    "trusts that members and others were drawn alike.",
    steps={
        "broken": (
            "Draw the people outside the data at random from the same source and time as those inside.",
            "Then run the audit again; publish nothing on the strength of this one.",
        ),
        "few": ("Hold out at least 1,000 people before training, retrain, and run the audit again.",),
        "nothing": ("Keep this report with the release, and audit again whenever the model is retrained.",),
        "undecided": ("Hold out more people, or play more worlds, until the audit can see the limit.",),
        "found": (
            "Lower the memory of the model first: stop training earlier, regularise more, take more data, "
            "and remove repeated records.",
            "Where that is not enough, train with differential privacy; rounding or hiding scores alone "
            "does not help much, since decisions leak too.",
            AGAIN,
        ),
        "blind": ("Audit again with others drawn as the members were, to learn how much is the release's.",),
    },
    tiles=(
        "Members found, {false_claim} others wrongly accused",
        "Members found",
        "Picks the member out of a pair (AUC; guessing: 0.5)",
        "People compared",
        "in",
        "out",
    ),
    claims=("right claims on people in the data", "claims on people outside it"),
    worst_off=WorstOff(
        title="The most exposed records",
        reading="Members by their number, with the share of others who look at least as much like members "
        "as they do. This table points at people; do not pass it on.",
        head=("record", "times in", "others who look alike"),
    ),
    charts={
        "roc": (
            "Members found against people wrongly accused",
            "Each line is an attack. Go to the share of others you would accept as wrongly accused, and "
            "read upwards how many members are found. On the dotted line an attack is guessing; the band is "
            "the interval of the strongest one.",
        ),
        "scores": (
            "What the strongest attack sees",
            "Everybody stands in one row, ordered by the attack's score, cut into steps of equally many "
            "people. Filled: the share of the members in each step; outlined: of the others. Guessing gives "
            "two flat shapes, at the dotted line. Members piled up at the right are given away.",
        ),
        "worst_off": (
            "Who is worst off",
            "Members by how many people outside the data look at least as much like members as they do. The "
            "upright mark is what guessing would give. Bars beyond their mark at the top are people who "
            "stand out.",
        ),
        "epsilon": EPSILON,
        "gradient_norms": (
            "Gradient norms over training",
            "How much one more training step on a person would change the model, at each checkpoint, on a "
            "logarithmic axis. The line is the middle person of the group, the dark band the middle half, "
            "the light one all but 5 in 100 at each end. Where the members' band sinks below the others', "
            "the parameters tell them apart.",
        ),
    },
)
