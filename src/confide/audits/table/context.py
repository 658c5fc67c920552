"""Texts of a report on a table: what was audited, and what the adversary knew."""

from __future__ import annotations

from confide.audits.making import HowMade
from confide.audits.release import AuditedRelease, made_from, made_in_all
from confide.audits.spec import Context, Count
from confide.audits.table.making import not_undone
from confide.core.language import later, t
from confide.games.linkage.table import TableLinkage
from confide.inputs.table import TableData
from confide.views.table_people import number_of_people

HELD_OUT = later(
    "Everybody is in the release, so the audit took people's rows out of it by itself: it takes for granted "
    "that this changes no other row."
)


OF_ALL = later(
    "The adversary of this audit learned from the rows that were drawn. A real one has all rows, and may "
    "infer the secret better."
)


def context_of(
    game: TableLinkage, data: TableData, how: HowMade, release: AuditedRelease, count: Count
) -> Context:
    """What the report says beside the numbers.

    Args:
        game: of linkage, on the table as it is.
        data: the table, read.
        how: a released table was made, as the adversary knows it.
        release: that was audited.
        count: a count in words.
    """
    known = ", ".join(game.known)
    wrong = game.knowing.wrong
    cells = t("Of these cells {share:.0%} were wrong: they held the value of another row.", share=wrong)
    made = t("It knew how the release was made.")
    drawn = data.drawn
    unsettled = {**data.unsettled, **how.unsettled, **not_undone(made_in_all(game, release.mechanism))}
    if drawn is not None and drawn.rows < drawn.total and release.goal == "secrets":
        unsettled[t("what all rows tell of the secret")] = t(OF_ALL)
    return Context(
        subject=(
            t("Somebody who knows {known} of a person, {share:.0%} of them wrong,", known=known, share=wrong)
            if wrong
            else t("Somebody who knows {known} of a person,", known=known)
        ),
        adversary=(
            t("The adversary knew of each person: {known}.", known=known),
            f"{cells} {made}" if game.released is None or how.mechanism is not None else cells,
        ),
        about={
            made_from(release): _released(game, data, release, count),
            t("asked about"): _asked(game, count),
        },
        warnings=[*data.warnings, *(_naming(name, data) for name in data.naming)],
        unsettled=unsettled,
        notes=[
            *([] if drawn is None else [drawn.words(count)]),
            *([] if data.several is None else data.several.said(count)),
            *data.notes,
            *how.notes,
            *[t(HELD_OUT)] * (game.coin and game.released is not None),
        ],
        internal_notes=[] if data.several is None else [data.several.which],
    )


def _released(game: TableLinkage, data: TableData, release: AuditedRelease, count: Count) -> str:
    """What the release holds, in words."""
    rows = len(game.records) - (0 if game.absent is None else int(game.absent.sum()))
    said = t("{rows} rows of {columns} columns", rows=count(rows), columns=len(game.records.domains))
    if data.several is not None:
        here = None if game.absent is None else ~game.absent
        said += t(" and {n} people", n=count(number_of_people(game.records, here)))
    if data.drawn is not None:
        said += t(", drawn from a table of {n}", n=count(data.drawn.total))
    said += t(", in random order")
    return said + t("; the secret is {column}", column=data.secret) if release.aside else said


def _asked(game: TableLinkage, count: Count) -> str:
    """Who was asked about, in words."""
    said = t("{n} people", n=count(len(game.targets)))
    said += t(", in {n} rounds", n=game.parts) if game.parts > 1 else ""
    if game.coin:
        return said + t("; a fair coin decides who of them is held out of the release")
    return said + t(", half of them in no release")


def _naming(name: str, data: TableData) -> str:
    """A warning of a column that names people."""
    if data.several is not None:
        return t(
            "{column} has no value that two people share: it names people as an id does. Name it with --id, "
            "or leave it out of the release.",
            column=name,
        )
    return t(
        "{column} has another value in every row: it names people as an id does. Name it with --id, or "
        "leave it out of the release.",
        column=name,
    )
