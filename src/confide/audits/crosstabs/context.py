"""Texts of a report on published tables: what was read and how, and what the adversary knew."""

from __future__ import annotations

from confide.audits.crosstabs.between import Changes
from confide.audits.spec import Context, Count
from confide.inputs.crosstabs import CrosstabsData

NOT_MEASURED = (
    "nobody can be held out of tables that exist: --data counts them again with some people held out, and "
    "measures "
    "how often it is right."
)
RECOUNTED = (
    "To hold people out, the same tables were counted again without them, and cells hidden by their size "
    "alone: cells "
    "that a publisher hides beside these are shown there."
)


FIRST = (
    "Any count may be behind a mark, so the cells that are hidden in the first block were hidden in every "
    "round."
)


CONDITION = (
    "Where the tables fit without anybody leaving, the adversary is taken to know that nobody left, and in "
    "the same way that nobody came: as in a register that only grows. Where some came and some left, records "
    "are proved without that knowledge: less follows for certain, and what is likely is not counted."
)


def about(data: CrosstabsData, count: Count, rounded: str | None) -> dict[str, str]:
    """What was read, by label."""
    view = next(iter(data.blocks.values()))
    variables = ", ".join(f"{d.name} ({len(d)} values)" for d in view.domains)
    blocks = f" in each of {len(data.blocks):,} blocks" if len(data.blocks) > 1 else ""
    found = {
        "release": f"{len(view.tables)} {'table' if len(view.tables) == 1 else 'tables'}{blocks}, "
        f"{count(data.cells)} cells, {count(data.marked)} of them hidden",
        "variables": variables,
        "tables": "; ".join(view.called),
    }
    if rounded:
        found["counts"] = f"rounded to {rounded}"
    if data.spans:
        found["hidden cells hold"] = " or ".join(span.words(data.zeros) for span in data.spans)
    if data.people is not None:
        found["people behind the tables"] = count(len(data.people.table))
    return found


def notes(data: CrosstabsData, count: Count) -> list[str]:
    """How the files were read, a sentence each."""
    said = [
        "Rows and columns called Total, Sum, All or their like were read as sums over all values, and not as "
        "values."
    ]
    zeros = "zeros are published" if data.zeros_written else "combinations that are not listed count as zeros"
    for span in data.spans:
        if span.low is None and span.high is not None:
            here = f"A mark of <{span.high + 1} was read as {span.words(data.zeros)}"
            said.append(
                f"{here}, since {zeros}: if zeros are hidden too, write --hidden 0..{span.high}."
                if data.zeros
                else f"{here}, since no zero is published: if zeros are shown, write --hidden 1..{span.high}."
            )
    if data.added:
        said.append(
            f"Combinations that a table does not list ({count(data.added)}) were read as zero, since tables "
            f"that list "
            "what there is leave out what there is not. If small counts were left out instead, write "
            "--absent unknown: "
            "proofs then hold whatever was left out."
        )
    return said


def _of_means(data: CrosstabsData, count: Count) -> list[str]:
    """What means say of hidden counts, in sentences."""
    if data.means is None:
        return []
    known = sum(one.known[0] == one.known[1] for one in data.means.narrowed)
    return [
        f"Means were published beside the counts: {count(known)} hidden counts follow from them, and "
        f"{count(len(data.means.narrowed) - known)} more are narrowed. A mean was taken to be over all "
        "people of its cell. --data counts the tables again without their means."
    ]


def _undecided(data: CrosstabsData) -> dict[str, str]:
    if data.means is None or not data.means.undecided:
        return {}
    return {
        "what means say of hidden counts": f"Of {len(data.means.undecided)} sums too many counts are "
        "hidden to try all of them beside their means: they are not safe. Give totals of smaller groups too."
    }


def proof_context(data: CrosstabsData, count: Count, *, rounded: str | None) -> Context:
    """What the report says beside proofs."""
    return Context(
        subject="Anybody who sees these tables",
        adversary=("It knew how the tables are made, and what their marks mean.",),
        about=about(data, count, rounded),
        notes=[*notes(data, count), *_of_means(data, count)],
        unsettled=_undecided(data),
    )


def change_context(data: CrosstabsData, changes: Changes, count: Count, *, rounded: str | None) -> Context:
    """What the report says beside what is proved about those who came or left."""
    return Context(
        subject=changes.subject,
        adversary=(
            "It kept the earlier releases, and knew how the tables are made, and what their marks mean.",
        ),
        about={**about(data, count, rounded), "earlier releases": f"{len(data.earlier):,}"},
        notes=[*notes(data, count), CONDITION],
    )


def game_context(
    data: CrosstabsData, people: int, worlds: int, count: Count, *, rounded: str | None
) -> Context:
    """What the report says beside the game in which people are held out."""
    return Context(
        subject="Somebody who sees these tables",
        adversary=("It knew how the tables are made, and what their marks mean.",),
        about={
            **about(data, count, rounded),
            "asked about": f"{count(people)} people, counted or held out by a fair coin, in {worlds:,} "
            "rounds",
        },
        notes=[*notes(data, count), *[RECOUNTED] * bool(data.spans), *[FIRST] * data.varied],
    )
