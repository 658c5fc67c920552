"""Exhibits on traces: unicity at several resolutions, the laws it follows, and thresholds of the attacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.attacks.linkage.traces.unique_points import UniquePoints
from confide.audits.settings import Settings
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.language import parts, t
from confide.inputs.traces import Traces, TracesData
from confide.measure.identification import at_false_match_rate, linked, rank_one
from confide.measure.scaling import ResolutionLaw, gallery_law, resolution_law
from confide.measure.unicity import Unicity, in_galleries, unicity
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.report import Exhibit, Line, Plot, Table
from confide.report.exhibits import Cell
from confide.views.points import distinct

UP_TO = 6
"""Points asked about, where enough people have them: more of them single nearly everybody out."""
DRAWS = 10_000
"""Draws of a person and points for each number of points: an interval of about one percentage point."""
SPACE, TIME = (1, 2, 4, 8), (1, 4, 24)
"""Sides of cells and lengths of bins, as multiples of what was asked for."""
RATES = (0.05, 0.01)
FEWEST = 20
"""At least this number of people must have enough points."""
FEWEST_LOCALISED = 2
"""The location-privacy meter tells people apart, so it needs two with visits in both halves of the time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resolution:
    """Unicity for 1, 2, ... points at one resolution.

    Args:
        space: how many places are joined in one on average.
        time: how many bins are joined in one.
        name: in words.
        curve: one entry a number of points.
    """

    space: float
    time: int
    name: str
    curve: tuple[Unicity, ...]


def of_the_records(data: TracesData, held: Traces, settings: Settings) -> tuple[Exhibit, ...]:
    """What is said of the records themselves, whatever protects them: unicity and its laws."""
    found = resolutions(data, held, settings=settings)
    return (
        *unicity_exhibits(found),
        *law_table(found),
        *gallery_table(found, points=held.points),
    )


def resolutions(data: TracesData, held: Traces, *, settings: Settings) -> tuple[Resolution, ...]:
    """Unicity at each resolution. Cells grow only if the positions of places are known."""
    traces, seconds, points = data.records, held.seconds, held.points
    metres = None if data.places is not None else held.metres
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
            place = (
                t("places as they are")
                if space == 1 and metres is None
                else t("{metres:g} m", metres=side or metres)
            )
            rng = settings.rng("unicity", space, time)
            curve = unicity(view, points=range(1, most + 1), draws=DRAWS, rng=rng)
            found.append(
                Resolution(
                    space=places / len(np.unique(view.place)),
                    time=time,
                    name=t("{place}, {time}", place=place, time=span(seconds * time)),
                    curve=curve,
                )
            )
    return tuple(found)


def span(seconds: int) -> str:
    """Seconds in words.

    >>> span(3600), span(86400), span(600)
    ('1 h', '24 h', '10 min')
    """
    return t("{n:g} h", n=seconds / 3600) if seconds >= 3600 else t("{n:g} min", n=seconds / 60)


def unicity_exhibits(found: Sequence[Resolution]) -> tuple[Exhibit, ...]:
    """The share of people singled out by 1, 2, ... points at each resolution, as a table and a plot."""
    if not found:
        return ()
    numbers = [u.points for u in found[0].curve]
    table = Table(
        title=t("How many points single a person out"),
        reading=t(
            "A row for each resolution. Draw a person and this number of their points: in which share of "
            "the draws was nobody else at all of them? People with fewer points than the most asked about "
            "are left out."
        ),
        head=(
            t("cell and bin"),
            *(t("{n} points", n=p) if p > 1 else t("1 point") for p in numbers),
            t("people"),
            t("left out"),
        ),
        rows=tuple(
            (r.name, *(u.share for u in r.curve), r.curve[0].people, r.curve[0].excluded) for r in found
        ),
        of=min(r.curve[0].people for r in found),
    )
    plot = Plot(
        title=t("Singled out by a few points"),
        reading=t(
            "Each line is a resolution. Coarser cells and hours push the line down; one or two points more "
            "lift it up again."
        ),
        x_title=t("points known"),
        y_title=t("share singled out"),
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
        of=table.of,
    )
    return table, plot


def law_table(found: Sequence[Resolution]) -> tuple[Exhibit, ...]:
    """The law of resolution, for each number of points that it can be fitted to."""
    rows: list[tuple[Cell, ...]] = []
    space, time = [r.space for r in found], [r.time for r in found]
    for i, u in enumerate(found[0].curve if found else ()):
        shares = [r.curve[i].share.value for r in found]
        try:
            law = resolution_law(space, time, shares)
            apart = resolution_law(space, time, shares, apart=True)
        except EvidenceError:
            continue
        ahead = [_foretold(apart, max(space) * times, max(time)) for times in (4, 16)]
        rows.append((u.points, law.alpha, law.beta, law.r2, apart.beta, apart.gamma, apart.r2, *ahead))
    if not rows:
        return ()
    return (
        Table(
            title=t("What coarser records would do: the law of unicity"),
            reading=t(
                "unicity = alpha - factor (v h)^beta, if v places and h bins are joined in one, fitted to "
                "the resolutions above; R2 is the share of their variance that it explains. A small "
                "exponent says that coarsening helps little. Then the same with one exponent for v and one "
                "for h, and what that predicts for places 4 and 16 times as coarse as the coarsest "
                "measured. Such curves fall too fast where nothing was measured: a prediction is no "
                "all-clear, so measure there. None is given where the curve has reached 0, or is nearly "
                "straight (alpha of 3, the most that was tried)."
            ),
            head=(
                t("points"),
                t("alpha"),
                t("beta"),
                t("R2"),
                t("exponent of v"),
                t("exponent of h"),
                t("R2 apart"),
                t("predicted, 4 v"),
                t("predicted, 16 v"),
            ),
            rows=tuple(rows),
        ),
    )


