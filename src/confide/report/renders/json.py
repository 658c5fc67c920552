"""JSON: the page as it is kept in report.json, and read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.core.schema import parsed
from confide.report.cleaned import cleaned
from confide.report.failure import refuse_outdated
from confide.report.page_types import Page
from confide.report.renders.checked import wrong_in
from confide.report.renders.earlier import EARLIER, lifted

SCHEMA = "confide.report/4"
MOST = 64_000_000
"""Bytes of a report.json: the largest ones have a few million, and reading takes fifty times as much."""


def to_json(page: Page) -> str:
    """The page as JSON; holds no NaN and no Infinity."""
    # Python's NaN is no JSON: other readers would refuse the file.
    return json.dumps(page, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(path: str | Path) -> Page:
    """The page in a report.json; one of an earlier schema is brought to the present one.

    Raises:
        DataError: if the file cannot be read or is not a report, or an audit after it failed.
    """
    path = Path(path)
    refuse_outdated(path)
    try:
        size = path.stat().st_size
        if size > MOST:
            raise DataError(
                f"{path} has {size:,} bytes, more than any report: name the report.json of an audit."
            )
        kept = parsed(path.read_bytes())
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise DataError(f"{path} cannot be read ({said}): name the report.json of an audit.") from error
    page = cast(dict[str, object], kept) if isinstance(kept, dict) else {}
    given = page.get("schema")
    if isinstance(given, str) and _later(given):
        raise DataError(
            f"{path} has the schema {given!r:.60}, which is later than {SCHEMA!r}: update confide to read it."
        )
    if not isinstance(given, str) or given not in (SCHEMA, *EARLIER):
        raise DataError(
            f"{path} has the schema {given!r:.60}, not {SCHEMA!r}: name the report.json of an audit, or run "
            "the audit again."
        )
    # A file that somebody edited fails here and not in the middle of a page.
    since = EARLIER.get(given, set[str]())
    missing = [key for key in Page.__required_keys__ - since if key not in page]
    if missing:
        raise DataError(
            f"{path} lacks {', '.join(sorted(missing))}: name the report.json of an audit, or run the audit "
            "again."
        )
    found: object = None
    try:
        found = page if given == SCHEMA else lifted(page)
        wrong = wrong_in(found)
    # What an edited file of an earlier schema lacks shows where it is looked for.
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, StopIteration) as error:
        wrong = _said(error)
    if wrong:
        raise DataError(
            f"{path} is no report as confide writes it ({in_one_line(wrong)}): name the report.json of an "
            "audit, or run the audit again."
        )
    return cleaned(cast(Page, found))


def _later(schema: str) -> bool:
    """Is this a schema of reports that a later version of confide writes?"""
    kind, _, own = SCHEMA.rpartition("/")
    name, _, number = schema.rpartition("/")
    # No report will ever have a number of ten digits.
    return (
        name == kind and number.isascii() and number.isdigit() and len(number) < 10 and int(number) > int(own)
    )


def _said(error: Exception) -> str:
    """What is wrong with a file of an earlier schema, in plain words."""
    if isinstance(error, KeyError):
        return f"it lacks {in_one_line(error)}"
    if isinstance(error, IndexError | StopIteration):
        return "one of its lists is too short"
    if isinstance(error, AttributeError):
        return "one of its parts is of another kind than it should be"
    return in_one_line(error)
