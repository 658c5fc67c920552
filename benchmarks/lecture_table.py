"""What each kind of access gives: the white-box table of the lecture, on data that is at hand.

CONFIDE_DATA=... python benchmarks/lecture_table.py [--size laptop|gpu] [--row NAME] [--cache DIR] [--write]

Nasr, Shokri, Houmansadr (S&P 2019) attack five pre-trained models by what they answer, by what their layers
answer, and by their gradients. Here the same is done with every attack on the same targets of the same
model: the supervised attacks know the membership of half of the targets, and everybody is measured on the
other half. The decoder knows nobody's, but has 600 known non-members; its candidates are all targets.
A row is made once and kept in --cache; `--row NAME` makes one row and prints it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lecture_rows import Row, gpu, laptop
from page import bars, head, machine, publish, row

from confide.attacks.membership import Decoder, Loss, Nasr, NasrOutputs, Supervised
from confide.core.atomic import atomic_write
from confide.core.cache import key_of
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.play import play
from confide.games.membership.models import TrainedModel, shuffled
from confide.knowledge.models import Background
from confide.learners.pool import fit_many
from confide.measure.measuring import measure
from confide.measure.paired import paired_auc
from confide.measure.thresholds import Split
from confide.views.records import Records

SEED, KNOWN, TOLD = 7, 600, 0.5
ATTACKS = {
    "loss": Loss(),
    "supervised": Supervised(),
    "nasr-outputs": NasrOutputs(),
    "nasr": Nasr(),
    "decoder": Decoder(),
}
PAIRS = (("nasr", "nasr-outputs"), ("nasr-outputs", "loss"), ("nasr", "loss"), ("decoder", "nasr"))
COLUMNS = ("black-box: loss", "– supervised", "white-box: outputs", "– gradients", "– decoder")
ABOUT = f"""\
Seed {SEED}, one model a row. Attack accuracy is balanced; a quarter of the targets chooses the threshold, the
others are counted. Intervals are of 95 %, over targets, for the one model of the row. All are measured on the
same half of the targets; of the other half the supervised ones know who was a member. Lines that
begin with – are the lecture's (Nasr, Shokri, Houmansadr, S&P 2019): other data or sizes, for orientation."""
CHOOSING = Split(fraction=0.25)  # a quarter of the targets chooses the threshold, the others are counted


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a row came to; every figure as (value, low, high)."""

    members: int
    nonmembers: int
    train: float
    test: float
    accuracy: dict[str, tuple[float, float, float]]
    auc: dict[str, tuple[float, float, float]]
    tpr: dict[str, tuple[float, float, float]]
    ahead: dict[str, tuple[float, float, float]]
    seconds: dict[str, float]
    remarks: list[str]


def found(one: Row, cache: Path | None) -> Found:
    """The row; from the cache if the same settings made it there. Empty it when an attack's code changes."""
    records = one.load()
    classes = int(records.y.max()) + 1
    settings = repr((asdict(replace(one, load=None, build=None)), ATTACKS, CHOOSING, SEED, KNOWN, TOLD))  # pyright: ignore
    key = key_of(settings, one.learner(classes).recipe(), records.digest())
    kept = None if cache is None else cache / f"{one.name}-{key[:16]}.json"
    if kept is not None and kept.exists():
        return Found(**json.loads(kept.read_text()))
    text = json.dumps(asdict(attacked(one, records, classes, cache)))
    if kept is not None:
        with atomic_write(kept) as draft:
            draft.write_text(text)
    return Found(**json.loads(text))


def attacked(one: Row, records: Records, classes: int, cache: Path | None) -> Found:
    """Train the target, let every attack look at it, and measure them on the same people."""
    splitting, training, mixing = np.random.default_rng(SEED).spawn(3)
    order = splitting.permutation(len(records))
    parts = np.split(order, [KNOWN, KNOWN + one.members])
    strangers, members, rest = (records.take(part) for part in parts)
    nonmembers = rest.take(np.arange(min(len(rest), one.members)))
    start = time.perf_counter()
    (model,) = fit_many(one.learner(classes), members, [np.arange(len(members))], rng=training, cache=cache)
    seconds = {"training": time.perf_counter() - start}
    targets, member = shuffled(members, nonmembers, rng=mixing)
    background = Background(population=strangers, learner=one.learner(classes), classes=classes)
    game = TrainedModel(
        view=one.inside(model), targets=targets, member=member, background=background, told=TOLD
    )
    everything = {name: _played(game, attack) for name, attack in ATTACKS.items()}
    risks = {name: measure(evidence, threshold=CHOOSING) for name, evidence in everything.items()}
    right = model.labels(targets.x) == targets.y
    return Found(
        members=len(members),
        nonmembers=len(nonmembers),
        train=float(right[member].mean()),
        test=float(right[~member].mean()),
        accuracy={name: _three(risk.balanced_accuracy) for name, risk in risks.items()},
        auc={name: _three(risk.auc) for name, risk in risks.items()},
        tpr={name: _three(risk.tpr_at[1].rate) for name, risk in risks.items()},
        ahead={f"{a} - {b}": _three(paired_auc(everything[a], everything[b])) for a, b in PAIRS},
        seconds=seconds | {name: evidence.seconds for name, evidence in everything.items()},
        remarks=[text for one in everything["decoder"].diagnostics for text in one.texts],
    )


