"""Attribute: exposed people have the trait, control people have not; the claim is "he has it"."""

from __future__ import annotations

from confide.report.goals.goal import AGAIN, Goal

ATTRIBUTE = Goal(
    name="attribute",
    subjects={"": "Somebody who has learned from other people's likes and traits"},
    headline="can tell the trait from what a person likes for {about}, while wrongly ascribing it to "
    "{false_claim} others.",
    little="can tell {little}better than by guessing from what a person likes whether he has the trait.",
    nothing="could not be shown to tell from what a person likes whether he has the trait.",
    broken="This audit cannot say what likes give away: somebody who never saw them already tells people "
    "who have the trait from the others, and no attack did clearly better.",
    so_few="With so few people this audit could not have seen anything: ask about more of them.",
    exposed="people who have it",
    exposed_noun="people with the trait",
    finds=("finds", "found"),
    false_claim="wrong ascriptions",
    guess="guessing would find {guess}",
    luck="Guessing would find {guess}, or by luck up to {luck}: more than that is not shown.",
    outside="people without the trait",
    auc="Shown one person who has the trait and one who has not, he ranks the first higher {often}; "
    "guessing: 50 in 100. (This is the AUC; it is not the share of people whom he classifies right.)",
    blind="See what told the trait without the likes.",
    saw="He saw what each person likes.",
    precision="If {prior} of the people he asks about had the trait, an ascription made at {fpr} wrong "
    "ascriptions would be right {often}.",
    were="had the trait",
    bounds=False,
    better="A better attack, or more people to learn from, may find more.",
    means_not=(
        "Mostly not what a person's own row gives away: the attack learns from others how likes and the "
        "trait go together, and could tell it of people who are not in the data too. What hangs on a "
        "person's own likes is for the counterfactuals, where they are shown.",
        "Not a cause: a like that goes with the trait need not come from it.",
        "Not a test of other harms: linking records and rebuilding them are other games.",
    ),
    steps={
        "broken": (
            "Find out what tells the trait without the likes, and take it out of the comparison.",
            "Then run the audit again; publish nothing on the strength of this one.",
        ),
        "few": ("Ask about at least 1,000 people, among them some hundred with the trait.",),
        "nothing": ("Keep this report with the likes, and audit again before more of them are released.",),
        "undecided": ("Ask about more people, or play more worlds, until the audit can see the limit.",),
        "found": (
            "Treat the likes as if the trait stood beside them: whoever may not see the one may not see the "
            "other.",
            "Leave out the most telling items, and audit again, for others mostly tell the same.",
            "Where that is not enough, publish aggregates or synthetic records made with differential "
            "privacy instead of rows; noise that hides one like of a person does not hide his trait.",
            AGAIN,
        ),
        "blind": ("Audit again without what tells the trait by itself, to learn how much the likes tell.",),
    },
    tiles=(
        "People with the trait found, {false_claim} others wrongly ascribed it",
        "People with the trait found",
        "Ranks one with the trait above one without (AUC; guessing: 0.5)",
        "People compared",
        "with the trait",
        "without",
    ),
    claims=("right ascriptions to people with the trait", "wrong ascriptions to others"),
    charts={
        "roc": (
            "People with the trait found against others wrongly ascribed it",
            "Each line is an attack. Go to the share of others whom you would accept to be wrongly ascribed "
            "the trait, and read upwards how many of those who have it are found. On the dotted line an "
            "attack is guessing; the band is the interval of the strongest one.",
        ),
        "scores": (
            "What the strongest attack sees",
            "Everybody stands in one row, ordered by the attack's score, cut into steps of equally many "
            "people. Filled: the share of the people with the trait in each step; outlined: of the others. "
            "Guessing gives two flat shapes, at the dotted line. The farther apart the shapes, the more the "
            "likes tell.",
        ),
    },
    groups=("with the trait", "without it"),
    axes={
        "wrongly accused (false-positive rate)": "wrongly ascribed the trait (false-positive rate)",
        "members found (true-positive rate)": "found with the trait (true-positive rate)",
    },
)
