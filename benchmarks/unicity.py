"""Unicity, its laws, and the attacks on traces: simulated commuters, Gowalla (New York City), Cabspotting.

CONFIDE_DATA=... python benchmarks/unicity.py [--write]

Five seeds; each draws a person and their points 10,000 times (curve of one population: people with six
points). Intervals are t-intervals over the seeds' means. Attacks: 1,000 targets (points) or 160 (the past),
half of them held out by a coin, at cells of 500 m and bins of an hour. Real check-ins are one city's; a row
"as recorded" has the places and seconds of the source.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
from page import bars, head, machine, publish, row
from scipy.stats import t as student

from confide.attacks.linkage import (
    MobilityChain,
    MobilityLikelihood,
    NearbyPoints,
    SharedPlaces,
    UniquePoints,
)
from confide.core.nouns import Attack, Mechanism
from confide.core.play import play
from confide.data import cabspotting, gowalla_nyc
from confide.data.commuters import HOUR, commuters
from confide.games.linkage.traces import EarlierKnown, PointsKnown
from confide.measure.identification import at_false_match_rate, linked, rank_one
from confide.measure.scaling import gallery_law, resolution_law
from confide.measure.unicity import Unicity, in_galleries, unicity
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.mechanisms.anonymize.rare_places import WithoutRarePlaces
from confide.mechanisms.anonymize.split_traces import SplitTraces
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.utility.traces import FLOWS, MOVED, left_of
from confide.views.traces import Traces

SEEDS, DRAWS, UP_TO = range(5), 10_000, 6
SPACE, TIME = (None, 500, 1_000, 2_000, 4_000, 8_000), (None, 1, 2, 4, 8, 24)
SHOWN = ((None, None), (None, 1), (500, 1), (500, 4), (1_000, 4), (2_000, 4), (4_000, 24))
DESIGN = {  # cells joined, hours joined: the design's measured unicity for 1, 2, 4, 6 points
    (1, 1): (0.807, 0.996, 1.0, 1.0),
    (4, 1): (0.431, 0.986, 1.0, 1.0),
    (1, 4): (0.486, 0.976, 1.0, 1.0),
    (4, 4): (0.052, 0.874, 0.998, 1.0),
    (10, 12): (0.000, 0.170, 0.892, 0.999),
}
ATTACKS = (UniquePoints(), NearbyPoints(), SharedPlaces(), MobilityChain(), MobilityLikelihood())
PROTECTIONS = {
    "as they are": Published(),
    "cell:1000m": CoarseTraces(metres=1_000),
    "bin:4h": CoarseTraces(seconds=4 * HOUR),
    "split:24h": SplitTraces(hours=24),
    "rare:5": WithoutRarePlaces(people=5),
    "planar:200m,1.4": PlanarLaplace(level=1.4, within_m=200, noise="rehearsal"),
}


def over_seeds(values: Iterable[float]) -> str:
    """Mean with the t-interval's half width."""
    found = np.array(list(values))
    half = student.ppf(0.975, len(found) - 1) * found.std(ddof=1) / np.sqrt(len(found))
    return f"{found.mean():.3f} ± {half:.3f}"


def joined(traces: Traces, cells: int, hours: int) -> Traces:
    """Coarser traces: this many neighbouring codes of cells, and hours, become one."""
    return Traces.of(
        traces.person, traces.time // (HOUR * hours), traces.place // cells, people=traces.people
    )


FITTED = (
    "The commuters' home and work share of .65 was chosen to fit the design's table, so this match is a fit,"
    "\nnot a prediction."
)


def simulated() -> tuple[list[str], list[tuple[str, bool]]]:
    lines = ["## Simulated commuters (200 people, 100 cells, 336 hours, a tenth observed)", ""]
    lines += head("cells x hours joined", *(f"{p} points" for p in (1, 2, 4, 6)), "the design's row")
    worst = 0.0
    for (cells, hours), wanted in DESIGN.items():
        found = np.array(
            [
                [
                    u.share.value
                    for u in unicity(
                        joined(commuters(rng=np.random.default_rng(seed)), cells, hours),
                        points=(1, 2, 4, 6),
                        draws=DRAWS,
                        rng=np.random.default_rng([seed, 1]),
                    )
                ]
                for seed in SEEDS
            ]
        )
        worst = max(worst, float(np.abs(found.mean(axis=0) - wanted).max()))
        lines.append(
            row(f"{cells} x {hours}", *(over_seeds(c) for c in found.T), " / ".join(f"{w:g}" for w in wanted))
        )
    return [*lines, "", FITTED, ""], [
        (f"simulated commuters: the design's table within 0.03 (worst {worst:.3f})", worst <= 0.03)
    ]


