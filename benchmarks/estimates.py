"""What `--dry-run` foretells of an audit, against what the audit then takes.

OMP_NUM_THREADS=1 python benchmarks/estimates.py [--write]

Several audits of models, from a few thousand records to 150,000. Each is foretold in one process and run in
another, with an empty cache. CPU seconds are counted from the trained model to the written report, and memory
is the peak beside what was held by then.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from large_model_audit import in_a_process, people, run, trained
from page import bars, head, machine, publish, row

import confide
from confide.audits import plan

CASES: tuple[tuple[str, int, int], ...] = (
    ("logistic regression", 5_000, 5_000),
    ("logistic regression", 100_000, 50_000),
    ("random forest", 4_000, 4_000),
    ("random forest", 20_000, 20_000),
    ("gradient boosting", 10_000, 10_000),
    ("gradient boosting", 60_000, 30_000),
    ("network", 5_000, 5_000),
    ("network", 60_000, 30_000),
)
"""The kind of model, how many members, and how many others; fixed before the first of them was measured."""
FACTOR = 2.0


def foretold(kind: str, members: int, others: int) -> dict[str, Any]:
    """The forecast of one audit, and what it cost to make."""
    inside, outside = people(members, seed=1), people(others, seed=2)
    model = trained(kind, inside)
    began = time.process_time()
    found = plan(confide.Model(model, members=inside, nonmembers=outside)).forecast
    assert found is not None and found.seconds is not None and found.memory is not None
    return {
        "low": found.seconds.low,
        "high": found.seconds.high,
        "middle": found.seconds.middle,
        "least": found.memory.low,
        "most": found.memory.high,
        "cost": time.process_time() - began,
    }


def main() -> None:
    """Foretell and run each audit, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--foretell", nargs=3)
    parser.add_argument("--run", nargs=3)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if one := given.foretell or given.run:
        print(json.dumps((foretold if given.foretell else run)(one[0], int(one[1]), int(one[2]))))
        return
    rows: list[tuple[str, int, dict[str, Any], dict[str, Any]]] = []
    for kind, members, others in CASES:
        words = [kind, str(members), str(others)]
        said = in_a_process(__file__, "--foretell", *words)
        rows.append((kind, members + others, said, in_a_process(__file__, "--run", *words)))
        print(row(kind, members + others, said, rows[-1][3]), file=sys.stderr)
    off = np.array([took["seconds"] / said["middle"] for _, _, said, took in rows])
    close = bool((abs(np.log(off)) < np.log(FACTOR)).all())
    inside = [said["low"] <= took["seconds"] <= said["high"] for _, _, said, took in rows]
    memory = [took["bytes"] <= said["most"] for _, _, said, took in rows]
    lines = [
        "# Foretold and measured",
        "",
        "CPU seconds and memory that `confide audit model --dry-run` foretells, and those of the audit.",
        "",
        *head(
            "model",
            "records",
            "foretold, s",
            "took, s",
            "took / foretold",
            "memory foretold, MB",
            "took, MB",
            "forecast, s",
        ),
        *(
            row(
                kind,
                f"{n:,}",
                f"{said['low']:.0f} to {said['high']:.0f}",
                f"{took['seconds']:.1f}",
                f"{took['seconds'] / said['middle']:.2f}",
                f"{said['least'] / 1e6:,.0f} to {said['most'] / 1e6:,.0f}",
                f"{took['bytes'] / 1e6:,.0f}",
                f"{said['cost']:.1f}",
            )
            for kind, n, said, took in rows
        ),
        "",
        f"Of {len(rows)} audits {sum(inside)} took a time between the bounds, {sum(memory)} no more memory "
        f"than the larger. The ratio to the middle of the bounds is {off.min():.2f} to {off.max():.2f}.",
        "",
        *bars(
            [
                ("each time within a factor of 2 of the middle", close),
                ("no more memory than the larger bound", all(memory)),
            ]
        ),
        "",
        f"One run each. `OMP_NUM_THREADS=1 python benchmarks/{Path(__file__).name} --write`; {machine()}.",
    ]
    publish(lines, "estimates", write=given.write)


if __name__ == "__main__":
    main()
