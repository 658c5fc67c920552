"""Check of a page that was read from a file: anybody may have written it, and it is to be rendered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from confide.core.schema import fault
from confide.report.page_types import ExhibitRecord, Page, PlotRecord, SectionRecord
from confide.report.renders.agreeing import disagreements
from confide.report.renders.schema import schema


def wrong_in(page: object) -> str:
    """What is wrong with a page, in a few words; empty if it can be rendered."""
    return fault(page, schema()) or next(_contradictions(cast(Page, page)), "")


def _contradictions(page: Page) -> Iterator[str]:
    """What no schema can say: numbers of entries that have to be the same."""
    if any(len(one["head"]) != 3 for one in page["comparisons"]):
        yield "a comparison has no three columns"
    yield from disagreements(page)
    releases = [s["release"] for s in page["sections"]]
    if len(set(releases)) < len(releases):
        yield "two sections have one name"
    if [one["release"] for one in page["glance"]["contents"]] != releases:
        yield "glance.contents names other sections"
    if not page["glance"]["released"]:
        yield "glance.released is empty"
    for at, table in enumerate(page["opening"]):
        yield from (f"opening[{at}] {text}" for text in _in_exhibit(table))
    for at, s in enumerate(page["sections"]):
        found = [f["attack"] for f in page["findings"] if f["release"] == s["release"]]
        if not found:
            yield f"sections[{at}] has no finding"
        yield from (f"sections[{at}].{text}" for text in _in_section(s))


def _in_section(s: SectionRecord) -> Iterator[str]:
    if s["worst_off"] and len(s["labels"]["worst_off"]) not in (0, 5):
        yield "labels.worst_off has no five entries"
    for at, exhibit in enumerate(s["exhibits"]):
        yield from (f"exhibits[{at}] {text}" for text in _in_exhibit(exhibit))


def _in_exhibit(exhibit: ExhibitRecord) -> Iterator[str]:
    if exhibit["kind"] == "plot":
        yield from _in_plot(exhibit)
    elif not exhibit["head"] or any(len(row) != len(exhibit["head"]) for row in exhibit["rows"]):
        yield "has rows of another length than its head"


def _in_plot(plot: PlotRecord) -> Iterator[str]:
    for line in plot["lines"]:
        n = len(line["x"])
        needed = [line["y"], *(end for band in line["bands"] for end in (band["low"], band["high"]))]
        optional = [line["low"], line["high"], line["x_low"], line["x_high"], line["labels"]]
        if any(len(part) != n for part in needed) or any(part and len(part) != n for part in optional):
            yield "has lines whose parts differ in length"
        places = len(plot["places"])
        if places and any(x is not None and not 0 <= x < places for x in line["x"]):
            yield "has points at places that it does not name"
