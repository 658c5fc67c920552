"""Compact renders of a page: three lines for a terminal, and a small card for a notebook."""

from __future__ import annotations

from confide.core.foreign import escaped
from confide.core.language import number, t
from confide.core.notebook import card
from confide.report.page_types import FindingRecord, Outcome, Page, SectionRecord
from confide.report.reading_rate import read_at
from confide.report.record_types import EstimateRecord
from confide.report.renders.cells import SIGNS, ruled
from confide.report.short_names import short_names
from confide.report.strongest import severity
from confide.report.telling import tells

MOST = 12
"""Releases with a row of their own in the card; the worst are among them."""

# What must stand beside a number that would be misread without it; a repr is for those who write Python.
_MISREAD: dict[Outcome, str] = {
    "found": "",
    "nothing": "no better than guessing; ",
    "broken": "the comparison is broken, so this says nothing; ",
    "few": "too few people to tell; ",
}


def to_repr(page: Page, kind: str) -> str:
    """The page in at most three lines of English: what it is about, the ruling, the strongest attack.

    Args:
        kind: of the object, such as Audit.
    """
    first = _worst(page)[0]
    names = short_names(page["releases"])
    name = dict(zip(page["releases"], names, strict=True))[first["release"]]
    public = ", for the public" if page["audience"] == "public" else ""
    where = f" on {name}" if len(names) > 1 else ""
    several = f", {len(names)} results" if len(names) > 1 else ""
    skipped = len({(k["release"], k["attack"]) for k in page["skipped"]})
    rest = f"\n  {skipped} attack{'s' * (skipped != 1)} did not run" if skipped else ""
    f = first["finding"]
    text = (
        f"<{kind} of {page['release']}{several}: {page['verdict']}{public}\n"
        f"  {_MISREAD[first['outcome']]}strongest{where}: {f['attack']} ({f['access']}), "
        f"{_numbers(f, first)}{rest}>"
    )
    return escaped(text, keep=("\n",))


def to_card(page: Page) -> str:
    """The first screen as a card: how bad it is, what to do, and a row for each release."""
    shown = _worst(page)[:MOST]
    names = dict(zip(page["releases"], short_names(page["releases"]), strict=True))
    more = len(page["sections"]) - len(shown)
    rows = [
        (
            names[s["release"]],
            s["finding"]["attack"],
            _rate(s),
            _span(s["finding"]["auc"], page),
            f"{SIGNS[s['verdict']]} {ruled(s['verdict'])}",
        )
        for s in page["sections"]
        if s in shown
    ]
    head = (t("release"), t("strongest attack"), t("found (TPR)"), "AUC", t("limits"))
    title = t("Privacy audit, public edition") if page["audience"] == "public" else t("Privacy audit")
    return card(
        f"{title}: {page['release']}",
        lines=[
            f"{SIGNS[page['verdict']]} {page['verdict_sentence']}",
            *page["glance"]["bad"][:3],
            # What changes how the numbers are read must not be missing where the numbers are.
            *dict.fromkeys(line for s in shown[:1] for line in s["warnings"][:2]),
            *page["glance"]["next"][:1],
            *([t("Further releases: {n:,}, in the report.", n=more)] if more else []),
        ],
        head=head,
        rows=rows,
    )


def _worst(page: Page) -> list[SectionRecord]:
    """The sections, the worst first."""
    return sorted(page["sections"], key=severity)


def _numbers(f: FindingRecord, s: SectionRecord) -> str:
    at = read_at(f, s["fpr"])
    if f["auc"] is None and at is None:
        return "no rate is measured"
    rate = f"TPR {_ends(at['rate'])} at FPR {at['fpr']:g}" if at else "no rate could be measured"
    return f"{rate}, AUC {_ends(f['auc'])}"


def _ends(e: EstimateRecord | None) -> str:
    return "n/a" if e is None else f"{e['value']:.3g} [{e['low']:.3g}, {e['high']:.3g}]"


def _rate(s: SectionRecord) -> str:
    at = read_at(s["finding"], s["fpr"])
    if at is None or at["rate"] is None:
        return t("n/a")
    if not tells(at["rate"], guessing=at["fpr"]):
        return t("not measured")
    value, low, high = (number(100 * at["rate"][end], ".3g") for end in ("value", "low", "high"))
    return t(
        "{value} % [{low}, {high}] at {rate} %", value=value, low=low, high=high, rate=f"{100 * at['fpr']:g}"
    )


def _span(e: EstimateRecord | None, page: Page) -> str:
    if e is None:
        return t("n/a")
    digits = 2 if page["audience"] == "public" else 3
    value, low, high = (number(e[end], f".{digits}f") for end in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"
