"""Rebuilding: which record trained a model, beside all others? The claim is "this is the record"."""

from __future__ import annotations

from dataclasses import replace

from confide.report.goals.goal import Goal

REBUILT = Goal(
    name="reconstruction",
    subject="Somebody who holds this model's weights and all its training records but one",
    task="rebuild that record",
    does="rebuild the record of",
    better_than="more often than a record that did not train the model",
    wrongly="coming as near to the record of at most",
    others="others",
    exposed="people whose record trained the model",
    control="people whose record did not train it",
    noun="records",
    verb=("rebuild", "rebuilds", "rebuilt"),
    false_claim="other records met by chance",
    bar="where at most {rate} other records come as near by chance",
    pair=("a record that trained the model", "one that did not"),
    groups=("trained the model", "did not train it"),
    saw="The adversary held the model's weights.",
    knew=("It knew all other training records, the adversary of differential privacy's own definition.",),
    certain=False,
    caveats=(
        "Not what somebody can do who knows few of the training records: this adversary knows all but one, "
        "so that what it cannot do nobody can do by these means.",
    ),
    remedy="Give records from the same distribution that did not train the model.",
    enough="Ask about at least 1,000 records that trained the model and as many others.",
    protection=(
        "Train with differential privacy: it alone bounds what any adversary can rebuild.",
        "To stop training early is no protection: it only lets an accident decide what can be rebuilt. To "
        "round the weights is none either.",
        "Keep the weights to yourself, and answer questions only.",
    ),
)

FROM_WEIGHTS = replace(
    REBUILT,
    subject="Somebody who holds this network's weights and no record",
    task="rebuild records that trained it",
    false_claim="other records that a candidate meets by chance",
    knew=("It knew the range of the features, and not one record.",),
    caveats=(
        "Not what somebody can do who knows more, or searches longer. The attack is research: that it "
        "rebuilds nothing is no sign that records are safe.",
    ),
)
"""The same by somebody who knows no record: training records from the weights alone."""
