"""Language of a report: translates each text by the catalogue of the language that is chosen.

Texts stand in the code in English. A catalogue holds what each means in another language, in the format of
GNU gettext (`core/languages/<language>/*.po`, one file a room), so that translators can use their own tools.
`tests/checks/languages.py` finds what is missing in a catalogue.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Literal, TypeAlias, TypeVar, cast, get_args

from confide.core.errors import DataError

Language: TypeAlias = Literal["en", "de", "fr"]

LANGUAGES: tuple[Language, ...] = get_args(Language)

Value = TypeVar("Value")

PSEUDO = "xx"
"""A language for tests: it puts every text in brackets, so that what was not translated stands out."""

_chosen: ContextVar[str] = ContextVar("language", default="en")


@contextmanager
def written_in(language: str) -> Generator[None]:
    """Write every text in this language, until the block ends.

    Raises:
        DataError: if there is no catalogue of it.

    >>> with written_in("de"):
    ...     number(12345.5, ",.1f")
    '12\\u202f345,5'
    """
    if language not in (*LANGUAGES, PSEUDO):
        raise DataError(f"there is no report in {language!r}: choose {', '.join(LANGUAGES)}.")
    before = _chosen.set(language)
    try:
        yield
    finally:
        _chosen.reset(before)


def language() -> str:
    """The language that is chosen."""
    return _chosen.get()


def t(text: str, /, *, of: str = "", **values: object) -> str:
    """Translate a text and fill in its values; numbers are written as the language writes them.

    Args:
        text: in English, with a gap for each value, as `str.format` has them.
        of: tells apart texts that are the same in English and not in other languages, such as a noun and a
            verb.
        values: by name.

    >>> t("{n:,} of {all:,} people", n=1200, all=3000)
    '1,200 of 3,000 people'
    """
    found = _found(text, of)
    # Without values a brace is a brace: the title of somebody's own attack may have one.
    return elided(_WRITER.vformat(found, (), values)) if values else found


def later(text: str, /, *, of: str = "") -> str:
    """Mark a text that is translated where it is shown, by `t(text, of=...)`; returns it as it is."""
    return text


def elided(text: str) -> str:
    """A text whose gaps are filled, as French writes it: "de" and "que" lose their vowel before another one.

    A translation cannot know how the name or the rounded count in a gap begins.

    >>> with written_in("fr"):
    ...     elided("parmi les personnes de adult.csv, plus de environ 20")
    'parmi les personnes d’adult.csv, plus d’environ 20'
    """
    if _chosen.get() != "fr":
        return text
    return _BEFORE_A_VOWEL.sub(r"\1’", text).replace("environ environ", "environ")


def number(x: float, spec: str) -> str:
    """A number, as the language writes it.

    >>> number(1234.5, ",.1f")
    '1,234.5'
    """
    return _local(format(x, spec))


def parts(text: str, /, *, of: str = "", **values: Value) -> tuple[str | Value, ...]:
    """Translate a text whose numbers are as sharp as the reader may see them (`confide.core.sentence`).

    A whole number in a gap without a format is a count of people, and stays apart from the words; so does an
    estimate. Words, and numbers in gaps with a format, become part of the text.

    >>> parts("The list holds {n} candidates of {all:,}.", n=1963, all=20000)
    ('The list holds ', 1963, ' candidates of 20,000.')
    """
    made: list[str | Value] = []
    for before, name, spec, _ in Formatter().parse(_found(text, of)):
        value = "" if name is None else values[name]
        plain = isinstance(value, (str, float)) or bool(spec)
        words = before + (_WRITER.format_field(value, spec or "") if plain else "")
        # Neighbouring words are one part, so that a text is cut at its counts alone.
        if made and isinstance(made[-1], str) and words:
            made[-1] = elided(made[-1] + words)
        elif words:
            made.append(words)
        if not plain:
            made.append(cast(Value, value))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Kept:
    """A text that is stored with its values, and translated where it is shown; make one by `keep`.

    What an attack remarks is kept with its evidence, and an error may come from another process: neither
    knows in which language somebody will read it.

    Args:
        text: in English, with gaps as in `parts`.
        values: by name.
        of: as in `t`.
    """

    text: str
    values: Mapping[str, str | int | float] = field(default_factory=dict[str, str | int | float])
    of: str = ""

    def __hash__(self) -> int:
        return hash((self.text, self.of, tuple(sorted(self.values.items(), key=str))))

    def parts(self) -> tuple[str | int | float, ...]:
        """The text in the language that is chosen; counts are parts of their own."""
        return parts(self.text, of=self.of, **self.values)

    def __str__(self) -> str:
        """The text in English, with exact counts: for errors, which nobody translates."""
        with written_in("en"):
            return "".join(f"{part:,}" if isinstance(part, int) else str(part) for part in self.parts())


def keep(text: str, /, *, of: str = "", **values: str | int | float) -> Kept:
    """A text for a remark of an attack, or for an error that a report shows.

    >>> str(keep("needs {n:,} reference models and has {there}", n=4, there=1))
    'needs 4 reference models and has 1'
    """
    return Kept(text, values, of)


def _found(text: str, of: str) -> str:
    """The translation of a text, with its gaps."""
    chosen = _chosen.get()
    if chosen in ("en", PSEUDO) or not text:
        return text if chosen == "en" or not text else f"⟦{text}⟧"
    # What has no translation stays English: a report with one English sentence is better than none.
    return _catalogue(chosen).get((of, text), text)


def _local(shown: str) -> str:
    """A number in English as the language writes it: in German and French a comma, and spaces."""
    if _chosen.get() in ("en", PSEUDO):
        return shown
    # Not a point for thousands: 1.234 would be read as a little more than one by half of the readers.
    return shown.replace(",", "\u202f").replace(".", ",").replace("%", "\u00a0%")


class _Writer(Formatter):
    """`str.format`, with numbers as the language writes them."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        shown = super().format_field(value, format_spec)
        return _local(shown) if isinstance(value, (int, float)) and not isinstance(value, bool) else shown


