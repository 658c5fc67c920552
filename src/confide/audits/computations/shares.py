"""Checks of secret sharing (Shamir 1979): what those who look could put together of the others' numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import chi2, poisson

from confide.audits.checked.record import Attack, Check
from confide.audits.computations.dealt import Exchange
from confide.audits.computations.recorded import Recorded
from confide.core.arrays import Array
from confide.measure.intervals import proportion
from confide.mechanisms.share.joint.shamir import recombined

ALPHA = 1e-6
"""Each test alarms falsely once in a million audits."""
SEEDS = 4096
"""Seeds that are tried."""
HEAD = 4
"""Numbers of a message for which the streams of seeds are tried: one that is read is enough."""
LEAST = 30
"""Numbers of which a rate says something: below, an attack on every tenth could be missed."""
CLASSES = 16


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Shared:
    """The shares of one run.

    Args:
        run: the records.
        seen: what those who look received, by sender and label.
        dealt: what each party whose record is there sent to all others.
        threshold: how many shares together say nothing, by the plan.
    """

    run: Recorded
    seen: Sequence[Exchange]
    dealt: Sequence[Exchange]
    threshold: int


def threshold(shared: Shared) -> Check:
    """Whether those who look are few enough."""
    looking, most = len(shared.run.looking), shared.threshold
    name = "threshold"
    if looking <= most:
        told = f"{looking} of {len(shared.run.parties)} parties look, and {most + 1} shares are needed."
        return Check(name=name, outcome="passed", found=told)
    told = f"{looking} look, and {most + 1} of the shares that they got together give each number."
    return Check(name=name, outcome="failed", found=told, attacks=(_read_attack(shared),))


def dealt(shared: Shared) -> Check:
    """Whether the first that each party sent to all others differs from receiver to receiver."""
    first = {exchange.sender: exchange for exchange in reversed(shared.dealt)}
    same = sorted(sender for sender, exchange in first.items() if exchange.same)
    name = "dealt"
    if same:
        told = f"{', '.join(same)} sent all others the same: the numbers themselves."
        return Check(name=name, outcome="failed", found=told, attacks=(_read_attack(shared),))
    if not first:
        return Check(name=name, outcome="unclear", found="No record of a party that dealt shares was given.")
    told = f"Shares of {', '.join(sorted(first))} differ from receiver to receiver."
    return Check(name=name, outcome="passed", found=told)


def fresh(shared: Shared) -> Check:
    """Whether the random numbers behind the shares are uniform, and none is used twice."""
    name, found = "fresh", [e for e in shared.dealt if not e.same]
    if shared.threshold != 1:
        return _uniform_only(shared, name)
    numbers = [int(number) for exchange in found for number in exchange.coefficient()]
    count, repeated = len(numbers), len(numbers) - len(set(numbers))
    by_chance = count**2 / 2 / min((exchange.modulus for exchange in found), default=1)
    worst = float(poisson.sf(repeated - 1, by_chance)) if repeated else 1.0
    tested = count >= LEAST * CLASSES
    if tested:
        scaled = np.concatenate([e.coefficient() * CLASSES // e.modulus for e in found])
        worst = min(worst, 2 * _chi_square(scaled.astype(np.int64)))
    if worst < ALPHA:
        told = f"Of {count:,} random numbers {repeated:,} stand there again, or they are not uniform."
        return Check(name=name, outcome="failed", found=told, attacks=(_difference_attack(found),))
    if count < LEAST:
        told = f"{count} random numbers are too few to say; it takes {LEAST}."
        return Check(name=name, outcome="unclear", found=told)
    told = f"{count:,} random numbers behind shares: none twice" + (", and uniform." if tested else ".")
    return Check(name=name, outcome="passed", found=f"{told} A false alarm comes once in a million audits.")


def inputs(shared: Shared) -> Check:
    """Whether any of the others' numbers can be read from the shares that were received."""
    name = "inputs"
    targets = _targets(shared)
    count = sum(len(truth) for _, truth in targets)
    if not count:
        told = (
            "Nothing can be judged: no record of a party that does not look was given, so that nobody "
            "knows what its numbers were."
        )
        return Check(name=name, outcome="unclear", found=told)
    read = int(sum(_read(exchange, truth).sum() for exchange, truth in targets))
    rate = proportion(read, count, confidence=0.95)
    figures = {"share read": rate}
    if read:
        # A guess is right by chance once in the size of the field.
        told = f"Of {count:,} numbers of the others {read:,} were read, each of them exactly."
        return Check(
            name=name, outcome="failed", found=told, figures=figures, attacks=(_read_attack(shared),)
        )
    told = (
        f"Of {count:,} numbers of the others none was read: not as a share, not from all shares together, "
        f"and not by {SEEDS:,} seeds of a common generator. With this many, a way to read more than "
        f"{rate.high:.0%} of them would have been seen."
    )
    outcome = "passed" if count >= LEAST else "unclear"
    return Check(name=name, outcome=outcome, found=told, figures=figures)


