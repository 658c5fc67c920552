"""Tables of an audit that its documents carry: what was held against a promise, and what was rebuilt."""

from __future__ import annotations

from confide.core.language import later, t
from confide.report.page_types import Cell, Page, PlotRecord, SectionRecord, TableRecord
from confide.report.purposes.document import Part
from confide.report.purposes.told import interval
from confide.report.renders.cells import plain

PROMISE = later("promise")
"""The word in a title, a head or a row's name by which a table holds a release against its promise."""


def held_against_promises(section: SectionRecord, *, name: str = "") -> list[Part]:
    """The checks, each failed or passed, and what was shown beside what was promised.

    Args:
        name: of the release, where a document is about several.
    """
    shown: list[Part] = []
    for one in section["exhibits"]:
        if one["kind"] == "table" and not one["internal"] and _on_promise(one):
            shown.append(_part(one, name))
        # Numbers side by side, which are no curve.
        if one["kind"] == "plot" and one["places"] and len(one["lines"]) == 1 and _promise() in _title(one):
            shown.append(_numbers(one, name))
    return shown


def rebuilt(section: SectionRecord, *, name: str = "") -> list[Part]:
    """The further tables of an audit of rebuilding: the plain shares that were rebuilt."""
    return [
        _part(one, name)
        for one in section["exhibits"]
        if section["goal"] == "reconstruction"
        and one["kind"] == "table"
        and not one["internal"]
        and not _on_promise(one)
    ]


def side_by_side(page: Page) -> list[Part]:
    """The table of several releases with what is left to users, accuracy say, where there is one."""
    return [
        _part(one)
        for section in page["sections"]
        for one in section["exhibits"]
        if one["kind"] == "table" and not one["internal"] and one["head"][:2] == [t("release"), t("promise")]
    ]


def _promise() -> str:
    return t(PROMISE).lower()


def _title(one: TableRecord | PlotRecord) -> str:
    return one["title"].lower()


def _on_promise(one: TableRecord) -> bool:
    names = [*one["head"], *(str(row[0]) for row in one["rows"])]
    return _promise() in _title(one) or any(_promise() in name.lower() for name in names)


def _part(table: TableRecord, name: str = "") -> Part:
    return Part(
        title=t("{label}: {text}", label=name, text=table["title"]) if name else table["title"],
        sentences=[table["reading"]],
        head=table["head"],
        rows=[[_cell(cell) for cell in row] for row in table["rows"]],
    )


def _numbers(plot: PlotRecord, name: str) -> Part:
    """Numbers at named places as a table."""
    (line,) = plot["lines"]
    return Part(
        title=t("{label}: {text}", label=name, text=plot["title"]) if name else plot["title"],
        sentences=[plot["reading"]],
        head=["", plot["y_title"]],
        rows=[
            [plot["places"][int(x)], _cell(y)]
            for x, y in zip(line["x"], line["y"], strict=True)
            if x is not None
        ],
    )


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    return plain(cell) if isinstance(cell, int | float) else interval(cell)
