"""What of a report was not translated: the check that every door's tests can use.

A page that is made in the language "xx" has every text in brackets, so that whatever stands outside is a text
that nobody marked (`unmarked`). A page in German or French is searched for words that only English has
(`english_left`): there a text is marked, and has no translation or was joined from pieces. A door's test:

    with written_in(PSEUDO):
        said = everything_said(audit(...).report.page)
    assert unmarked(said, names=[...]) == []     # names of releases, attacks and columns
    with written_in("de"):
        assert english_left(everything_said(audit(...).report.page)) == []
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import Any

from confide.report.page_types import Page
from confide.report.purposes import PURPOSES
from confide.report.renders.text import to_text

IDENTIFIERS = {
    *(
        "attack",
        "release",
        "releases",
        "schema",
        "version",
        "audience",
        "language",
        "verdict",
        "outcome",
        "goal",
    ),
    *(
        "access",
        "game",
        "limit",
        "lack",
        "kind",
        "quantity",
        "before",
        "settled",
        "strategy",
        "citation",
        "settings",
    ),
    *("name", "method", "unit", "line", "part", "side", "what", "others", "align", "who", "made", "about"),
}
"""Keys of report.json under which names and words of the machine stand; renders translate what a reader "
"sees."""

ENGLISH = """
the of and is are that with were to by than which from who how this these those they their it its has have
been more less not no where there nobody everybody could would should does did what when only other others
about between at most least people record records
"""
TELLTALE = frozenset(ENGLISH.split())
"""Words that stand in nearly every English sentence, and in no German or French one."""

WORD = re.compile(r"[^\W\d_]{2,}")


MACHINE = (
    "confide.report",
    "report/3",
    "report/4",
    "tpr@",
    "auc=",
    "epsilon=",
    "balanced_accuracy=",
    "advantage=",
    "mu-GDP",
    "f-DP",
)
"""Names that stand in every report."""


def everything_said(page: Page) -> list[str]:
    """What a page says: its records, the terminal, and the documents for every purpose."""
    # A wide terminal: in a line that is broken, brackets would stand on two lines.
    shown = to_text(page, width=10_000, show_rows=True).split("\n")
    # Markdown writes a sign before others.
    documents = [document(page).markdown().replace("\\", "") for document in PURPOSES.values()]
    return [*texts_of(page), *shown, *(line for text in documents for line in text.split("\n"))]


def outside(text: str) -> str:
    """What of a text stands outside of the brackets.

    >>> outside("a ⟦b ⟦c⟧ d⟧ e")
    'a  e'
    """
    kept, depth = [], 0
    for sign in text:
        depth += {"⟦": 1, "⟧": -1}.get(sign, 0)
        kept.append(sign if depth == 0 and sign != "⟧" else "")
    return "".join(kept)


def unmarked(texts: Iterable[str], *, names: Iterable[str] = ()) -> list[str]:
    """The texts with words outside of brackets that are no names.

    Args:
        names: of releases, attacks and columns, which are no words of a language.
    """
    known = _known(names)
    return [text for text in dict.fromkeys(texts) if set(WORD.findall(_without(outside(text), known)))]


def english_left(texts: Iterable[str], *, names: Iterable[str] = ()) -> list[str]:
    """The texts in which a word stands that only English has."""
    known = _known(names)
    return [
        text
        for text in dict.fromkeys(texts)
        if TELLTALE & {word.lower() for word in WORD.findall(_without(text, known))}
    ]


def texts_of(page: Any, *, under: str = "") -> Iterator[str]:
    """Every text of a page that a reader sees, without identifiers."""
    if isinstance(page, str):
        yield page
    elif isinstance(page, Mapping):
        for key, value in page.items():
            if key not in IDENTIFIERS or (key == "about" and under == "section"):
                yield from texts_of(value, under=key)
    elif isinstance(page, list | tuple):
        for value in page:
            yield from texts_of(value, under=under)


def texts_of_html(html: str) -> Iterator[str]:
    """Every text of a page in HTML: what stands between tags, and what is read aloud."""
    html = re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)
    yield from (unescape(said) for said in re.findall(r'\b(?:aria-label|title|alt)="([^"]*)"', html))
    yield from (
        text for part in re.sub(r"<[^>]*>", "\n", html).split("\n") if (text := unescape(part).strip())
    )


def _known(names: Iterable[str]) -> list[str]:
    return sorted({name for name in (*names, *MACHINE) if name}, key=len, reverse=True)


def _without(text: str, names: Iterable[str]) -> str:
    text = re.sub(r"https?://\S+|--[a-z-]+|\bconfide(?: [a-z]+)*|[\w.-]+\.(?:html|json|csv|txt)\b", " ", text)
    for name in names:
        # "id" is a column, and no part of a word in another language.
        text = re.sub(rf"(?<!\w){name}(?!\w)", " ", text) if name.isalpha() else text.replace(name, " ")
    return text
