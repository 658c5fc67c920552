"""Faces: how often people are recognised in obscured pictures, by what the machine learned from.

CONFIDE_DATA=... python benchmarks/faces.py [--set att|lfw] [--seeds N] [--cache DIR] [--write]

Everybody is a candidate (the closed set of McPherson, Shokri, Shmatikov 2016). Of each person's pictures 80 %
are the adversary's, clear and with names; the others are released obscured, drawn again for each seed. In the
open set the adversary has no picture of half of the people. What is finished stays in --cache, one file a set
and seed, so that a run can be cut short.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from page import bars, head, machine, publish, row

from confide.attacks.linkage.images import ClearTrained, Recogniser, SmallCNN
from confide.attacks.reconstruction.images.deblur import EXACT, ROUNDED, deblurred, depixelated, power_of
from confide.core.atomic import atomic_write
from confide.core.estimate import Estimate
from confide.core.nouns import Mechanism
from confide.core.play import play
from confide.data import att_faces, lfw62
from confide.games.linkage.images import ImageRecognition
from confide.measure import measure
from confide.measure.intervals import mean
from confide.measure.pictures import among_first, clustered_rate, psnr
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.gaussian_blur import GaussianBlur, blurred
from confide.mechanisms.anonymize.mosaic import Mosaic
from confide.mechanisms.anonymize.p3 import P3
from confide.mechanisms.randomize.dp_pix import DPPix
from confide.views.images import Pictures

SEEDS = 5


def dp_pix(epsilon: float) -> DPPix:
    return DPPix.of(epsilon=epsilon, side=16, pixels=16, noise="rehearsal")


MECHANISMS: dict[str, Mechanism[Pictures]] = {
    "clear": Published(),
    "mosaic 8": Mosaic(side=8),
    "mosaic 16": Mosaic(side=16),
    "blur 3": GaussianBlur(sigma=3.0),
    "blur 8": GaussianBlur(sigma=8.0),
    "P3 T=20": P3(threshold=20),
    "P3 T=10": P3(threshold=10),
    "P3 T=1": P3(threshold=1),
    "DP-Pix 0.5": dp_pix(0.5),
    "DP-Pix 0.1": dp_pix(0.1),
}
KERNELS = {"kernel": Recogniser(), "kernel, clear": ClearTrained()}
ALSO = {"linear": Recogniser(model="linear"), "linear, clear": ClearTrained(model="linear")}
NETWORK = {"network": SmallCNN()}
SETS: dict[str, tuple[str, Callable[[], Pictures], tuple[str, ...], tuple[str, ...]]] = {
    "att": ("AT&T, 40 people, 10 pictures each", att_faces.load, tuple(MECHANISMS), ("clear", "mosaic 16")),
    "lfw": (
        "LFW, the 62 people with 20 pictures or more",
        lfw62.load,
        ("clear", "mosaic 8", "mosaic 16", "P3 T=10", "DP-Pix 0.5"),
        ("clear", "mosaic 16"),
    ),
}
OPEN = ("clear", "mosaic 16", "DP-Pix 0.5", "DP-Pix 0.1")


def closed(name: str, pictures: Pictures, seed: int) -> dict[str, Any]:
    """Top-1 and top-5 of every machine against every mechanism, each with its interval over people."""
    _, _, mechanisms, networks = SETS[name]
    found: dict[str, Any] = {}
    for called in mechanisms:
        game = ImageRecognition(mechanism=MECHANISMS[called], pictures=pictures, closed=True)
        world = game.deal(0, rng=np.random.default_rng(seed))
        machines = KERNELS | (ALSO if name == "att" else {}) | (NETWORK if called in networks else {})
        shown = psnr(pictures.pixels[world.ids], world.case.view.pixels).mean()
        found[called] = {"PSNR": float(shown)}
        for what, attack in machines.items():
            scores = attack.scores(world.case, rng=np.random.default_rng([seed, 1]))
            found[called][what] = [
                (e.value, e.low, e.high)
                for k in (1, 5)
                for e in [clustered_rate(among_first(scores, world.secrets, k=k), world.secrets)]
            ]
    return found


def undone(pictures: Pictures, seed: int) -> dict[str, float]:
    """What undoing brings, in dB, over the released pictures."""
    game = ImageRecognition(mechanism=Published(), pictures=pictures, closed=True)
    world = game.deal(0, rng=np.random.default_rng(seed))
    clear, power = world.case.view.pixels, power_of(world.case.known.clear.pixels)
    found: dict[str, float] = {}
    for sigma in (1.0, 2.0, 3.0):
        exact = blurred(clear, sigma)
        for what, shown, noise in (("floats", exact, EXACT), ("rounded", np.round(exact), ROUNDED)):
            back = deblurred(shown, sigma=sigma, power=power, noise=noise)
            found[f"blur {sigma:g}, {what}"] = float((psnr(clear, back) - psnr(clear, shown)).mean())
    for side in (8, 16):
        shown = Mosaic(side=side)(Pictures(clear), rng=None).view.pixels
        for what, prior in (("plain inversion", np.full_like(power, 1e9)), ("with a prior", power)):
            back = depixelated(shown, side=side, power=prior)
            found[f"mosaic {side}, {what}"] = float((psnr(clear, back) - psnr(clear, shown)).mean())
    return found


def open_set(pictures: Pictures) -> dict[str, tuple[Estimate, Estimate]]:
    """TPR at 10 % and AUC, over five worlds."""
    found: dict[str, tuple[Estimate, Estimate]] = {}
    for called in OPEN:
        game = ImageRecognition(mechanism=MECHANISMS[called], pictures=pictures)
        coins = np.random.default_rng(0)
        risk = measure(play(game, Recogniser(), worlds=SEEDS, rng=coins, across_units=True))
        at = next(r.rate for r in risk.tpr_at if r.fpr == 0.1)
        assert at is not None
        found[called] = at, risk.auc
    return found


def kept(path: Path | None, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Read back from JSON, or made and kept."""
    if path is not None and path.exists():
        return json.loads(path.read_text())
    made = make()
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as draft:
            draft.write_text(json.dumps(made))
    return made


