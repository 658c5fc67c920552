"""How each release stands, for a document: what breaks its promise comes before any number."""

from __future__ import annotations

from confide.core.language import later, t
from confide.report.goals import without_goal
from confide.report.page_types import LimitRecord, Page, SectionRecord

PROMISE = "the promise"
"""The limit of that name is what the release itself promises."""

DOUBT = later("Not conclusive: ")
"""What the sentence of the verdict calls attacks and questions that the audit could not settle."""

LITTLE = later("That the attacks found little is no evidence to the contrary.")


def breaks(page: Page, section: SectionRecord) -> list[str]:
    """What shows that a release breaks its promise, a few words each; empty where nothing does.

    A promise is broken for all goals, whichever of them the audit showed it by.
    """
    name = _plain_name(section)
    mine = {s["release"] for s in page["sections"] if _plain_name(s) == name}
    rows = [row for row in page["limits"] if row["limit"] == PROMISE and row["release"] in mine]
    return list(dict.fromkeys(_shown(row) for row in rows if row["verdict"] == "exceeded"))


def doubts(page: Page) -> str:
    """What the audit could not settle, in a sentence; empty where there is nothing."""
    _, there, names = page["verdict_sentence"].partition(t(DOUBT))
    return f"{there}{names} {t('What was not found may still be there.')}" if there else ""


def standing(page: Page, section: SectionRecord) -> str:
    """How a release stands to its promise and to the limits that were set, in a sentence or two."""
    said, doubt = _ruled(page, section), doubts(page)
    # What was found stands, whatever the audit could not settle; that little was found does not.
    found = bool(breaks(page, section)) or section["verdict"] == "exceeded"
    return " ".join(part for part in ((said, doubt) if found else (doubt, said)) if part)


def standings(page: Page) -> list[str]:
    """The same of all releases with their headlines: how they stand comes before what was found.

    Where there are several, each by its name, after the verdict on all.
    """
    sections = page["sections"]
    if len(sections) == 1:
        return [f"{standing(page, s)} {s['headline']}" for s in sections]
    each = [
        t("{label}: {text}", label=s["release"], text=f"{_ruled(page, s)} {s['headline']}") for s in sections
    ]
    return [page["verdict_sentence"], *each]


def promised(page: Page, section: SectionRecord) -> str:
    """The promise of a release, in a sentence, with what the audit says to it."""
    promise, broken = section["promise"], breaks(page, section)
    if promise is None:
        nothing = t("The release promises nothing in the sense of differential privacy.")
        return f"{nothing} {_broken(broken)}" if broken else nothing
    text = promise["text"]
    if broken:
        capital = f"{text[:1].upper()}{text[1:]}"
        return f"{t('{promise}: this promise is broken.', promise=capital)} {_broken(broken)}"
    if doubts(page):
        return t(
            "The release promises {promise}. Nothing in this audit refutes it, but not everything was "
            "conclusive; no audit can show that a promise is kept.",
            promise=text,
        )
    return t(
        "The release promises {promise}. Nothing in this audit refutes it; no audit can show that a "
        "promise is kept.",
        promise=text,
    )


def _ruled(page: Page, section: SectionRecord) -> str:
    if breaks(page, section):
        promise = section["promise"]
        said = (
            t("The release breaks its promise of {promise}.", promise=promise["text"])
            if promise
            else t("The release breaks its promise.")
        )
        return said if section["outcome"] == "found" else f"{said} {t(LITTLE)}"
    rows = [row for row in page["limits"] if row["release"] == section["release"]]

    def those(ruling: str) -> str:
        return ", ".join(dict.fromkeys(row["limit"] for row in rows if row["verdict"] == ruling))

    match section["verdict"]:
        case "exceeded":
            return t("The release exceeds a limit that was set ({limits}).", limits=those("exceeded"))
        case "not settled":
            return t(
                "It is not settled whether the release keeps a limit that was set ({limits}).",
                limits=those("not settled"),
            )
        case "within":
            return t("The release is within the limits that were set ({limits}).", limits=those("within"))
        case "measured":
            return t("The release was measured without a limit: nothing says which risk is acceptable.")


def _broken(broken: list[str]) -> str:
    return t("What shows it: {names}.", names="; ".join(broken))


def _shown(row: LimitRecord) -> str:
    # For the public without the reason, which holds exact numbers.
    return f"{row['attack']} ({row['reason']})" if row["reason"] else row["attack"]


def _plain_name(section: SectionRecord) -> str:
    """The release itself: further goals of one audit are sections of its name and theirs."""
    return without_goal(section["release"], section["goal"])
