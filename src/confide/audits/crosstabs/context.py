"""Texts of a report on published tables: what was read and how, and what the adversary knew."""

from __future__ import annotations

from confide.audits.crosstabs.between import Changes
from confide.audits.spec import Context, Count
from confide.core.language import later, number, t
from confide.inputs.crosstabs import CrosstabsData

NOT_MEASURED = later(
    "nobody can be held out of tables that exist: --data counts them again with some people "
    "held out, and measures how often it is right."
)
RECOUNTED = later(
    "To hold people out, the same tables were counted again without them, and cells hidden "
    "by their size alone: cells that a publisher hides beside these are shown there."
)


FIRST = later(
    "Any count may be behind a mark, so the cells that are hidden in the first block were "
    "hidden in every round."
)


CONDITION = later(
    "Where the tables fit without anybody leaving, the adversary is taken to know that "
    "nobody left, and in the same way that nobody came: as in a register that only grows. "
    "Where some came and some left, records are proved without that knowledge: less follows "
    "for certain, and what is likely is not counted."
)


def about(data: CrosstabsData, count: Count, rounded: str | None) -> dict[str, str]:
    """What was read, by label."""
    view = next(iter(data.blocks.values()))
    variables = ", ".join(t("{variable} ({n} values)", variable=d.name, n=len(d)) for d in view.domains)
    found = {
        t("release"): _released(data, len(view.tables), count),
        t("variables"): variables,
        t("tables"): "; ".join(view.called),
    }
    if rounded:
        found[t("counts")] = t("rounded to {base}", base=rounded)
    if data.spans:
        found[t("hidden cells hold")] = t(" or ").join(span.words(data.zeros) for span in data.spans)
    if data.people is not None:
        found[t("people behind the tables")] = count(len(data.people.table))
    return found


def _released(data: CrosstabsData, tables: int, count: Count) -> str:
    """How much is in the release."""
    cells = {"cells": count(data.cells), "hidden": count(data.marked)}
    if len(data.blocks) > 1:
        cells["blocks"] = number(len(data.blocks), ",")
        return (
            t("1 table in each of {blocks} blocks, {cells} cells, {hidden} of them hidden", **cells)
            if tables == 1
            else t(
                "{n} tables in each of {blocks} blocks, {cells} cells, {hidden} of them hidden",
                n=tables,
                **cells,
            )
        )
    return (
        t("1 table, {cells} cells, {hidden} of them hidden", **cells)
        if tables == 1
        else t("{n} tables, {cells} cells, {hidden} of them hidden", n=tables, **cells)
    )


def _why_read(data: CrosstabsData) -> str:
    """Why a mark was read as hiding zeros or not."""
    if not data.zeros:
        return later(
            "A mark of <{below} was read as {words}, since no zero is published: if zeros are shown, write "
            "--hidden 1..{high}."
        )
    if data.zeros_written:
        return later(
            "A mark of <{below} was read as {words}, since zeros are published: if zeros are hidden too, "
            "write --hidden 0..{high}."
        )
    return later(
        "A mark of <{below} was read as {words}, since combinations that are not listed count as zeros: if "
        "zeros are hidden too, write --hidden 0..{high}."
    )


def notes(data: CrosstabsData, count: Count) -> list[str]:
    """How the files were read, a sentence each."""
    said = [
        t(
            "Rows and columns called Total, Sum, All or their like were read as sums over all "
            "values, and not as values."
        )
    ]
    for span in data.spans:
        if span.low is None and span.high is not None:
            read = {"below": span.high + 1, "words": span.words(data.zeros), "high": span.high}
            said.append(t(_why_read(data), **read))
    if data.added:
        said.append(
            t(
                "Combinations that a table does not list ({n}) were read as zero, since tables that list "
                "what there is leave out what there is not. If small counts were left out instead, write "
                "--absent unknown: proofs then hold whatever was left out.",
                n=count(data.added),
            )
        )
    return said


def _of_means(data: CrosstabsData, count: Count) -> list[str]:
    """What means say of hidden counts, in sentences."""
    if data.means is None:
        return []
    known = sum(one.known[0] == one.known[1] for one in data.means.narrowed)
    return [
        t(
            "Means were published beside the counts: {known} hidden counts follow from them, and "
            "{more} more are narrowed. A mean was taken to be over all people of its cell. --data "
            "counts the tables again without their means.",
            known=count(known),
            more=count(len(data.means.narrowed) - known),
        )
    ]


def _undecided(data: CrosstabsData) -> dict[str, str]:
    if data.means is None or not data.means.undecided:
        return {}
    return {
        t("what means say of hidden counts"): t(
            "Of {n} sums too many counts are hidden to try all of them beside their means: they are "
            "not safe. Give totals of smaller groups too.",
            n=len(data.means.undecided),
        )
    }


def proof_context(data: CrosstabsData, count: Count, *, rounded: str | None) -> Context:
    """What the report says beside proofs."""
    return Context(
        subject=t("Anybody who sees these tables"),
        adversary=(t("It knew how the tables are made, and what their marks mean."),),
        about=about(data, count, rounded),
        notes=[*notes(data, count), *_of_means(data, count)],
        unsettled=_undecided(data),
    )


def change_context(data: CrosstabsData, changes: Changes, count: Count, *, rounded: str | None) -> Context:
    """What the report says beside what is proved about those who came or left."""
    return Context(
        subject=changes.subject,
        adversary=(
            t("It kept the earlier releases, and knew how the tables are made, and what their marks mean."),
        ),
        about={**about(data, count, rounded), t("earlier releases"): f"{len(data.earlier):,}"},
        notes=[*notes(data, count), t(CONDITION)],
    )


def game_context(
    data: CrosstabsData, people: int, worlds: int, count: Count, *, rounded: str | None
) -> Context:
    """What the report says beside the game in which people are held out."""
    return Context(
        subject=t("Somebody who sees these tables"),
        adversary=(t("It knew how the tables are made, and what their marks mean."),),
        about={
            **about(data, count, rounded),
            t("asked about"): t(
                "{people} people, counted or held out by a fair coin, in {rounds:,} rounds",
                people=count(people),
                rounds=worlds,
            ),
        },
        notes=[*notes(data, count), *[t(RECOUNTED)] * bool(data.spans), *[t(FIRST)] * data.varied],
    )