def cell(value: Estimate) -> str:
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


def over_seeds(rows: list[dict[str, Any]], called: str, what: str, k: int) -> Estimate:
    estimates = [Estimate(*row[called][what][k], 0.95) for row in rows]
    return mean(estimates) if len(estimates) > 1 else estimates[0]


def table(name: str, rows: list[dict[str, Any]]) -> list[str]:
    title, _, mechanisms, _ = SETS[name]
    machines = [*KERNELS, *(ALSO if name == "att" else {}), *NETWORK]
    lines = [f"## {title}", "", *head("pictures", "PSNR, dB", *machines)]
    for called in mechanisms:
        cells = [
            " / ".join(cell(over_seeds(rows, called, what, k)) for k in (0, 1))
            if what in rows[0][called]
            else ""
            for what in machines
        ]
        lines.append(row(called, f"{np.mean([r[called]['PSNR'] for r in rows]):.1f}", *cells))
    return [*lines, ""]


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", choices=tuple(SETS))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    names = [options.set] if options.set else list(SETS)
    found: dict[str, list[dict[str, Any]]] = {}
    for name in names:
        pictures = SETS[name][1]()
        found[name] = [
            kept(
                options.cache and options.cache / f"faces_{name}_{seed}.json",
                lambda name=name, pictures=pictures, seed=seed: closed(name, pictures, seed),
            )
            for seed in range(options.seeds)
        ]
    if "att" not in found:
        print("\n".join(line for name in names for line in table(name, found[name])))
        return 0
    faces = att_faces.load()
    gains = [undone(faces, seed) for seed in range(options.seeds)]
    gain = {what: np.array([g[what] for g in gains]) for what in gains[0]}
    known = open_set(faces)

    def top(called: str, what: str = "kernel") -> float:
        return over_seeds(found["att"], called, what, 0).value

    checks = [
        ("AT&T clear: top-1 at least 0.95", top("clear") >= 0.95),
        ("AT&T mosaic 16, learned from mosaics: top-1 at least 0.85", top("mosaic 16") >= 0.85),
        ("AT&T DP-Pix, epsilon 0.5, blocks of 16, m = 16: top-1 at most 0.15", top("DP-Pix 0.5") <= 0.15),
        ("AT&T DP-Pix, epsilon 0.1, likewise", top("DP-Pix 0.1") <= 0.15),
        ("undoing blur 2 on floats gains at least 8 dB", gain["blur 2, floats"].mean() >= 8),
        ("undoing blur 2 after rounding gains at least 3 dB", gain["blur 2, rounded"].mean() >= 3),
        (
            "undoing mosaic 16 by plain inversion gains at most 1 dB",
            gain["mosaic 16, plain inversion"].mean() <= 1,
        ),
        ("mosaic 16, with a prior: gain at most 1 dB", gain["mosaic 16, with a prior"].mean() <= 1),
    ]
    lines = [
        "# Recognising obscured faces",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        "Cells are top-1 / top-5 with intervals of 95 % that hold the spread over seeds and over people.",
        "`kernel`, `linear`, `network` learned from pictures obscured the same way, `clear` from clear ones.",
        "Chance is 0.025 / 0.125 for AT&T; in LFW the most frequent person has 0.18 of the pictures. DP-Pix",
        "hides any 16 pixels, P3 is at JPEG quality 90. The network ran where a cell is filled in.",
        "",
        *(line for name in names for line in table(name, found[name])),
        "## AT&T, open set: half of the people are strangers",
        "",
        *head("pictures", "named right, 1 in 10 strangers given a name", "AUC"),
        *(row(called, cell(at), cell(auc)) for called, (at, auc) in known.items()),
        "",
        "## AT&T, undoing: gain in PSNR, dB, mean ± standard deviation over seeds",
        "",
        "With the blur or the block known, and the mean power spectrum of the adversary's clear pictures.",
        "",
        *head("released", "gain, dB"),
        *(
            row(what, f"{g.mean():.2f} ± {g.std(ddof=1) if len(g) > 1 else 0:.2f}")
            for what, g in gain.items()
        ),
        "",
        *bars(checks),
        "",
        f"Seeds 0 to {options.seeds - 1}. {machine()}.",
    ]
    publish(lines, "faces", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
