"""Membership in a collaboration: exposed people are in the records of others; the claim is "they were in"."""

from __future__ import annotations

from dataclasses import replace

from confide.report.goals.membership import MEMBERSHIP

COLLABORATION = replace(
    MEMBERSHIP,
    subject="A party of this collaboration that knows a person's record",
    by_access=None,
    saw="The adversary saw what its place in the collaboration shows.",
    protection=(
        "A secure sum hides which client sent what. It does not hide the people: of few records in a round "
        "the sum tells as much as an update, so use more clients and more records a round as well.",
        "What bounds it is differential privacy: DP-FedAvg or DP-FTRL under a budget for clients, with noise "
        "that the server does not know of where the server is not trusted.",
        "To exchange predictions on public records in place of updates shows less of each record.",
    ),
)
