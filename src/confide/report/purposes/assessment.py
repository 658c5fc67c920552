"""A data-protection impact assessment: the facts that an audit adds to it, and which rule each bears on."""

from __future__ import annotations

from confide.core.language import t
from confide.report.page_types import Page, SectionRecord
from confide.report.purposes.carried import held_against_promises, rebuilt
from confide.report.purposes.document import Document, Part
from confide.report.purposes.provisions import NO_ADVICE, provisions
from confide.report.purposes.standing import breaks, promised, standing, standings
from confide.report.purposes.told import next_steps, open_risks, tried


def assessment(page: Page) -> Document:
    """Make the pages for a data-protection officer.

    Args:
        page: of an audit, for the audience that will read the document too: it holds no rows and no ids, but
            an internal page has exact counts.
    """
    parts = [_summary(page)]
    for section in page["sections"]:
        parts += _release(page, section)
    return Document(
        title=t("Data-protection assessment: {release}", release=page["release"]),
        parts=[
            *parts,
            _open(page),
            Part(title=t("What to do next"), points=next_steps(page)),
            provisions(page, risks=t("Who is exposed"), measures=t("What to do next")),
            _how(page),
        ],
    )


def _summary(page: Page) -> Part:
    return Part(title=t("In short"), sentences=[*standings(page), t(NO_ADVICE)])


def _release(page: Page, section: SectionRecord) -> list[Part]:
    name = section["release"]
    # The attacks' own sentence may sound good where a check shows that the promise is broken.
    first = [standing(page, section)] if breaks(page, section) else []
    of = name if len(page["sections"]) > 1 else ""
    return [
        Part(
            title=t("What {name} is, and who can use it", name=name),
            points=[
                *(t("{label}: {text}", label=label, text=text) for label, text in section["about"]),
                *section["adversary"],
            ],
        ),
        Part(
            title=t("Who is exposed by {name}, and how far", name=name),
            sentences=[*first, section["headline"], *section["support"]],
            points=section["means"],
        ),
        *rebuilt(section, name=of),
        Part(title=t("What {name} promises", name=name), sentences=[promised(page, section)]),
        *held_against_promises(section, name=of),
        Part(
            title=t("What was tried on {name}, and what could have been seen", name=name),
            head=(t("attack"), t("found"), t("AUC"), t("epsilon")),
            rows=tried(page, section),
        ),
    ]


def _open(page: Page) -> Part:
    return Part(
        title=t("Open risks"),
        sentences=[t("What was not looked at, or could not be settled, is no evidence of safety.")],
        points=open_risks(page),
    )


def _how(page: Page) -> Part:
    made = {"version": page["version"], "seed": f"{page['seed']}", "schema": page["schema"]}
    return Part(
        title=t("How it was made"),
        points=[
            t("confide {version}, seed {seed}, {schema}; fit for the public.", **made)
            if page["audience"] == "public"
            else t("confide {version}, seed {seed}, {schema}; for internal use: counts are exact.", **made),
            t("The intervals of all attacks that were tried hold together."),
        ],
    )
