"""Advice: which mechanism fits who holds the records, what is wanted of them, and who may learn it."""

from __future__ import annotations

from confide.releases.advising.choosing import Advice, advise
from confide.releases.advising.situation import Situation

__all__ = ["Advice", "Situation", "advise"]
