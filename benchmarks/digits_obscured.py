"""Digits obscured: read by a machine that learned from obscured ones, and by one that knows clear ones only.

python benchmarks/digits_obscured.py [--write]

The 1,797 digits of scikit-learn, 8 by 8, in 256 levels; 70 % of each digit to learn from, 30 % to read, drawn
by scikit-learn's train_test_split with the seeds 0, 1 and 2. The kernel machine is a support-vector machine
with C = 100 on the pictures as they are, no copies.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from page import bars, head, machine, publish, row
from sklearn.model_selection import train_test_split

from confide.attacks.linkage.images import ClearTrained, Recogniser, SmallCNN
from confide.core.nouns import Case, Mechanism
from confide.data import digits
from confide.knowledge.images import Gallery
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.gaussian_blur import GaussianBlur
from confide.mechanisms.anonymize.mosaic import Mosaic
from confide.views.images import Pictures

SEEDS, WITHIN = 3, 0.02
PLAIN = {"copies": 1, "shift": 0.0, "mirror": False}
MACHINES = {
    "kernel": Recogniser(**PLAIN),
    "kernel, clear": ClearTrained(**PLAIN),
    "linear": Recogniser(model="linear", **PLAIN),
    "linear, clear": ClearTrained(model="linear", **PLAIN),
    "network": SmallCNN(**PLAIN),
}
ROWS: dict[str, tuple[Mechanism[Pictures], float, float | None]] = {
    "clear": (Published(), 0.990, None),
    "mosaic 2": (Mosaic(side=2), 0.942, None),
    "mosaic 4": (Mosaic(side=4), 0.612, None),
    "mosaic 8": (Mosaic(side=8), 0.150, None),
    "blur 1": (GaussianBlur(sigma=1.0), 0.981, 0.788),
    "blur 2": (GaussianBlur(sigma=2.0), 0.927, 0.312),
    "blur 3": (GaussianBlur(sigma=3.0), 0.856, 0.210),
}
"""Mechanism, and the expected accuracy of the kernel machine: learned from obscured, and from clear ones."""


def one(mechanism: Mechanism[Pictures], pictures: Pictures, seed: int) -> list[float]:
    known, asked = train_test_split(
        np.arange(len(pictures)), test_size=0.3, random_state=seed, stratify=pictures.person
    )
    shown = pictures.take(asked)
    view = mechanism(shown.nameless(), rng=np.random.default_rng(seed)).view
    case = Case(view, Gallery(pictures.take(known), mechanism), np.arange(len(asked)))
    return [
        float((attack(case, rng=np.random.default_rng([seed, 1])).value == shown.person).mean())
        for attack in MACHINES.values()
    ]


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    started, records = time.perf_counter(), digits.load()
    pixels = np.round(255 * np.asarray(records.x)).astype(np.uint8).reshape(-1, 8, 8)
    pictures = Pictures(pixels, records.y)
    found = {
        name: np.array([one(mechanism, pictures, seed) for seed in range(SEEDS)])
        for name, (mechanism, _, _) in ROWS.items()
    }
    checks: list[tuple[str, bool]] = []
    for name, (_, retrained, clear) in ROWS.items():
        got = found[name].mean(axis=0)
        checks.append((f"{name}: {retrained} ± {WITHIN}", abs(got[0] - retrained) <= WITHIN))
        if clear is not None:
            checks.append((f"{name}, learned from clear: {clear} ± {WITHIN}", abs(got[1] - clear) <= WITHIN))
    lines = [
        "# Digits obscured",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        "Cells are accuracies, mean ± standard deviation over seeds; chance is about 0.10. Who judges a blur",
        "by the machine that learned from clear pictures calls safe what the other reads. The figures of the",
        "former hang on the split, as their deviations say.",
        "",
        *head("pictures", *MACHINES),
        *(
            row(
                name,
                *(f"{m:.3f} ± {s:.3f}" for m, s in zip(f.mean(axis=0), f.std(axis=0, ddof=1), strict=True)),
            )
            for name, f in found.items()
        ),
        "",
        *bars(checks),
        "",
        f"Seeds 0 to {SEEDS - 1}. {machine()}; {time.perf_counter() - started:.0f} s.",
    ]
    publish(lines, "digits_obscured", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
