"""Plain text: the page for a terminal, as wide as the window."""

from __future__ import annotations

from collections.abc import Sequence

from confide.core.language import t
from confide.report.page_types import (
    Cell,
    EstimateRecord,
    ExhibitRecord,
    FindingRecord,
    Page,
    SectionRecord,
    TableRecord,
)
from confide.report.rates import one_in, percent
from confide.report.renders.cells import columns, digits, number, plain, ruled
from confide.report.renders.lines import PLAIN, clean, listed, window, wrap
from confide.report.sampled import sampled_sentence
from confide.report.skipped import fold
from confide.report.strongest import strongest

WIDEST = 16
"""An attack's name should have this many characters before a rate is dropped for it: most names fit."""

NARROWEST = 12
"""With fewer characters for the names a table helps nobody, and each attack gets a block of its own."""

MOST_ROWS = 8
"""Of an exhibit, this many rows are printed: the whole table is in report.html."""

MOST_TOLD = 5
"""The same, where a row takes several lines."""


def to_text(page: Page, *, width: int | None = None, show_rows: bool = False) -> str:
    """The report for a terminal of `width` columns; the window's own by default, 100 at most.

    Args:
        show_rows: print the tables that point at people, places and items too. A terminal is looked at by
            others, and kept in logs: unasked, these tables are in the files alone.
    """
    width = width or window()
    verdict = f"[{t(PLAIN[page['verdict']], of='sign')}] {page['verdict_sentence']}"
    lines = [*wrap(page["release"], width), *wrap(verdict, width)]
    for table in page["opening"]:
        if show_rows or not table["internal"]:
            lines += exhibit_lines(table, width)
    lines += _compared(page, width)
    for i, s in enumerate(page["sections"]):
        # On a terminal repetition pushes the news out of sight; the page in HTML says everything in each
        # section.
        lines += ["", *_section(page, _unsaid(s, page["sections"][:i]), width, show_rows)]
    foot = {"seed": f"{page['seed']}", "schema": page["schema"]}
    used = (
        t("Seed {seed}; {schema}; for public use.", **foot)
        if page["audience"] == "public"
        else t("Seed {seed}; {schema}; for internal use.", **foot)
    )
    lines += ["", *wrap(used, width)]
    return "\n".join(lines)


def _compared(page: Page, width: int) -> list[str]:
    """The releases side by side: a sentence each, with what it is held against."""
    each = [(c["title"], [row["sentence"] for row in c["rows"]]) for c in page["comparisons"]]
    return [line for title, said in each for line in listed(title, said, width)]


def _unsaid(s: SectionRecord, earlier: Sequence[SectionRecord]) -> SectionRecord:
    """The section without the general sentences that an earlier section has as well."""
    return {
        **s,
        "means_not": [x for x in s["means_not"] if not any(x in o["means_not"] for o in earlier)],
        "next": [x for x in s["next"] if not any(x in o["next"] for o in earlier)],
        "adversary": [x for x in s["adversary"] if not any(x in o["adversary"] for o in earlier)],
        "notes": [x for x in s["notes"] if not any(x in o["notes"] for o in earlier)],
    }


def _section(page: Page, s: SectionRecord, width: int, show_rows: bool) -> list[str]:
    mine = [f for f in page["findings"] if f["release"] == s["release"]]
    lines = wrap(f"== {s['release']} ==", width) if len(page["sections"]) > 1 else []
    lines += [*wrap(s["headline"], width), *(line for x in s["support"] for line in wrap(x, width))]
    lines += listed(t("Read first"), s["warnings"], width)
    rows = [r for r in page["limits"] if r["release"] == s["release"]]
    lines += listed(
        t("Limits"),
        [_labelled(_limit(r["limit"]), f"{ruled(r['verdict'])}. {r['reason']}") for r in rows],
        width,
    )
    # Of proofs no rate was measured: a row of n/a would say nothing.
    lines += ["", *_table(strongest(mine, s), s, width)] if any(f["auc"] or f["tpr_at"] for f in mine) else []
    lines += [line for f in mine for line in wrap(sampled_sentence(f), width) if sampled_sentence(f)]
    skipped = [(k["attack"], k["why"]) for k in page["skipped"] if k["release"] == s["release"]]
    missed = [_labelled(attacks, why) for attacks, why in fold(skipped)]
    lines += listed(t("Did not run"), missed, width)
    pointing = [e for e in s["exhibits"] if e["kind"] == "table" and e["internal"]] + _worst_off(s)
    for exhibit in s["exhibits"]:
        lines += exhibit_lines(exhibit, width) if exhibit not in pointing else []
    for exhibit in pointing if show_rows else ():
        lines += exhibit_lines(exhibit, width)
    if pointing and not show_rows:
        titles = t("; ", of="list").join(e["title"] for e in pointing)
        lines += [
            "",
            *wrap(
                t("{titles}: in the files of the report; --show-rows prints them here too.", titles=titles),
                width,
            ),
        ]
    lines += listed(t("What it means"), s["means"], width)
    lines += listed(t("What it does not mean"), s["means_not"], width)
    lines += listed(t("What to do next"), s["next"], width)
    lines += listed(t("What the adversary had"), s["adversary"], width)
    remarks = [_labelled(f["attack"], line) for f in mine for line in f["remarks"]]
    lines += listed(t("What the attacks noticed"), remarks, width)
    return lines + listed(t("Notes"), s["notes"], width)