_WRITER = _Writer()

_BEFORE_A_VOWEL = re.compile(r"\b([dD]|[qQ]u)e (?=[aeiouéèêîôAEIOUÉ])")
"""An "e" that French drops."""

_ENTRY = re.compile(
    r'^(?:msgctxt (?P<of>"[^\n]*")\n)?msgid (?P<text>"[^\n]*"(?:\n"[^\n]*")*)\n'
    r'msgstr (?P<said>"[^\n]*"(?:\n"[^\n]*")*)$',
    flags=re.MULTILINE,
)
"""An entry of a catalogue: a context where one is needed, the English text, and its translation."""


@cache
def _catalogue(chosen: str) -> Mapping[tuple[str, str], str]:
    """Every translation of a language, by context and English text."""
    room = files("confide.core") / "languages" / chosen
    found: dict[tuple[str, str], str] = {}
    for page in sorted(room.iterdir(), key=lambda page: page.name):
        if page.name.endswith(".po"):
            found |= read_catalogue(page.read_text(encoding="utf-8"))
    return found


def read_catalogue(written: str) -> dict[tuple[str, str], str]:
    """The translations in a .po file, by context and English text; what is not translated yet is left out.

    >>> read_catalogue('msgctxt "verb"\\nmsgid "found"\\nmsgstr "gefunden"\\n')
    {('verb', 'found'): 'gefunden'}
    """
    each = (
        (_unquoted(m["of"] or '""'), _unquoted(m["text"]), _unquoted(m["said"]))
        for m in _ENTRY.finditer(written)
    )
    return {(of, text): said for of, text, said in each if text and said}


def _unquoted(quoted: str) -> str:
    """Lines in quotes as one text."""
    return "".join(json.loads(line) for line in quoted.split("\n"))
