"""Documents for a purpose, made from the page of an audit: a data-protection assessment, a model card."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from confide.report.page_types import Page
from confide.report.purposes.assessment import assessment
from confide.report.purposes.document import Document
from confide.report.purposes.model_card import model_card

PURPOSES: Mapping[str, Callable[[Page], Document]] = {"dpia": assessment, "model-card": model_card}
"""By the name that a user writes after `--for`."""

__all__ = ["PURPOSES", "Document"]
