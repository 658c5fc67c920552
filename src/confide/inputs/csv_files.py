"""Values in csv files: separator, encoding, decimal sign, and which columns are numbers and which codes.

A csv file says none of this. A code that is read as a number is another code, and a model that is asked about
it answers as if it had never seen the person. So a column is numbers only if every value is written as one.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import polars as pl

from confide.core.errors import DataError
from confide.core.language import t
from confide.inputs.columns import first_of, missing, named_rows
from confide.inputs.reading import Reading

Source: TypeAlias = Path | io.BytesIO

SEPARATORS = (",", ";", "\t", "|")
HEAD = 1_000_000
"""Bytes that show how a file is written. One without line breaks is not read whole to look at its header."""
LINES = 20
"""Lines that must agree with the header about a separator."""
MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}

# [0-9] and never \d, which stands for the digits of all scripts: a cast to a number loses those of most.
CODE = r"^\s*[+-]?0[0-9]|^\s*(?:[0-9]+[eE][0-9]|[0-9]{2,}[eE][0-9]+)\s*$|^\s*[+-]?[0-9]{17,}\s*$"
"""Text that a number would not give back: 007; 12e3, a code with an e in it; more digits than float64 has."""
ID = r"^-?(?:0|[1-9][0-9]{0,14})(?:\.0*)?$"
"""Ids that are the same as text and as numbers."""
LONG_ID = r"^-?(?:0|[1-9][0-9]{0,17})$"
NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
COMMA = r"^[+-]?(?:[0-9]+(?:,[0-9]*)?|,[0-9]+)(?:[eE][+-]?[0-9]+)?$"
THOUSANDS = r"^[+-]?[0-9]{1,3}(?:[.,][0-9]{3})+$"


@dataclass(frozen=True, slots=True)
class CsvForm:
    """How a csv file is written.

    Args:
        path: of the file.
        separator: between values.
        encoding: utf-8, or utf-16 of one order of bytes.
        decimal: a point or a comma.
        quoting: the names of columns that hold a quotation mark, which polars reads as two.
    """

    path: Path
    separator: str
    encoding: str
    decimal: str
    quoting: tuple[str, ...] = ()

    def source(self) -> Source:
        """What polars reads: the file, or its text as UTF-8."""
        if self.encoding == "utf-8":
            return self.path
        return io.BytesIO(self.path.read_bytes().decode(self.encoding).lstrip("\ufeff").encode())

    def plain(self, column: str) -> str:
        """The name of a column as its header says it, for a name as polars reads it."""
        single = column.replace('""', '"')
        return single if single in self.quoting else column

    def names(self) -> list[str]:
        """The names of all columns."""
        read = pl.read_csv(self.source(), separator=self.separator, infer_schema=False, n_rows=0, glob=False)
        return [self.plain(name) for name in read.columns]

    def text(self, columns: Sequence[str]) -> pl.DataFrame:
        """These columns as they are written."""
        asked = {c.replace('"', '""') if c in self.quoting else c: c for c in columns}
        return pl.read_csv(
            self.source(), separator=self.separator, infer_schema=False, columns=list(asked), glob=False
        ).rename(asked)

    def words(self) -> str:
        """The form in words, such as "csv with semicolons and decimal commas"."""
        names = {",": t("commas"), ";": t("semicolons"), "\t": t("tabs"), "|": t("bars")}
        separator = names.get(self.separator, repr(self.separator))
        said = (
            t("csv with {separator} and decimal commas", separator=separator)
            if self.decimal == ","
            else t("csv with {separator}", separator=separator)
        )
        return said + (t(", in {code}", code=self.encoding.upper()) if self.encoding != "utf-8" else "")


def read_csv(path: Path, reading: Reading, *, ids: Container[str] = ()) -> tuple[pl.DataFrame, CsvForm]:
    """The rows, and how they are written.

    Args:
        path: the file.
        reading: what the user says about it.
        ids: columns that name people, items or places: text, unless it is the same as a whole number.

    Raises:
        DataError: for an encoding that is not known, or numbers that can be read in two ways.
    """
    form = form_of(path, reading)
    separator = form.separator
    # All rows decide the types: with the first 100 alone, an id with a letter in row 101 would be an error.
    frame = _inferred(form, ())
    ids = {c for c in frame.columns if form.plain(c) in ids}
    counted = [c for c, kind in frame.schema.items() if kind.is_numeric()]
    codes = _codes(form, counted, ids)
    if codes:
        # Read again, because the zeros are gone from the frame.
        frame = _inferred(form, codes)
    text = [c for c, kind in frame.schema.items() if kind == pl.String and c not in codes and c not in ids]
    with_comma = _with_commas(frame, text, reading.decimal, separator, name=path.name)
    if with_comma:
        form = replace(form, decimal=",")
        _refuse_points(form, [c for c in counted if c not in codes], reading.decimal)
    made = [_number(frame[c], comma=c in with_comma) for c in text]
    frame = frame.with_columns(c for c in made if c is not None)
    return frame.rename({c: form.plain(c) for c in frame.columns}), form


def form_of(path: Path, reading: Reading) -> CsvForm:
    """How a csv file is written, by its beginning; its decimal sign as the user says it, or a point.

    Raises:
        DataError: for an encoding that is not known, or two columns of one name.
    """
    encoding = _encoding(path)
    separator, header = _separator(path, encoding, reading.separator)
    quoting = tuple(name for name in header if '"' in name)
    return CsvForm(path, separator, encoding, reading.decimal or ".", quoting)


def _inferred(form: CsvForm, texts: Sequence[str]) -> pl.DataFrame:
    """The rows with the types that all values of a column have; these columns as text."""

    def read(texts: Sequence[str]) -> pl.DataFrame:
        return pl.read_csv(
            form.source(),
            separator=form.separator,
            infer_schema_length=None,
            schema_overrides=dict.fromkeys(texts, pl.String),
            glob=False,
        )

    try:
        return read(texts)
    except pl.exceptions.ComputeError:
        # polars takes digits of any script for numbers, and then reads those of one alone.
        whole = pl.read_csv(form.source(), separator=form.separator, infer_schema=False, glob=False)
        other = [c for c in whole.columns if whole[c].str.contains(r"[\d&&[^0-9]]").any()]
        if not set(other) - set(texts):
            raise
        return read([*texts, *other])


def _codes(form: CsvForm, counted: Sequence[str], ids: Container[str]) -> list[str]:
    """Which columns that look like numbers are codes."""
    if not counted:
        return []
    # A second pass over the text, in pieces: what was inferred as a number has lost its zeros already.
    text = pl.scan_csv(form.source(), separator=form.separator, infer_schema=False, glob=False).select(
        counted
    )
    asked = [_is_code(c, form.decimal, is_id=c in ids).alias(c) for c in counted]
    found = text.select(asked).collect(engine="streaming")
    return [c for c in counted if found[c][0]]


def _is_code(column: str, decimal: str, *, is_id: bool) -> pl.Expr:
    """Whether a column is text: if a number would change one of its values."""
    text = pl.col(column)
    if is_id:
        # One fraction makes all of them floats, so that long ids beside it would change.
        return ~(text.str.contains(ID).all() | text.str.contains(LONG_ID).all())
    # Where the user says that the sign is a comma, 1.234 may be a thousand and more.
    thousands = text.str.contains(r"[0-9]\.[0-9]") if decimal == "," else pl.lit(False)
    return (text.str.contains(CODE) | thousands).any()


def _with_commas(
    frame: pl.DataFrame, columns: Sequence[str], decimal: str | None, separator: str, *, name: str
) -> list[str]:
    """The columns of numbers with decimal commas.

    Raises:
        DataError: if a comma may part thousands as well.
    """
    # In a file with commas between values, quoted commas are as likely lists.
    if decimal == "." or (decimal is None and separator == ","):
        return []
    found: list[str] = []
    unclear: list[str] = []
    for column in columns:
        known = frame[column].filter(~missing(frame[column])).str.strip_chars()
        commas = known.str.contains(",", literal=True)
        if not commas.any() or not known.str.contains(COMMA).all():
            continue
        thousands = decimal is None and known.filter(commas).str.contains(THOUSANDS).all()
        (unclear if thousands else found).append(column)
    # One column that cannot be thousands shows how the whole file is written.
    if unclear and not found:
        raise DataError(
            f"{name}: the commas of column {unclear[0]!r} may be decimal commas or part thousands: say which "
            "(`--decimal ,` or `--decimal .`)."
        )
    return [*found, *unclear]


def _refuse_points(form: CsvForm, columns: Sequence[str], decimal: str | None) -> None:
    """Refuse numbers such as 1.234 in a file with decimal commas, where they are likely thousands."""
    if not columns or decimal is not None:
        return
    text = form.text(columns)
    for column in columns:
        points = text[column].str.contains(r"[0-9]\.[0-9]").fill_null(False)
        if points.any() and text[column].filter(points).str.contains(THOUSANDS).all():
            raise DataError(
                f"{form.path.name}: column {column!r} has a point in {named_rows(points)} "
                f"({first_of(text[column], points)}), and other columns have decimal commas: write all "
                "numbers in one way."
            )


def _number(column: pl.Series, *, comma: bool) -> pl.Series | None:
    """A column of text as numbers, if it holds nothing else; what stands for a missing value becomes null."""
    gone = missing(column)
    text = column.str.strip_chars().to_frame("text").with_columns(gone.alias("gone"))
    plain = text.select(pl.when("gone").then(None).otherwise(pl.col("text")).alias("text"))["text"]
    if comma:
        plain = plain.str.replace(",", ".", literal=True)
    known = plain.drop_nulls()
    if not len(known) or not known.str.contains(NUMBER).all() or known.str.contains(CODE).any():
        return None
    whole = plain.cast(pl.Int64, strict=False)
    cast = whole if whole.null_count() == plain.null_count() else plain.cast(pl.Float64, strict=False)
    return cast.alias(column.name)


def _encoding(path: Path) -> str:
    """The encoding, by the marks and the zero bytes at the beginning.

    Raises:
        DataError: for zero bytes that no encoding of text has.
    """
    with path.open("rb") as opened:
        head = opened.read(HEAD)
    if head[:2] in MARKS:
        return MARKS[head[:2]]
    zeros = [head[side::2].count(0) for side in (0, 1)]
    if not any(zeros):
        return "utf-8"
    # Of UTF-16 text in Latin letters each second byte is zero.
    for side, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if zeros[side] > 0.5 * len(head) / 2 and not zeros[1 - side]:
            return name
    raise DataError(f"{path.name} holds zero bytes, so it is no text: save it as UTF-8.")


def _separator(path: Path, encoding: str, given: str | None) -> tuple[str, list[str]]:
    """The separator that cuts the header into the most columns, and the first rows into as many; the header.

    Raises:
        DataError: if two columns have one name.
    """
    with path.open("rb") as opened:
        # utf-8-sig drops the mark that Excel writes before the first column's name.
        codec = "utf-8-sig" if encoding == "utf-8" else encoding
        head = opened.read(HEAD).decode(codec, errors="replace").lstrip("\ufeff")
    whole = head.splitlines()[: LINES + 1]
    lines = whole[:-1] if len(head) >= HEAD // 2 and len(whole) > 1 else whole
    asked = SEPARATORS if given is None else (given,)
    cut = {s: list(csv.reader(lines, delimiter=s)) for s in asked}
    header = {s: rows[0] if rows else [] for s, rows in cut.items()}
    fits = {s: all(len(row) == len(header[s]) for row in rows if row) for s, rows in cut.items()}
    # Of equals the first: the comma.
    best = max(asked, key=lambda s: (len(header[s]) > 1 and fits[s], len(header[s])))
    # polars would rename the second one without a word, and a user could name the wrong column.
    twice = [column for column, count in Counter(header[best]).items() if count > 1]
    if twice:
        raise DataError(f"{path.name} has two columns called {twice[0]!r}: give each its own name.")
    return best, header[best]
