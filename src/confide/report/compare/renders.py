"""Renders of a comparison: HTML, JSON, Markdown and the terminal."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Mapping

from confide.core.language import later, number, t, written_in
from confide.report.compare.page_types import Answer, ComparisonPage, PairRecord, QuantityRecord
from confide.report.compare.pair_record import pair_sentence
from confide.report.compare.words import outward
from confide.report.purposes import Document
from confide.report.purposes.document import Part
from confide.report.record_types import EstimateRecord
from confide.report.renders.html import environment
from confide.report.renders.schema import Schema, schema_of

SIGNS: Mapping[Answer, tuple[str, str, str]] = {
    "worse": ("exceeded", "✕", later("NO", of="sign")),
    "better": ("within", "✓", later("OK", of="sign")),
    "the same": ("within", "=", later("OK", of="sign")),
    "not settled": ("settled", "?", "?"),
}
"""For each answer its colour, its sign, and the sign for terminals that have no such letters."""


def schema() -> Schema:
    """The JSON schema of comparison.json, draft 2020-12.

    >>> schema()["$id"]
    'confide.comparison/1'
    """
    return schema_of(ComparisonPage, title="A comparison of two reports of confide")


def to_json(page: ComparisonPage) -> str:
    """The page as JSON; holds no NaN and no Infinity."""
    return json.dumps(page, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_html(page: ComparisonPage) -> str:
    """One HTML file, without script and without network; every text is escaped."""
    with written_in(page["language"]):
        template = environment().get_template("comparison.html")
        return template.render(
            page=page,
            sign=SIGNS[page["answer"]],
            signs=SIGNS,
            said=pair_sentence,
            title=title,
            value=_value,
            span=_span,
            label=label,
            share=_share,
            t=t,
        )


def to_document(page: ComparisonPage) -> Document:
    """A short document of the same, for a pull request or a file of decisions."""
    with written_in(page["language"]):
        parts = [Part(title=t("Answer", of="comparison"), sentences=[page["sentence"], *page["support"]])]
        if page["warnings"]:
            parts.append(Part(title=t("Read first", of="comparison"), points=page["warnings"]))
        parts += [_part(pair, page) for pair in page["pairs"]]
        if page["unmatched"]:
            points = [f"{u['release']} ({u['goal']}): {u['why']}" for u in page["unmatched"]]
            parts.append(Part(title=t("Not compared", of="comparison"), points=points))
        if page["notes"]:
            parts.append(Part(title=t("What differs besides"), points=page["notes"]))
        return Document(title=title(page), parts=parts, level=2)


def _part(pair: PairRecord, page: ComparisonPage) -> Part:
    first = pair_sentence(pair)
    rose = pair["more_exposed"]
    sentences = [
        *pair["doubts"],
        pair["people"]["sentence"],
        *([] if pair["epsilon"] is None else [pair["epsilon"]["sentence"]]),
        # The names of people are in the files for internal use alone: a pull request is read by others.
        *([] if rose is None else [rose["sentence"]]),
    ]
    return Part(
        title=t("{after} against {before}", after=pair["after"], before=pair["before"]),
        sentences=[*([] if first == page["sentence"] else [first]), *sentences],
        head=[
            t("number", of="comparison"),
            t("before", of="comparison"),
            t("after", of="comparison"),
            t("difference", of="comparison"),
        ],
        rows=[
            [label(q), *(_both(q, e) for e in (q["before"], q["after"], q["difference"]))]
            for q in pair["quantities"]
        ],
    )


def to_text(page: ComparisonPage, *, width: int | None = None) -> str:
    """The comparison for a terminal of `width` columns; the window's own by default, 100 at most."""
    width = width or min(shutil.get_terminal_size((80, 24)).columns, 100)
    with written_in(page["language"]):
        lines = _wrap(f"[{t(SIGNS[page['answer']][2], of='sign')}] {page['sentence']}", width)
        for warning in page["warnings"]:
            lines += _wrap(t("Read first: {warning}", warning=warning), width)
        for pair in page["pairs"]:
            lines += ["", *_of_pair(pair, page, width)]
        for u in page["unmatched"]:
            lines += _wrap(
                t(
                    "Not compared: {release} ({goal}), {why}.",
                    release=u["release"],
                    goal=u["goal"],
                    why=u["why"],
                ),
                width,
            )
        lines += (
            ["", *(line for note in page["notes"] for line in _wrap(note, width))] if page["notes"] else []
        )
    return "\n".join(lines)


def _of_pair(pair: PairRecord, page: ComparisonPage, width: int) -> list[str]:
    several = len(page["pairs"]) > 1
    lines = _wrap(pair_sentence(pair), width) if several else []
    lines += [line for doubt in pair["doubts"] for line in _wrap(doubt, width)]
    heads = [t("before", of="comparison"), t("after", of="comparison"), t("difference", of="comparison")]
    names = [label(q) for q in pair["quantities"]]
    first = max(map(len, names))
    cells = [[_both(q, e) for e in (q["before"], q["after"], q["difference"])] for q in pair["quantities"]]
    wide = max(len(cell) for row in [heads, *cells] for cell in row)
    if first + 3 * (wide + 2) <= width:
        lines += ["  ".join([" " * first, *(h.rjust(wide) for h in heads)])]
        lines += [
            "  ".join([n.ljust(first), *(c.rjust(wide) for c in row)])
            for n, row in zip(names, cells, strict=True)
        ]
    else:
        for n, row in zip(names, cells, strict=True):
            lines += [
                n,
                *("  " + t("{label}: {text}", label=h, text=c) for h, c in zip(heads, row, strict=True)),
            ]
    lines += _wrap(pair["people"]["sentence"], width)
    rose = pair["more_exposed"]
    return lines + ([] if rose is None else _wrap(rose["sentence"], width))


def title(page: ComparisonPage) -> str:
    """What is compared with what: the releases where there is one of each, else the reports."""
    only = page["pairs"][0] if len(page["pairs"]) == 1 and not page["unmatched"] else None
    after, before = (
        (page["after"]["name"], page["before"]["name"]) if only is None else (only["after"], only["before"])
    )
    return t("{after} against {before}", after=after, before=before)


def label(q: QuantityRecord) -> str:
    """What a number is called."""
    if q["fpr"] is None:
        return t("AUC", of="comparison")
    return t("found at {fpr:.3g} in 100", fpr=100 * q["fpr"])


def _both(q: QuantityRecord, e: EstimateRecord | None) -> str:
    """A number with its interval, in one text."""
    return t("n/a") if e is None else f"{_value(q['fpr'], e)} [{_span(q['fpr'], e)}]"


def _value(fpr: float | None, e: EstimateRecord) -> str:
    return _plain(e["value"], 3) if fpr is None else _plain(100 * e["value"], 1) + " %"


def _span(fpr: float | None, e: EstimateRecord) -> str:
    scale, digits = (1, 3) if fpr is None else (100, 1)
    # A negative end needs another sign between the two than a dash.
    # Rounded outward, as in the sentence.
    low, high = (_plain(end, digits) for end in outward(e, 10**digits, scale))
    return t("{low} to {high}", of="interval", low=low, high=high)


def _plain(x: float, digits: int) -> str:
    """A number with this number of decimals, and never minus zero."""
    return number(round(x, digits) + 0.0, f".{digits}f")


def _share(x: float) -> str:
    """A share in percent, to two digits."""
    return number(100 * x, ".2g") + " %"


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width) or [""]
