"""What client and server of outsourced scores call each other by."""

from __future__ import annotations

from confide.mechanisms.encrypt.messages import LONGEST_HEADER
from confide.mechanisms.encrypt.plan import Plan

ABOUT, ROWS = "/v1/plan", "/v1/rows"
PLAN_HEADER = "x-confide-plan"
"""On every answer: a client notices at once that another plan is served."""
KEY_HEADER = "x-confide-key"
"""On every question: who does not know the id of the client's key is answered nothing."""
BINARY = "application/octet-stream"


def largest_message(plan: Plan, parts: int) -> int:
    """Bytes that no message of this many ciphertexts exceeds: two polynomials each, of whole words."""
    return parts * (2 * 8 * plan.parameters.degree * len(plan.parameters.bits) + 1024) + LONGEST_HEADER
