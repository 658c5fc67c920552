"""You hold location traces: can somebody who knows a few points of a person, or his past, find his trace?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from confide.audits.frontier import frontier
from confide.audits.outcome import Audit, conclude, parse_audience, parse_limits
from confide.audits.playing import Played, Progress
from confide.audits.protections import UNPROTECTED, frontier_exhibits, parse_protections, something_left
from confide.audits.traces.exhibits import (
    RATES,
    gallery_table,
    law_table,
    resolutions,
    threshold_table,
    unicity_exhibits,
)
from confide.audits.traces.games import Games, affordable, choose, deal_out, play_games
from confide.audits.traces.localisation import localisation_exhibits
from confide.audits.traces.people import easiest_table, who_by_what
from confide.core.cache import cache_folder, key_of
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.nouns import Mechanism
from confide.inputs.traces import Columns, TracesData, parse_length, parse_span, read_traces
from confide.measure.identification import at_false_match_rate, rank_one
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.mechanisms.anonymize.rare_places import WithoutRarePlaces
from confide.mechanisms.anonymize.split_traces import SplitTraces
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.report import Exhibit, Limit, coarse
from confide.utility.traces import FLOWS, left_of
from confide.views.points import distinct

PROTECTIONS = {
    "cell": (lambda side: CoarseTraces(metres=parse_length(side)), "cell:1000m"),
    "bin": (lambda length: CoarseTraces(seconds=parse_span(length)), "bin:4h"),
    "split": (lambda length: SplitTraces(hours=parse_span(length) / 3600), "split:24h"),
    "rare": (lambda people: WithoutRarePlaces(people=int(people)), "rare:5"),
    "planar": (
        lambda within, level: PlanarLaplace(
            level=float(level), within_m=int(parse_length(within)), noise="rehearsal"
        ),
        "planar:200m,1.4",
    ),
}


def traces(
    records: Any,
    *,
    user: str,
    time: str,
    seed: int,
    place: str | None = None,
    lat: str | None = None,
    lon: str | None = None,
    cell: str = "500m",
    bin: str = "1h",  # noqa: A002 - the word of the door
    points: int = 4,
    released: Any = None,
    key: Any = None,
    targets: int = 1_000,
    protect: Sequence[str] = (),
    attacks: str | Sequence[Any] | None = None,
    limits: Sequence[str | Limit] = (),
    audience: str = "internal",
    strict: bool = False,
    cache: Path | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Audit location traces whose names were replaced by numbers: linkage, by a few points or by the past.

    One adversary knows a few points of a person (a place and an hour), exactly. Another one knows where the
    person was in the first half of the time; the second half is released. Each is to name the person's trace.
    They are judged on people in the release, and on people held out of it, for whom every trace named is a
    false match.

    Args:
        records: everybody's visits: a .parquet or .csv file or a frame, a row for each visit.
        user, time: the columns that say who and when (dates and times, ISO text, or Unix seconds).
        seed: the same seed gives the same evidence and report.
        place: the column that says where by a name or code.
        lat, lon: the columns that say where in degrees. Without `place` they are put on a grid: bands of
            latitude `cell` high, each cut into cells as wide; cells have equal areas to within a thousandth.
        cell: the side of a cell of that grid.
        bin: times are known and released to so long bins, counted from 1970-01-01 UTC.
        points: so many points are known of a person.
        released: what will be published, if that is another table with the same columns. Without it the
            records themselves are, with names dropped.
        key: if the release has other users' ids: a table of two columns, original user and released user.
        targets: about so many people are asked about, half of them held out.
        protect: audit the release under each of these, and compare: 'cell:1000m', 'bin:4h', 'split:24h',
            'rare:5', 'planar:200m,1.4'.
        attacks: names or attack objects; by default all, the location-privacy meter on small releases.
        limits: such as 'tpr@0.01=0.05'; they decide the verdict.
        audience: 'internal' (people, places, rows) or 'public' (none of these).
        strict: let an inconclusive verdict fail.
        cache: where finished attacks are kept; an interrupted audit goes on from there.
        name: what to call the release in the report.
        progress: called with (done, total) while attacks are played.

    Raises:
        DataError, KnowledgeError: one sentence on what is wrong with the input and what to do.

    Source: de Montjoye et al. 2013; Gambs et al. 2014; Shokri et al. 2011.
    """
    parse_limits(limits)
    parse_audience(audience)
    if seed < 0 or targets < 2 or points < 1:
        raise DataError(f"seed {seed}, targets {targets}, points {points}: give at least 0, 2 and 1.")
    protections = parse_protections(protect, PROTECTIONS)
    chosen = choose(attacks)
    if released is not None and protections:
        raise DataError("a released file is what it is: audit it without `protect`, or protect the records.")
    columns = Columns(user=user, time=time, place=place, lat=lat, lon=lon)
    tracked = read_traces(records, columns, cell=cell, bin=bin, released=released, key=key)
    something_left(tracked.records, protections, what="visits", seed=seed)
    games = deal_out(tracked, points, targets)
    chosen, left_out = affordable(chosen, tracked) if attacks is None else (chosen, ())
    digest = key_of(tracked.records.digest(), "" if tracked.released is None else tracked.released.digest())
    mechanisms: Mapping[str, Mechanism[Any]] = {UNPROTECTED: Published(), **protections}
    played_by = {
        mechanism: play_games(
            games.under(mechanism),
            chosen,
            seed=seed,
            key=key_of("traces", digest, repr(mechanism), str(points), str(targets)),
            cache=cache_folder() if cache is None else cache,
            progress=progress,
        )
        for mechanism in mechanisms.values()
    }
    found = resolutions(
        tracked.records,
        metres=None if place is not None else parse_length(cell),
        seconds=parse_span(bin),
        points=points,
        seed=seed,
    )
    parts: list[Audit] = []
    for spec, mechanism in (protections or mechanisms).items():
        beside: Sequence[Exhibit] = ()
        if not parts:  # what is said of the records themselves is said once
            beside = (
                *(_compared(mechanisms, played_by, tracked, seed) if protections else ()),
                *unicity_exhibits(found),
                *law_table(found),
                *gallery_table(found, points=points),
            )
        parts.append(
            _concluded(
                games.under(mechanism),
                played_by[mechanism],
                tracked,
                beside,
                release=(name or tracked.name) + (f", {spec}" if protections else ""),
                more_skipped=left_out,
                limits=limits,
                audience=audience,
                strict=strict,
                seed=seed,
            )
        )
    return Audit.merge(parts)


