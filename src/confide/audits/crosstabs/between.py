"""What earlier releases of the same tables add: who came or left between two of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import polars as pl

from confide.attacks.reconstruction.crosstabs._solver import Clock
from confide.attacks.reconstruction.crosstabs.between_releases import Between, between, changed_cells
from confide.attacks.reconstruction.crosstabs.differencing import Derivation
from confide.attacks.reconstruction.crosstabs.generate_verify import GenerateThenVerify
from confide.audits.crosstabs.proving import NOISE
from confide.audits.crosstabs.rows import MOST_ROWS, cut, free
from confide.core.language import later, number, t
from confide.report import Exhibit, Proof, Table
from confide.report.exhibits import Cell
from confide.views.crosstabs import Crosstabs
from confide.views.table import Domain

NOW = later("this release")
FEW = 5
"""Changes from 1 to below this are listed: of so few people a cell may say who they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Two releases that follow each other, in one block.

    Args:
        earlier, later: their names.
        block: of the tables; empty where there is one alone.
        told: what follows about the people between them; None where counts carry noise.
        cells: that few people came to or left, each with its derivation.
    """

    earlier: str
    later: str
    block: str
    told: Between | None
    cells: tuple[Derivation, ...]

    @property
    def records(self) -> int:
        """How many people who came or left have a proved record."""
        return 0 if self.told is None else int(self.told.least.sum())

    @property
    def more(self) -> int:
        """How many further records may be provable."""
        if self.told is None or not self.told.open.any():
            return 0
        left = self.told.found.seen[self.told.open] - self.told.found.least[self.told.open]
        most = max(self.told.most - self.records, 0)
        return min(most, sum(np.minimum(left, most).tolist()))


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """All steps from the first release to the present one."""

    steps: tuple[Step, ...]
    seconds: float

    @property
    def proof(self) -> Proof:
        """The numbers for the report: of the people who came or left."""
        told = [step.told for step in self.steps if step.told is not None]
        people = [one.people for one in told]
        records, more = (sum(each) for each in zip(*((s.records, s.more) for s in self.steps), strict=True))
        return Proof(
            records=records,
            people=None if None in people else sum(n for n in people if n is not None),
            more=more,
            open=sum(int(one.open.sum()) for one in told),
            seconds=self.seconds,
            impossible=t(NOISE) if len(told) < len(self.steps) and not records + more else "",
        )

    @property
    def subject(self) -> str:
        """Who can prove it: what it needs to know beside the tables."""
        ways = {step.told.direction for step in self.steps if step.told is not None}
        if not ways or ways == {"both"}:
            return t("Anybody who sees these releases")
        if len(ways) > 1:
            return t("Anybody who sees these releases and knows where nobody left and where nobody came")
        if "came" in ways:
            return t("Anybody who sees these releases and knows that nobody left between them")
        return t("Anybody who sees these releases and knows that nobody came between them")


def prove_changes(
    earlier: Mapping[str, Mapping[str, Crosstabs]],
    now: Mapping[str, Crosstabs],
    *,
    seconds: float,
    derive: bool,
) -> Changes:
    """Subtract each release from the next one, and prove what follows.

    Args:
        earlier: releases by name, the first one first: the tables of each block, over all variables.
        now: the present release; its variables may be fewer.
        seconds: for all proofs, and as many again for derivations.
        derive: whether changed cells are listed; not where counts are rounded.
    """
    began, clock = time.monotonic(), Clock(2 * seconds)
    domains = next(iter(next(iter(earlier.values())).values())).domains
    releases = [*earlier.items(), (t(NOW), {name: _widened(view, domains) for name, view in now.items()})]
    todo = [(one, other, block) for one, other in pairwise(releases) for block in now]
    steps: list[Step] = []
    for i, ((first, before), (last, after), block) in enumerate(todo):
        share = max(clock.left / (2 * (len(todo) - i)), 0.05)
        views = before[block], after[block]
        told, cells = None, list[Derivation]()
        if all(view.exact for view in views):
            told = between(*views, seconds=share)
            cells = changed_cells(*views, under=FEW, seconds=share) if derive else []
        steps.append(Step(first, last, block, told, tuple(cells)))
    return Changes(tuple(steps), time.monotonic() - began)


def _widened(view: Crosstabs, domains: Sequence[Domain]) -> Crosstabs:
    """The same tables over the variables of all releases."""
    names = [domain.name for domain in domains]
    at = [names.index(domain.name) for domain in view.domains]
    moved = (replace(table, columns=tuple(at[i] for i in table.columns)) for table in view.tables)
    return Crosstabs(tuple(domains), tuple(moved), view.exact)


def change_exhibits(changes: Changes) -> Sequence[Exhibit]:
    """All tables beside what is proved about those who came or left."""
    if changes.proof.impossible:
        return ()
    return (_by_step(changes), *_of_cells(changes), *_of_people(changes))


def _by_step(changes: Changes) -> Table:
    fits = {
        "came": t("if nobody left, and only then are the records certain"),
        "left": t("if nobody came, and only then are the records certain"),
        "both": t("only if some came and some left, or changed a value"),
        "": "",
    }
    rows: list[tuple[Cell, ...]] = [
        (
            _between(step),
            fits["" if step.told is None else step.told.direction],
            None if step.told is None else step.told.people,
            step.records,
            len(step.cells),
        )
        for step in changes.steps
    ]
    return Table(
        title=t("People who came or left between two releases"),
        reading=t(
            "Everybody who is in both releases cancels out where one is subtracted from the other. "
            "What remains is a table of those who came or left: a table of few people. Somebody "
            "whose value changed left with the old one and came with the new one. Cells: those that "
            "1 to {few} people came to or left.",
            few=FEW - 1,
        ),
        head=(t("between"), t("the tables fit"), t("people"), t("records proved"), t("cells")),
        rows=tuple(rows),
        internal=True,
    )


def _of_cells(changes: Changes) -> Sequence[Table]:
    found = [(len(cell.terms), step, cell) for step in changes.steps for cell in step.cells]
    if not found:
        return ()
    found.sort(key=lambda one: one[0])
    rows = [(_between(step), cell.target, f"{cell.low:+d}", cell.text) for _, step, cell in found[:MOST_ROWS]]
    return (
        Table(
            title=t("Cells that few people came to or left"),
            reading=" ".join(
                [
                    t(
                        "How a count changed, and the shortest way that was found to work it out: each "
                        "number in brackets is published. A change is of the people who came less those "
                        "who left."
                    ),
                    *cut(len(found)),
                ]
            ),
            head=(t("between"), t("cell"), t("change"), t("because")),
            rows=tuple(rows),
            internal=True,
        ),
    )


def _of_people(changes: Changes) -> Sequence[Table]:
    frame = changed_frame(changes)
    columns = [c for c in frame.columns if c not in ("attack", "people")]
    if not len(frame):
        return ()
    shown = frame.select(*columns, "people").head(MOST_ROWS)
    return (
        Table(
            title=t("The proved records of people who came or left"),
            reading=" ".join(
                [
                    t(
                        "In every pair of data sets that fits the two releases this many people or more with "
                        "exactly these values came or left. This table points at people; do not pass it on. "
                        "exposed.csv has all of them."
                    ),
                    *cut(len(frame)),
                ]
            ),
            head=(*columns, t("people, at least")),
            rows=tuple((*map(str, row[:-1]), number(row[-1], ",")) for row in shown.iter_rows()),
            internal=True,
        ),
    )


def changed_frame(changes: Changes) -> pl.DataFrame:
    """The proved records of people who came or left, a row each combination of values."""
    frames: list[pl.DataFrame] = []
    for step in changes.steps:
        if step.told is None:
            continue
        told, at = step.told, np.flatnonzero(step.told.least > 0)
        codes = told.found.found.codes[at]
        way = [told.direction] * len(at)
        if told.direction == "both":
            way = ["came" if code else "left" for code in codes[:, len(told.domains)].tolist()]
        values = {
            free(d.name): [d.labels[c] for c in codes[:, i].tolist()] for i, d in enumerate(told.domains)
        }
        head = {"attack": [GenerateThenVerify.name] * len(at)}
        head |= {"block": [step.block] * len(at)} if step.block else {}
        head |= {
            "releases": [t("{earlier} to {later}", earlier=step.earlier, later=step.later)] * len(at),
            "change": way,
        }
        frames.append(pl.DataFrame({**head, **values, "people": told.least[at]}))
    # A step whose records have fewer variables leaves the others empty.
    return pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame(schema={"attack": pl.String})


def _between(step: Step) -> str:
    if not step.block:
        return t("{earlier} and {later}", earlier=step.earlier, later=step.later)
    return t("{earlier} and {later}, block {block}", earlier=step.earlier, later=step.later, block=step.block)
