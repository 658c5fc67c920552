"""Mitchell et al.: Model Cards for Model Reporting (FAT* 2019): the section on privacy."""

from __future__ import annotations

from confide.report.page_types import Page
from confide.report.purposes.carried import side_by_side
from confide.report.purposes.document import Document, Part
from confide.report.purposes.provisions import provisions
from confide.report.purposes.standing import promised, standings
from confide.report.purposes.told import limits_of, next_steps, tried

RISK, NEXT = "Risk", "What to do next"
"""Headings to which the provisions point."""


def model_card(page: Page) -> Document:
    """Make the privacy section of a model card: a heading of the second level, to be put into a card.

    Its first sentence is how the release stands to its promise and its limits. Of several releases, such as
    one model under several budgets, each number has its name.
    """
    sections = page["sections"]
    several = len(sections) > 1

    def named(release: str, text: str) -> str:
        return f"{release}: {text}" if several else text

    return Document(
        title="Privacy of the training data",
        level=2,
        parts=[
            Part(
                title=RISK,
                sentences=standings(page),
                points=[named(s["release"], line) for s in sections for line in s["support"]],
            ),
            Part(title="Promise", sentences=[named(s["release"], promised(page, s)) for s in sections]),
            *side_by_side(page),
            Part(
                title="Attacks that were tried",
                head=(*(["release"] * several), "attack", "found", "AUC", "epsilon"),
                rows=[[*([s["release"]] * several), *row] for s in sections for row in tried(page, s)],
            ),
            Part(
                title="Limits of this evaluation",
                points=[*limits_of(page), "An attack that was not tried may find more."],
            ),
            Part(title=NEXT, points=next_steps(page)),
            provisions(page, risks=RISK, measures=NEXT),
        ],
    )
