"""Brief text: the first page of a report for a terminal, in about 25 lines; what is bad stays in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from confide.core.language import t
from confide.report.comparison_types import ComparedRecord, ComparisonRecord
from confide.report.limit_words import ruled, share_in_words
from confide.report.page_types import FindingRecord, LimitRecord, Page, SectionRecord
from confide.report.renders.lines import PLAIN, listed, window, wrap
from confide.report.renders.text import exhibit_lines
from confide.report.short_names import short_names
from confide.report.strongest import RANK, severity, strongest

MOST_ATTACKS = 3
"""Attacks that are printed of one release; of several, the strongest of each."""
MOST_SECTIONS = 3
"""Headlines that are printed, those that exceed a limit first."""
MOST_ROWS = 6
"""Of a comparison."""
MOST_WARNINGS = 4
"""Warnings that are printed whole, those on broken comparisons first; how many more there are is said."""

Paint = Callable[[str], str]
Names = Mapping[str, str]
"""Release -> what it is called beside the others."""


def to_brief(page: Page, *, width: int | None = None, paint: Paint = str) -> str:
    """The first page of a report: headline, verdict, limits in words, strongest attacks, what to read first.

    Args:
        width: in characters; by default the window's own, 100 at most.
        paint: colours the sign of the verdict.
    """
    width = width or window()
    names = dict(zip(page["releases"], short_names(page["releases"]), strict=True))
    worst = sorted(page["sections"], key=severity)[:MOST_SECTIONS]
    # In the order of the report, so that the reader finds them there.
    shown = [s for s in page["sections"] if s in worst]
    lines = wrap(_title(page, names), width)
    for table in page["opening"]:
        lines += [] if table["internal"] else [*exhibit_lines(table, width), ""]
    for s in shown:
        lines += wrap(_beside(s["release"], s["headline"], names), width)
    more = len(page["sections"]) - len(shown)
    lines += wrap(t("Further releases: {n:,}, in report.html or with -v.", n=more), width) if more else []
    sign = f"[{t(PLAIN[page['verdict']], of='sign')}]"
    first, *rest = wrap(f"{sign} {page['verdict_sentence']}", width)
    # Painted after it is wrapped: a colour has no width.
    lines += [first.replace(sign, paint(sign), 1), *rest]
    lines += listed(t("Limits", of="first page"), _limits(page, names), width)
    lines += _attacks(page, shown, names, width)
    for compared in page["comparisons"]:
        lines += _compared(compared, names, width)
    return "\n".join([*lines, *listed(t("Read first", of="first page"), _warnings(page), width)])


def _title(page: Page, names: Names) -> str:
    """The name of the release; of several, what they share and their short names."""
    first = page["releases"][0]
    shared = first.removesuffix(names[first]).removesuffix(", ")
    if len(names) < 2 or not shared:
        return page["release"]
    return t("{label}: {text}", label=shared, text=", ".join(names.values()))


def _beside(release: str, text: str, names: Names) -> str:
    """What is said of a release, after its name where there are several."""
    return t("{label}: {text}", label=names.get(release, release), text=text) if len(names) > 1 else text


def _limits(page: Page, names: Names) -> list[str]:
    """Each limit once, with every release that does not keep it, the worst first."""
    if len(names) < 2:
        rows = sorted(page["limits"], key=lambda row: RANK[row["verdict"]])
        return [row["words"] + _why(row) for row in rows]
    each: dict[str, list[LimitRecord]] = {}
    for row in sorted(page["limits"], key=lambda row: RANK[row["verdict"]]):
        each.setdefault(row["allows"], []).append(row)
    return [
        t("{label}: {text}", label=allows, text=_of_releases(rows, names)) for allows, rows in each.items()
    ]


def _of_releases(rows: Sequence[LimitRecord], names: Names) -> str:
    bad = [row for row in rows if row["verdict"] != "within"]
    said = [_beside(r["release"], ruled(r["verdict"], r["found"]) + _why(r), names) for r in bad]
    kept = [names.get(row["release"], row["release"]) for row in rows if row["verdict"] == "within"]
    if kept:
        said.append(t("{label}: {text}", label=", ".join(kept), text=t("within", of="ruling")))
    return t("; ", of="list").join(said)


def _why(row: LimitRecord) -> str:
    """Why nothing was settled, which decides what to do; an interval says why a limit is exceeded."""
    return f" ({row['reason']})" if row["verdict"] == "not settled" and row["reason"] else ""


def _attacks(page: Page, shown: Sequence[SectionRecord], names: Names, width: int) -> list[str]:
    """What the strongest attacks found, how many ran, and how many did not."""
    alone = len(page["sections"]) == 1
    said: list[str] = []
    for s in shown:
        mine = [f for f in page["findings"] if f["release"] == s["release"]]
        best = strongest(mine, s)[: MOST_ATTACKS if alone else 1]
        name = names.get(s["release"], s["release"])
        said += [
            t(
                "{label}: {text}",
                label=f["attack"] if alone else f"{name}, {f['attack']}",
                text=told(f, mine, s),
            )
            for f in best
        ]
    ran, skipped = len({f["attack"] for f in page["findings"]}), len({k["attack"] for k in page["skipped"]})
    if skipped:
        title = t("Strongest attacks, of {ran:,} that ran ({skipped:,} did not)", ran=ran, skipped=skipped)
    else:
        title = t("Strongest attacks, of {ran:,} that ran", ran=ran)
    return listed(title, said, width)


def told(f: FindingRecord, mine: Sequence[FindingRecord], s: SectionRecord) -> str:
    """What the section says that an attack found: it has a line for each, in the order of the findings."""
    at = next(i for i, one in enumerate(mine) if one["attack"] == f["attack"])
    return s["found"][at][1] if at < len(s["found"]) else ""


def _compared(c: ComparisonRecord, names: Names, width: int) -> list[str]:
    said = [_row(c, row, names) for row in c["rows"][:MOST_ROWS]]
    more = len(c["rows"]) - MOST_ROWS
    return listed(
        c["title"], said + [t("Further ones: {n:,}, in report.html or with -v", n=more)] * (more > 0), width
    )


def _row(c: ComparisonRecord, row: ComparedRecord, names: Names) -> str:
    """One release against the one before it, in a line; its own sentence where a number is missing."""
    if c["value"] is None or row["value"] is None:
        return row["sentence"]
    name = names.get(row["release"], row["release"])
    # Of each the attack that is strongest at this rate, which need not be the headline's.
    now = f"{share_in_words(row['value']['value'])} ({row['attack']})"
    was = f"{share_in_words(c['value']['value'])} ({c['attack']})"
    if row["settled"] == "less":
        return t("{name}: {now} instead of {was}, so less", name=name, now=now, was=was)
    if row["settled"] == "more":
        return t("{name}: {now} instead of {was}, so MORE", name=name, now=now, was=was)
    return t("{name}: {now} instead of {was}, not settled whether less", name=name, now=now, was=was)


def _warnings(page: Page) -> list[str]:
    """What changes how the numbers must be read: the first of each release before the second of any."""
    each = [s["warnings"] for s in page["sections"]]
    in_turn = [w[i] for i in range(max(map(len, each))) for w in each if i < len(w)]
    every = list(dict.fromkeys(in_turn))
    more = len(every) - MOST_WARNINGS
    said = [t("Further warnings: {n:,}. Read them in report.html or with -v.", n=more)] * (more > 0)
    return [*every[:MOST_WARNINGS], *said]
