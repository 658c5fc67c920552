"""CSV files whose values are known: codes, words, numbers and ids, with quotes, gaps, encodings and signs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

from hypothesis import strategies as st

from confide.inputs.reading import Reading

from .given import File

Draw = Callable[[Any], Any]
Kind: TypeAlias = Literal["word", "code", "number", "long", "id"]

GONE = ("", "", "NA", "?", "nan", " ", "NULL")
"""What is written for a value that is missing."""
ALPHABET = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n,;|\t\"' .é")


def words() -> st.SearchStrategy[str]:
    """Text that no reader could take for a number, a truth value or a gap."""
    return st.text(ALPHABET, max_size=8).map(lambda rest: f"w{rest}")


def codes() -> st.SearchStrategy[str]:
    return st.one_of(
        st.from_regex(r"0\d{1,5}", fullmatch=True), st.from_regex(r"[1-9]\d{0,5}", fullmatch=True)
    )


def decimals() -> st.SearchStrategy[str]:
    """Numbers as Python writes them, and a few other ways."""
    whole = st.integers(-(10**14), 10**14).map(str)
    number = st.floats(allow_nan=False, allow_infinity=False, width=64).map(repr)
    return st.one_of(
        whole, number, st.decimals(-1000, 1000, places=2).map(str), st.sampled_from(["-0.0", "5", "1.5"])
    )


def ids() -> st.SearchStrategy[str]:
    plain = st.integers(-50, 50)
    return st.one_of(
        plain.map(str),
        plain.map(lambda i: f"{i}.0"),
        plain.map(lambda i: f"00{abs(i)}"),
        st.integers(10**14, 10**19).map(str),
        st.sampled_from(
            ["1e5", "100000", "1E5", "+7", "7", "7.5", "7.50", "a7", "0x7", "inf", "true", "2020-01-01"]
        ),
    )


VALUES: dict[Kind, Callable[[], st.SearchStrategy[str]]] = {
    "word": words,
    "code": codes,
    "number": decimals,
    "long": lambda: st.integers(10**16, 10**20).map(str),
    "id": ids,
}


@st.composite
def columns(draw: Draw, rows: int) -> tuple[Kind, list[str | None]]:
    """A kind, and its values as text; None where a value is missing."""
    kind: Kind = draw(st.sampled_from(list(VALUES)))
    values: list[str | None] = draw(st.lists(VALUES[kind](), min_size=rows, max_size=rows))
    if kind == "code":
        values[draw(st.integers(0, rows - 1))] = draw(st.from_regex(r"0\d{1,5}", fullmatch=True))
    if kind != "id" and draw(st.booleans()):
        kept = next((i for i, v in enumerate(values) if kind != "code" or str(v).startswith("0")), 0)
        for at in draw(st.sets(st.integers(0, rows - 1), max_size=rows)) - {kept}:
            values[at] = None
    return kind, values


@st.composite
def names(draw: Draw, many: int) -> list[str]:
    # polars keeps quotes of a header doubled; the message for a name that is not found shows how.
    plain = words().map(lambda name: name.replace('"', "").strip())
    return draw(st.lists(plain, min_size=many, max_size=many, unique=True))


@st.composite
def written(draw: Draw) -> File:
    """A file as a spreadsheet, a data base or a script writes it; no reader has a reason to refuse it."""
    rows = draw(st.integers(1, 12))
    made = draw(st.lists(columns(rows), min_size=1, max_size=5))
    header = draw(names(len(made)))
    separator = draw(st.sampled_from([",", ",", ";", "\t", "|"]))
    comma = separator != "," and draw(st.booleans())
    always = draw(st.booleans())
    cells = [
        [_cell(draw, value, comma=comma and kind == "number") for value in values] for kind, values in made
    ]
    lines = [header, *map(list, zip(*cells, strict=True))]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    text = end.join(
        separator.join(_quoted(v, separator, always, len(made) == 1) for v in line) for line in lines
    )
    text += draw(st.sampled_from([end, end, ""]))
    codec = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"]))
    said = draw(st.booleans()) or comma
    reading = Reading(
        separator=draw(st.sampled_from([None, separator])), decimal=("," if comma else ".") if said else None
    )
    return File(
        f"written, {codec}, {separator!r}, {reading}",
        text.encode(codec),
        ".csv",
        asked=(reading, tuple(name for name, (kind, _) in zip(header, made, strict=True) if kind == "id")),
        written=[(name, kind, values) for name, (kind, values) in zip(header, made, strict=True)],
        plain=True,
    )


def _cell(draw: Draw, value: str | None, *, comma: bool) -> str:
    if value is None:
        return draw(st.sampled_from(GONE))
    return value.replace(".", ",") if comma else value


def _quoted(value: str, separator: str, always: bool, alone: bool) -> str:
    # Other separators are quoted too: in a header they would make two readings of one file.
    if always or re.search(r'[,;|\t"\n\r]', value) or (alone and not value.strip()):
        return '"' + value.replace('"', '""') + '"'
    return value


@st.composite
def lawless(draw: Draw) -> File:
    """Text of the signs that mean something in a csv file, in any order and encoding."""
    parts = st.sampled_from(
        [
            ",",
            ";",
            "\t",
            '"',
            '""',
            "\n",
            "\r\n",
            "\r",
            "a",
            "0",
            "007",
            "1.5",
            "1,5",
            "1.234,5",
            "NA",
            "é",
            " ",
            "\x00",
            "#",
            "'",
            "\ufeff",
            "true",
            "1e5",
            "2020-01-01",
            "\u2028",
            "x" * 300,
            "=1+1",
            "|",
            "\x1b[2J",
            "9" * 30,
        ]
    )
    text = "".join(draw(st.lists(parts, max_size=60)))
    head = draw(st.sampled_from(["", "user,item\n", "a;b\n", '"a\n', "a,a\n", ",\n", "user\titem\r\n"]))
    codec = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "utf-32", "utf-7"]))
    return File(
        f"lawless, {codec}", (head + text).encode(codec, "replace"), ".csv", asked=(draw(readings()), ())
    )


def readings() -> st.SearchStrategy[Reading]:
    """What a user may say about a file."""
    told = [
        (None, None),
        (None, None),
        (";", None),
        ("tab", ","),
        ("|", "."),
        (None, ","),
        ("a", None),
        ("0", None),
    ]
    return st.sampled_from([Reading(separator=s, decimal=d) for s, d in told])


def canonical(values: Sequence[str]) -> list[str]:
    """Ids as they are the same or not: 7 and 7.0 are one in a column of whole numbers, 007 never is 7."""
    plain = all(re.fullmatch(r"-?(?:0|[1-9][0-9]{0,17})(?:\.0*)?", v) for v in values)
    return [v.partition(".")[0] for v in values] if plain else list(values)
