"""Distance to the closest record: a chart, and never a verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from confide.attacks.membership.synthetic import NearestSynthetic
from confide.audits.release import AuditedRelease
from confide.core.arrays import Floats
from confide.core.evidence import Evidence
from confide.core.language import later, t
from confide.report import Exhibit, Line, Plot

SHARES = tuple(np.linspace(0.05, 0.95, 19).tolist())
"""Of the people: nobody's own distance is drawn."""
NO_VERDICT = later(
    "This is a picture, and no test. Two files can have the same curve here, and one of them holds one real "
    "row in twenty: the few that are given away hardly move a curve of all. And a generator that only knows "
    "the population well comes near to everybody. What decides is whether people behind the file are nearer "
    "than people held out, person by person, which the attacks measure."
)


def nearest(release: AuditedRelease) -> Evidence | None:
    """The evidence of the attack whose score is the distance to the nearest synthetic row, negative."""
    return next((e for e in release.evidence if e.attack == NearestSynthetic.name), None)


def distance_chart(release: AuditedRelease, *, held_out: bool) -> Sequence[Exhibit]:
    """How near the synthetic rows come to people behind the file and to people held out, by quantiles."""
    found = nearest(release)
    if found is None:
        return ()
    far = -found.table["score"].to_numpy()
    other = t("people held out") if held_out else t("other people, in rows of further real people")
    groups = [(t("people behind the file"), far[found.exposed]), (other, far[~found.exposed])]
    return (
        Plot(
            title=t("How near the closest synthetic row is"),
            reading=[
                t(NO_VERDICT),
                t(
                    "The distance counts 1 for a category that differs, and for a number its difference "
                    "over the range of the column."
                ),
            ],
            x_title=t("share of people whose closest row is nearer than this"),
            y_title=t("distance to the closest synthetic row"),
            lines=tuple(_line(name, values) for name, values in groups if len(values)),
            of=min(len(values) for _, values in groups),
        ),
    )


def _line(name: str, values: Floats) -> Line:
    return Line(
        name=name,
        x=SHARES,
        y=tuple(np.quantile(values, SHARES).tolist()),
        beyond=int(min(SHARES) * len(values)),
    )
