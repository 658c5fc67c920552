"""What AIM says of its own errors, and what a plan says of time and memory, held against the truth.

CONFIDE_DATA=... OMP_NUM_THREADS=1 python benchmarks/synthesis_forecasts.py [--write]

Error bars come from the release alone; the true distance is known here. Plans come from columns and a number
of rows alone.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc

import numpy as np
from page import bars, head, machine, publish, row
from synthesis import BUDGET, SEEDS, acs, adult, split

from confide.mechanisms.synthesize.aim import AIM
from confide.mechanisms.synthesize.error import margin_errors, released
from confide.mechanisms.synthesize.mst import MST
from confide.mechanisms.synthesize.plan import plan
from confide.views.margins import counted
from confide.views.table import Table

CONFIDENCE = 0.9
FACTOR = 1.5


def error_bars(name: str, table: Table, checks: list[tuple[str, bool]]) -> list[str]:
    """By what is known of a margin: how often the interval holds, how wide it is, and the true distance."""
    found: dict[tuple[str, int], list[tuple[bool, float, float, float]]] = {}
    for seed in SEEDS:
        given, _ = split(table, seed)
        release = AIM(budget=BUDGET, noise="rehearsal")(given, rng=np.random.default_rng([seed, 1]))
        assert release.model is not None
        for error in margin_errors(release, most=2, confidence=CONFIDENCE):
            at = tuple(table.at(column) for column in error.columns)
            true = np.abs(released(release, at) - counted(given, at)).sum() / 2 / release.model.total
            held = error.low <= true <= error.high
            found.setdefault((error.basis, len(at)), []).append((held, error.low, error.high, float(true)))
    lines = ["", f"## Error bars on {name}, {CONFIDENCE:.0%} confidence", ""]
    lines += head("columns", "basis", "margins", "held", "low", "high", "true distance")
    for (basis, k), rows in sorted(found.items(), key=lambda one: (one[0][1], one[0][0])):
        held, low, high, true = np.array(rows, float).mean(axis=0)
        lines.append(row(k, basis, len(rows), f"{held:.3f}", f"{low:.3f}", f"{high:.3f}", f"{true:.3f}"))
        checks.append((f"{name}, {k} columns, {basis}: {CONFIDENCE:.0%} held", bool(held >= CONFIDENCE)))
    return lines


def plans(tables: dict[str, Table], checks: list[tuple[str, bool]]) -> list[str]:
    """What a plan foretells, and what a synthesis takes."""
    lines = ["", "## Plans: foretold / true", ""]
    lines += head("table", "mechanism", "CPU s", "MB", "measurements", "2-way distance foretold")
    for name, table in tables.items():
        given, _ = split(table, 0)
        for title, kind in (("MST", MST), ("AIM", AIM)):
            made = kind(budget=BUDGET, noise="rehearsal")
            said = plan(made, given.domains, rows=len(given), rng=np.random.default_rng(0))
            began = time.process_time()
            release = made(given, rng=np.random.default_rng(1))
            seconds = time.process_time() - began
            tracemalloc.start()
            made(given, rng=np.random.default_rng(1))
            peak = tracemalloc.get_traced_memory()[1] / 2**20
            tracemalloc.stop()
            lines.append(
                row(
                    name,
                    title,
                    f"{said.seconds:.2f} / {seconds:.2f}",
                    f"{said.megabytes:.1f} / {peak:.1f}",
                    f"{said.measurements} / {len(release.margins)}",
                    f"{said.error:.3f}",
                )
            )
            for what, one, other in (("time", said.seconds, seconds), ("memory", said.megabytes, peak)):
                near = max(one / other, other / one) <= FACTOR
                checks.append((f"{name}, {title}: {what} within a factor {FACTOR}", bool(near)))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    checks: list[tuple[str, bool]] = []
    lines = [
        "# Synthesisers: what they foretell",
        "",
        "`CONFIDE_DATA=... OMP_NUM_THREADS=1 python benchmarks/synthesis_forecasts.py --write`; "
        f"{machine()}. Budget: {BUDGET}. Error bars over {len(SEEDS)} seeds.",
    ]
    tables = {"Adult": adult(), "ACS 2019": acs()}
    for name, table in tables.items():
        lines += error_bars(name, table, checks)
    lines += plans(tables, checks)
    publish([*lines, "", "## Bars", "", *bars(checks)], "synthesis_forecasts", write=given.write)


if __name__ == "__main__":
    main()
