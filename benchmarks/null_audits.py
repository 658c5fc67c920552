"""Are audits right where the truth is known: null audits through every door, and known leaks through scores.

python benchmarks/null_audits.py [--audits 200] [--only DOOR] [--write]

Each audit is `confide.audit` on new data, all in one process. A null audit is right if it neither calls
something found nor a limit exceeded, where the limit is what guessing reaches. A known leak is two normal
laws d' apart; its limits lie 20 % above and 20 % below the truth.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from null_doors import DOORS, LIMITS
from page import bars, head, machine, publish, row
from scipy.stats import norm

import confide
from confide.core.errors import ConfideError
from confide.core.evidence import Evidence
from confide.measure import proportion

if TYPE_CHECKING:
    from confide.audits import Held

SEED = 10
LEAKS, SIDE = (1.0, 2.0), 1_000
RULINGS = ("exceeded", "not settled", "within")
MOST = 0.05
"""The most of null audits that may call something found, or a limit exceeded."""


@dataclass(kw_only=True)
class Tally:
    """Many audits of one kind.

    Args:
        outcomes: how often each headline came.
        rulings: of each limit.
        refused: what was said where an audit was refused.
        people: exposed and control rows of each audit.
        seconds: CPU seconds of each.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    rulings: dict[str, Counter[str]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    people: list[tuple[int, int]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def audits(self) -> int:
        return self.outcomes.total()

    def add(self, held: Held, *, seed: int, limits: Sequence[str], options: Mapping[str, Any]) -> None:
        """Audit what is held, as the command line does, and count what the report says."""
        start = time.process_time()
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # solvers that stop early: their attacks are weak, not wrong
            try:
                page = confide.audit(
                    held, seed=seed, limits=limits, cache=Path(folder), **options
                ).report.page
            except ConfideError as error:
                self.refused[str(error)] += 1
                return
        self.seconds.append(time.process_time() - start)
        # Where something is proved too, that section stands before the one of the game, and has no rates.
        section = page["sections"][-1]
        self.outcomes[section["outcome"]] += 1
        found = section["finding"]
        self.people.append((found["exposed_count"] or 0, found["control_count"] or 0))
        for judged in page["limits"]:
            self.rulings.setdefault(judged["limit"], Counter())[judged["verdict"]] += 1

    def exceeded(self, limit: str) -> int | None:
        return None if limit not in self.rulings else self.rulings[limit]["exceeded"]


def null(name: str, audits: int) -> Tally:
    """Null audits through one door."""
    door, tally = DOORS[name], Tally()
    for i in range(audits):
        rng = np.random.default_rng([SEED, crc32(name.encode()), i])
        tally.add(door.held(rng), seed=i, limits=door.limits, options=door.options)
    return tally


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A limit beside the truth of a known leak."""

    what: str
    truth: float
    times: float

    @property
    def text(self) -> str:
        return f"{self.what}={self.truth * self.times:.4g}"

    @property
    def wrong(self) -> str:
        """The ruling that would be false."""
        return "exceeded" if self.times > 1 else "within"


def beside(d: float) -> list[Beside]:
    """Limits 20 % above and below what scores that are d' apart give away."""
    truths = {
        **{f"tpr@{f:g}": float(norm.sf(norm.isf(f) - d)) for f in (0.01, 0.1)},
        "auc": float(norm.cdf(d / np.sqrt(2))),
        "advantage": float(2 * norm.cdf(d / 2) - 1),
    }
    limits = [
        Beside(what=what, truth=truth, times=times) for what, truth in truths.items() for times in (1.2, 0.8)
    ]
    return [limit for limit in limits if limit.truth * limit.times <= 1]  # no AUC exceeds 1


def leak(d: float, audits: int) -> Tally:
    """Audits of scores that are d' apart."""
    tally, exposed = Tally(), np.arange(2 * SIDE) % 2 == 0
    for i in range(audits):
        score = np.random.default_rng([SEED, round(10 * d), i]).standard_normal(2 * SIDE) + d * exposed
        held = confide.Scores(Evidence.of(exposed, score))
        tally.add(held, seed=i, limits=[limit.text for limit in beside(d)], options={})
    return tally


def share(k: int | None, n: int) -> str:
    """A share in percent with its exact interval; empty where nothing was asked or played."""
    if k is None or not n:
        return "–"
    found = proportion(k, n, confidence=0.95)
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}]"


