"""How fast everybody is looked up in everybody's ratings, against the loop that one would write.

python benchmarks/scoreboard_speed.py [--repeats 5] [--write]

6,040 people, 3,706 items, about a million made-up ratings with stars and dates (MovieLens 1M's shape), and
eight facts about each person; all 6,040 are looked up. The rival is the paper's formula in plain Python: for
each target a loop over the people, each a dict of their items. It looks up some of the targets, in the same
run: its time is linear in their number. One process, one thread each; CPU and wall seconds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from math import exp, log
from statistics import median

import numpy as np
from page import bars, head, machine, publish, row

from confide.attacks.linkage import Likelihood, Scoreboard
from confide.core.nouns import Case
from confide.data.ratings_like import ratings_like
from confide.knowledge.ratings import Knowing, RatingsKnowledge
from confide.views.interactions import Interactions

SEED, LOOKED_UP = 7, 40


def loop(records: Interactions, facts: Interactions) -> tuple[list[int], list[float]]:
    """Scoreboard-RH, record by record; the dicts are made by `as_dicts` outside the clock."""
    rows, support = as_dicts(records), records.raters().tolist()
    claims: list[int] = []
    sure: list[float] = []
    start = facts.start
    begun = time.process_time(), time.perf_counter()
    for t in range(facts.people):
        mine = [
            (int(facts.item[k]), float(facts.rating[k]), float(facts.day[k]))
            for k in range(start[t], start[t + 1])
        ]
        scores: list[float] = []
        for theirs in rows:
            score = 0.0
            for item, rating, day in mine:
                if item in theirs:
                    r, d = theirs[item]
                    alike = exp(-abs(rating - r) / 1.5) + exp(-abs(day - d) / 30)
                    score += alike / log(max(support[item], 2))
            scores.append(score)
        average = sum(scores) / len(scores)
        sigma = (sum((s - average) ** 2 for s in scores) / len(scores)) ** 0.5
        best, second = sorted(scores, reverse=True)[:2]
        claims.append(scores.index(best))
        sure.append((best - second) / sigma)
    loop.seconds = time.process_time() - begun[0], time.perf_counter() - begun[1]
    return claims, sure


def as_dicts(records: Interactions) -> list[dict[int, tuple[float, float]]]:
    """Each person's items with rating and day."""
    values = zip(records.item.tolist(), records.rating.tolist(), records.day.tolist(), strict=True)
    rows: list[dict[int, tuple[float, float]]] = [{} for _ in range(records.people)]
    for person, (item, rating, day) in zip(records.person.tolist(), values, strict=True):
        rows[person][item] = (rating, day)
    return rows


def timed(run: Callable[[], object]) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return time.process_time() - cpu, time.perf_counter() - wall


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rng = np.random.default_rng(SEED)
    records = ratings_like(people=6_040, items=3_706, each=210, rng=rng)
    facts = Knowing().about(records, np.flatnonzero(Knowing().eligible(records)), rng=rng)
    case = Case(records, RatingsKnowledge(knowing=Knowing(wrong=2, within_days=14.0)), facts)
    few = facts.take(np.arange(LOOKED_UP))
    ours, likely, theirs = [], [], []
    for _ in range(options.repeats):
        ours.append(timed(lambda: Scoreboard()(case, rng=rng)))
        likely.append(timed(lambda: Likelihood()(case, rng=rng)))
        claims, sure = loop(records, few)
        theirs.append(loop.seconds)
    guess = Scoreboard()(case, rng=rng)
    same = guess.value[:LOOKED_UP].tolist() == claims
    apart = float(np.abs(guess.score[:LOOKED_UP] - sure).max())

    def one(times: list[tuple[float, float]], which: int, people: int) -> tuple[float, str]:
        ms = sorted(1000 * t[which] / people for t in times)
        return median(ms), f"{median(ms):.3f} [{ms[0]:.3f}, {ms[-1]:.3f}]"

    n = facts.people
    ratios = [b[0] / LOOKED_UP / (a[0] / n) for a, b in zip(ours, theirs, strict=True)]
    whole = median(t[1] for t in ours)
    checks = [
        (f"at least 50 times a per-user loop (least of the repeats: {min(ratios):.0f})", min(ratios) >= 50),
        (f"the whole gallery in at most 2 s wall (median {whole:.2f} s)", whole <= 2),
        (
            f"equal claims, eccentricities within 1e-3 (most apart {apart:.1e})",
            same and apart < 1e-3,
        ),
    ]
    rows = [
        row(name, people, *(one(t, which, people)[1] for which in (0, 1)))
        for name, t, people in (
            ("scoreboard", ours, n),
            ("likelihood", likely, n),
            ("a loop over people", theirs, LOOKED_UP),
        )
    ]
    lines = [
        "# Looking everybody up",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        f"{records.people:,} people, {records.items:,} items, {len(records):,} ratings, seed {SEED}; "
        f"{options.repeats} repeats. Median [least, most].",
        "",
        *head("attack", "people looked up", "CPU ms each", "wall ms each"),
        *rows,
        "",
        f"Ratio of CPU seconds, by repeat: {median(ratios):.0f} [{min(ratios):.0f}, {max(ratios):.0f}].",
        "",
        *bars(checks),
        "",
        f"{machine()}.",
    ]
    publish(lines, "scoreboard_speed", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