def curve(traces: Traces, seed: int) -> tuple[Unicity, ...]:
    rng = np.random.default_rng([seed, 2])
    return unicity(traces, points=range(1, UP_TO + 1), draws=DRAWS, rng=rng)


def named(metres: int | None, hours: int | None) -> str:
    place = "places" if metres is None else f"{metres} m"
    return f"{place}, {'seconds' if hours is None else f'{hours} h'}"


def real(traces: Traces, title: str) -> tuple[list[str], list[tuple[str, bool]]]:
    """Curves, monotone in every way, and the two laws."""
    shares: dict[tuple[int | None, int | None], np.ndarray] = {}
    joins: dict[tuple[int | None, int | None], float] = {}
    first: dict[tuple[int | None, int | None], Unicity] = {}
    for metres in SPACE:
        for hours in TIME:
            view = CoarseTraces(metres=metres, seconds=None if hours is None else HOUR * hours)(
                traces, rng=None
            ).view
            curves = [curve(view, seed) for seed in SEEDS]
            shares[metres, hours] = np.array([[u.share.value for u in c] for c in curves])
            joins[metres, hours] = 1 / len(np.unique(view.place))
            first[metres, hours] = curves[0][3]
    lines = [f"## {title}: {traces.people:,} people, {len(traces):,} points", ""]
    lines += head("cell, bin", *(f"{p} points" for p in range(1, UP_TO + 1)), "people", "left out")
    for at in SHOWN:
        lines.append(
            row(named(*at), *(over_seeds(c) for c in shares[at].T), first[at].people, first[at].excluded)
        )
    lines += ["", *laws(shares, joins, title), "", *galleries(first, shares), ""]
    mean = {at: s.mean(axis=0) for at, s in shares.items()}
    in_points = all((np.diff(s, axis=1) >= 0).all() for s in shares.values())
    slack = 0.01  # populations differ a little: fewer people have six points where cells are coarser
    coarser = [
        (mean[m, TIME[i + 1]] <= mean[m, TIME[i]] + slack).all() for m in SPACE for i in range(len(TIME) - 1)
    ] + [
        (mean[SPACE[i + 1], h] <= mean[SPACE[i], h] + slack).all()
        for h in TIME
        for i in range(len(SPACE) - 1)
    ]
    full = float(mean[None, None][3])
    hourly = float(mean[500, 1][3])
    return lines, [
        (f"{title}: monotone in the number of points, every seed and resolution", in_points),
        (f"{title}: monotone in space and time, all six curves (0.01 of slack)", all(coarser)),
        (
            f"{title}: unicity of 4 points at full resolution >= 0.90 ({full:.3f}; 500 m, 1 h: {hourly:.3f})",
            full >= 0.9,
        ),
        (f"{title}: law of 4 points fitted with R2 >= 0.9 ({R2[title]:.3f})", R2[title] >= 0.9),
    ]


R2: dict[str, float] = {}


def laws(
    shares: dict[tuple[int | None, int | None], np.ndarray],
    joins: dict[tuple[int | None, int | None], float],
    title: str,
) -> list[str]:
    """The law from 500 m and 1 h on, v the places joined on average."""
    grid = [(m, h) for m in SPACE[1:] for h in TIME[1:] if m is not None and h is not None]
    v, h = [joins[at] / joins[500, 1] for at in grid], [float(hours) for _, hours in grid]
    lines = head("points", "alpha", "beta", "R2", "exponents of v and h", "R2 apart")
    for p in range(UP_TO):
        y = [float(shares[at][:, p].mean()) for at in grid]
        law, apart = resolution_law(v, h, y), resolution_law(v, h, y, apart=True)
        if p == 3:
            R2[title] = law.r2
        lines.append(
            row(
                p + 1,
                f"{law.alpha:.2f}",
                f"{law.beta:.3f}",
                f"{law.r2:.3f}",
                f"{apart.beta:.3f}, {apart.gamma:.3f}",
                f"{apart.r2:.3f}",
            )
        )
    return [
        "Law `alpha - factor (v h)^beta` on 25 resolutions from 500 m, 1 h to 8 km, 24 h:",
        "",
        *lines,
    ]