def null_row(name: str, tally: Tally) -> tuple[str, bool]:
    """A line of the table, and whether every share is at most what it may be."""
    n = tally.audits
    counted = [tally.outcomes["found"], *(tally.exceeded(limit) for limit in LIMITS)]
    sides = np.median(tally.people, axis=0).astype(int) if tally.people else (0, 0)
    cells = [
        f"{sides[0]:,} + {sides[1]:,}",
        *(share(k, n) for k in counted),
        f"{tally.outcomes['broken']}, {tally.refused.total()}",
        f"{np.sum(tally.seconds):,.0f}",
    ]
    return row(name, *cells), n > 0 and all(k is None or k <= MOST * n for k in counted)


def leak_row(d: float, limit: Beside, tally: Tally) -> str:
    """A line of the second table: the rulings on one limit, and the share of wrong ones."""
    ruled = tally.rulings[limit.text]
    cells = [
        f"{d:g}",
        limit.what,
        f"{limit.truth:.4f}",
        limit.text.partition("=")[2],
        *(f"{ruled[ruling] / tally.audits:.1%}" for ruling in RULINGS),
        share(ruled[limit.wrong], tally.audits),
    ]
    return row(*cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audits", type=int, default=200)
    parser.add_argument("--only", choices=[*DOORS, "leaks"])
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    doors = [name for name in DOORS if asked.only in (None, name)]
    rows: list[str] = []
    checks: list[tuple[str, bool]] = []
    refusals: Counter[str] = Counter()
    for name in doors:
        tally = null(name, asked.audits)
        line, ok = null_row(name, tally)
        print(line, flush=True)
        rows.append(line)
        checks.append((f"{name}: found, and each limit exceeded, in at most {MOST:.0%} of audits", ok))
        refusals += Counter({f"{name}: {why}": k for why, k in tally.refused.items()})
    wrongs: list[str] = []
    for d in LEAKS if asked.only in (None, "leaks") else ():
        tally = leak(d, asked.audits)
        for limit in beside(d):
            wrongs.append(leak_row(d, limit, tally))
            ok = tally.rulings[limit.text][limit.wrong] <= MOST * tally.audits
            checks.append((f"d' = {d:g}, {limit.text}: wrong in at most {MOST:.0%} of audits", ok))
        print(f"d' = {d:g}: {np.sum(tally.seconds):,.0f} s", flush=True)
    lines = page(asked.audits, doors, rows, refusals, wrongs, checks)
    publish(lines, "null_audits", write=asked.write and asked.only is None)


def page(
    audits: int,
    doors: Sequence[str],
    rows: Sequence[str],
    refusals: Mapping[str, int],
    wrongs: Sequence[str],
    checks: Sequence[tuple[str, bool]],
) -> list[str]:
    """The whole page."""
    return [
        "# Null audits, and audits of known leaks",
        "",
        f"`python benchmarks/null_audits.py --audits {audits} --write`",
        "",
        f"{audits} audits a row, each on new data (seed {SEED}, the name's CRC-32, the audit's number; the",
        f"audit's own seed is its number), through `confide.audit` in one process. {machine()}.",
        "",
        "Found: the headline says that something was found. A limit's column: how often that limit, which is",
        "what guessing reaches, was called exceeded. Exact intervals at 95 %. Where a name must be right",
        "(ratings, traces, images) guessing reaches less than these limits. B, R: audits whose headline says",
        "that the comparison is broken, and audits that were refused.",
        "",
        *head("door", "people", "found", *LIMITS, "B, R", "CPU seconds"),
        *rows,
        "",
        "Why being in the release tells nothing:",
        "",
        *(f"- {name}: {DOORS[name].why}{_options(name)}." for name in doors),
        *(["", "Refused:", ""] if refusals else []),
        *(f"- {k} x {why}" for why, k in refusals.items()),
        "",
        f"Known leaks: {SIDE:,} people on each side, scores N(d', 1) and N(0, 1), through the door for",
        "scores, with limits 20 % above and 20 % below the truth. Wrong: one above it that is called",
        "exceeded, or one below it that is called within.",
        "",
        *head("d'", "limit on", "truth", "limit", *RULINGS, "wrong"),
        *wrongs,
        "",
        *bars(checks),
    ]


def _options(name: str) -> str:
    given = DOORS[name].options.get("attacks")
    if given is None:
        return ""
    return f"; attacks: {given if isinstance(given, str) else ', '.join(str(a.name) for a in given)}"


if __name__ == "__main__":
    main()