def _foretold(law: ResolutionLaw, space: float, time: float) -> float | None:
    """What a law predicts; None where it says nothing."""
    value = float(law.at(space, time))
    return value if 0 < value < 1 and not law.straight else None


def gallery_table(found: Sequence[Resolution], *, points: int) -> tuple[Exhibit, ...]:
    """How unicity falls with the number of people, and what larger galleries would do."""
    if not found:
        return ()
    finest, coarsest = found[0], found[-1]
    rows: list[tuple[Cell, ...]] = []
    smallest = 0
    for r, p in dict.fromkeys([(finest, points), (finest, 2), (coarsest, points)]):
        u = r.curve[min(p, len(r.curve)) - 1]
        everybody = u.everybody
        # Whole tens: an eighth of all would tell their number more sharply than a count of two digits does.
        first = min(100, everybody // 80 * 10 or everybody // 8 or 1)
        sizes = np.unique(np.geomspace(first, everybody, 12).astype(np.int64))
        small = sizes[sizes <= everybody // 4]
        if len(small) < 3:
            continue
        seen = in_galleries(u, small.tolist())
        predicted = float(gallery_law(small.tolist(), seen.tolist()).at(np.array(everybody)))
        law = gallery_law(sizes.tolist(), in_galleries(u, sizes.tolist()).tolist())
        rows.append(
            (
                r.name,
                str(u.points),  # a setting: it counts nobody
                float(seen[0]),
                u.share,
                predicted,
                *(float(law.at(np.array(everybody * times))) for times in (10, 100)),
            )
        )
        smallest = int(small[0])
    if not rows:
        return ()
    return (
        Table(
            title=t("What more people would do"),
            reading=t(
                "The more people there are, the more often somebody else was at the same points too. The "
                "law of Pitman and Yor is fitted to galleries of up to a quarter of the people and predicts "
                "all of them (compare with what was measured). Fitted to all, it predicts more people like "
                "these."
            ),
            head=(
                t("cell and bin"),
                t("points"),
                parts("in galleries of {n}", n=smallest),
                parts("of all {n}, measured", n=int(found[0].curve[0].everybody)),
                t("the same, predicted"),
                t("10 times as many"),
                t("100 times as many"),
            ),
            rows=tuple(rows),
            of=found[0].curve[0].people,
        ),
    )


def recognised(evidence: Evidence, *, confidence: float = 0.95) -> Estimate:
    """The share of people whose trace is named at few false matches; at any, where few cannot be had."""
    at = at_false_match_rate(evidence, rate=RATES[0], confidence=confidence)
    return rank_one(evidence, confidence=confidence) if at is None else at.right


def threshold_table(evidence: Sequence[Evidence]) -> Table:
    """Right, wrong, nobody and false matches, at each threshold, for each adversary."""
    rows: list[tuple[Cell, ...]] = []
    for e in evidence:
        at = [
            (
                t("{attack}, set for {rate:.0%} false matches", attack=e.attack, rate=rate),
                at_false_match_rate(e, rate=rate),
            )
            for rate in RATES
        ]
        if e.attack == UniquePoints.name:
            published = t("{attack}, as published: one trace fits most points", attack=e.attack)
            at.insert(0, (published, linked(e, threshold=0.5)))
        for words, found in at:
            if found is not None:
                rows.append((words, found.right, found.wrong, found.abstained, found.false_matches))
        best = t("{attack}, best fit whatever it is", attack=e.attack)
        rows.append((best, rank_one(e), None, None, None))
    return Table(
        title=t("Whose trace is named"),
        reading=t(
            "Of the people in the release: how many get their own trace named, another one, or none. Of the "
            "people who are not in it: how many get one named all the same. A threshold set for a rate is "
            "where that share of all absent people would get a trace named; the intervals count that few "
            "absent people show only roughly where it is. The first attacks know points, those on earlier "
            "traces know the past."
        ),
        head=(
            t("adversary and threshold"),
            t("named rightly"),
            t("named wrongly"),
            t("nobody named"),
            t("absent, yet named"),
        ),
        rows=tuple(rows),
        of=min(len(np.unique(e.person[e.exposed])) for e in evidence),
    )
