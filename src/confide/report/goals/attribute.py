"""Attribute: exposed people have a trait, control people have not; the claim is "they have it"."""

from __future__ import annotations

from confide.report.goals.goal import Goal

ATTRIBUTE = Goal(
    name="attribute",
    subject="Somebody who has learned from other people's likes and traits",
    task="tell the trait from what a person likes",
    better_than="better than by guessing",
    wrongly="wrongly ascribing it to",
    others="others",
    exposed="people who have it",
    control="people without the trait",
    noun="people with the trait",
    verb=("find", "finds", "found"),
    false_claim="wrong ascriptions",
    pair=("a person with the trait", "a person without it"),
    groups=("with the trait", "without it"),
    saw="The adversary saw what each person likes.",
    condition="had the trait",
    bounds=False,
    lists=False,
    caveats=(
        "Mostly not what a person's own row gives away: the attack learns from other people how likes and "
        "the trait go together, so it could tell the trait of people who are not in the data too. The "
        "counterfactuals, where they are shown, say how much depends on a person's own likes.",
        "Not a cause: a like that goes with the trait need not come from it.",
    ),
    remedy="Find out what tells the trait without the likes, and take it out of the comparison.",
    enough="Ask about at least 1,000 people, among them some hundred with the trait.",
    protection=(
        "Treat the likes as if the trait were written beside them: show them only to people who may know the "
        "trait.",
        "Leave out the most telling items, and audit again, because other items mostly tell the same.",
        "Where that is not enough, publish aggregates or synthetic records made with differential privacy "
        "instead of rows. Noise that hides one like of a person does not hide their trait.",
    ),
)