def galleries(
    first: dict[tuple[int | None, int | None], Unicity],
    shares: dict[tuple[int | None, int | None], np.ndarray],
) -> list[str]:
    lines = head("4 points at", "galleries of 100", "a quarter", "all, foretold from up to a quarter", "all")
    for at in ((500, 1), (2_000, 4), (4_000, 24)):
        u = first[at]
        quarter = u.everybody // 4
        sizes = np.unique(np.geomspace(min(100, quarter // 4), quarter, 10).astype(np.int64)).tolist()
        seen = in_galleries(u, sizes)
        foretold = float(gallery_law(sizes, seen.tolist()).at(u.everybody))
        lines.append(
            row(
                named(*at),
                f"{in_galleries(u, [min(100, quarter)])[0]:.3f}",
                f"{seen[-1]:.3f}",
                f"{foretold:.3f}",
                f"{u.share.value:.3f}",
            )
        )
    return ["Galleries (Pitman and Yor's law; the first seed's draws):", "", *lines]


def attacked(traces: Traces, title: str) -> list[str]:
    """Every attack against every protection: right among the present, named among the absent."""
    base = CoarseTraces(metres=500, seconds=HOUR)(traces, rng=None).view
    lines = [
        f"Attacks on {title} (500 m, 1 h): present people named rightly at 5 % false matches",
        "(unicity: as published); in brackets absent people named all the same; then the best fit, whatever",
        "it is.",
        "",
        *head("release", *(a.name for a in ATTACKS), "metres moved", "flow-map error"),
    ]
    for name, mechanism in PROTECTIONS.items():
        cells = [played(base, mechanism, attack) for attack in ATTACKS]
        left = left_of(base, mechanism(base, rng=np.random.default_rng(9)).view)
        moved = left.get(MOVED)
        lines.append(row(name, *cells, "" if moved is None else f"{moved:.0f}", f"{left[FLOWS]:.3f}"))
    return [*lines, ""]


def played(base: Traces, mechanism: Mechanism[Traces], attack: Attack[Any, Any, Any]) -> str:
    """One attack against one protection, over the seeds."""
    past = not isinstance(attack, UniquePoints | NearbyPoints)
    if isinstance(mechanism, SplitTraces) and isinstance(attack, MobilityChain):
        return "not run: too many pieces"
    game: Any = EarlierKnown if past else PointsKnown
    rights, false, best = [], [], []
    for seed in SEEDS:
        dealt = game(traces=base, mechanism=mechanism, targets=160 if past else 1_000)
        e = play(dealt, attack, worlds=1, rng=np.random.default_rng(seed), across_units=True)
        exact = isinstance(attack, UniquePoints)
        found = linked(e, threshold=0.5) if exact else at_false_match_rate(e, rate=0.05)
        assert found is not None
        rights.append(found.right.value)
        false.append(found.false_matches.value)
        best.append(rank_one(e).value)
    return f"{over_seeds(rights)} ({np.mean(false):.3f}); {np.mean(best):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    start = time.perf_counter()
    lines, checks = simulated()
    for data, title in ((gowalla_nyc, "Gowalla, New York City"), (cabspotting, "Cabspotting")):
        traces = data.load()
        more, reached = real(traces, title)
        lines += [*more, *attacked(traces, title)]
        checks += reached
    seconds = time.perf_counter() - start
    page = [
        "# Unicity and the attacks on traces",
        "",
        f"`python benchmarks/unicity.py --write`; seeds 0 to 4; {machine()}; {seconds:.0f} s.",
        "",
        *lines,
        *bars(checks),
    ]
    publish(page, "unicity", write=write)


if __name__ == "__main__":
    main()