def _targets(shared: Shared) -> list[tuple[Exchange, Array]]:
    """What the others dealt, as those who look got it, with the truth."""
    truth = {(e.sender, e.label): e.secret for e in shared.dealt}
    return [
        (exchange, truth[exchange.sender, exchange.label])
        for exchange in shared.seen
        if (exchange.sender, exchange.label) in truth and exchange.sender not in shared.run.looking
    ]


def _read(exchange: Exchange, truth: Array) -> Array:
    """Which of the numbers an adversary reads: bool[n].

    It takes a number for a share, for all shares put together, and for a share less what a generator with a
    short seed would have drawn.
    """
    hit = np.zeros(len(truth), bool)
    for share in exchange.shares.values():
        hit |= share == truth
    if len(exchange.shares) > 1:
        hit |= recombined(dict(exchange.shares), modulus=exchange.modulus) == truth
    place, share = next(iter(exchange.shares.items()))
    drawn = streams(exchange.modulus)[:, : len(share)]
    guesses = (share[:HEAD] - drawn * place) % exchange.modulus
    hit[:HEAD] |= (guesses == truth[:HEAD]).any(axis=0)
    return hit


@lru_cache(maxsize=8)
def streams(modulus: int) -> Array:
    """What Python's generator draws first from each seed: object[SEEDS, HEAD]."""
    return np.array(
        [[draw(modulus) for _ in range(HEAD)] for draw in (random.Random(s).randrange for s in range(SEEDS))],
        object,
    )


def _read_attack(shared: Shared) -> Attack:
    targets = _targets(shared)
    count = sum(len(truth) for _, truth in targets)
    read = int(sum(_read(exchange, truth).sum() for exchange, truth in targets))
    story = (
        f"The adversary takes each share for the number, puts all that it got together, and tries {SEEDS:,} "
        f"seeds: it reads {read:,} of {count:,} numbers exactly."
        if count
        else "The adversary puts the shares together; without the records of the others nobody can judge it."
    )
    return Attack(story=story, succeeded=read > 0)


def _difference_attack(found: Sequence[Exchange]) -> Attack:
    """Two numbers behind the same random number: their shares differ as they do."""
    seen: dict[int, tuple[int, int]] = {}
    for exchange in found:
        place, share = next(iter(exchange.shares.items()))
        secret = exchange.secret
        for at, drawn in enumerate(exchange.coefficient()):
            if drawn in seen:
                before, was = seen[drawn]
                difference = (int(share[at]) - before) % exchange.modulus
                right = difference == (int(secret[at]) - was) % exchange.modulus
                story = (
                    f"The adversary at place {place} subtracts two shares with the same random number, and "
                    "has the difference of two inputs exactly: who knows one reads the other."
                )
                return Attack(story=story, succeeded=right)
            seen[drawn] = (int(share[at]), int(secret[at]))
    return Attack(story="No two shares have the same random number.", succeeded=False)


def _uniform_only(shared: Shared, name: str) -> Check:
    """For polynomials of a higher degree, the shares themselves are looked at."""
    words = [e.shares[p] * CLASSES // e.modulus for e in shared.dealt for p in e.shares]
    scaled = np.concatenate(words).astype(np.int64) if words else np.zeros(0, np.int64)
    if len(scaled) < LEAST * CLASSES:
        told = f"{len(scaled)} shares are too few to say; it takes {LEAST * CLASSES}."
        return Check(name=name, outcome="unclear", found=told)
    outcome = "failed" if _chi_square(scaled) < ALPHA else "passed"
    told = f"{len(scaled):,} shares are {'not ' if outcome == 'failed' else ''}uniform over the field."
    return Check(name=name, outcome=outcome, found=told)


def _chi_square(classes: Array) -> float:
    counts = np.bincount(classes, minlength=CLASSES)
    expected = len(classes) / CLASSES
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), CLASSES - 1))
