"""Mitchell et al.: Model Cards for Model Reporting (FAT* 2019): the section on privacy."""

from __future__ import annotations

from confide.report.page_types import Page
from confide.report.purposes.document import Document, Part
from confide.report.purposes.told import open_risks, promised, tried


def model_card(page: Page) -> Document:
    """Make the privacy section of a model card: a heading of the second level, to be put into a card."""
    sections = page["sections"]
    risks = [risk for risk in open_risks(page) if risk.startswith(("Not audited", "Not settled"))]
    return Document(
        title="Privacy of the training data",
        level=2,
        parts=[
            Part(
                title="Risk",
                sentences=[s["headline"] for s in sections],
                points=[line for s in sections for line in s["support"]],
            ),
            Part(title="Promise", sentences=list(dict.fromkeys(promised(s) for s in sections))),
            Part(
                title="Attacks that were tried",
                head=("attack", "found", "AUC", "epsilon"),
                rows=[row for s in sections for row in tried(page, s)],
            ),
            Part(
                title="Limits of this evaluation",
                points=[*risks, "An attack that was not tried may find more."],
            ),
        ],
    )