def _played(game: TrainedModel, attack: Any) -> Evidence:
    """The attack's evidence on the targets whose membership no attack knows."""
    rng = np.random.default_rng(SEED)
    evidence = play(game, attack, worlds=1, rng=rng)
    dealer = np.random.default_rng(SEED).spawn(1)[0].spawn(2)[0]  # as in `play`: the same coins
    told = game.deal(0, rng=dealer).case.known.told  # pyright: ignore[reportAttributeAccessIssue]
    untold = ~np.isin(evidence.table["target"].to_numpy(), told)
    return replace(evidence, table=evidence.table.filter(untold))


def _three(estimate: Estimate | None) -> tuple[float, float, float]:
    nothing = (float("nan"),) * 3
    return nothing if estimate is None else (estimate.value, estimate.low, estimate.high)


def lines_of(rows: list[Row], made: list[Found]) -> list[str]:
    """The tables of the page."""
    first = head("data, model", "members", "train", "test", "gap", *COLUMNS)
    second = head("data, model", *(f"AUC, {name}" for name in ATTACKS), *(f"TPR@1%, {n}" for n in ATTACKS))
    third = head("data, model", *next(iter(made)).ahead)
    notes: list[str] = []
    for one, got in zip(rows, made, strict=True):
        name = f"**{one.data}, {one.network}**"
        plain = (f"{v:.3f}" for v in (got.train, got.test, got.train - got.test))
        first.append(row(name, f"{got.members:,}", *plain, *(_cell(got.accuracy[a]) for a in ATTACKS)))
        if one.lecture:
            first.append(row(f"– lecture: {one.lecture.name} ({one.compare})", "–", *one.lecture.cells))
        second.append(row(name, *(_cell(v[a]) for v in (got.auc, got.tpr) for a in ATTACKS)))
        third.append(row(name, *(_cell(v, sign="+") for v in got.ahead.values())))
        spent = ", ".join(f"{what} {s:.0f}" for what, s in got.seconds.items())
        notes.append(
            f"- {one.data}: {one.recipe}. {got.members:,} members, {got.nonmembers:,} non-members. Seconds: "
            f"{spent}. Decoder: {' '.join(got.remarks)}"
        )
    return [
        *("## Attack accuracy", "", *first, ""),
        *("## AUC, and members found at a false-positive rate of 1 %", "", *second, ""),
        *("## How far one attack's AUC is ahead of another's", "", *third, ""),
        *("## Recipes and seconds", "", f"{spent_in_all(made)} minutes for all rows.", "", *notes, ""),
    ]


def _cell(figure: tuple[float, float, float], sign: str = "") -> str:
    value, low, high = figure
    return f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]" if np.isfinite(value) else "n/a"


def checks(rows: list[Row], made: list[Found]) -> list[tuple[str, bool]]:
    """The bars: on the fully connected rows gradients >= outputs >= loss, and the decoder at 90 %."""
    told: list[tuple[str, bool]] = []
    for one, got in zip(rows, made, strict=True):
        if not one.connected:
            continue
        for better, worse in PAIRS[:2]:
            a, b = got.accuracy[better], got.accuracy[worse]
            apart = "the intervals separate" if a[1] > b[2] else "the intervals overlap"
            told.append((f"{one.data}: {better} {a[0]:.3f} >= {worse} {b[0]:.3f} ({apart})", a[0] >= b[0]))
        value = got.accuracy["decoder"][0]
        told.append((f"{one.data}: decoder accuracy >= .90: {value:.3f}", value >= 0.9))
    return told


def spent_in_all(made: Sequence[Found]) -> str:
    """The minutes that training and attacks took."""
    return f"{sum(sum(got.seconds.values()) for got in made) / 60:.0f}"


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--size", choices=("laptop", "gpu"), default="laptop")
    asked.add_argument("--row", help="make this row alone")
    asked.add_argument("--cache", type=Path, help="a folder for models and finished rows")
    asked.add_argument("--write", action="store_true")
    given = asked.parse_args()
    rows = {"laptop": laptop, "gpu": gpu}[given.size]()
    chosen = [one for one in rows if given.row in (None, one.name)]
    if not chosen:
        asked.error(f"there is no row {given.row!r}: say one of {', '.join(one.name for one in rows)}.")
    if given.size == "gpu" and not torch.cuda.is_available():
        asked.error("there is no accelerator here: say --size laptop.")
    if given.cache is not None:
        given.cache.mkdir(parents=True, exist_ok=True)
    made = [found(one, given.cache) for one in chosen]
    reached = checks(chosen, made)
    where = machine() if given.size == "laptop" else f"{torch.cuda.get_device_name()}; {machine()}"
    page = [
        "# What each kind of access gives",
        "",
        f"`CONFIDE_DATA=... python benchmarks/lecture_table.py --size {given.size} --write`",
        "",
        ABOUT,
        f"{where}, torch {torch.__version__}.",
        "",
        *bars(reached),
        "",
        *lines_of(chosen, made),
    ]
    name = "lecture_table" if given.size == "laptop" else "lecture_table_gpu"
    publish(page, name, write=given.write and given.row is None)
    return 0 if all(ok for _, ok in reached) else 1


if __name__ == "__main__":
    raise SystemExit(main())
