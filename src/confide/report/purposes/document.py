"""A short document of headings, sentences and tables, written as Markdown and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files

from confide.core.language import language


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One heading, and what stands under it.

    Args:
        title: the heading.
        sentences: a paragraph each.
        points: a list.
        head, rows: a table; empty for none.
    """

    title: str
    sentences: Sequence[str] = ()
    points: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document for one purpose.

    Args:
        title: its first line.
        parts: in order.
        level: of the title in Markdown, for a document that goes into another one.

    >>> part = Part(title="B", sentences=["One < two."], head=["x"], rows=[["a|b"]])
    >>> made = Document(title="A", parts=[part])
    >>> print(made.markdown().strip())
    # A
    <BLANKLINE>
    ## B
    <BLANKLINE>
    One &lt; two.
    <BLANKLINE>
    | x |
    | --- |
    | a\\|b |
    """

    title: str
    parts: Sequence[Part] = field(default_factory=list)
    level: int = 1

    def markdown(self) -> str:
        """As Markdown; what a name holds is no markup."""
        lines = [f"{'#' * self.level} {_plain(self.title)}"]
        for part in self.parts:
            lines += ["", f"{'#' * (self.level + 1)} {_plain(part.title)}"]
            for sentence in part.sentences:
                lines += ["", _plain(sentence)]
            if part.points:
                lines += ["", *(f"- {_plain(point)}" for point in part.points)]
            if part.rows:
                lines += ["", _row(part.head), _row(["---"] * len(part.head), plain=False)]
                lines += [_row(row) for row in part.rows]
        return "\n".join(lines) + "\n"

    def html(self) -> str:
        """As one HTML file, without script and without network."""
        body = "".join(_section(part) for part in self.parts)
        style = files("confide.report").joinpath("templates/report.css").read_text(encoding="utf-8")
        return (
            f'<!doctype html><html lang="{language()}"><head><meta charset="utf-8"><meta name="viewport" '
            'content="width=device-width, initial-scale=1">'
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src '
            "'unsafe-inline'\">"
            f"<title>{escape(self.title)}</title><style>{style}</style></head><body><main>"
            f"<h1>{escape(self.title)}</h1>{body}</main></body></html>\n"
        )


def _plain(text: str) -> str:
    """Text in which nothing is markup."""
    shown = escape(" ".join(text.split()), quote=False)
    for sign in "\\`*_[]|#":
        shown = shown.replace(sign, f"\\{sign}") if sign not in "#_" else shown
    return shown


def _row(cells: Sequence[str], *, plain: bool = True) -> str:
    return "| " + " | ".join(_plain(cell) if plain else cell for cell in cells) + " |"


def _section(part: Part) -> str:
    made = [f"<section><h2>{escape(part.title)}</h2>"]
    made += [f"<p>{escape(sentence)}</p>" for sentence in part.sentences]
    if part.points:
        made.append("<ul>" + "".join(f"<li>{escape(point)}</li>" for point in part.points) + "</ul>")
    if part.rows:
        head = "".join(f'<th scope="col" class="text">{escape(cell)}</th>' for cell in part.head)
        rows = "".join(
            "<tr>" + "".join(f'<td class="text">{escape(cell)}</td>' for cell in row) + "</tr>"
            for row in part.rows
        )
        made.append('<div class="scroll" tabindex="0"><table class="exhibit">')
        made.append(f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>")
    return "".join([*made, "</section>"])
