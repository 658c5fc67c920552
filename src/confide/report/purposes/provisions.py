"""Provisions of data protection that an audit bears on, each with the sentence that it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from confide.core.language import later, t
from confide.report.page_types import Page, SectionRecord
from confide.report.purposes.document import Part
from confide.report.purposes.standing import PROMISE, breaks, promised
from confide.report.renders.cells import ruled

NO_ADVICE = later(
    "This document states what was measured, and which provisions it bears on. It is no legal advice, and no "
    "decision under any of them."
)

SEEN = later("What this audit could have seen")
"""How the sentence on the weakest leak that would have been noticed begins."""


def provisions(page: Page, *, risks: str, measures: str) -> Part:
    """Provisions of the GDPR and of the EDPB's opinion on models, and what the audit says to each.

    Args:
        risks, measures: the headings of the document under which these stand.
    """
    first = _worst(page)
    return Part(
        title=t("Which provisions this bears on"),
        sentences=[t(NO_ADVICE)],
        head=(t("provision"), t("what the audit says to it"), t("the sentence it rests on")),
        rows=[
            (
                t("GDPR article 4(1): is it personal data?"),
                _relates(first),
                _named(page, first, first["headline"]),
            ),
            (t("EDPB opinion 28/2024: is a model anonymous?"), *_anonymous(page, first)),
            (
                t("GDPR article 5(1)(c) and (f), 5(2): minimisation, confidentiality, accountability"),
                t("Limits on the risk, held against every attack: {limits}.", limits=_limits(page)),
                page["verdict_sentence"],
            ),
            (t("GDPR article 25: protection by design"), _compared(page), _promises(page)),
            (
                t("GDPR article 35(7)(c) and (d): risks, and measures against them"),
                t(
                    "The risks to people are those under '{risks}'; measures are those under '{measures}': "
                    "{next}",
                    risks=risks,
                    measures=measures,
                    next=" ".join(first["next"][:2]),
                ),
                _named(page, first, " ".join(first["support"][:1]) or first["headline"]),
            ),
        ],
    )


def _worst(page: Page) -> SectionRecord:
    """The release that exposes people speaks first, wherever it stands, then one that breaks its promise."""
    return min(page["sections"], key=lambda s: (s["outcome"] != "found", not breaks(page, s)))


def _named(page: Page, section: SectionRecord, text: str) -> str:
    several = len(page["sections"]) > 1
    return t("{label}: {text}", label=section["release"], text=text) if several else text


def _relates(first: SectionRecord) -> str:
    match first["outcome"]:
        case "found":
            return t(
                "People who were in the data can be told apart through the release: it cannot be called "
                "anonymous on this evidence."
            )
        case "nothing":
            return t(
                "This audit did not tell people apart through the release. That alone does not make it "
                "anonymous: other means that are reasonably likely to be used may."
            )
        case "broken" | "few":
            return t("This audit cannot say. That is no sign that the release is anonymous.")


def _anonymous(page: Page, first: SectionRecord) -> tuple[str, str]:
    """What the audit says to the likelihood of extraction, and the sentence for that."""
    asks = t(
        "The opinion asks that the likelihood of extracting personal data from the model, and of obtaining "
        "it by queries, be insignificant, with all means reasonably likely to be used."
    )
    headline, broken = _named(page, first, first["headline"]), breaks(page, first)
    if first["outcome"] == "found":
        said = t(
            "An attack that was tried succeeds, so that this audit does not show it to be insignificant."
        )
        return f"{asks} {said}", headline
    if broken:
        said = t(
            "The attacks that were tried did not succeed, but the protection that was promised is not there."
        )
        return f"{asks} {said}", _named(page, first, promised(page, first))
    seen: Sequence[str] = [line for line in first["support"] if line.startswith(t(SEEN))]
    if first["outcome"] == "nothing":
        said = t(
            "The attacks that were tried did not succeed; of weaker leaks and other means this says nothing."
        )
        return f"{asks} {said}", " ".join([headline, *seen])
    return f"{asks} {t('This audit cannot say how large it is.')}", headline


def _limits(page: Page) -> str:
    told = [
        t("the promise of {release}: broken", release=row["release"])
        if row["limit"] == PROMISE and row["verdict"] == "exceeded"
        else t(
            "{limit} on {release}: {ruling}",
            limit=row["limit"],
            release=row["release"],
            ruling=ruled(row["verdict"]),
        )
        for row in page["limits"]
    ]
    return "; ".join(dict.fromkeys(told)) or t("no limit was set beforehand")


def _compared(page: Page) -> str:
    if page["comparisons"]:
        return t("Protections were compared on risk and on what is left to users.")
    return t("No protection was compared.")


def _promises(page: Page) -> str:
    return " ".join(_named(page, s, promised(page, s)) for s in page["sections"])
