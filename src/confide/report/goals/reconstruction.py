"""Reconstruction: exposed people have the secret, control people have not; the claim is "they have it"."""

from __future__ import annotations

from confide.report.goals.goal import Goal

RECONSTRUCTION = Goal(
    name="reconstruction",
    subject="Somebody who sees these answers and knows everything of people but the secret",
    task="tell who has the secret",
    does="name",
    better_than="better than by guessing",
    wrongly="wrongly naming",
    others="people who do not have it",
    exposed="people with the secret",
    control="people without the secret",
    noun="people with the secret",
    verb=("find", "finds", "found"),
    false_claim="wrong namings",
    pair=("a person with the secret", "one without it"),
    groups=("with the secret", "without it"),
    saw="The adversary saw the answers.",
    knew=("It knew who is counted by which query, as everything but the secret is taken as known.",),
    condition="have the secret",
    caveats=(
        "Not how well a person could be guessed by what goes with the secret in everybody: the adversary "
        "here uses the answers alone. Where it also knows such things, it needs fewer answers.",
    ),
    remedy="Give the records and the queries, so that confide answers them and a coin decides each secret.",
    enough="Ask about at least 1,000 people, or in more worlds.",
    protection=(
        "Answer fewer queries: below about one answer a person little can be solved for, unless single "
        "queries count very few people.",
        "Add noise with differential privacy for all answers together. Rounding, suppression of small "
        "counts, and noise that is the same for the same text only make it take more answers.",
    ),
)
