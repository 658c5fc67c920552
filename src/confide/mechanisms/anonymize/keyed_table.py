"""A table as distinct keys with counts, for mechanisms that make classes of people and keep rules in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.core.errors import DataError, PromiseError
from confide.measure.anonymity import CELLS, is_ordered, secrets_of
from confide.measure.class_secrets import SLACK, distance
from confide.mechanisms.anonymize.class_rules import Rules, words
from confide.mechanisms.anonymize.key_people import PEOPLE, KeyPeople
from confide.views.hierarchy import Hierarchy
from confide.views.table import Table
from confide.views.table_keys import Keys
from confide.views.table_people import number_of_people


@dataclass(frozen=True, slots=True, eq=False)
class Keyed:
    """The distinct keys of a table, with what the rules need to know of them.

    Args:
        table: as it came.
        at: the positions of the d known columns.
        codes: int32[q, d], of each key; with a rule about the secret there is a key for each of its values.
        rows: int64[q], how many rows have the key.
        people: float64[q], how many people have the key. A class has no more than the sum of these, and as
            many where a row is a person.
        owners: who they are, where somebody may have several rows.
        key: int64[n], of each row of `table`.
        secret: int64[q], of each key, if there is a rule about it.
        whole: float64[s], how many rows have each value of the secret.
        ordered: whether these have an order.
        rules: what every class must keep.
    """

    table: Table
    at: tuple[int, ...]
    codes: NDArray[np.int32]
    rows: Ints
    people: Floats
    owners: KeyPeople | None
    key: Ints
    secret: Ints | None
    whole: Floats
    ordered: bool
    rules: Rules

    @classmethod
    def of(
        cls,
        table: Table,
        known: Sequence[str],
        rules: Rules,
        *,
        parts: bool = False,
        count: Ints | None = None,
    ) -> Keyed:
        """The keys of a table in the known columns.

        Args:
            table: of single values.
            known: columns.
            rules: what every class must keep.
            parts: whether rows can be suppressed, so that only parts of the table need to keep the rules.
            count: int64[n], how many rows each row stands for (`views.tally.Tally`); None: for itself.

        Raises:
            DataError: for columns that are not there, are generalised already, or are named twice.
            PromiseError: if not even the whole table keeps the rules.
        """
        at = _positions(table, known, rules)
        columns, whole, ordered = list(at), np.zeros(1), False
        if rules.guarded:
            _, _, whole = secrets_of(table, rules.secret, known, count=count)
            ordered = is_ordered(table, rules.secret) if rules.ordered is None else rules.ordered
            columns.append(table.at(rules.secret))
        weight = None if count is None else count.astype(np.float64)
        keys = Keys.of(table.low[:, columns], table.sizes[columns], weight=weight)
        rows = np.asarray(keys.count, np.int64)
        people: Floats = rows.astype(np.float64)
        owners = None
        if table.people is not None:
            assert count is None  # a tally does not say whose its rows are
            owners = KeyPeople.of(keys.row, table.people, len(rows))
            people = owners.many.astype(np.float64)
        secret = keys.codes[:, -1].astype(np.int64) if rules.guarded else None
        codes = keys.codes[:, : len(at)]
        keyed = cls(table, at, codes, rows, people, owners, keys.row, secret, whole, ordered, rules)
        keyed._possible(parts)
        return keyed

    @property
    def total(self) -> int:
        """How many rows there are in all."""
        return int(self.rows.sum())

    @property
    def sizes(self) -> Ints:
        """The number of values of each known column, int64[d]."""
        return self.table.sizes[list(self.at)]

    @property
    def by_sums(self) -> bool:
        """Whether sums of `people` say whether groups keep the rules."""
        return self.secret is None and self.owners is None

    def enough(self, group: Ints, number: int, *, keys: Array | None = None) -> Bools:
        """Whether each of the groups 0..number-1 of keys has k people, bool[number]; given as to `passes`."""
        if self.owners is not None:
            return self.owners.enough(group, number, self.rules.k, keys=keys)
        people = self.people if keys is None else self.people[keys]
        return np.bincount(group, weights=people, minlength=number) >= self.rules.k - PEOPLE

    def passes(self, group: Ints, number: int, *, keys: Array | None = None) -> Bools:
        """Whether each of the groups 0..number-1 of keys keeps the rules, bool[number]; no empty one does.

        Args:
            group: int64[q], of each key; or of each of `keys`.
            number: of groups.
            keys: positions, if only some keys are in groups.
        """
        enough = self.enough(group, number, keys=keys)
        if self.secret is None or not enough.any():
            return enough
        # Only classes of enough people are looked at further; there are far fewer of them.
        large = np.flatnonzero(enough)
        place = np.full(number, -1, np.int64)
        place[large] = np.arange(len(large))
        here = place[group]
        inside = here >= 0
        secret = self.secret if keys is None else self.secret[keys]
        rows = self.rows if keys is None else self.rows[keys]
        enough[large] = self._kept(here[inside], len(large), secret[inside], rows[inside])
        return enough

    def kept(self, counts: Array) -> Bools:
        """Whether classes keep the rules about the secret, bool[c], from counts[c, s]."""
        good = np.ones(len(counts), np.bool_)
        if self.rules.l is not None:
            good &= self.rules.l.passes(counts)
        if self.rules.t is not None:
            good &= distance(counts, self.whole, ordered=self.ordered) <= self.rules.t + SLACK / 2
        return good

    def _kept(self, group: Ints, number: int, secret: Ints, rows: Ints) -> Bools:
        values = len(self.whole)
        piece = max(CELLS // values, 1)
        good = np.empty(number, np.bool_)
        for start in range(0, number, piece):
            stop = min(start + piece, number)
            here = slice(None) if stop - start == number else (group >= start) & (group < stop)
            cell = (group[here] - start) * values + secret[here]
            counts = np.bincount(cell, weights=rows[here], minlength=(stop - start) * values)
            good[start:stop] = self.kept(counts.reshape(stop - start, values))
        return good

    def released(self, low: NDArray[np.int32], high: NDArray[np.int32], group: Ints | None = None) -> Table:
        """The table with new ranges in the known columns, and others as they were.

        Args:
            low: int32[g, d], the lowest code of each group of keys.
            high: int32[g, d], the highest one.
            group: int64[q], of each key; None if each key is its own.

        Raises:
            PromiseError: if nothing is left in any known column.
        """
        sizes = self.sizes
        wide = sizes > 1
        if len(low) and wide.any() and bool(((low == 0) & (high == sizes - 1))[:, wide].all()):
            raise PromiseError(
                f"no table with {words(self.rules)} has anything left in the known columns: ask for less, "
                "allow more suppression, or name fewer columns."
            )
        of_row = self.key if group is None else group[self.key]
        new_low, new_high = self.table.low.copy(), self.table.high.copy()
        for i, column in enumerate(self.at):
            new_low[:, column] = low[of_row, i]
            new_high[:, column] = high[of_row, i]
        return Table(self.table.domains, new_low, new_high, self.table.people)

    def _possible(self, parts: bool) -> None:
        """Refuse rules that not even the class of all rows keeps."""
        n, rules = self.total, self.rules
        people = n if self.owners is None else number_of_people(self.table)
        if people < rules.k:
            raise PromiseError(
                f"k is {rules.k}, and there are {people} people to form classes of: give {people} or less. "
                "In an audit a coin holds some people out of the release, so that it has fewer."
            )
        if self.secret is None:
            return
        if (self.whole > 0).sum() == 1 and rules.l is not None and rules.l.l > 1:
            raise DataError(f"the secret {rules.secret!r} has one value in all {n} rows: no l can be kept.")
        # Entropy may grow in a part of the table; the number of values does not.
        # Where all columns have one value, nothing says less than another: no row can be suppressed.
        fixed = not (parts and bool((self.sizes > 1).any())) or (
            rules.l is not None and rules.l.kind == "distinct"
        )
        if fixed and not self.kept(self.whole[None])[0]:
            raise PromiseError(
                f"not even the class of all {n} rows keeps {rules.l}: {rules.secret!r} has "
                f"{int((self.whole > 0).sum())} values, one of them in "
                f"{self.whole.max() / n:.0%} of the rows; ask for less."
            )


def hierarchies_of(table: Table, known: Sequence[str], given: Sequence[Hierarchy]) -> tuple[Hierarchy, ...]:
    """The hierarchy of each known column; one without has two levels, its values and all of them.

    Raises:
        DataError: if a hierarchy is for other values than the column has.
    """
    named = {hierarchy.name: hierarchy for hierarchy in given}
    found: list[Hierarchy] = []
    for name in known:
        domain = table.domains[table.at(name)]
        m = len(domain)
        flat = Hierarchy(name, np.array([np.arange(m), np.zeros(m)], np.int32), (domain.labels, ("*",)))
        chosen = named.get(name, flat)
        if chosen.values != m:
            raise DataError(
                f"the hierarchy of {name!r} has {chosen.values} values and the column has {m}: make both "
                "from the same table."
            )
        found.append(chosen)
    return tuple(found)


def _positions(table: Table, known: Sequence[str], rules: Rules) -> tuple[int, ...]:
    if not known:
        raise DataError("no column is known: name the columns that an adversary may know.")
    if len(set(known)) < len(known):
        raise DataError(f"a known column is named twice: {', '.join(known)}.")
    if rules.secret in known:
        raise DataError(
            f"the secret {rules.secret!r} is among the known columns: take it out of one of them."
        )
    at = tuple(table.at(name) for name in known)
    if not table.only(known).precise:
        raise DataError("the known columns are generalised already: anonymise the original table.")
    return at
