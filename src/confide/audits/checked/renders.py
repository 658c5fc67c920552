"""Renders of an audit by checks: JSON, HTML, Markdown and the terminal."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Mapping, Sequence

from confide.audits.checked.record import Outcome
from confide.audits.checked.records import CheckedPage, CheckRecord
from confide.report.purposes.document import Document, Part

SIGNS: Mapping[Outcome, str] = {"passed": "OK", "failed": "NO", "unclear": "?"}
MARKS: Mapping[Outcome, str] = {"passed": "passed", "failed": "FAILED", "unclear": "unclear"}
MOST_WIDE = 100


def to_json(page: CheckedPage) -> str:
    """The page as JSON; holds no NaN and no Infinity."""
    return json.dumps(page, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_document(page: CheckedPage, *, title: str, made: Sequence[str], level: int = 1) -> Document:
    """The page as a document, for HTML and Markdown.

    Args:
        page: of the audit.
        title: of the document.
        made: how the audit was made, in points.
        level: that of its title in Markdown.
    """
    bad = [check for check in page["checks"] if check["outcome"] != "passed"]
    good = [check for check in page["checks"] if check["outcome"] == "passed"]
    parts = [
        Part(
            title="Answer",
            sentences=[page["sentence"], *_believed(page)],
            head=["question", "outcome"],
            rows=[[check["question"], MARKS[check["outcome"]]] for check in page["checks"]],
        ),
        *(Part(title=f"{check['question']} {_answer(check)}", sentences=_told(check)) for check in bad),
    ]
    if good:
        points = [f"{check['question']} {check['found']}" for check in good]
        parts.append(Part(title="What was tried without success", points=points))
    parts += [Part(title="What this does not say", points=page["limits"])]
    parts.append(Part(title="How it was made", points=[*made]))
    return Document(title=title, parts=parts, level=level)


def to_text(page: CheckedPage, *, verbose: bool = False, width: int | None = None) -> str:
    """The page for a terminal of `width` columns; the window's own by default, 100 at most.

    Args:
        verbose: also what was seen where a check passed, and what no outcome says.
    """
    width = width or min(shutil.get_terminal_size((80, 24)).columns, MOST_WIDE)
    lines = textwrap.wrap(f"[{SIGNS[page['verdict']]}] {page['sentence']}", width)
    lines += [line for told in _believed(page) for line in textwrap.wrap(told, width)]
    for check in page["checks"]:
        whole = verbose or check["outcome"] != "passed"
        lines += ["", *_block(check, width)] if whole else _first(check, width)
    if verbose:
        lines += ["", *(line for limit in page["limits"] for line in textwrap.wrap(limit, width))]
    else:
        lines += ["", *textwrap.wrap(page["limits"][0], width)]
    return "\n".join(lines)


def _believed(page: CheckedPage) -> list[str]:
    return [page["believed"]] if page["believed"] else []


def _first(check: CheckRecord, width: int) -> list[str]:
    mark = MARKS[check["outcome"]].ljust(8)
    return textwrap.wrap(f"{mark}{check['question']}", width, subsequent_indent=" " * 8)


def _block(check: CheckRecord, width: int) -> list[str]:
    indent = " " * 8
    inside = [
        textwrap.wrap(told, width, initial_indent=indent, subsequent_indent=indent) for told in _told(check)
    ]
    return [*_first(check, width), *(line for lines in inside for line in lines)]


def _told(check: CheckRecord) -> list[str]:
    """What was found, what was played, and what to do."""
    played = [f"Attack: {attack['story']}" for attack in check["attacks"]]
    return [check["found"], *played, *[f"What to do: {check['advice']}"] * bool(check["advice"])]


def _answer(check: CheckRecord) -> str:
    return "Not answered." if check["outcome"] == "unclear" else "This check failed."
