"""Membership inference from what a party of a collaboration sees: updates, their sums, and models."""

from __future__ import annotations

from confide.attacks.membership.updates.alignment import UpdateAlignment
from confide.attacks.membership.updates.decoder import UpdateDecoder
from confide.attacks.membership.updates.loss import UpdateLoss
from confide.attacks.membership.updates.nasr import NasrPassive

ALL = (UpdateDecoder, UpdateAlignment, UpdateLoss, NasrPassive)

__all__ = ["ALL", "NasrPassive", "UpdateAlignment", "UpdateDecoder", "UpdateLoss"]
