"""The page of null audits: read back, so that one door can be measured without the others, and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from page import head, machine
from page import row as row_of

RESULT = Path(__file__).parent / "results" / "null_audits.md"
RULINGS = ("exceeded", "not settled", "within")
_LATER = "Measured later and alone, by `--only`, on a busy machine, so that seconds count more: "
_LIMITS = ("tpr@0.01=0.01", "tpr@0.1=0.1", "auc=0.5", "advantage=0")
HEADS: Mapping[str, tuple[tuple[str, ...], int]] = {
    "rows": (("door", "people", "found", *_LIMITS, "B, R", "CPU seconds"), 1),
    "promises": (("promise of", "audits", "called broken", "canaries called exposed"), 1),
    "scores": (("d'", "limit on", "truth", "limit", *RULINGS, "wrong"), 4),
    "leaks": (("leak", "limit on", "truth", "limit", "audits", *RULINGS, "wrong"), 4),
    "broken": (("promise that is not kept", "audits", "passed", "bound that breaks it"), 1),
    "bars": (("bar", "reached"), 1),
}
"""Of each table its head, and how many of its cells name a line."""


@dataclass(kw_only=True)
class Page:
    """What is on the page.

    Args:
        tables: by the name of the table: the lines, by the cells that name them.
        refused: what was said where an audit was refused, as lines.
        later: doors that were measured alone.
    """

    tables: dict[str, dict[tuple[str, ...], str]] = field(
        default_factory=lambda: {name: {} for name in HEADS}
    )
    refused: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)

    @classmethod
    def read(cls) -> Page:
        """The page that is there; an empty one where none is."""
        page, table = cls(), ""
        for line in RESULT.read_text().splitlines() if RESULT.exists() else ():
            heads = [name for name, (cells, _) in HEADS.items() if line == row_of(*cells)]
            if heads:
                table = heads[0]
            elif table and line.startswith("| ") and not line.startswith("| ---"):
                page.put(table, line)
            elif not line.startswith("|"):
                table = ""
            if " x " in line and line.startswith("- ") and line.split()[1].isdigit():
                page.refused.append(line)
            if line.startswith(_LATER):
                page.later = line.removeprefix(_LATER).rstrip(".").split("; ")
        return page

    def put(self, table: str, line: str) -> None:
        """Add a line, in place of the one of that name."""
        cells = tuple(cell.strip() for cell in line.strip("|").split(" | "))
        self.tables[table][cells[: HEADS[table][1]]] = line

    def bar(self, what: str, ok: bool) -> None:
        """Add what was to be reached, and whether it was."""
        self.put("bars", row_of(what, "yes" if ok else "**no**"))

    def refuse(self, name: str, refused: Mapping[str, int]) -> None:
        """Say what refused audits of a door said, in place of what they said before."""
        self.refused = [line for line in self.refused if line.partition(" x ")[2].partition(": ")[0] != name]
        self.refused += [f"- {k} x {name}: {why}" for why, k in refused.items()]

    def lines(self, *, audits: int, seed: int, side: int, whys: Mapping[str, str]) -> list[str]:
        """All of it."""
        there = [name for name in whys if (name,) in self.tables["rows"]]
        later = [f"{_LATER}{'; '.join(name for name in there if name in self.later)}.", ""]
        return [
            "# Null audits, and audits of known leaks",
            "",
            f"`python benchmarks/null_audits.py --audits {audits} --write`",
            "",
            f"{audits} audits a row, each on new data (seed {seed}, the name's CRC-32, the audit's number;",
            f"the audit's own seed is its number), through `confide.audit` in one process. {machine()}.",
            "",
            "Found: the headline says that something was found. A limit's column: how often that limit,",
            "which is what guessing reaches, was called exceeded. Exact intervals at 95 %. Where a name must",
            "be right (ratings, traces, images) guessing reaches less than these limits. B, R: audits whose",
            "headline says that the comparison is broken, and audits that were refused. Found is a union,",
            "of the AUC and of four rates, each wrong in 2.5 % of audits at most, so that it may come in",
            "somewhat more than 5 %; no limit may.",
            "",
            *self._table("rows", order=[(name,) for name in there]),
            *(later if self.later else []),
            "Doors with several attacks that were not measured later led with another attack: now one that",
            "beats guessing goes before one that does not, so their share found may be larger today. At the",
            "door of rebuilding the adversary about each member knows the others, so that its claims hang",
            "together, and intervals are a little narrow where chance is often right: see advantage.",
            "",
            "Why being in the release tells nothing:",
            "",
            *(f"- {name}: {whys[name]}." for name in there),
            "",
            *(["Refused:", "", *self.refused, ""] if self.refused else []),
            "The same audits, where something is promised or canaries stand in a text: how often a training",
            "that keeps its promise was said to break it, by any check or bound, and how often canaries that",
            "the model never saw were said to be exposed (by intent once in 1,000 audits).",
            "",
            *self._table("promises"),
            f"Known leaks: {side:,} people on each side, scores N(d', 1) and N(0, 1), through the door for",
            "scores, with limits 20 % above and 20 % below the truth. Wrong: one above it that is called",
            "exceeded, or one below it that is called within.",
            "",
            *self._table("scores"),
            "Known leaks through the doors to trainings, with limits as before. The truth is a closed form",
            "(training, text), or the mean of as many further audits (learner, rebuild), where each audit",
            "has a model of its own, whose truth is not quite that mean.",
            "",
            *self._table("leaks"),
            "Promises that are not kept: how often such an audit passed, and what broke the promise. The",
            "trainings are those of the null audits with noise of 7 clipping norms and the promise",
            "(1, 1e-5), which some of them keep in spite of the fault: they do not do what they account for.",
            "Noise is checked on 26,000 numbers, of which 2 % less is seen; 1 % takes a larger network.",
            "",
            *self._table("broken"),
            *self._table("bars")[:-1],
        ]

    def _table(self, name: str, *, order: Sequence[tuple[str, ...]] | None = None) -> list[str]:
        found = self.tables[name]
        return [*head(*HEADS[name][0]), *(found[key] for key in (order or found)), ""]
