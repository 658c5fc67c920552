"""A rating matrix of Netflix's size, attacked for 1,000 people.

python benchmarks/netflix_size.py [--people 480000] [--write]

480,000 people, 17,770 items and about 100 million made-up ratings with long tails, stars and dates. 1,000
people are asked about with eight facts each, two of them wrong, dates to within 14 days; each is held out of
the release by a fair coin. One process, one thread. The peak of memory is that of the whole run: making the
ratings, dealing the release, and both attacks.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from page import bars, head, machine, publish, row

from confide.attacks.linkage import Likelihood, Scoreboard
from confide.core.estimate import Estimate
from confide.core.play import play
from confide.data.ratings_like import ratings_like
from confide.games.linkage.ratings import RatingsLinkage
from confide.knowledge.ratings import Knowing
from confide.measure.identification import at_false_match_rate, linked, rank_one
from confide.mechanisms.anchors.published import Published

SEED, TARGETS = 7, 1_000


def said(found: Estimate) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def peak() -> float:
    """GB of memory at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=480_000)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    begun = time.perf_counter()
    records = ratings_like(people=options.people, items=17_770, each=227, rng=np.random.default_rng(SEED))
    made = time.perf_counter() - begun
    steps = [row("make the ratings", f"{made:.0f}", f"{peak():.1f}")]
    able = np.flatnonzero(Knowing().eligible(records))
    targets = np.random.default_rng([SEED, 4]).permutation(able)[:TARGETS]
    game = RatingsLinkage(mechanism=Published(), records=records, targets=targets, knowing=Knowing())
    lines_of: list[str] = []
    for attack in (Scoreboard(), Likelihood()):
        before = time.perf_counter()
        e = play(game, attack, worlds=1, rng=np.random.default_rng(SEED))
        all_of_it = time.perf_counter() - before
        steps.append(row(f"{attack.name}: deal the release", f"{all_of_it - e.seconds:.0f}", ""))
        steps.append(row(f"{attack.name}: attack", f"{e.seconds:.0f}", f"{peak():.1f}"))
        for words, found in (
            ("published threshold 1.5", linked(e, threshold=1.5) if attack.name == "scoreboard" else None),
            ("set for 5 % false matches", at_false_match_rate(e, rate=0.05)),
            ("set for 1 % false matches", at_false_match_rate(e, rate=0.01)),
        ):
            if found is not None:
                cells = map(said, (found.right, found.wrong, found.false_matches))
                lines_of.append(row(attack.name, words, *cells))
        lines_of.append(row(attack.name, "best fit whatever it is", said(rank_one(e)), "", ""))
    checks = [
        (f"within 16 GB of memory (peak {peak():.1f} GB)", peak() <= 16),
        (f"100 million ratings ({len(records) / 1e6:.1f} million)", len(records) >= 95e6),
    ]
    lines = [
        "# Ratings of Netflix's size",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        f"{records.people:,} people, {records.items:,} items, {len(records):,} ratings, {TARGETS:,} targets, "
        f"seed {SEED}.",
        "",
        *head("step", "seconds", "peak GB so far"),
        *steps,
        "",
        "What was found, for completeness: the ratings are made up, so this says nothing about Netflix.",
        "",
        *head("attack", "threshold", "named rightly", "named wrongly", "absent, yet named"),
        *lines_of,
        "",
        *bars(checks),
        "",
        f"{machine()}; {time.perf_counter() - begun:.0f} s.",
    ]
    publish(lines, "netflix_size", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
