"""Lagarias and Odlyzko (JACM 1985): who is on both lists, from exact sums of an owner's own columns.

An owner knows its values, and learns their sums, and those of their products, over the people on both lists.
Which of its people these are is a subset sum problem with several sums, that a lattice's short vectors solve
(with the plus and minus signs of Coster and others 1992; reduced by Lenstra, Lenstra and Lovasz 1982, in
whole numbers as in Cohen 1993, algorithm 2.6.7).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from confide.audits.checked.record import Attack, played
from confide.audits.computations.lists import identifiers_of
from confide.audits.computations.recorded import Recorded
from confide.core.arrays import Floats

MOST = 60
"""People of a list for whom it is played: it takes two seconds. A longer list takes longer."""
BITS = 44
"""Of a sum that are used: float64 holds a few more."""


def of_both(run: Recorded) -> tuple[str, tuple[Attack, ...]]:
    """What a result of rows that were brought together says of who these are, and the attack by who looks."""
    if run.plan["inside"]:
        return (
            "No sum over the people on both lists was opened: an owner has none of its own columns.",
            (),
        )
    told = (
        "An owner has exact sums of its own columns over the people on both lists, and may work out from "
        "them who these are (inside = true opens none)."
    )
    sizes = [
        f"{owner} has {bits:,.0f} bits of such sums, and who of its list is on both takes {needed:,.0f}"
        for owner in run.parties
        if (bits := _bits_opened(run, owner)) and (needed := _bits_needed(run, owner))
    ]
    told = f"{told} At most, {'; '.join(sizes)}." if sizes else told
    if len(run.looking) != 1 or not run.held_by(run.looking[0]):
        return told, ()
    return told, (played(partial(_searched, run, run.looking[0])),)


def _searched(run: Recorded, owner: str) -> Attack:
    """Search a list that has all sums, and hold it against the truth."""
    names = identifiers_of(run, owner)
    others = {name for party in run.others for name in identifiers_of(run, party)}
    story = "An owner searches its list for people whose sums are those that were opened"
    sums = _sums(run, owner)
    if len(names) > MOST or not others or sums is None:
        told = f"It was not played: this takes both owners' records, and a list of {MOST} people at most."
        return Attack(story=f"{story}. {told}", succeeded=False)
    found = chosen(*sums)
    truth = np.array([name in others for name in names])
    right = found is not None and bool((found == truth).all())
    told = "and has all who are on both, and nobody else" if right else "and does not find them"
    return Attack(story=f"{story}, {told}.", succeeded=right)


def chosen(values: Floats, sums: Floats) -> np.ndarray | None:
    """Which rows add up to the sums: bool[n]; None if none are found.

    Args:
        values: float64[n, k], of an absolute value of at most 1; a column of ones says how many rows.
        sums: float64[k], over the rows that are searched.

    >>> values = np.random.default_rng(0).uniform(size=(20, 2))
    >>> chosen(values, values[3:11].sum(0)).nonzero()[0].tolist()
    [3, 4, 5, 6, 7, 8, 9, 10]
    """
    count, rows = len(values), []
    steps = [[round(float(value) * 2**BITS) for value in row] for row in values]
    for at, row in enumerate(steps):
        rows.append([2 * (at == place) for place in range(count)] + [0] + row)
    rows.append([-1] * count + [1] + [-round(float(value) * 2**BITS) for value in sums])
    for row in reduced(rows):
        signs = np.array(row[: count + 1])
        if (np.abs(signs) == 1).all():
            found = signs[:-1] * signs[-1] == 1
            if np.abs(values[found].sum(0) - sums).max() < count * 2.0 ** (1 - BITS):
                return found
    return None


def reduced(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """The reduced basis of the lattice of these rows, which are independent.

    >>> reduced([[1, 0, 31], [0, 1, 17]])
    [[-1, 2, 3], [-4, 7, -5]]
    """
    basis, size = [list(row) for row in rows], len(rows)
    grams, off = [1, *([0] * size)], [[0] * size for _ in range(size)]  # of the first rows, and below

    def shorten(row: int, by: int) -> None:
        if 2 * abs(off[row][by]) > grams[by + 1]:
            times = (2 * off[row][by] + grams[by + 1]) // (2 * grams[by + 1])
            basis[row] = [one - times * two for one, two in zip(basis[row], basis[by], strict=True)]
            off[row][by] -= times * grams[by + 1]
            for place in range(by):
                off[row][place] -= times * off[by][place]

    grams[1], at, seen = _product(basis[0], basis[0]), 1, 0
    while at < size:
        if at > seen:
            seen = at
            for place in range(at + 1):
                rest = _product(basis[at], basis[place])
                for before in range(place):
                    rest = (grams[before + 1] * rest - off[at][before] * off[place][before]) // grams[before]
                if place < at:
                    off[at][place] = rest
                else:
                    grams[at + 1] = rest
        shorten(at, at - 1)
        if 4 * grams[at + 1] * grams[at - 1] < 3 * grams[at] ** 2 - 4 * off[at][at - 1] ** 2:
            _swap(basis, grams, off, at, seen)
            at = max(1, at - 1)
            continue
        for place in range(at - 2, -1, -1):
            shorten(at, place)
        at += 1
    return basis


def _swap(basis: list[list[int]], grams: list[int], off: list[list[int]], at: int, seen: int) -> None:
    basis[at], basis[at - 1] = basis[at - 1], basis[at]
    for place in range(at - 1):
        off[at][place], off[at - 1][place] = off[at - 1][place], off[at][place]
    kept = off[at][at - 1]
    gram = (grams[at - 1] * grams[at + 1] + kept**2) // grams[at]
    for row in range(at + 1, seen + 1):
        was = off[row][at]
        off[row][at] = (grams[at + 1] * off[row][at - 1] - kept * was) // grams[at]
        off[row][at - 1] = (gram * was + kept * off[row][at]) // grams[at + 1]
    grams[at] = gram


def _product(one: Sequence[int], two: Sequence[int]) -> int:
    return sum(x * y for x, y in zip(one, two, strict=True))


def _sums(run: Recorded, owner: str) -> tuple[Floats, Floats] | None:
    """An owner's scaled values and products, as many as it takes, and their sums; None if none was opened."""
    places = [at for at, column in enumerate(run.plan["columns"]) if column["owner"] == owner]
    gram = _moments(run)
    if gram is None:
        return None
    held, columns = run.held_by(owner), [run.plan["columns"][at] for at in places]
    scaled = [np.asarray(held[c["name"]], float) / max(abs(c["low"]), abs(c["high"])) for c in columns]
    ones = np.ones(len(scaled[0]))
    design, of = [ones, *scaled], [0, *(at + 1 for at in places)]
    pairs = [(i, j) for i in range(len(design)) for j in range(i, len(design))]
    pairs = pairs[: 2 + len(ones) // 8]  # five bits and more for each that is needed
    values = np.column_stack([design[i] * design[j] for i, j in pairs])
    return values, np.array([gram[of[i], of[j]] for i, j in pairs])


def _moments(run: Recorded) -> Floats | None:
    """The moments of the scaled columns and a column of ones before them, from what was published."""
    known = run.published
    if "moments" in known:
        return np.asarray(known["moments"], float)
    if "covariance" not in known:
        return None
    reach = np.array([max(abs(c["low"]), abs(c["high"])) for c in run.plan["columns"]])
    count, mean = float(np.ravel(known["count"])[0]), np.concatenate([[1.0], known["mean"] / reach])
    gram = count * np.outer(mean, mean)
    gram[1:, 1:] += (count - 1) * np.asarray(known["covariance"]) / np.outer(reach, reach)
    return gram


def _bits_opened(run: Recorded, owner: str) -> float:
    """Bits of the sums of an owner's columns, and of their products, that are opened at most."""
    held, grid = len([c for c in run.plan["columns"] if c["owner"] == owner]), 52
    each = math.log2(run.plan["rows"])
    return held * (grid + each) + held * (held + 1) / 2 * (2 * grid + each)


def _bits_needed(run: Recorded, owner: str) -> float:
    """Bits that say which of an owner's people are on both lists, whose number is known."""
    names = identifiers_of(run, owner)
    count = run.published.get("count")
    if not names or count is None:
        return 0.0
    listed, both = len(names), round(float(np.ravel(count)[0]))
    return (math.lgamma(listed + 1) - math.lgamma(both + 1) - math.lgamma(listed - both + 1)) / math.log(2)
