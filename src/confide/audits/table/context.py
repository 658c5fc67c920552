"""Texts of a report on a table: what was audited, and what the adversary knew."""

from __future__ import annotations

from confide.audits.making import HowMade
from confide.audits.release import AuditedRelease, made_from, made_in_all
from confide.audits.spec import Context, Count
from confide.audits.table.making import not_undone
from confide.games.linkage.table import TableLinkage
from confide.inputs.table import TableData
from confide.views.table_people import number_of_people

HELD_OUT = (
    "Everybody is in the release, so the audit took people's rows out of it by itself: it takes for granted "
    "that this changes no other row."
)


OF_ALL = (
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
    wrong = f", {game.knowing.wrong:.0%} of them wrong" if game.knowing.wrong else ""
    rows = len(game.records) - (0 if game.absent is None else int(game.absent.sum()))
    people, alone = "", "another value in every row"
    if data.several is not None:
        alone = "no value that two people share"
        here = None if game.absent is None else ~game.absent
        people = f" and {count(number_of_people(game.records, here))} people"
    secret = f"; the secret is {data.secret}" if release.aside else ""
    made = " It knew how the release was made." if game.released is None or how.mechanism is not None else ""
    drawn = data.drawn
    unsettled = {**data.unsettled, **how.unsettled, **not_undone(made_in_all(game, release.mechanism))}
    if drawn is not None and drawn.rows < drawn.total and release.goal == "secrets":
        unsettled["what all rows tell of the secret"] = OF_ALL
    of_all = "" if drawn is None else f", drawn from a table of {count(drawn.total)}"
    return Context(
        subject=f"Somebody who knows {known} of a person{wrong},",
        adversary=(
            f"The adversary knew of each person: {known}.",
            f"Of these cells {game.knowing.wrong:.0%} were wrong: they held the value of another row.{made}",
        ),
        about={
            made_from(
                release
            ): f"{count(rows)} rows of {len(game.records.domains)} columns{people}{of_all}, in random order"
            + secret,
            "asked about": f"{count(len(game.targets))} people"
            + f", in {game.parts} rounds" * (game.parts > 1)
            + (
                "; a fair coin decides who of them is held out of the release"
                if game.coin
                else ", half of them in no release"
            ),
        },
        warnings=[
            *data.warnings,
            *(
                f"{name} has {alone}: it names people as an id does. Name it with --id, or leave it out of "
                "the release."
                for name in data.naming
            ),
        ],
        unsettled=unsettled,
        notes=[
            *([] if drawn is None else [drawn.words(count)]),
            *([] if data.several is None else data.several.said(count)),
            *data.notes,
            *how.notes,
            *[HELD_OUT] * (game.coin and game.released is not None),
        ],
        internal_notes=[] if data.several is None else [data.several.which],
    )
