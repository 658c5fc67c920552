"""A data-protection impact assessment: the facts that an audit adds to it, and which rule each bears on."""

from __future__ import annotations

from confide.report.page_types import Page, SectionRecord
from confide.report.purposes.document import Document, Part
from confide.report.purposes.told import open_risks, promised, tried

NO_ADVICE = (
    "This document states what was measured, and which provisions it bears on. It is no legal advice, and no "
    "decision under any of them."
)


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
        parts=[*parts, _open(page), _rules(page), _how(page)],
    )


def _summary(page: Page) -> Part:
    return Part(
        title="In short",
        sentences=[
            *(f"{s['release']}: {s['headline']}" for s in page["sections"]),
            page["verdict_sentence"],
            NO_ADVICE,
        ],
    )


def _release(page: Page, section: SectionRecord) -> list[Part]:
    name = section["release"]
    return [
        Part(
            title=f"What {name} is, and who can use it",
            points=[*(f"{label}: {text}" for label, text in section["about"]), *section["adversary"]],
        ),
        Part(
            title=f"Who is exposed by {name}, and how far",
            sentences=[section["headline"], *section["support"]],
            points=section["means"],
        ),
        Part(title=f"What {name} promises", sentences=[promised(section)]),
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


def _rules(page: Page) -> Part:
    """Provisions of the GDPR, and the sentence of the audit that each rests on."""
    # The release that exposes people speaks first, wherever it stands.
    first = min(page["sections"], key=lambda s: s["outcome"] != "found")
    exposes = first["outcome"] == "found"
    promises = " ".join(f"{s['release']}: {promised(s)}" for s in page["sections"])
    relates = (
        "People who were in the data can be told apart through the release: it cannot be called anonymous on "
        "this evidence."
        if exposes
        else "This audit did not tell people apart through the release. That alone does not make it "
        "anonymous: other means that are reasonably likely to be used may."
    )
    limits = (
        "; ".join(f"{row['limit']} on {row['release']}: {row['verdict']}" for row in page["limits"])
        or "no limit was set beforehand"
    )
    compared = (
        "Protections were compared on risk and on what is left to users."
        if page["comparisons"]
        else "No protection was compared."
    )
    rows = [
        ("GDPR article 4(1): is it personal data?", relates, first["headline"]),
        (
            "EDPB opinion 28/2024: is a model anonymous?",
            "The opinion asks that both the likelihood of extracting personal data from the model, and of "
            "obtaining it by queries, be insignificant, with all means reasonably likely to be used. An "
            "audit speaks of the means that it tried.",
            first["headline"],
        ),
        (
            "GDPR article 5(1)(c) and (f), 5(2): minimisation, confidentiality, accountability",
            f"Limits on the risk, held against every attack: {limits}.",
            page["verdict_sentence"],
        ),
        ("GDPR article 25: protection by design", compared, promises),
        (
            "GDPR article 35(7)(c) and (d): risks, and measures against them",
            "The risks to people are those under 'Who is exposed'; measures are those under 'What to do "
            f"next': {' '.join(first['next'][:2])}",
            " ".join(first["support"][:1]) or first["headline"],
        ),
    ]
    return Part(
        title="Which provisions this bears on",
        sentences=[NO_ADVICE],
        head=("provision", "what the audit says to it", "the sentence it rests on"),
        rows=rows,
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
