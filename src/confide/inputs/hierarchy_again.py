"""Made hierarchies for next month's table: what a recipe tells of them, and the same groups again."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import DataError
from confide.inputs.hierarchies import MISSING
from confide.inputs.hierarchy_made import are_prefixed, joined, of_numbers, of_prefixes, padded
from confide.inputs.hierarchy_steps import Steps, steps_of_dates, steps_of_numbers
from confide.views.hierarchy import Hierarchy
from confide.views.table import Domain

DAY = re.compile(r"\d{4}-\d\d-\d\d")
AFTER = "\uffff"
"""Sorts after every character of a code."""
Ends = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """The ranges of codes that a recipe may tell of, each a single value, a group or another range.

    Args:
        ranges: the first and the last code of each.
        level: of the hierarchy, for those that are one of its groups: the finest one.
        missing: whether a recipe may say that a value is missing.
    """

    ranges: tuple[Ends, ...]
    level: Mapping[Ends, int]
    missing: bool


def all_seen(domain: Domain) -> Seen:
    """Every value by itself, for the eyes of the user alone."""
    each = tuple((code, code) for code in range(len(domain) - domain.missing))
    return Seen(each, dict.fromkeys(each, 0), domain.missing)


def shown(
    domain: Domain, hierarchy: Hierarchy, released: Domain, low: NDArray[np.int32], high: NDArray[np.int32]
) -> Seen:
    """What the cells of a released column show. A wholly suppressed one shows nothing.

    Args:
        domain: of the column, as it was read.
        hierarchy: that was made for it.
        released: domain of the released column.
        low, high: int32[n], its cells.
    """
    real = len(domain) - domain.missing
    if released.digest() != domain.digest():
        alone = {released.labels[code] for code in np.unique(low[low == high]).tolist()}
        found = [(code, code) for code in range(real) if domain.labels[code] in alone]
    else:
        both: list[list[int]] = np.unique(np.stack([low, high], axis=1), axis=0).tolist()
        found = [(a, b) for a, b in both if b < real and (a == b or b - a < len(domain) - 1)]
    level: dict[Ends, int] = {}
    for at, (starts, stops) in enumerate(zip(hierarchy.start, hierarchy.stop, strict=True)):
        for a, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            level.setdefault((a, stop - 1), at)
    missing = released.missing and bool((low == len(released) - 1).any())
    return Seen(tuple(found), {ends: level[ends] for ends in found if ends in level}, missing)


def told_again(domain: Domain, hierarchy: Hierarchy, seen: Seen) -> dict[str, Any]:
    """What a recipe tells of a hierarchy that was made, and of no value but those that it may name.

    Of numbers and dates: their steps, and where they begin and end. Of postal codes and the like: what is
    shown of them, such as 816**. Of all other values: their texts in the order of the leaves, and the groups.
    """
    real = len(domain) - domain.missing
    said: dict[str, Any] = {"missing": seen.missing}
    if (steps := _steps(domain)) is not None:
        assert domain.numbers is not None
        known, last = domain.numbers[:real], max((b for _, b in seen.ranges), default=-1)
        # Of several groups that begin or end there the finest one.
        low = min(seen.ranges, default=None)
        high = max((ends for ends in seen.ranges if ends[1] == last), default=None)
        said |= {"unit": steps.unit, "steps": list(steps.step), "whole": steps.whole}
        return {**said, "low": _end(steps, known, seen, low, 0), "high": _end(steps, known, seen, high, 1)}
    if codes := _codes(domain):
        return {**said, "stems": _stems(codes, hierarchy, seen, domain), "length": len(codes[0])}
    named = np.zeros(len(domain), np.bool_)
    for a, b in seen.ranges:
        labels = domain.labels[a : b + 1]
        at = seen.level.get((a, b))
        # A set names all of its values, and so does the name of a group of two or three.
        if not at or hierarchy.labels[at][int(hierarchy.group[at, a])] == " | ".join(labels):
            named[a : b + 1] = True
    kept = np.flatnonzero(named[:real])
    groups = [level[kept].tolist() for level in hierarchy.group[1:-1]]
    return {**said, "values": [domain.labels[i] for i in kept], "groups": groups}


def unseen(domain: Domain, said: Mapping[str, Any], *, recipe: str) -> Bools:
    """The values of a domain that the table of a recipe did not have, as far as it says, bool[m].

    A number is seen if it is between those that were. A missing value is unseen where the recipe saw none.

    Raises:
        DataError: if the recipe says nothing that can be read, or a column of numbers is text now.
    """
    real = len(domain) - domain.missing
    with _readable(domain.name, recipe):
        if "unit" in said:
            gone = _outside(domain, said)
        elif "stems" in said:
            gone = ~_covered(_codes_now(domain, int(said["length"])), said["stems"], int(said["length"]))
        else:
            known = set(map(str, said["values"]))
            gone = np.array([label not in known for label in domain.labels[:real]], np.bool_)
        return np.append(gone, np.full(len(domain) - real, not said["missing"]))


def made_again(
    domain: Domain, said: Mapping[str, Any], gone: Bools, *, recipe: str = "the recipe"
) -> tuple[Domain, Hierarchy, Ints]:
    """The domain and the hierarchy of a column under a recipe's, and the new code of each old one.

    The groups are the recipe's, without the values that nobody has any more.

    Args:
        domain: of the column, as it was read.
        said: what the recipe tells.
        gone: bool[m], its values that were never seen: they become missing.
        recipe: its name, for messages.

    Raises:
        DataError: if the recipe says nothing that can be read.
    """
    with _readable(domain.name, recipe):
        return _again(domain, said, gone)


@contextmanager
def _readable(name: str, recipe: str) -> Generator[None]:
    """What goes wrong with a recipe that somebody edited, in a sentence."""
    try:
        yield
    except (LookupError, TypeError, ValueError, ArithmeticError) as why:
        raise DataError(f"{recipe} tells no hierarchy of {name!r} that can be read: restore it.") from why


def _again(domain: Domain, said: Mapping[str, Any], gone: Bools) -> tuple[Domain, Hierarchy, Ints]:
    real = len(domain) - domain.missing
    kept = np.flatnonzero(~gone[:real])
    at = np.arange(len(kept))
    if "values" in said:
        place = {str(value): i for i, value in enumerate(said["values"])}
        at = np.array([place[domain.labels[i]] for i in kept], np.int64)
        kept, at = kept[np.argsort(at)], np.sort(at)
    lost = domain.missing or bool(gone.any())
    values = [domain.labels[i] for i in kept]
    labels = values + [MISSING] * lost
    numbers = None
    if domain.numbers is not None and "values" not in said:
        numbers = np.append(domain.numbers[kept], [np.nan] * lost)
    if "unit" in said:
        assert numbers is not None
        steps = _said_steps(said, numbers[: len(kept)])
        hierarchy = of_numbers(domain.name, labels, numbers, steps=steps)
    elif "stems" in said:
        codes = _codes_now(domain, int(said["length"]))
        hierarchy = of_prefixes(domain.name, labels, [codes[i] for i in kept])
    else:
        levels = [np.array(level, np.int64)[at] for level in said["groups"]]
        hierarchy = joined(domain.name, labels, levels)
    code = np.full(len(domain), len(labels) - 1, np.int64)
    code[kept] = np.arange(len(kept))
    return Domain(domain.name, tuple(labels), numbers, lost), hierarchy, code


def _steps(domain: Domain) -> Steps | None:
    """The steps of a hierarchy of numbers or dates; None for one of other values."""
    known = domain.labels[: len(domain) - domain.missing]
    if domain.numbers is None or not known or _codes(domain):
        return None
    of = steps_of_dates if DAY.match(known[0]) else steps_of_numbers
    return of(domain.numbers[: len(known)])


def _end(steps: Steps, known: Floats, seen: Seen, ends: Ends | None, side: int) -> dict[str, Any] | None:
    """The number that stands at an end, or the step where only the name of a group stands there."""
    if ends is None:
        return None
    if seen.level.get(ends):
        for step in steps.step:
            place = steps.place(known, step)
            if tuple(np.flatnonzero(place == place[ends[0]])[[0, -1]].tolist()) == ends:
                return {"step": step, "group": int(place[ends[0]])}
    return {"number": float(known[ends[side]])}


def _outside(domain: Domain, said: Mapping[str, Any]) -> Bools:
    real = len(domain) - domain.missing
    if domain.numbers is None:
        raise DataError(
            f"column {domain.name!r} held numbers or dates in the recipe's table, and holds text here: write "
            "numbers, or protect without the recipe."
        )
    known = domain.numbers[:real]
    if said["low"] is None or said["high"] is None:
        return np.ones(real, np.bool_)
    steps, sides = _said_steps(said, known), list[tuple[Floats, float]]()
    for end in (said["low"], said["high"]):
        exact = "number" in end
        place = known if exact else steps.place(known, float(end["step"]))
        sides.append((place, float(end["number" if exact else "group"])))
    (place, low), (top, high) = sides
    return (place < low) | (top > high)


def _said_steps(said: Mapping[str, Any], known: Floats) -> Steps:
    unit = said["unit"]
    if unit not in ("number", "week", "month"):
        raise ValueError(unit)
    # A group of whole numbers, such as 20-24, would not name a fraction that is in it.
    whole = bool(said["whole"]) and bool((known == np.floor(known)).all())
    return Steps(unit, tuple(float(step) for step in said["steps"]), whole)


def _codes(domain: Domain) -> list[str]:
    """The postal codes of a column of them; none of another."""
    labels = list(domain.labels[: len(domain) - domain.missing])
    codes = labels if domain.numbers is None else padded(domain.name, labels)
    return codes if are_prefixed(domain.name, codes) else []


def _codes_now(domain: Domain, length: int) -> list[str]:
    labels = list(domain.labels[: len(domain) - domain.missing])
    return labels if domain.numbers is None else padded(domain.name, labels, length) or labels


def _stems(codes: Sequence[str], hierarchy: Hierarchy, seen: Seen, domain: Domain) -> list[str]:
    """What is shown of codes: whole ones, their beginnings, and ranges of numbers."""
    found = set[str]()
    for a, b in seen.ranges:
        at = seen.level.get((a, b))
        if a == b or (at is None and domain.numbers is None):
            found.update(codes[a : b + 1])
        elif at is None:
            found.add(f"{codes[a]}..{codes[b]}")
        else:
            found.add(hierarchy.labels[at][int(hierarchy.group[at, a])])
    return sorted(found)


def _covered(codes: Sequence[str], stems: Sequence[str], length: int) -> Bools:
    """Whether each code is one that some stem may stand for."""
    ranges = sorted((first.rstrip("*"), (last or first).rstrip("*") + AFTER)
                    for first, _, last in (str(stem).partition("..") for stem in stems))  # fmt: skip
    begins = [first for first, _ in ranges]
    upto = list(accumulate((last for _, last in ranges), max))
    found = [bisect_right(begins, code) for code in codes]
    pairs = zip(codes, found, strict=True)
    return np.array([len(code) == length and at > 0 and code <= upto[at - 1] for code, at in pairs], np.bool_)
