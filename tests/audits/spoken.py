"""What an audit says of a release in words: its context, findings and exhibits, as a reader sees them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest.mock import patch

from tests.report.untranslated import english_left, texts_of, unmarked

from confide.audits import Audit
from confide.core.language import t, written_in
from confide.report.exhibit_records import exhibit_record
from confide.report.redaction import Redaction

TRANSLATED = ("de", "fr")
"""Languages that a report can have besides English."""


def texts(audit: Audit) -> Iterator[str]:
    """Every text of the audit's sections; names of attacks and releases are left out."""
    redaction = Redaction()
    for s in (*audit.before, *audit.sections):
        yield from (text for pair in s.about.items() for text in pair)
        yield from (*s.adversary, *s.notes, *s.warnings, *s.unsettled, *s.broken, s.subject, s.harm)
        yield from (redaction.text(skip.why) for skip in s.skipped)
        for finding in s.findings:
            yield t(finding.title)
            yield from redaction.texts([r for d in finding.diagnostics for r in d.remarks])
        for exhibit in s.exhibits:
            record = exhibit_record(exhibit, redaction=redaction)
            assert record is not None
            yield from texts_of({k: v for k, v in record.items() if k != "kind"})
            # Lines have names as keys: these are identifiers elsewhere.
            yield from (line.name for line in getattr(exhibit, "lines", ()))


def names_in(audit: Audit) -> list[str]:
    """Names that are the same in every language: of attacks, releases and protections."""
    found = [*audit.settings.protections, *(s.release for s in (*audit.before, *audit.sections))]
    found += [f.risk.attack for s in (*audit.before, *audit.sections) for f in s.findings]
    return found + [skip.attack for s in audit.sections for skip in s.skipped]


def english(make: Callable[[], Audit], language: str, *, names: tuple[str, ...] = ()) -> list[str]:
    """The texts of an audit in which English is left, in German, French, or the language of brackets."""
    with spoken_in(language):
        audit = make()
        said: list[str] = list(texts(audit))
    known = [*names, *names_in(audit)]
    return unmarked(said, names=known) if language == "xx" else english_left(said, names=known)


@contextmanager
def spoken_in(language: str) -> Generator[None]:
    """Audit in this language whatever the settings say: the language of brackets cannot be set."""
    with written_in(language), patch("confide.audits.run.written_in", lambda _: nullcontext()):
        yield


def exhibits(audit: Audit) -> list[Any]:
    """All exhibits of an audit."""
    return [e for s in audit.sections for e in s.exhibits]
