"""Presidio's pattern recognizers, called one by one on single texts, without a network or a language model.

Presidio's own engine would download a model of spaCy where none is installed, and a list of domain endings
for e-mail addresses. Neither is asked for here: patterns need no model, and tldextract brings its own list.
Presidio also raises a weak score where certain words stand near; the rule here is that of its default, on
plain words instead of lemmas.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, Protocol

from confide.core.errors import DataError
from confide.inputs.presidio_kinds import LEFT_OUT, PLATES, PROVE_LITTLE, kind_of

PACKAGE = "presidio_analyzer"
INSTALL = "pip install 'confide[presidio]'"
THRESHOLD = 0.4
"""The score from which on a hit counts: of a telephone number, and of a weak pattern beside its words."""
CERTAIN = 1.0
"""The score of a hit whose check digits are right."""
WORDS_BEFORE = 5
"""How many words before a hit may be those that presidio lists for its kind; so it is in presidio."""
FEWEST_DIGITS = 7
"""Bare numbers that are shorter are not looked at: they are ages, years and amounts."""


class Result(Protocol):
    """What a recognizer found: where, and how sure it is."""

    start: int
    end: int
    score: float


class Recognizer(Protocol):
    """The part of presidio's recognizers that is used."""

    supported_entities: list[str]
    context: list[str]

    def analyze(self, text: str, entities: list[str], nlp_artifacts: None) -> Sequence[Result]:
        """Search a text."""
        ...


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in a text that has the form of a kind.

    Args:
        kind: in words, with an article.
        start, end: of the place, in characters.
        score: presidio's, from 0 to 1.
        bare: whether the place holds digits alone, which may have the form by chance.
    """

    kind: str
    start: int
    end: int
    score: float
    bare: bool


@dataclass(frozen=True, slots=True)
class _Kind:
    recognizer: Recognizer
    entity: str
    words: re.Pattern[str] | None


class _Skipped(logging.Handler):
    """Counts presidio's warnings: of a pattern that takes too long it only warns, and goes on without it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


@dataclass(frozen=True, slots=True)
class Patterns:
    """All recognizers of presidio that search for identifiers of people by patterns.

    Args:
        version: of presidio-analyzer.
        kinds: the recognizers.
    """

    version: str
    kinds: tuple[_Kind, ...]
    skipped: _Skipped = field(default_factory=_Skipped)

    def hits(self, text: str, *, near: str = "") -> list[Hit]:
        """Find all places of a text that count, those left out that are a part of a longer and surer one.

        A text without a digit, an @ or a colon holds none.

        Args:
            text: one cell.
            near: words that stand beside it, such as the name of its column.
        """
        if not re.search(r"[\d@:]", text) or (text.isdigit() and len(text) < FEWEST_DIGITS):
            return []
        found = [hit for kind in self.kinds for hit in _hits(kind, text, near)]
        return [hit for hit in found if not any(_within(hit, other) for other in found)]


def _within(hit: Hit, other: Hit) -> bool:
    """Whether a hit is a part of another one that is longer and at least as sure."""
    longer = other.end - other.start > hit.end - hit.start
    return longer and other.start <= hit.start and hit.end <= other.end and other.score >= hit.score


def _hits(kind: _Kind, text: str, near: str) -> list[Hit]:
    hits: list[Hit] = []
    for found in kind.recognizer.analyze(text, [kind.entity], None):
        place = text[found.start : found.end]
        bare = place.isdigit()
        # A piece of a longer number is no number of its own.
        if text[: found.start][-1:].isdigit() and place[:1].isdigit():
            continue
        if text[found.end :][:1].isdigit() and place[-1:].isdigit():
            continue
        by_chance = kind.entity in PLATES or (bare and kind.entity in PROVE_LITTLE)
        weak = by_chance or found.score < THRESHOLD
        if weak and not _named(kind, text[: found.start], near):
            continue
        hits.append(Hit(kind_of(kind.entity), found.start, found.end, max(found.score, THRESHOLD), bare))
    return hits


def _named(kind: _Kind, before: str, near: str) -> bool:
    """Whether a word of a kind stands among the last words before a hit, or in the name of the column."""
    last = " ".join(before.split()[-WORDS_BEFORE:])
    return kind.words is not None and kind.words.search(f"{near} {last}".lower()) is not None


def installed() -> bool:
    """Whether presidio can be imported."""
    return find_spec(PACKAGE) is not None


@cache
def load_patterns() -> Patterns:
    """Load presidio's recognizers, which takes seconds.

    Raises:
        DataError: if presidio is not installed, or is and cannot be imported.
    """
    if not installed():
        raise DataError(f"presidio is not installed: {INSTALL}, or do without it.")
    try:
        package: Any = import_module(f"{PACKAGE}.predefined_recognizers")
        pattern: Any = import_module(PACKAGE).PatternRecognizer
        email = _offline(package.EmailRecognizer)
    except (ImportError, AttributeError, OSError, ValueError) as error:
        raise DataError(
            f"presidio is installed and cannot be loaded ({error}): {INSTALL}, or do without "
            "it (--no-presidio)."
        ) from error
    classes = [getattr(package, name) for name in package.__all__]
    made = [
        email() if one is package.EmailRecognizer else one()
        for one in classes
        if isinstance(one, type) and (issubclass(one, pattern) or one is package.PhoneRecognizer)
    ]
    kinds = [
        _Kind(one, one.supported_entities[0], _context(one.context))
        for one in made
        if one.supported_entities[0] not in LEFT_OUT
    ]
    patterns = Patterns(version("presidio-analyzer"), tuple(kinds))
    logging.getLogger("presidio-analyzer").addHandler(patterns.skipped)
    return patterns


def _offline(recognizer: Any) -> Any:
    """The recognizer of e-mail addresses with the list of domain endings that tldextract brings."""
    endings: Any = import_module("tldextract").TLDExtract(suffix_list_urls=(), cache_dir=None)

    class OfflineEmailRecognizer(recognizer):
        def validate_result(self, pattern_text: str) -> bool:
            return endings(pattern_text).fqdn != ""

    return OfflineEmailRecognizer


def _context(words: Sequence[str] | None) -> re.Pattern[str] | None:
    # Words such as "us" and "id" stand everywhere.
    told = [word.strip().lower() for word in words or () if len(word.strip()) > 2 or not word.isascii()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, told))})(?!\w)") if told else None
