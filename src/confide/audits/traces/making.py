"""How released traces were made, as the adversary knows it."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.making import UNRELEASED, HowMade, how_made
from confide.audits.protections import Protection
from confide.inputs.traces import Traces
from confide.inputs.visits import Visits
from confide.inputs.worked_out import visits_as_said
from confide.inputs.worked_out.traces import worked_out


def made_of(held: Traces, visits: Visits, protections: Mapping[str, Protection]) -> HowMade:
    """How the released file was made: by its sidecar, as is said, or as a comparison of the visits shows.

    Raises:
        DataError: as `how_made`.
    """
    exact, shown, owner, rows = visits.exact, visits.shown, visits.owner, visits.rows
    if shown is None or owner is None or rows is None:
        return UNRELEASED
    named = visits.places.labels is not None
    return how_made(
        held.released,
        held.made_by,
        protections,
        kind="traces",
        work_out=lambda: worked_out(exact, shown, owner, named=named),
        contrasts=lambda mechanism: visits_as_said.contrasts(mechanism, exact, shown, owner, named=named),
        rows=lambda: rows,
    )
