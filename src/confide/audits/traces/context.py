"""Texts of a report on traces: what was audited, and what the two adversaries knew."""

from __future__ import annotations

import numpy as np

from confide.audits.making import HowMade
from confide.audits.release import AuditedRelease, made_from
from confide.audits.spec import Context, Count
from confide.audits.traces.games import Games
from confide.inputs.traces import TracesData
from confide.views.points import distinct

HELD_OUT = (
    "The audit takes half of the people it asks about out of the released file by itself: it takes for "
    "granted that this changes nobody else's trace."
)


def context_of(
    planned: Games, data: TracesData, how: HowMade, release: AuditedRelease, count: Count
) -> Context:
    """What the report says beside the numbers.

    Args:
        planned: the games on the traces as they are.
        data: the traces, read.
        how: a released file was made, as the adversary knows it.
        release: that was audited.
        count: a count in words.
    """
    points, worlds = planned.points.points, planned.worlds
    shown = data.records if data.released is None else data.released
    people = int((shown.counts() > 0).sum()) if data.owner is None else len(np.unique(data.owner))
    counts = distinct(data.records).counts()
    few = int(((counts > 0) & (counts < points)).sum())
    return Context(
        subject=f"Somebody who knows {points} points of a person, or an earlier trace,",
        adversary=(
            f"One adversary knows {points} points of each person, places and times, exactly.",
            "Another one knows where each person was in the first half of the time; the second half is "
            "released.",
            *(["Both know how the release was made."] if not how.unexplained else []),
        ),
        unsettled={**data.unsettled, **how.unsettled},
        about={
            made_from(release): f"{count(len(shown))} visits of {count(people)} people "
            f"to {count(len(np.unique(shown.place)))} {'cells' if data.places is None else 'places'}; "
            "people under random numbers",
            "asked about": f"{count(planned.points.targets)} people at most"
            + f" in each of {worlds} rounds" * (worlds > 1)
            + "; a fair coin decides who of them is held out of the release",
        },
        notes=[
            *data.notes,
            *how.notes,
            *[f"Nobody asks about {count(few)} people, who have too few points."] * (few > 0),
            *[HELD_OUT] * (data.released is not None),
        ],
        left_out=[f"Nobody asks about {count(few)} people, who have too few points."] * (few > 0),
        internal_notes=data.counted,
    )
