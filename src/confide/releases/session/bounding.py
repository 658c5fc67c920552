"""Bounding of people: each person's rows are cut to a number, once, independently of everybody else.

A person's draw is a function of the secret salt, the person's id, and the number of the row among the rows of
this person, in the order of the file. It looks at no other person, so that adding or removing somebody leaves
all other draws as they were, with any salt. The salt only makes the draw even: it is fresh for each session
and known to nobody. By a stated order the draw is a function of the person's rows alone.

Of people above the bound only the numbers of their rows are sorted; all other rows are copied as they are.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from confide.inputs.large.sql import quoted

HEAVY, CHOSEN = "confide_heavy", "confide_chosen"
"""Working tables: people above the bound, and the places of those of their rows that are kept."""
PLACE = "confide_place"
"""The number of a row in its file."""
OWN = "confide_own"
"""The number of a row among those of its person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How a table is cut.

    Args:
        unit: the person's column.
        at_most: rows that are kept of each person.
        columns: of the table.
        order: columns by which the first rows of a person are kept, each perhaps with a minus in front for
            the last ones; empty: a draw by the salt.
        salt: two numbers of 63 bits that nobody knows.
    """

    unit: str
    at_most: int
    columns: tuple[str, ...]
    order: tuple[str, ...] = ()
    salt: tuple[int, int]

    def statements(self, source: str, table: str) -> Sequence[str]:
        """Fill `table` with the rows of `source` that are kept.

        Args:
            source: rows with their places.
            table: a name that is free.
        """
        unit, by = quoted(self.unit), self._by()
        every = ", ".join(quoted(c) for c in self.columns)
        return (
            f"CREATE TABLE {HEAVY} AS SELECT {unit} FROM {source} WHERE {unit} IS NOT NULL "
            f"GROUP BY {unit} HAVING count(*) > {self.at_most}",
            f"CREATE TABLE {CHOSEN} AS SELECT {PLACE} FROM ({self._ranked(source)}) "
            f"QUALIFY row_number() OVER (PARTITION BY {unit} ORDER BY {by}) <= {self.at_most}",
            f"CREATE TABLE {table} AS SELECT {every} FROM {source} ANTI JOIN {HEAVY} USING ({unit}) "
            f"WHERE {unit} IS NOT NULL",
            f"INSERT INTO {table} SELECT {every} FROM {source} "
            f"WHERE {PLACE} IN (SELECT {PLACE} FROM {CHOSEN})",
            f"DROP TABLE {CHOSEN}",
            f"DROP TABLE {HEAVY}",
        )

    def _ranked(self, source: str) -> str:
        """Rows of people above the bound, with what they are ranked by."""
        unit = quoted(self.unit)
        heavy = f"{source} WHERE {unit} IN (SELECT {unit} FROM {HEAVY})"
        if self.order:
            return f"SELECT * FROM {heavy}"
        # A sorted list for each person is quicker than a window over all their rows.
        own = f"SELECT {unit}, list_sort(list({PLACE})) AS {OWN} FROM {heavy} GROUP BY {unit}"
        return f"SELECT {unit}, unnest({OWN}) AS {PLACE}, generate_subscripts({OWN}, 1) AS {OWN} FROM ({own})"

    def _by(self) -> str:
        if self.order:
            listed = [
                f"{quoted(c.removeprefix('-'))}{' DESC' * c.startswith('-')} NULLS LAST" for c in self.order
            ]
            # Rows that are equal so far come in the order of the file.
            return ", ".join([*listed, PLACE])
        first, second = self.salt
        # One number, which no two rows of a person share: DuckDB keeps the smallest of each person without
        # sorting then, and equal hashes leave nothing open.
        drawn = f"hash({first}::BIGINT, {quoted(self.unit)}, {OWN}, {second}::BIGINT)"
        return f"{drawn}::HUGEINT * 4294967296 + {OWN}"


def fresh_salt() -> tuple[int, int]:
    """A salt from the operating system's cryptographic source."""
    return secrets.randbits(63), secrets.randbits(63)
