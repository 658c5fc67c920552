"""Mitchell et al.: Model Cards for Model Reporting (FAT* 2019): the section on privacy."""

from __future__ import annotations

from confide.core.language import t
from confide.report.page_types import Page
from confide.report.purposes.carried import side_by_side
from confide.report.purposes.document import Document, Part
from confide.report.purposes.provisions import provisions
from confide.report.purposes.standing import promised, standings
from confide.report.purposes.told import limits_of, next_steps, tried


def model_card(page: Page) -> Document:
    """Make the privacy section of a model card: a heading of the second level, to be put into a card.

    Its first sentence is how the release stands to its promise and its limits. Of several releases, such as
    one model under several budgets, each number has its name.
    """
    sections = page["sections"]
    several = len(sections) > 1

    def named(release: str, text: str) -> str:
        return t("{label}: {text}", label=release, text=text) if several else text

    return Document(
        title=t("Privacy of the training data"),
        level=2,
        parts=[
            Part(
                title=t("Risk"),
                sentences=standings(page),
                points=[named(s["release"], line) for s in sections for line in s["support"]],
            ),
            Part(title=t("Promise"), sentences=[named(s["release"], promised(page, s)) for s in sections]),
            *side_by_side(page),
            Part(
                title=t("Attacks that were tried"),
                head=(*([t("release")] * several), t("attack"), t("found"), t("AUC"), t("epsilon")),
                rows=[[*([s["release"]] * several), *row] for s in sections for row in tried(page, s)],
            ),
            Part(
                title=t("Limits of this evaluation"),
                points=[*limits_of(page), t("An attack that was not tried may find more.")],
            ),
            Part(title=t("What to do next"), points=next_steps(page)),
            provisions(page, risks=t("Risk"), measures=t("What to do next")),
        ],
    )
