"""Texts of a report on traces: what was audited, and what the two adversaries knew."""

from __future__ import annotations

import numpy as np

from confide.audits.making import HowMade
from confide.audits.release import AuditedRelease, made_from
from confide.audits.spec import Context, Count
from confide.audits.traces.games import Games
from confide.core.language import later, t
from confide.inputs.traces import TracesData
from confide.views.points import distinct
from confide.views.traces import Traces

HELD_OUT = later(
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
        subject=t("Somebody who knows {n} points of a person, or an earlier trace,", n=points),
        adversary=(
            t("One adversary knows {n} points of each person, places and times, exactly.", n=points),
            t(
                "Another one knows where each person was in the first half of the time; the second half is "
                "released."
            ),
            *([t("Both know how the release was made.")] if not how.unexplained else []),
        ),
        unsettled={**data.unsettled, **how.unsettled},
        about={
            made_from(release): _released(shown, people, data, count),
            t("asked about"): _asked(count(planned.points.targets), worlds),
        },
        notes=[
            *data.notes,
            *how.notes,
            *[t("Nobody asks about {n} people, who have too few points.", n=count(few))] * (few > 0),
            *[t(HELD_OUT)] * (data.released is not None),
        ],
        internal_notes=data.counted,
    )


def _released(shown: Traces, people: int, data: TracesData, count: Count) -> str:
    """What the release holds, in words."""
    counts = {
        "visits": count(len(shown)),
        "people": count(people),
        "places": count(len(np.unique(shown.place))),
    }
    if data.places is None:
        return t(
            "{visits} visits of {people} people to {places} cells; people under random numbers", **counts
        )
    return t("{visits} visits of {people} people to {places} places; people under random numbers", **counts)


def _asked(people: str, worlds: int) -> str:
    """Who was asked about, in words."""
    said = t("{n} people at most", n=people)
    said += t(" in each of {n} rounds", n=worlds) if worlds > 1 else ""
    return said + t("; a fair coin decides who of them is held out of the release")
