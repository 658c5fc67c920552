"""Values that hide others: one value in two spellings, and subtotals; both are asked about."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import inf, pi, prod, sqrt

from confide.core.errors import DataError
from confide.inputs.crosstab_blocks import ReadTable
from confide.inputs.crosstab_files import PublishedTable

NAMED = 4
"""Pairs that a message names."""
BY_CHANCE = 1e-3
"""How often, about, a sum may be found by chance before it is asked about."""
MOST_VALUES = 200
"""Values of a variable up to which sums of neighbours are sought: there are half the square of it."""
DASHES = re.compile("[\u2010-\u2015\u2212]")
RANGE = re.compile(r"(\d+(?:\.\d+)?) ?(?:-|to|\.\.) ?(\d+(?:\.\d+)?)(?: years?)?")
FROM = re.compile(
    r"(?:(?:>=|\u2265|from) ?(\d+(?:\.\d+)?)|(\d+(?:\.\d+)?)(?: years?)? ?(?:\+|and over|and older|"
    r"or over|or more|or older|plus))"
)
UNDER = re.compile(r"(?:<|under|below|less than) ?(\d+(?:\.\d+)?)")
ONE = re.compile(r"(\d+(?:\.\d+)?)")


def told_apart(
    tables: Sequence[PublishedTable], different: Sequence[str]
) -> tuple[set[frozenset[str]], list[str]]:
    """The pairs of values that the user says are two, and what else `--different` says."""
    values = {value for held in _values(tables).values() for value in held}
    variables = {column for table in tables for column in table.columns}
    found, rest = set[frozenset[str]](), list[str]()
    for text in different:
        one, _, other = (part.strip() for part in text.partition(","))
        # A pair of variables is told apart elsewhere.
        if {one, other} <= values and not {one, other} <= variables:
            found.add(frozenset((one, other)))
        else:
            rest.append(text)
    return found, rest


def refuse_two_spellings(tables: Sequence[PublishedTable], told: set[frozenset[str]]) -> None:
    """Refuse a variable of which one value may stand in two spellings, as `f` and `F`.

    Read as two they are other people, and no sum of one table meets those of another.

    Args:
        tables: as they are written.
        told: pairs of values of which the user says that they are two.

    Raises:
        DataError: with the values.
    """
    found: list[tuple[str, str, str]] = []
    for column, values in _values(tables).items():
        alike: dict[str, list[str]] = defaultdict(list)
        for value in values:
            alike[_plain(value)].append(value)
        pairs = (pair for group in alike.values() for pair in combinations(group, 2))
        found += [(column, a, b) for a, b in pairs if frozenset((a, b)) not in told]
    if not found:
        return
    said = "; ".join(f"{a!r:.40} and {b!r:.40} of {column}" for column, a, b in found[:NAMED])
    more = f"; and {len(found) - NAMED:,} more pairs" * (len(found) > NAMED)
    _, a, b = found[0]
    raise DataError(
        f"one value may stand in two spellings: {said}{more}. Read as two they are other people, "
        "and the release would look safer than it is. Write it in one way, or say "
        f"--different '{a},{b}' if they are two."
    )


def refuse_subtotals(read: Sequence[ReadTable], told: Sequence[str]) -> None:
    """Refuse a value that counts people of other values of its variable once more.

    It is seen by its name, as 65+ beside 65-74, or as it counts as many people as a run of values next to it,
    in more rows than chance would do that.

    Args:
        read: the tables as they are written.
        told: values of which the user says that they are no totals.

    Raises:
        DataError: with the values.
    """
    words = {text.strip().lower() for text in told}
    found: dict[tuple[str, str], str] = {}
    for column, values in _values([one.table for one in read]).items():
        for value, other in _holding(values):
            found.setdefault((column, value), f"{column}={value} holds {column}={other}")
    for one in read:
        for column, value, first, last in _sums(one):
            said = f"{column}={value} counts as many people as {first} to {last} in {one.table.name}"
            found.setdefault((column, value), said)
    kept = {key: said for key, said in found.items() if key[1].lower() not in words}
    if not kept:
        return
    more = f"; and {len(kept) - NAMED:,} more" * (len(kept) > NAMED)
    value = next(iter(kept))[1]
    raise DataError(
        f"a subtotal may be read as people: {'; '.join(list(kept.values())[:NAMED])}{more}. Its people "
        "would be counted twice. Subtotals are not read yet: leave its rows out, knowing that what it tells "
        f"of hidden parts is then not audited, or say --not-total '{value}' if no other value holds the "
        "same people."
    )


def _values(tables: Sequence[PublishedTable]) -> dict[str, list[str]]:
    """The values of each variable, in the order in which they are written."""
    found: dict[str, dict[str, None]] = {}
    for table in tables:
        for i, column in enumerate(table.columns):
            held = found.setdefault(column, {})
            held.update({value: None for cell in table.cells if (value := cell.values[i]) is not None})
    return {column: list(held) for column, held in found.items()}


def _plain(value: str) -> str:
    """A value without what people write in different ways.

    >>> _plain("Non\u2013Smoker "), _plain("07"), _plain("65 +")
    ('non-smoker', '7', '65+')
    """
    text = DASHES.sub("-", unicodedata.normalize("NFKC", value)).casefold()
    text = re.sub(r"\s*([-+/<>=])\s*", r"\1", " ".join(text.split()))
    return str(int(text)) if re.fullmatch("[0-9]{1,18}", text) else text


def _ends(value: str) -> tuple[float, float] | None:
    """The numbers that a value stands for, where its name says so.

    >>> _ends("65+"), _ends("65-74"), _ends("under 15"), _ends("nurse")
    ((65.0, inf), (65.0, 74.0), (-inf, 15.0), None)
    """
    text = DASHES.sub("-", unicodedata.normalize("NFKC", value)).casefold().strip()
    if found := RANGE.fullmatch(text):
        return float(found[1]), float(found[2])
    if found := FROM.fullmatch(text):
        return float(found[1] or found[2]), inf
    if found := UNDER.fullmatch(text):
        return -inf, float(found[1])
    return (float(found[1]), float(found[1])) if (found := ONE.fullmatch(text)) else None


def _holding(values: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Values whose numbers hold those of another value, with one of these."""
    ranges = {value: ends for value in values if (ends := _ends(value)) is not None}
    for value, (low, high) in ranges.items():
        for other, (least, most) in ranges.items():
            # An end in common alone is no part: 40-50 and 50.
            inside = low <= least and most <= high and (low, high) != (least, most)
            if inside and not (least == most and most in (low, high)):
                yield value, other
                break


