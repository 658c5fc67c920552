"""Beside the findings on traces: unicity at every resolution, its laws, thresholds, and who falls by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from confide.attacks.linkage.traces.unique_points import UniquePoints
from confide.core.errors import EvidenceError
from confide.core.evidence import Evidence
from confide.measure.identification import at_false_match_rate, linked, rank_one
from confide.measure.scaling import gallery_law, resolution_law
from confide.measure.unicity import Unicity, in_galleries, unicity
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.report import Exhibit, Line, Plot, Table
from confide.views.points import distinct
from confide.views.traces import Traces

UP_TO = 6
DRAWS = 10_000
SPACE, TIME = (1, 2, 4, 8), (1, 4, 24)
"""Sides of cells and lengths of bins, as multiples of what was asked for."""
RATES = (0.05, 0.01)
FEWEST = 20
"""So many people at least must have enough points."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resolution:
    """Unicity for 1, 2, ... points at one resolution.

    Args:
        space: so many places are joined in one on average.
        time: so many bins are joined in one.
        name: in words.
        curve: one entry a number of points.
    """

    space: float
    time: int
    name: str
    curve: tuple[Unicity, ...]


def resolutions(
    traces: Traces, *, metres: float | None, seconds: int, points: int, seed: int
) -> tuple[Resolution, ...]:
    """Unicity at each resolution: cells grow only where it is known where places are.

    Args:
        metres: the side of the cells that places are; None where they are places of their own.
        seconds: the length of the bins that times are in.
        points: at least so many are asked about.
    """
    coarsest = CoarseTraces(seconds=seconds * TIME[-1])(traces, rng=None).view
    enough = int((distinct(coarsest).counts() >= UP_TO).sum()) >= FEWEST
    most = max(UP_TO if enough else points, points)
    places = len(np.unique(traces.place))
    found: list[Resolution] = []
    for space in SPACE if traces.where is not None else SPACE[:1]:
        for time in TIME:
            side = None if space == 1 else (metres or 250.0) * space
            view = CoarseTraces(metres=side, seconds=seconds * time)(traces, rng=None).view
            counts = distinct(view).counts()
            if (counts >= most).sum() < 2:
                continue
            place = "places as they are" if space == 1 and metres is None else f"{side or metres:g} m"
            curve = unicity(
                view, points=range(1, most + 1), draws=DRAWS, rng=np.random.default_rng([seed, space, time])
            )
            found.append(
                Resolution(
                    space=places / len(np.unique(view.place)),
                    time=time,
                    name=f"{place}, {span(seconds * time)}",
                    curve=curve,
                )
            )
    return tuple(found)


def span(seconds: int) -> str:
    """Seconds in words.

    >>> span(3600), span(86400), span(600)
    ('1 h', '24 h', '10 min')
    """
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"


def unicity_exhibits(found: Sequence[Resolution]) -> tuple[Exhibit, ...]:
    """The share of people singled out by 1, 2, ... points at each resolution, as a table and a plot."""
    if not found:
        return ()
    numbers = [u.points for u in found[0].curve]
    table = Table(
        title="How many points single a person out",
        reading="A row a resolution: the share of draws of a person and of so many of his points in which "
        "nobody else was at all of them. People with fewer points than the most asked about are left out.",
        head=("cell and bin", *(f"{p} point{'s' * (p > 1)}" for p in numbers), "people", "left out"),
        rows=tuple(
            (r.name, *(u.share for u in r.curve), r.curve[0].people, r.curve[0].excluded) for r in found
        ),
        of=min(r.curve[0].people for r in found),
    )
    plot = Plot(
        title="Singled out by a few points",
        reading="Each line is a resolution. Coarser cells and hours push the line down; one or two points "
        "more lift it again.",
        x_title="points known",
        y_title="share singled out",
        lines=tuple(
            Line(
                name=r.name,
                x=tuple(float(p) for p in numbers),
                y=tuple(u.share.value for u in r.curve),
                low=tuple(u.share.low for u in r.curve),
                high=tuple(u.share.high for u in r.curve),
            )
            for r in found
        ),
    )
    return table, plot


