"""Canaries in a training: exposed ones were in the training data; the claim is "this canary was in"."""

from __future__ import annotations

from dataclasses import replace

from confide.report.goals.membership import MEMBERSHIP

TRAINING = replace(
    MEMBERSHIP,
    subject="An adversary who watches this training",
    by_access=None,
    task="tell which canaries were in the training data",
    does="claim rightly",
    exposed="canaries that were in",
    control="canaries that were not in",
    noun="canaries that were in",
    false_claim="false claims",
    wrongly="wrongly claiming",
    pair=("a canary that was in", "one that was not"),
    units="canaries",
    groups=("in the training data", "not in it"),
    saw="The adversary saw what the access names.",
    knew=(),
    lists=False,
    blind_matters=False,  # a fair coin decides for each canary
    remedy="Let a fair coin decide for each canary whether it is in.",
    enough="Give more canaries, and run the audit again.",
    protection=(
        "A training that passes every check keeps its promise as far as this audit can see. What may be "
        "found at such a promise at most: confide budget.",
        "Where a check failed, mend that first: no epsilon means anything before.",
    ),
)
