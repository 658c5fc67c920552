"""A data-protection impact assessment: the facts that an audit adds to it, and which rule each bears on."""

from __future__ import annotations

from confide.report.page_types import Page, SectionRecord
from confide.report.purposes.carried import held_against_promises, rebuilt
from confide.report.purposes.document import Document, Part
from confide.report.purposes.provisions import NO_ADVICE, provisions
from confide.report.purposes.standing import breaks, promised, standing, standings
from confide.report.purposes.told import next_steps, open_risks, tried

EXPOSED, NEXT = "Who is exposed", "What to do next"
"""Headings to which the provisions point."""


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
        title=f"Data-protection assessment: {page['release']}",
        parts=[
            *parts,
            _open(page),
            Part(title=NEXT, points=next_steps(page)),
            provisions(page, risks=EXPOSED, measures=NEXT),
            _how(page),
        ],
    )


def _summary(page: Page) -> Part:
    return Part(title="In short", sentences=[*standings(page), NO_ADVICE])


def _release(page: Page, section: SectionRecord) -> list[Part]:
    name = section["release"]
    # The attacks' own sentence may sound good where a check shows that the promise is broken.
    first = [standing(page, section)] if breaks(page, section) else []
    of = name if len(page["sections"]) > 1 else ""
    return [
        Part(
            title=f"What {name} is, and who can use it",
            points=[*(f"{label}: {text}" for label, text in section["about"]), *section["adversary"]],
        ),
        Part(
            title=f"{EXPOSED} by {name}, and how far",
            sentences=[*first, section["headline"], *section["support"]],
            points=section["means"],
        ),
        *rebuilt(section, name=of),
        Part(title=f"What {name} promises", sentences=[promised(page, section)]),
        *held_against_promises(section, name=of),
        Part(
            title=f"What was tried on {name}, and what could have been seen",
            head=("attack", "found", "AUC", "epsilon"),
            rows=tried(page, section),
        ),
    ]


def _open(page: Page) -> Part:
    return Part(
        title="Open risks",
        sentences=["What was not looked at, or could not be settled, is no evidence of safety."],
        points=open_risks(page),
    )


def _how(page: Page) -> Part:
    use = "fit for the public" if page["audience"] == "public" else "for internal use: counts are exact"
    return Part(
        title="How it was made",
        points=[
            f"confide {page['version']}, seed {page['seed']}, {page['schema']}; {use}.",
            "The intervals of all attacks that were tried hold together.",
        ],
    )
