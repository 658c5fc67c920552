"""Risk by the sizes of classes: the prosecutor, the journalist and the marketer.

Source: El Emam, Dankar: Protecting Privacy Using k-Anonymity (Journal of the American Medical Informatics
Association 2008); Dankar, El Emam: A Method for Evaluating Marketer Re-identification Risk (PAIS 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.core.errors import DataError
from confide.views.table import Table
from confide.views.table_keys import Keys
from confide.views.table_people import mean_of_people

PAIRS = 4_000_000
"""Pairs of rows of one person that are compared at once: 200 MB at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassRisk:
    """The risk of three adversaries, each of whom knows the released columns of people without error.

    Args:
        each: float64[n], for each row of the release, the chance that a row of its person is named by who
            knows that the person is in the release: 1 over the size of its class, or the person's share of
            the rows of the class where they have several there.
        outside: float64[n], the same by who does not know it: 1 over the people of the population whom the
            row may describe, or the person's share of their rows. None without a population.
        classes: the number of classes; rows that say nothing are none.
        silent: the number of rows that say nothing.
        people: int64[n], whose row each is; None where a row is a person.
    """

    each: Floats
    outside: Floats | None
    classes: int
    silent: int
    people: Ints | None = None

    @property
    def prosecutor(self) -> float:
        """The highest risk if the adversary knows that the person is in the release."""
        return float(self.each.max(initial=0.0))

    @property
    def journalist(self) -> float | None:
        """The highest risk if it does not know; None without a population."""
        return None if self.outside is None else float(self.outside.max(initial=0.0))

    @property
    def marketer(self) -> float:
        """The expected share of people found if it tries all, in the population where one is given.

        It looks for each person by one of their rows. Where a row is a person, without a population, and
        without silent rows, it is the number of classes over n.
        """
        risk = self.each if self.outside is None else self.outside
        return float(mean_of_people(risk, self.people)) if len(risk) else 0.0

    def above(self, rate: float) -> float:
        """The share of the rows with a prosecutor's risk above a rate."""
        return float((self.each > rate).mean()) if len(self.each) else 0.0


def class_risk(release: Table, *, population: Table | None = None) -> ClassRisk:
    """Measure the risk of the prosecutor, the journalist and the marketer.

    Rows with equal cells are one class. A row whose cells are all suppressed may be anybody: it has the risk
    1 / n and is company for nobody. In the population those people count whom the row may describe.

    Nobody sees which rows are one person's. So the adversary names each row of a class with the same chance,
    and somebody who has nine of ten rows of a class of two people is found nine times in ten: with several
    rows a person, k people do not keep this chance below 1 / k.

    Args:
        release: of the known columns.
        population: a precise table of the same columns and domains, which contains the people of the release.

    Raises:
        DataError: if the population has other columns or domains, or ranges, or fewer rows than the release.

    >>> from confide.views.table import Domain
    >>> sex = Domain("sex", ("f", "m", "x"))
    >>> risk = class_risk(Table.of([sex], np.array([[0], [0], [1]])))
    >>> risk.prosecutor, round(risk.marketer, 4), risk.above(0.5)
    (1.0, 0.6667, 0.3333333333333333)
    """
    keys = keys_of(release.published)
    nothing = release.suppressed.all(axis=1) & (len(release.domains) > 0)
    size = np.where(nothing, len(release), keys.count[keys.row])
    own, outside = _own_rows(keys.row, release), None
    if population is not None:
        _check(release, population)
        first = np.zeros(len(keys.codes), np.int64)
        first[keys.row] = np.arange(len(release))
        found = compatible(release.take(first), population)[keys.row]
        # The people of the release are in the population, also where its copy of them differs.
        theirs = np.maximum(own, _own_compatible(release, population))
        outside = theirs / np.maximum(found, keys.count[keys.row])
    silent = int(nothing.sum())
    if release.people is not None:
        _, person, count = np.unique(release.people, return_inverse=True, return_counts=True)
        own = np.where(nothing, count[person], own)
    return ClassRisk(
        each=own / size,
        outside=outside,
        classes=len(keys.codes) - (silent > 0),
        silent=silent,
        people=release.people,
    )


def keys_of(table: Table) -> Keys:
    """The distinct rows of a table with their people; of ranges the lowest codes, then the highest.

    Where the table does not say whose its rows are, a row is a person.
    """
    if table.precise:
        return Keys.of(table.low, table.sizes, people=table.people)
    return Keys.of(np.hstack([table.low, table.high]), np.tile(table.sizes, 2), people=table.people)


def _own_rows(key: Ints, table: Table) -> Ints:
    """How many rows of a row's person have its key, int64[n]: 1 where a row is a person."""
    if table.people is None:
        return np.ones(len(table), np.int64)
    word = key * (int(table.people.max(initial=0)) + 1) + table.people
    _, which, count = np.unique(word, return_inverse=True, return_counts=True)
    return count[which]


def _own_compatible(release: Table, population: Table) -> Ints:
    """How many rows of a row's person in the population it may describe, int64[n]."""
    found = np.ones(len(release), np.int64)
    if release.people is None or population.people is None:
        return found
    order = np.argsort(population.people, kind="stable")
    first = np.searchsorted(population.people[order], release.people)
    many = np.searchsorted(population.people[order], release.people, side="right") - first
    start = 0
    while start < len(release):
        # At least one row at a time, however many rows its person has.
        upto = np.searchsorted(np.cumsum(many[start:]), PAIRS, side="right")
        stop = start + max(int(upto), 1)
        row = np.repeat(np.arange(start, stop), many[start:stop])
        step = np.arange(len(row)) - np.repeat(
            np.cumsum(many[start:stop]) - many[start:stop], many[start:stop]
        )
        codes = population.low[order[first[row] + step]]
        fits = ((release.low[row] <= codes) & (codes <= release.high[row])).all(axis=1)
        found[start:stop] = np.bincount(row[fits] - start, minlength=stop - start)
        start = stop
    return found


def compatible(release: Table, population: Table) -> Floats:
    """The number of rows of a precise table that each row of a release may describe, float64[n].

    The set of people within a range is made once for each range that occurs, as bits, and the sets of a row's
    cells are intersected.
    """
    keys = Keys.of(population.low, population.sizes)
    count = keys.count.astype(np.float64)
    sets: dict[tuple[int, int, int], Array] = {}
    found = np.empty(len(release))
    for i, (low, high) in enumerate(zip(release.low.tolist(), release.high.tolist(), strict=True)):
        within: Array | None = None
        for j, (a, b) in enumerate(zip(low, high, strict=True)):
            bits = sets.get((j, a, b))
            if bits is None:
                bits = sets[j, a, b] = np.packbits(_between(keys.codes[:, j], a, b))
            within = bits if within is None else within & bits
        found[i] = count.sum() if within is None else count @ np.unpackbits(within, count=len(count))
    return found


def _between(codes: Array, low: int, high: int) -> Bools:
    return (codes >= low) & (codes <= high)


def _check(release: Table, population: Table) -> None:
    if [d.digest() for d in release.domains] != [d.digest() for d in population.domains]:
        raise DataError(
            f"the population has the columns {', '.join(population.names)}, the release "
            f"{', '.join(release.names)}: give the same columns, with the same values."
        )
    if not population.precise:
        raise DataError("the population has ranges in its cells: give a table of single values.")
    if len(population) < len(release):
        raise DataError(
            f"the population has {len(population)} rows and the release {len(release)}: give the table from "
            "which the people of the release come."
        )
