"""Are audits right where the truth is known: null audits through every door, and known leaks through scores.

python benchmarks/null_audits.py [--audits 200] [--only DOOR] [--write]

With `--only` one door's line of the page is measured and the others stay, or one of the tables: scores leaks,
leaks, broken.

Each audit is `confide.audit` on new data, all in one process. A null audit is right if it neither calls
something found nor a limit exceeded, where the limit is what guessing reaches. A known leak is two normal
laws d' apart; its limits lie 20 % above and 20 % below the truth.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import null_doors
import numpy as np
from null_doors import LIMITS
from null_learning import BROKEN
from null_learning import DOORS as OF_TRAININGS
from null_learning import LEAKS as LEARNT
from null_page import RULINGS, Page
from null_tally import Tally, share
from page import publish, row
from scipy.stats import norm

import confide
from confide.core.evidence import Evidence

SEED = 10
LEAKS, SIDE = (1.0, 2.0), 1_000
DOORS = {**null_doors.DOORS, **OF_TRAININGS}
PROMISING = ("training", "training, final model", "learner", "text")
"""Doors whose promises, or canaries, are looked at too."""
ALSO = ("scores leaks", "leaks", "broken")
FEWER = 4
"""Times fewer audits of the known leaks and broken promises of trainings."""
MOST = 0.05
"""The most of null audits that may call something found, or a limit exceeded."""


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


def leak_row(named: str, limit: Beside, tally: Tally, *, counted: bool = False) -> str:
    """A line of the table of leaks: the rulings on one limit, and the share of wrong ones."""
    ruled = tally.rulings[limit.text]
    cells = [
        named,
        limit.what,
        f"{limit.truth:.4f}",
        limit.text.partition("=")[2],
        *([str(tally.audits)] if counted else []),
        *(f"{ruled[ruling] / tally.audits:.1%}" for ruling in RULINGS),
        share(ruled[limit.wrong], tally.audits),
    ]
    return row(*cells)


def doors(page: Page, names: Sequence[str], audits: int) -> None:
    """Null audits through these doors."""
    for name in names:
        tally = null(name, audits)
        line, ok = null_row(name, tally)
        print(line, flush=True)
        page.put("rows", line)
        page.refuse(name, tally.refused)
        page.bar(f"{name}: found, and each limit exceeded, in at most {MOST:.0%} of audits", ok)
        if name in PROMISING:
            n, text = tally.audits, name.startswith("text")
            told = share(None if text else tally.promises, n), share(tally.exposed if text else None, n)
            page.put("promises", row(name, n, *told))
            fine = max(tally.promises, tally.exposed) <= MOST * n
            page.bar(f"{name}: false words on a promise or canaries in at most {MOST:.0%} of audits", fine)


def scores(page: Page, audits: int) -> None:
    """Known leaks through the door for scores."""
    for d in LEAKS:
        tally = leak(d, audits)
        for limit in beside(d):
            page.put("scores", leak_row(f"{d:g}", limit, tally))
            ok = tally.rulings[limit.text][limit.wrong] <= MOST * tally.audits
            page.bar(f"d' = {d:g}, {limit.text}: wrong in at most {MOST:.0%} of audits", ok)
        print(f"d' = {d:g}: {np.sum(tally.seconds):,.0f} s", flush=True)


def leaks(page: Page, names: Sequence[str], audits: int) -> None:
    """Known leaks through these doors to trainings."""
    for name in names:
        known = LEARNT[name]

        def many(first: int, limits: Sequence[str], name: str = name) -> Tally:
            tally = Tally()
            for i in range(first, first + audits):
                rng = np.random.default_rng([SEED, crc32(f"leak: {name}".encode()), i])
                tally.add(LEARNT[name].held(rng), seed=i, limits=limits, options={})
            return tally

        means = (0.0, 0.0) if known.d is not None else np.mean(many(audits, ()).found, axis=0)
        truths = {
            what: known.truth(what) or float(mean)
            for what, mean in zip(("auc", "tpr@0.1"), means, strict=True)
        }
        limits = [Beside(what=what, truth=t, times=k) for what, t in truths.items() for k in (1.2, 0.8)]
        limits = [limit for limit in limits if limit.truth * limit.times <= 1]
        tally = many(0, [limit.text for limit in limits])
        for limit in limits:
            line = leak_row(f"{name}: {known.what}", limit, tally, counted=True)
            print(line, flush=True)
            page.put("leaks", line)
            ok = tally.rulings[limit.text][limit.wrong] <= MOST * tally.audits
            side = "above" if limit.times > 1 else "below"
            page.bar(f"{name}, {limit.what} limited 20 % {side}: wrong in at most {MOST:.0%} of audits", ok)


def broken(page: Page, audits: int) -> None:
    """Promises that are not kept."""
    for name, held in BROKEN.items():
        tally = Tally()
        for i in range(audits):
            rng = np.random.default_rng([SEED, crc32(f"broken: {name}".encode()), i])
            tally.add(held(rng), seed=i, limits=(), options={})
        checks = "; ".join(f"{check} {k}" for check, k in tally.broken.most_common(3)) or "–"
        line = row(name, tally.audits, share(tally.passed, tally.audits), checks)
        print(line, flush=True)
        page.put("broken", line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audits", type=int, default=200)
    parser.add_argument("--only", choices=[*DOORS, *ALSO, *(f"leak: {name}" for name in LEARNT)])
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    page = Page() if asked.only is None else Page.read()
    doors(page, [name for name in DOORS if asked.only in (None, name)], asked.audits)
    if asked.only in DOORS and asked.only not in page.later:
        page.later.append(asked.only)
    if asked.only in (None, "scores leaks"):
        scores(page, asked.audits)
    leaking = [name for name in LEARNT if asked.only in (None, "leaks", f"leak: {name}")]
    leaks(page, leaking, asked.audits // FEWER)
    if asked.only in (None, "broken"):
        broken(page, asked.audits // FEWER)
    whys = {name: f"{door.why}{_options(name)}" for name, door in DOORS.items()}
    publish(
        page.lines(audits=asked.audits, seed=SEED, side=SIDE, whys=whys), "null_audits", write=asked.write
    )


def _options(name: str) -> str:
    given = DOORS[name].options.get("attacks")
    if given is None:
        return ""
    return f"; attacks: {given if isinstance(given, str) else ', '.join(str(a.name) for a in given)}"


if __name__ == "__main__":
    main()