def _worst_off(s: SectionRecord) -> list[TableRecord]:
    """The most exposed, as a table."""
    if not s["worst_off"] or not s["labels"]["worst_off"]:
        return []
    title, reading, *head = s["labels"]["worst_off"]
    # Counts as text: they are no numbers with digits after the point.
    rows: list[list[Cell]] = [
        [r["who"], f"{r['times']}", t("at most {percent}", percent=percent(r["lookalikes"]))]
        for r in s["worst_off"]
    ]
    return [
        {
            "kind": "table",
            "internal": True,
            "title": title,
            "reading": reading,
            "head": head,
            "rows": rows,
        }
    ]


def exhibit_lines(e: ExhibitRecord, width: int) -> list[str]:
    """A table's first rows, in columns, or where they do not fit row by row; a plot is only named."""
    if e["kind"] == "plot":
        return ["", *wrap(t("{title}: drawn in report.html.", title=e["title"]), width)]
    rows = [[clean(_said(c)) for c in row] for row in (e["head"], *e["rows"][:MOST_ROWS])]
    sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]
    # Columns are two blanks apart.
    narrow = sum(sizes) + 2 * (len(sizes) - 1) <= width
    rows = rows if narrow else rows[: 1 + MOST_TOLD]
    left = len(e["rows"]) + 1 - len(rows)
    lines = ["", *wrap(e["title"], width), *(_columns(rows, sizes) if narrow else _told(rows, width))]
    if left > 0:
        lines.append(
            t("(1 more row in report.html)") if left == 1 else t("({n} more rows in report.html)", n=left)
        )
    return [*lines, *wrap(e["reading"], width)]


def _columns(rows: list[list[str]], sizes: list[int]) -> list[str]:
    return ["  ".join(_fit(c, n, i) for i, (c, n) in enumerate(zip(r, sizes, strict=True))) for r in rows]


def _told(rows: list[list[str]], width: int) -> list[str]:
    """Each row as a sentence."""
    head, *body = rows
    told = [
        _labelled(
            row[0], t("; ", of="list").join(f"{name} {c}" for name, c in zip(head[1:], row[1:], strict=True))
        )
        for row in body
    ]
    return [line for row in told for line in wrap(row, width, "- ", "  ")]


def _said(c: Cell) -> str:
    """A cell as text."""
    if c is None or isinstance(c, str):
        return t("n/a") if c is None else c
    if not isinstance(c, dict):
        return plain(c)
    return _interval(c, digits(c, public=False))


def _table(findings: Sequence[FindingRecord], s: SectionRecord, width: int) -> list[str]:
    """A row an attack; narrow, with the headline's rate alone; very narrow, a block an attack."""
    worst, fprs, bounds = s["finding"]["attack"], columns(findings, s["fpr"]), s["labels"]["bounds"]
    head, body = _cells(findings, worst, fprs, bounds)
    # Further rates go first: the names say what a row is about.
    if _room(head, body, width) < WIDEST:
        head, body = _cells(findings, worst, fprs[:1] if s["fpr"] is None else [s["fpr"]], bounds)
    room = _room(head, body, width)
    if room < NARROWEST:
        return [line for row in body for line in _block(head, row, width)]
    sizes = [min(room, max(len(row[0]) for row in [head, *body])), *_sizes(head, body)[1:]]
    return [
        "  ".join(_fit(c, n, i) for i, (c, n) in enumerate(zip(row, sizes, strict=True)))
        for row in [head, *body]
    ]


def _fit(cell: str, size: int, column: int) -> str:
    # Numbers to the right, so that their points stand below each other.
    if column:
        return cell.rjust(size)
    return (cell if len(cell) <= size else f"{cell[: size - 1]}…").ljust(size)


def _cells(
    findings: Sequence[FindingRecord], worst: str, fprs: list[float], bounds: bool
) -> tuple[list[str], list[list[str]]]:
    rates = [t("at {rate}", rate=one_in(f)) for f in fprs]
    head = [t("attack"), *rates, t("AUC"), *([t("epsilon >=")] if bounds else [])]
    body: list[list[str]] = []
    for f in findings:
        rates = {at["fpr"]: at["rate"] for at in f["tpr_at"]}
        # The row that the headline speaks of.
        mark = "*" if f["attack"] == worst else "-"
        bound = f["epsilon"]
        shown = (
            t("n/a")
            if bound is None
            else t("{low} of {ceiling}", low=number(bound["low"], 2), ceiling=number(bound["ceiling"], 2))
        )
        found = [*(_cell(rates.get(x)) for x in fprs), _cell(f["auc"]), *([shown] if bounds else [])]
        body.append([f"{mark} {clean(f['attack'])}", *found])
    return head, body


def _sizes(head: list[str], body: list[list[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(head, *body, strict=True)]


def _room(head: list[str], body: list[list[str]], width: int) -> int:
    """What is left for the attacks' names."""
    return width - sum(_sizes(head, body)[1:]) - 2 * (len(head) - 1)


def _block(head: list[str], row: list[str], width: int) -> list[str]:
    return [
        _fit(row[0], width, 0),
        *(f"    {name:<14} {cell}" for name, cell in zip(head[1:], row[1:], strict=True)),
    ]


def _cell(e: EstimateRecord | None) -> str:
    return t("n/a") if e is None else _interval(e, 3)


def _interval(e: EstimateRecord, decimals: int) -> str:
    value, low, high = (number(x, decimals) for x in (e["value"], e["low"], e["high"]))
    return t("{value} [{low}, {high}]", value=value, low=low, high=high)


def _labelled(label: str, text: str) -> str:
    return t("{label}: {text}", label=label, text=text)


def _limit(limit: str) -> str:
    """A limit as it was written; only the promise, which nobody wrote, has a name."""
    return t("the promise") if limit == "the promise" else limit