def law_table(found: Sequence[Resolution]) -> tuple[Exhibit, ...]:
    """The law of resolution, for each number of points that it can be fitted to."""
    rows: list[tuple[Any, ...]] = []
    space, time = [r.space for r in found], [r.time for r in found]
    for i, u in enumerate(found[0].curve if found else ()):
        shares = [r.curve[i].share.value for r in found]
        try:
            law = resolution_law(space, time, shares)
            apart = resolution_law(space, time, shares, apart=True)
        except EvidenceError:
            continue
        ahead = [float(apart.at(max(space) * times, max(time))) for times in (4, 16)]
        rows.append((u.points, law.alpha, law.beta, law.r2, apart.beta, apart.gamma, apart.r2, *ahead))
    if not rows:
        return ()
    return (
        Table(
            title="What coarser records would do: the law of unicity",
            reading="unicity = alpha - factor (v h)^beta, if v places and h bins are joined in one, fitted "
            "to the resolutions above; R2 is the share of their variance that it explains. A small exponent "
            "says that coarsening helps little. Then the same with an exponent each for v and h, and what "
            "that foretells for places 4 and 16 times as coarse as the coarsest measured. An alpha of 3 is "
            "the most that was tried: such a curve is nearly straight, and foretells too much.",
            head=(
                "points",
                "alpha",
                "beta",
                "R2",
                "exponent of v",
                "exponent of h",
                "R2 apart",
                "foretold, 4 v",
                "foretold, 16 v",
            ),
            rows=tuple(rows),
        ),
    )


def gallery_table(found: Sequence[Resolution], *, points: int) -> tuple[Exhibit, ...]:
    """How unicity falls with the number of people, and what larger galleries would do."""
    if not found:
        return ()
    finest, coarsest = found[0], found[-1]
    rows: list[tuple[Any, ...]] = []
    first = 0
    for r, p in dict.fromkeys([(finest, points), (finest, 2), (coarsest, points)]):
        u = r.curve[min(p, len(r.curve)) - 1]
        everybody = u.everybody
        sizes = np.unique(np.geomspace(min(100, everybody // 8 or 1), everybody, 12).astype(np.int64))
        small = sizes[sizes <= everybody // 4]
        if len(small) < 3:
            continue
        seen = in_galleries(u, small.tolist())
        foretold = float(gallery_law(small.tolist(), seen.tolist()).at(np.array(everybody)))
        law = gallery_law(sizes.tolist(), in_galleries(u, sizes.tolist()).tolist())
        rows.append(
            (
                r.name,
                u.points,
                float(seen[0]),
                u.share,
                foretold,
                *(float(law.at(np.array(everybody * times))) for times in (10, 100)),
            )
        )
        first = int(small[0])
    if not rows:
        return ()
    return (
        Table(
            title="What more people would do",
            reading="The more people there are, the more often somebody else was at the same points too. The "
            "law of Pitman and Yor is fitted to galleries of up to a quarter of the people and foretells all "
            "of them (compare with what was measured); fitted to all, it foretells more people like these.",
            head=(
                "cell and bin",
                "points",
                f"in galleries of {first}",
                f"of all {found[0].curve[0].everybody:,}, measured",
                "the same, foretold",
                "10 times as many",
                "100 times as many",
            ),
            rows=tuple(rows),
            of=found[0].curve[0].people,
        ),
    )


def threshold_table(evidence: Sequence[Evidence]) -> Table:
    """Right, wrong, nobody and false matches, at each threshold, for each adversary."""
    rows: list[tuple[Any, ...]] = []
    for e in evidence:
        parts = [(f"set for {rate:.0%} false matches", at_false_match_rate(e, rate=rate)) for rate in RATES]
        if e.attack == UniquePoints.name:
            parts.insert(0, ("as published: one trace fits most points", linked(e, threshold=0.5)))
        for words, found in parts:
            if found is not None:
                cells = (found.right, found.wrong, found.abstained, found.false_matches)
                rows.append((f"{e.attack}, {words}", *cells))
        rows.append((f"{e.attack}, best fit whatever it is", rank_one(e), None, None, None))
    return Table(
        title="Whose trace is named",
        reading="Of the people in the release: how many get their own trace named, another one, or none. Of "
        "the people who are not in it: how many get one named all the same. Thresholds are set on half of "
        "the absent people, and false matches counted on the other half. The first rows know points, those "
        "on earlier traces other people's past.",
        head=(
            "adversary and threshold",
            "named rightly",
            "named wrongly",
            "nobody named",
            "absent, yet named",
        ),
        rows=tuple(rows),
        of=min(int(e.exposed.sum()) for e in evidence),
    )
