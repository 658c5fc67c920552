"""Reports: report.json with other values in every place, wrong bytes, and no report at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st
from tests.hostile.reports import page

from confide.core.foreign import escaped
from confide.report import Report

from .given import File, mutants
from .mutating import JSON, edited, put, there, ways
from .oracle import AS_WRITTEN, READ, Outcome, need
from .running import Reader

Draw = Callable[[Any], Any]

ACTS = (
    "<script>fuzz</script>",
    '"><img src=x onerror=fuzz>',
    "' onload=fuzz '",
    "javascript:fuzz",
    "</style><img src=x>fuzz",
)
"""Texts that a browser would obey if a page held them as they are."""


class _Browser(HTMLParser):
    """What a browser would obey of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.obeyed, self._tag = list[str](), ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        acts = [name for name, value in attrs if name.startswith("on") and "fuzz" in (value or "")]
        leads = [
            value
            for name, value in attrs
            if name in ("href", "src") and (value or "").startswith(("java", "x"))
        ]
        if acts or leads:
            self.obeyed.append(f"{tag} {attrs}")

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag in ("script", "style") and "fuzz" in data:
            self.obeyed.append(f"{self._tag} {data[:80]}")


@cache
def pages() -> tuple[Any, ...]:
    """Pages of one and of two releases; of long charts a few points."""
    made = page(), page(sections=2)
    for one in made:
        for chart in one["charts"]:
            chart["records"] = chart["records"][:2]
        for section in one["sections"]:
            for plot in section["exhibits"]:
                _shorten(plot)
    return made


def _shorten(plot: Any) -> None:
    for line in plot.get("lines", ()):
        parts = [line, *line["bands"]]
        for part in parts:
            part |= {
                name: value[:2] for name, value in part.items() if isinstance(value, list) and name != "bands"
            }


@cache
def files() -> list[bytes]:
    return [json.dumps(one).encode() for one in pages()]


@st.composite
def other_values(draw: Draw) -> File:
    """A page with a few places changed; often by a value of the type that stands there."""
    whole = pages()[draw(st.integers(0, 1))]
    value = st.one_of(JSON, st.sampled_from(ACTS), st.sampled_from(ACTS).map(lambda text: [text]))
    made = draw(edited(whole, new=value))
    return File("edited", json.dumps(made).encode(), ".json")


@st.composite
def other_texts(draw: Draw) -> File:
    """A page in which texts alone are others: it must be shown, and none of them may act."""
    whole = pages()[draw(st.integers(0, 1))]
    new = st.one_of(
        st.sampled_from(ACTS), st.text(max_size=12), st.sampled_from(["\x1b[2J", "\u202e", "{{7}}", "\0"])
    )
    made = whole
    for _ in range(draw(st.integers(1, 4))):
        at = draw(ways(whole).filter(lambda at: isinstance(there(whole, at), str)))
        made = put(made, at, draw(new))
    return File("texts", json.dumps(made).encode(), ".json")


@st.composite
def unchanged(draw: Draw) -> File:
    """A page as it is, written in another way."""
    whole = pages()[draw(st.integers(0, 1))]
    text = json.dumps(whole, indent=draw(st.sampled_from([None, 1, 3])), ensure_ascii=draw(st.booleans()))
    return File("unchanged", text.encode(), ".json", written=whole, plain=True)


def foreign() -> st.SearchStrategy[File]:
    """JSON of anything, and texts that are none."""
    words = {"schema": st.sampled_from(["confide.report/1", "confide.report/2", "x"])}
    record = st.fixed_dictionaries(words, optional={key: JSON for key in pages()[0] if key != "schema"})
    text = st.one_of(JSON, record).map(json.dumps) | st.text(max_size=40)
    return text.map(lambda t: File("foreign", t.encode("utf-8", "replace"), ".json"))


def inputs() -> st.SearchStrategy[File]:
    return st.one_of(
        other_values(), other_values(), other_texts(), unchanged(), foreign(), mutants(files, ".json")
    )


def meet(
    given: File,
    folder: Path,
    *,
    read: Callable[[Path], Report] = lambda path: Report.load(path, show_rows=True),
) -> Outcome:
    """Read a report and render it as everything but charts: their engine is a process of its own."""
    made = read(given.put(folder))
    with patch("confide.report.renders.html.draw", return_value=""):
        shown, text, kept = made.html(), str(made), made.json()
    for name, said in (("page", shown), ("text", text), ("report.json", kept)):
        need(said == escaped(said), f"a sign that acts in the {name}: {escaped(said)[:500]}")
    if "fuzz" in text + shown:
        browser = _Browser()
        browser.feed(shown)
        need(not browser.obeyed, f"a browser obeys: {browser.obeyed}")
    again = json.loads(kept)
    if given.written is not None:
        need(again == given.written, "another page than was written")
        return AS_WRITTEN
    return READ


READER = Reader("report", inputs, meet, most=lambda size: 50 * size + 2**26)