def _concluded(
    games: Games,
    played: Played,
    tracked: TracesData,
    beside: Sequence[Exhibit],
    *,
    seed: int,
    **settings: Any,
) -> Audit:
    points, mechanism = games.points.points, games.points.mechanism
    exhibits, who, public = list(beside), None, settings["audience"] == "public"
    if played.evidence:
        exhibits.append(threshold_table(played.evidence))
    if isinstance(mechanism, CoarseTraces | PlanarLaplace):
        exhibits += localisation_exhibits(tracked.records, mechanism, seed=seed)
    if not public:
        targets = [e.table["target"].to_numpy() for e in played.evidence]
        others = np.unique(np.concatenate([np.empty(0, np.int64), *targets]))
        who = who_by_what(games.dealt(seed), others, tracked, seed=seed)
        exhibits.append(easiest_table(who))
    return conclude(
        played=played,
        blind=None,
        seed=seed,
        goal="linkage",
        subject=f"Somebody who knows {points} points of a person, or an earlier trace,",
        exhibits=exhibits,
        who=who,
        promise=mechanism.budget,
        unit=games.points.unit,
        about=_about(games, tracked, public=public),
        adversary=(
            f"One knows {points} points of each person, places and times, exactly.",
            "Another one knows where each person was in the first half of the time; the second half is "
            "released.",
            "Both know how the release was made.",
        ),
        notes=(*tracked.notes, *_left_out(games, public=public), *_taken_out(tracked)),
        **settings,
    )


def _many(count: int, public: bool) -> str:
    """A count in words, coarse for the public."""
    return coarse(count) if public else f"{count:,}"


def _left_out(games: Games, *, public: bool) -> list[str]:
    counts = distinct(games.points.traces).counts()
    few = int(((counts > 0) & (counts < games.points.points)).sum())
    return [f"{_many(few, public)} people have too few points: nobody asks about them."] if few else []


def _taken_out(tracked: TracesData) -> list[str]:
    if tracked.released is None:
        return []
    return [
        "The audit takes half of the people it asks about out of the released file by itself: it takes for "
        "granted that this changes nobody else's trace."
    ]


def _about(games: Games, tracked: TracesData, *, public: bool) -> dict[str, str]:
    shown = tracked.records if tracked.released is None else tracked.released
    people, places = int((shown.counts() > 0).sum()), len(np.unique(shown.place))
    return {
        "release": f"{_many(len(shown), public)} visits of {_many(people, public)} people to "
        f"{_many(places, public)} "
        f"{'cells' if tracked.places is None else 'places'}; people under random numbers",
        "asked about": f"{_many(games.points.targets, public)} people at most"
        + (f" in each of {games.worlds} rounds" if games.worlds > 1 else "")
        + ", each held out of the release by a fair coin",
    }


def _compared(
    mechanisms: Mapping[str, Mechanism[Any]],
    played: Mapping[Mechanism[Any], Played],
    tracked: TracesData,
    seed: int,
) -> Sequence[Exhibit]:
    """All releases side by side: the attack that is best against each, and what is left of it."""
    if any(not p.evidence for p in played.values()):
        return ()

    def risk(evidence: Evidence) -> Estimate:
        at = at_false_match_rate(evidence, rate=RATES[0])
        return rank_one(evidence) if at is None else at.right

    found = frontier(
        mechanisms,
        tracked.records,
        attacked=lambda mechanism: max(played[mechanism].evidence, key=lambda e: risk(e).value),
        risk=risk,
        left=lambda view: left_of(tracked.records, view),
        words=f"recognised by the best attack at {RATES[0]:.0%} false matches",
        seed=seed,
    )
    return frontier_exhibits(found, across=FLOWS)
