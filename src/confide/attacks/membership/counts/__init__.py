"""FLOOR 1: was this person in the group that was counted? One file a paper."""

from __future__ import annotations

from confide.attacks.membership.counts.inner_product import InnerProduct
from confide.attacks.membership.counts.knock_knock import KnockKnock

ALL = (
    InnerProduct,
    KnockKnock,
)

__all__ = [
    "ALL",
    "InnerProduct",
    "KnockKnock",
]
