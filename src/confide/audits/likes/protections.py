"""Protections of likes, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.interactions import RARE, RESPONSE, SAMPLE
from confide.audits.protections import Protection

PROTECTIONS: Mapping[str, Protection] = {"rare": RARE, "sample": SAMPLE, "response": RESPONSE}
