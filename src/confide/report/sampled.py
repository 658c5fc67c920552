"""Sampled attacks in words: whom an attack was asked about that was not asked about all."""

from __future__ import annotations

from confide.core.language import t
from confide.report.page_types import FindingRecord


def sampled(h: FindingRecord) -> str:
    """Whom an attack was asked about, where that is a sample; empty where it is not, or nobody kept it."""
    if not h["sample_of"] or h["targets"] is None:
        return ""
    return t("asked about {n:,} of {every:,}, drawn at random", n=h["targets"], every=h["sample_of"])


def sampled_sentence(h: FindingRecord) -> str:
    """The same as a sentence that names the attack."""
    if not h["sample_of"] or h["targets"] is None:
        return ""
    return t(
        "{attack} was asked about {n:,} of {every:,} alone, drawn at random.",
        attack=h["attack"],
        n=h["targets"],
        every=h["sample_of"],
    )