def _sums(one: ReadTable) -> Iterator[tuple[str, str, str, str]]:
    """Values that count as many people as a run of others right before or after, in all that is shown."""
    for j, column in enumerate(one.table.columns):
        values = list(dict.fromkeys(v for cell in one.table.cells if (v := cell.values[j]) is not None))
        if not 3 < len(values) <= MOST_VALUES:
            continue  # with three values it would be the sum of all others, which is asked about as a total
        place = {value: i for i, value in enumerate(values)}
        rows: dict[tuple[str, tuple[str | None, ...]], list[int | None]] = {}
        for cell, count in zip(one.table.cells, one.counts, strict=True):
            rest = (*cell.values[:j], *cell.values[j + 1 :])
            # A sum over rows follows from the rows: it would be one more coincidence for nothing.
            if (value := cell.values[j]) is not None and None not in rest:
                line = rows.setdefault((cell.block, rest), [0] * len(values))
                line[place[value]] = count if isinstance(count, int) else None
        for i, value in enumerate(values):
            runs = [(i + 1, k) for k in range(i + 3, len(values) + 1)] + [(k, i) for k in range(i - 1)]
            for first, last in runs:
                if last - first < len(values) - 1 and _is_sum(list(rows.values()), i, first, last, len(runs)):
                    yield column, value, values[first], values[last - 1]
                    break


def _is_sum(rows: Sequence[Sequence[int | None]], at: int, first: int, last: int, tried: int) -> bool:
    chances: list[float] = []
    for row in rows:
        parts, whole = row[first:last], row[at]
        if whole is None or None in parts:
            continue
        counts = [n for n in parts if n is not None]
        if whole != sum(counts):
            return False
        # Of two numbers of this size chance makes one in sqrt(4 pi n) pairs equal.
        if sum(n > 0 for n in counts) > 1:
            chances.append(1 / sqrt(4 * pi * whole))
    return bool(chances) and prod(chances) * tried * len(rows[0]) < BY_CHANCE
