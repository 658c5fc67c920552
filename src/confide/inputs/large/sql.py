"""All SQL about tables that are too large to hold, in the dialects of DuckDB and PostgreSQL.

Every name is quoted, and values never stand in a statement: keys are joined by numbers that the database
gives them. Working tables have names of their own, and columns numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confide.core.errors import DataError

KEYS, CLASS_OF, CLASSES, CHOSEN = "confide_keys", "confide_class_of", "confide_classes", "confide_chosen"
"""Working tables: distinct rows with their numbers; the class of each; what each class shows; a sample."""
HASH = "hash_record_extended(ROW({}), 0)"
"""Of PostgreSQL, from version 14 on: equal for equal rows, nulls and NaN among them."""


def quoted(name: str) -> str:
    """A name of a table or column, as SQL has it.

    Raises:
        DataError: for a name with a character 0, which no database takes.

    >>> quoted('a "b"; --')
    '"a ""b""; --"'
    """
    if "\0" in name:
        raise DataError(f"the name {name!r:.60} holds a character 0: give the column another name.")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Text as SQL has it; of paths and settings, never of cells.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one database says what the two say in different words.

    Args:
        temporary: before TABLE, for a working table.
        hashed: whether rows with nulls are joined by their hash, since `IS NOT DISTINCT FROM` alone is not.
        place: the number of a row in its file; "" where rows have no place.
        draw: a number from 0 to below 1 for each row, the same for the same seed.
        seeding: says the seed of these numbers, from 0 to below 1; "" where `draw` holds it.
        shuffle: by what rows are put in random order, from a key that nobody else has.
        fingerprint: a sum over rows, in any order, of a hash of these columns as text.
    """

    temporary: str
    hashed: bool
    place: str
    draw: str
    seeding: str
    shuffle: str
    fingerprint: str

    def counted_keys(self, source: str, columns: Sequence[str]) -> str:
        """Make the distinct rows of these columns, each with a number from 0 on and how many rows it has."""
        names = [quoted(c) for c in columns]
        inner = ", ".join(f"{name} AS k{i}" for i, name in enumerate(names))
        mark = HASH.format(", ".join(f"k{i}" for i in range(len(names)))) if self.hashed else "0"
        return (
            f"CREATE {self.temporary}TABLE {KEYS} AS "
            f"SELECT row_number() OVER () - 1 AS id, {mark} AS h, x.* "
            f"FROM (SELECT {inner}, count(*) AS n FROM {source} GROUP BY {', '.join(names)}) AS x"
        )

    def with_keys(self, source: str, columns: Sequence[str]) -> str:
        """Rows `s` of the table, each with its distinct row `k`."""
        names = [f"s.{quoted(c)}" for c in columns]
        same = [f"{name} IS NOT DISTINCT FROM k.k{i}" for i, name in enumerate(names)]
        if self.hashed:
            same.insert(0, f"{HASH.format(', '.join(names))} = k.h")
        return f"{source} AS s JOIN {KEYS} AS k ON {' AND '.join(same)}"

    def released(self, source: str, columns: Sequence[str], shown: Mapping[str, str], *, order: str) -> str:
        """All rows with the recoding in the place of what was recoded.

        Args:
            source: the table.
            columns: of the distinct rows.
            shown: each column of the release -> the expression that shows it: `s."age"` or `c.r0`.
            order: by what rows are sorted; "" for no order.
        """
        parts = ", ".join(f"{what} AS {quoted(name)}" for name, what in shown.items())
        return (
            f"SELECT {parts} FROM {self.with_keys(source, columns)} "
            f"JOIN {CLASS_OF} AS o ON o.id = k.id JOIN {CLASSES} AS c ON c.id = o.class"
            + (f" ORDER BY {order}" if order else "")
        )

    def sampled(self, source: str, columns: Sequence[str], others: Sequence[str], seed: int) -> str:
        """The rows of the chosen distinct rows, with the number of each and further columns.

        A row is drawn with the chance of its distinct row.
        """
        parts = "".join(f", s.{quoted(c)} AS o{i}" for i, c in enumerate(others))
        place = f"s.{self.place}" if self.place else "0"
        return (
            f"SELECT k.id AS id, {place} AS place{parts} FROM {self.with_keys(source, columns)} "
            f"JOIN {CHOSEN} AS h ON h.id = k.id "
            f"WHERE h.chance >= 1 OR {self.draw.format(seed=seed)} < h.chance"
        )

    def counted_rows(self, source: str, columns: Sequence[str]) -> str:
        """Distinct rows of these columns and their numbers: of a release that was written."""
        names = [quoted(c) for c in columns]
        inner = ", ".join(f"{name} AS k{i}" for i, name in enumerate(names))
        return f"SELECT {inner}, count(*) AS n FROM {source} GROUP BY {', '.join(names)}"

    def fingerprint_of(self, source: str, columns: Sequence[str]) -> str:
        """The number of rows, and the fingerprint of these columns."""
        parts = ", ".join(quoted(c) for c in columns)
        mark = self.fingerprint.format(parts) if columns else "0"
        return f"SELECT count(*), {mark} FROM {source}"

    def twice(self, source: str, column: str) -> str:
        """A row where a value of the column is there more than once, or is missing; none where all differ."""
        name = quoted(column)
        return f"SELECT 1 FROM {source} GROUP BY {name} HAVING count(*) > 1 OR count({name}) = 0 LIMIT 1"


DUCKDB = Dialect(
    temporary="",
    hashed=False,
    place="confide_place",
    draw="hash(s.confide_place, {seed}) / 18446744073709551616.0",
    seeding="",
    # A keyed SHA-256, since the random numbers of DuckDB are no secret.
    shuffle="sha256(concat({key}, s.confide_place))",
    fingerprint="coalesce(sum(hash({})::HUGEINT), 0)::VARCHAR",
)
POSTGRESQL = Dialect(
    temporary="TEMP ",
    hashed=True,
    place="",
    draw="random()",
    seeding="SELECT setseed({seed})",
    # From the server's cryptographic source.
    shuffle="gen_random_uuid()",
    fingerprint="coalesce(sum(hashtextextended(ROW({})::text, 0)::numeric), 0)::text",
)
