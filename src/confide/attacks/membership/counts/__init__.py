"""Membership inference from counts: is this person in the group whose visits were counted?"""

from __future__ import annotations

from confide.attacks.membership.counts.inner_product import InnerProduct
from confide.attacks.membership.counts.knock_knock import KnockKnock
from confide.attacks.membership.counts.likelihood_ratio import CountsLR

ALL = (InnerProduct, CountsLR, KnockKnock)

__all__ = ["ALL", "CountsLR", "InnerProduct", "KnockKnock"]
