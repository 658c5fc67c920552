"""The release of a table as it would be published: everybody is in it, and no coin holds anybody out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.audits.release import AuditedRelease
from confide.core.arrays import Ints
from confide.core.nouns import AnyMechanism
from confide.games.linkage.table import TableLinkage
from confide.views.table import Table
from confide.views.table_people import number_of_people


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Whole:
    """A release of everybody.

    Args:
        view: all columns.
        seen: the known columns that are still in it.
        original: the same people's known columns, precise.
        rows: int64[n], which row of the records each row of the release shows.
        made: how it was made in all.
    """

    view: Table
    seen: Table
    original: Table
    rows: Ints
    made: AnyMechanism

    @property
    def known(self) -> tuple[str, ...]:
        """The known columns that are still there."""
        return self.seen.names

    @property
    def people(self) -> int:
        """How many people are in it."""
        return number_of_people(self.original)

    @property
    def several(self) -> bool:
        """Whether somebody may have several rows."""
        return self.original.people is not None

    def row_of(self, rows: Ints) -> Ints:
        """Where each of these rows of the records is, int64[n]; -1 for those that are in no release."""
        place = np.full(int(max(self.rows.max(initial=0), rows.max(initial=0))) + 1, -1, np.int64)
        place[self.rows] = np.arange(len(self.rows))
        return place[rows]


def whole(release: AuditedRelease) -> Whole | None:
    """The release of everybody; None where the mechanism does not keep rows: nobody's row is known then."""
    return release.once("whole", lambda: _made(release))


def _made(release: AuditedRelease) -> Whole | None:
    game = release.game
    assert isinstance(game, TableLinkage)
    n = len(game.records)
    rows = np.arange(n) if game.absent is None else np.flatnonzero(~game.absent)
    source = (game.records if game.released is None else game.released).take(rows)
    view = game.mechanism(source, rng=release.settings.rng("whole")).view
    known = [name for name in game.known if name in view.names]
    if len(view) != len(rows) or not known:
        return None
    return Whole(
        view=view,
        seen=view.only(known),
        original=game.records.only(known).take(rows),
        rows=rows,
        made=game.made_by or game.mechanism,
    )
