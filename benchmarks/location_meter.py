"""The location-privacy meter on simulated commuters and on taxis: who is told apart, and how far off it is.

CONFIDE_DATA=... python benchmarks/location_meter.py [--write]

Five seeds, each with commuters of its own (100 cells of 500 m, two weeks, a tenth of the hours seen). The
first week is what the adversary knows, the second is released. De-anonymisation: 50 targets, and a fair
coin held half of them out. Localisation: 50 people of 200, each visit of the second week. Visits are moved
by planar Laplace noise of the mean radius given, then to the nearest cell.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np
from naive_localisation import naive_error
from page import bars, head, machine, publish, row

from confide.attacks.linkage.traces.location_meter import LocationMeter
from confide.audits.traces.localisation import localisation_exhibits
from confide.core.play import play
from confide.data import cabspotting
from confide.data.commuters import commuters
from confide.games.linkage.traces import EarlierKnown
from confide.measure.rates import tpr_at
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.utility.traces import MOVED, left_of
from confide.views.traces import Traces

SEEDS, RADII = 5, (0, 150, 300, 600, 1_200, 2_400)
NAMES = (
    "named right",
    "found at 5 % false",
    "no release (m)",
    "localisation (m)",
    "tracking (m)",
    "entropy (bits)",
)
DENSE_SEEDS, DENSE_RADII, CELL_M = 3, (0, 286, 600, 1_200), 500.0
DENSE = (
    "moved (m)",
    "no release (m)",
    "localisation (m)",
    "naive script (m)",
    "tracking (m)",
    "right cell, localisation",
    "right cell, tracking",
    "met, no release",
    "met, with release",
)


def mechanism(radius: int) -> Published | PlanarLaplace:
    """Noise of this mean radius in metres; the odds of two places within 200 m differ by at most e^level."""
    if not radius:
        return Published()
    return PlanarLaplace(level=2 * 200 / radius, within_m=200, noise="rehearsal")


def one(few: Traces, many: Traces, radius: int, seed: int) -> list[float]:
    """The numbers of `NAMES`."""
    noise = mechanism(radius)
    game = EarlierKnown(traces=few, mechanism=noise)
    coins = np.random.default_rng(seed)
    evidence = play(game, LocationMeter(), worlds=2, rng=coins, across_units=True)
    table, here = evidence.table, evidence.exposed
    found = tpr_at(evidence.claims[here], evidence.claims[~here], fpr=0.05).rate
    right = float(table.filter(table["exposed"])["hit"].mean())  # pyright: ignore[reportArgumentType]
    choosing, dealing = np.random.default_rng([seed, 7]).spawn(2)
    world = EarlierKnown(traces=many, mechanism=noise, targets=2).deal(0, rng=dealing)  # few are held out
    errors = localisation_exhibits(many, world, rng=choosing)[0].rows
    metres = [float(r[1].value) for r in errors]
    return [right, math.nan if found is None else found.value, *metres, float(errors[1][3].value)]


def dense(taxis: Traces, radius: int, seed: int) -> list[float]:
    """The numbers of `DENSE`."""
    noise = mechanism(radius)
    seen = CoarseTraces(metres=CELL_M, seconds=3_600)(taxis, rng=None).view
    choosing, dealing, naively = np.random.default_rng([seed, 11]).spawn(3)
    world = EarlierKnown(traces=seen, mechanism=noise, targets=100).deal(0, rng=dealing)
    moved = left_of(world.source.traces, world.source.in_order(world.case.view))[MOVED]
    errors, met = localisation_exhibits(seen, world, rng=choosing)
    assert taxis.where is not None
    alone, local, tracked = errors.rows
    naive, _ = naive_error(
        taxis.person.astype(np.int64),
        taxis.time,
        taxis.where[taxis.place],
        cell_m=CELL_M,
        rate=2 / radius if radius else math.inf,
        people=50,
        rng=naively,
    )
    told = [local[2], tracked[2], met.rows[0][3], met.rows[1][3]]
    estimates = [alone[1], local[1], tracked[1], *told]
    off, located, followed, *rest = (float(estimate.value) for estimate in estimates)
    return [moved, off, located, naive, followed, *rest]


def dense_table(checks: list[tuple[str, bool]]) -> list[str]:
    """The taxis' lines of the page; adds what they had to reach."""
    taxis = cabspotting.load()
    numbers = np.array(
        [[dense(taxis, radius, seed) for radius in DENSE_RADII] for seed in range(DENSE_SEEDS)]
    )
    mean, spread = numbers.mean(axis=0), numbers.std(axis=0, ddof=1)
    local, naive = numbers[..., 2], numbers[..., 3]
    noisy = slice(1, None)
    checks += [
        ("taxis: without noise the error is 0 m, to a tenth", bool((numbers[:, 0, [2, 4]] < 0.1).all())),
        (
            "taxis: with noise the error is that of the naive script, within 10 %",
            bool((np.abs(local / np.where(naive > 0, naive, 1) - 1) <= 0.1)[:, noisy].all()),
        ),
        ("taxis: moved by 236 m, 360 m off, within 10 %", bool(abs(mean[1, 2] / 360 - 1) <= 0.1)),
    ]
    lines = [
        "## Taxis: several visits an hour",
        "",
        f"Cabspotting, cells of {CELL_M:.0f} m and bins of an hour, 50 of 335 taxis, {DENSE_SEEDS} seeds.",
        "A taxi has up to six visits an hour, and each is compared with what is believed about it. The",
        "naive script (`naive_localisation.py`) shares no code with confide: habits, noise and Bayes' rule,",
        "one visit at a time. Met: the AUC, of all times that two taxis made visits in the same hour, of the",
        "chance that the adversary gives to a meeting.",
        "",
        *head("mean radius (m)", *DENSE),
    ]
    digits = (0, 0, 0, 0, 0, 3, 3, 3, 3)
    for radius, m, s in zip(DENSE_RADII, mean, spread, strict=True):
        lines.append(row(radius, *(f"{a:.{d}f} ± {b:.{d}f}" for a, b, d in zip(m, s, digits, strict=True))))
    return [*lines, ""]


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    started = time.perf_counter()
    numbers = np.array(
        [
            [
                one(
                    commuters(rng=np.random.default_rng([seed, 50]), people=50),
                    commuters(rng=np.random.default_rng(seed)),
                    radius,
                    seed,
                )
                for radius in RADII
            ]
            for seed in range(SEEDS)
        ]
    )  # [seeds, radii, names]
    mean, spread = numbers.mean(axis=0), numbers.std(axis=0, ddof=1)
    prior, local, tracked = (numbers[..., i] for i in (2, 3, 4))
    checks = [
        ("without obfuscation at least 0.9 of 50 are named right", bool(mean[0, 0] >= 0.9)),
        ("localisation error rises with the radius, in every seed", bool((np.diff(local, axis=1) > 0).all())),
        ("localisation and tracking stay below no release", bool((np.maximum(local, tracked) < prior).all())),
    ]
    lines = ["# The location-privacy meter", "", *(__doc__ or "").splitlines()[4:], ""]
    lines += [
        "Means ± standard deviations over the seeds; 'named right' is of the people in the release.",
        "",
    ]
    lines += head("mean radius (m)", *NAMES)
    for radius, m, s in zip(RADII, mean, spread, strict=True):
        digits = (2, 2, 0, 0, 0, 2)
        lines.append(row(radius, *(f"{a:.{d}f} ± {b:.{d}f}" for a, b, d in zip(m, s, digits, strict=True))))
    lines += ["", *dense_table(checks), *bars(checks), ""]
    took = f"seeds 0 to {SEEDS - 1}, {time.perf_counter() - started:.0f} s."
    lines += [f"`CONFIDE_DATA=... python benchmarks/location_meter.py --write`, {machine()}, {took}"]
    publish(lines, "location_meter", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
