"""Hierarchies where the user gives none: steps of numbers and dates, prefixes of codes, similar values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from confide.core.arrays import Array, Floats, Ints
from confide.inputs.hierarchies import MISSING, ROOT, flat
from confide.inputs.hierarchy_steps import Steps, steps_of_dates, steps_of_numbers
from confide.views.hierarchy import Hierarchy

MOST_ALIKE = 1_000
"""Values that are compared with each other. More are joined in their order: n^2 distances grow large."""
BINS = 16
"""Values of another column, at most, in the comparison of two values; more are cut at quantiles."""
POSTAL = re.compile(r"zip|postal|postcode|post_code|plz", re.IGNORECASE)
PREFIXED = re.compile(r"[0-9A-Z][0-9A-Z -]{2,9}")
DIGITS = re.compile(r"[0-9]{4,10}")
MANY_CODES = 30
"""Values of a column of codes. Fewer codes of one length are as likely categories."""


def of_numbers(name: str, labels: Sequence[str], numbers: Floats, *, steps: Steps | None = None) -> Hierarchy:
    """Doubling steps of a round unit (1, 2 or 5 times a power of ten), counted from 0.

    Args:
        name: of the column.
        labels: of its m values.
        numbers: float64[m], rising; NaN for the last one if it stands for missing values.
        steps: of an earlier table; None: as these numbers have it.
    """
    known = numbers[~np.isnan(numbers)]
    found = steps or steps_of_numbers(known)
    return _stepped(name, labels, [found.names(known, step) for step in found.step])


def of_dates(name: str, labels: Sequence[str], numbers: Floats, *, steps: Steps | None = None) -> Hierarchy:
    """Months, quarters, halves of a year, years, and doubling numbers of years; weeks for less than a year.

    Args:
        name: of the column.
        labels: of its m values.
        numbers: float64[m], days since 1970-01-01, rising; NaN for the last one if it stands for missing.
        steps: of an earlier table; None: as these days have it.
    """
    known = numbers[~np.isnan(numbers)]
    return of_numbers(name, labels, numbers, steps=steps or steps_of_dates(known))


def of_prefixes(name: str, labels: Sequence[str], codes: Sequence[str]) -> Hierarchy:
    """Ever shorter beginnings of codes of one length, as 8166*, 816**, 81***.

    >>> of_prefixes("zip", ["81667", "81675", "81925"], ["81667", "81675", "81925"]).labels[1:]
    (('816**', '81925'), ('*',))
    """
    length = max(map(len, codes), default=0)
    starts = [[code[:kept] + "*" * (length - kept) for code in codes] for kept in range(length - 1, 0, -1)]
    return _stepped(name, labels, starts, keep_alone=True)


def are_prefixed(name: str, labels: Sequence[str]) -> bool:
    """Whether values are postal codes or the like: of one length, named so, or many and of digits."""
    if len(labels) < 2 or len(set(map(len, labels))) > 1:
        return False
    named = POSTAL.search(name) is not None
    return all(PREFIXED.fullmatch(label) for label in labels) and (
        named or (len(labels) >= MANY_CODES and all(DIGITS.fullmatch(label) for label in labels))
    )


def padded(name: str, labels: Sequence[str], length: int = 0) -> list[str]:
    """Postal codes that were read as numbers, with their zeros again; none for other numbers.

    >>> padded("zip", ["1099", "81667"]), padded("age", ["7", "30"])
    (['01099', '81667'], [])
    """
    if not (POSTAL.search(name) and all(label.isdigit() for label in labels)):
        return []
    longest = max([length, *map(len, labels)])
    return [label.zfill(longest) for label in labels]


def alike(profile: Sequence[Array]) -> tuple[Ints, list[Ints]]:
    """Join the values that look most similar, until one group is left (agglomerative clustering).

    Two groups are as far from each other as the conditional distributions of the other columns: the squared
    Hellinger distance, averaged over these columns. It is multiplied by n1 n2 / (n1 + n2), where n1 and n2
    count their people. So values that few people have are joined first, as in Ward's method. Then each
    level has half as many groups as the one before.

    Args:
        profile: for each other column, float64[m, v]: how many people have each pair of values.

    Returns:
        The order of the m values in which all groups are neighbours, and at each level the group of each
        value, int64[m] in that order.
    """
    m = len(profile[0])
    parts = [np.asarray(part, np.float64).copy() for part in profile]
    size = parts[0].sum(axis=1)
    members = [[i] for i in range(m)]
    labels = np.arange(m)
    at: dict[int, Ints] = {}
    wanted = _halved(m)
    roots = np.hstack([_rooted(part) for part in parts])
    far = np.array([_apart(roots, size, i, len(parts)) for i in range(m)]).reshape(m, m)
    np.fill_diagonal(far, np.inf)
    for left in range(m - 1, 0, -1):
        i, j = sorted(divmod(int(np.argmin(far)), m))
        for part in parts:
            part[i] += part[j]
        size[i] += size[j]
        members[i] += members[j]
        labels[members[i]] = i
        roots[i] = np.hstack([_rooted(part[i : i + 1])[0] for part in parts])
        row = _apart(roots, size, i, len(parts))
        row[~np.isfinite(far[i])] = np.inf
        far[i], far[:, i] = row, row
        far[j], far[:, j], far[i, i] = np.inf, np.inf, np.inf
        if left in wanted:
            at[left] = labels.copy()
    order = np.array(members[0] if m == 1 else members[int(labels[0])], np.int64)
    return order, [at[left][order] for left in wanted]


def joined(name: str, labels: Sequence[str], levels: Sequence[Ints]) -> Hierarchy:
    """The hierarchy of values in their order and groups; a last missing value may be added."""
    named: list[list[str]] = []
    for level in levels:
        groups: dict[int, list[str]] = {}
        for label, group in zip(labels, level.tolist(), strict=False):
            groups.setdefault(group, []).append(label)
        named.append([_set(groups[group]) for group in level.tolist()])
    return _stepped(name, labels, named, keep_alone=True)


def in_order(m: int) -> list[Ints]:
    """Groups of 2, 4, 8, ... neighbouring values."""
    return [np.arange(m) // 2**power for power in range(1, max(m - 1, 1).bit_length())]


def binned(codes: Ints, m: int, count: Ints | None = None) -> Ints:
    """Codes cut at quantiles into at most `BINS` values, if there are more.

    Args:
        codes: int64[n], 0..m-1.
        m: the number of values.
        count: int64[n], for how many people each code stands; None: for one.
    """
    if m <= BINS:
        return codes
    shares = np.linspace(0, 1, BINS + 1)[1:-1]
    # The quantile "higher" of numpy, which takes no numbers of people.
    upto = np.cumsum(np.bincount(codes, weights=count, minlength=m))
    cuts = np.searchsorted(upto, np.ceil((upto[-1] - 1) * shares), side="right")
    return np.searchsorted(np.unique(cuts), codes, side="right")


def _halved(m: int) -> list[int]:
    numbers: list[int] = []
    while m > 2:
        m = (m + 1) // 2
        numbers.append(m)
    return numbers


def _rooted(part: Floats) -> Floats:
    """The root of each share: the Hellinger distance is Euclidean between these."""
    return np.sqrt(part / np.maximum(part.sum(axis=1, keepdims=True), 1))


def _apart(roots: Floats, size: Floats, i: int, columns: int) -> Floats:
    squared = ((roots - roots[i]) ** 2).sum(axis=1) / (2 * columns)
    return (squared + 1e-9) * size * size[i] / np.maximum(size + size[i], 1)


def _stepped(
    name: str, labels: Sequence[str], levels: Sequence[Sequence[str]], *, keep_alone: bool = False
) -> Hierarchy:
    """Levels that differ from the one before, with a missing value, if there is one, as its own branch."""
    kept: list[list[str]] = []
    before = len(labels)
    for level in levels:
        groups = len(set(level)) + len(labels) - len(level)
        if len(set(level)) > 1 and groups < before:
            named = _alone(level, labels) if keep_alone else list(level)
            kept.append(named + [MISSING] * (len(labels) - len(level)))
            before = groups
    return flat(name, labels, [*kept, [ROOT] * len(labels)])


def _alone(level: Sequence[str], labels: Sequence[str]) -> list[str]:
    """A group of one value has the value's name."""
    alone = {label for label, count in Counter(level).items() if count == 1}
    return [own if label in alone else label for own, label in zip(labels, level, strict=False)]


def _set(labels: Sequence[str]) -> str:
    """A group by its values: all of up to three, or the first, the last and how many."""
    if len(labels) <= 3:
        return " | ".join(labels)
    return f"{labels[0]} ... {labels[-1]} ({len(labels)})"
