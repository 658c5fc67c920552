"""Brief text: the first page of a report for a terminal, in about 25 lines; what is bad stays in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from confide.core.language import t
from confide.report.page_types import FindingRecord, LimitRecord, Page, SectionRecord
from confide.report.renders.lines import PLAIN, listed, window, wrap
from confide.report.renders.strongest import strongest

MOST_ATTACKS = 3
"""Of a release, this many attacks are printed, the strongest first."""
MOST_SECTIONS = 3
"""So many headlines are printed, those that exceed a limit first."""
MOST_ROWS = 6
"""Of a comparison."""
MOST_WARNINGS = 4
"""Warnings that are printed whole, those on broken comparisons first; how many more there are is said."""

Paint = Callable[[str], str]


def to_brief(page: Page, *, width: int | None = None, paint: Paint = str) -> str:
    """The first page of a report: headline, verdict, limits in words, strongest attacks, what to read first.

    Args:
        width: in characters; by default the window's own, 100 at most.
        paint: colours the sign of the verdict.
    """
    width = width or window()
    shown = sorted(page["sections"], key=lambda s: RANK[s["verdict"]])[:MOST_SECTIONS]
    # In the order of the report, so that the reader finds them there.
    shown = [s for s in page["sections"] if s in shown]
    lines = wrap(page["release"], width)
    for s in shown:
        title = f"{s['release']}: " if len(page["sections"]) > 1 else ""
        lines += wrap(f"{title}{s['headline']}", width)
    lines += _left_out(len(page["sections"]) - len(shown), width)
    sign = f"[{PLAIN[page['verdict']]}]"
    first, *rest = wrap(f"{sign} {page['verdict_sentence']}", width)
    lines += [first.replace(sign, paint(sign), 1), *rest]
    lines += _limits(page, width)
    for s in shown:
        lines += _attacks(page, s, width)
    lines += _compared(page, width)
    return "\n".join([*lines, *_warnings(page, width)])


RANK = {"exceeded": 0, "not settled": 1, "measured": 2, "within": 3}
"""What must be seen first."""


def _left_out(more: int, width: int) -> list[str]:
    return wrap(t("{n:,} more releases: in report.html, or with -v.", n=more), width) if more > 0 else []


def _limits(page: Page, width: int) -> list[str]:
    """Every limit that is not kept, and as many others as there is room for."""
    rows = sorted(page["limits"], key=lambda row: RANK[row["verdict"]])
    bad = [row for row in rows if row["verdict"] != "within"]
    kept = rows[len(bad) :][: max(MOST_ROWS - len(bad), 0)]
    several = len({row["release"] for row in rows}) > 1
    said = [_limit(row, several) for row in (*bad, *kept)]
    more = len(rows) - len(said)
    if more:
        said.append(t("{n:,} more limits: within", n=more))
    return listed(t("Limits"), said, width)


def _limit(row: LimitRecord, several: bool) -> str:
    release = f"{row['release']}: " * several
    # Why nothing was settled decides what to do; an interval says why a limit is exceeded.
    why = f" ({row['reason']})" if row["verdict"] == "not settled" and row["reason"] else ""
    return f"{release}{row['words']}{why}"


def _attacks(page: Page, s: SectionRecord, width: int) -> list[str]:
    mine: Sequence[FindingRecord] = [f for f in page["findings"] if f["release"] == s["release"]]
    told = dict(zip([f["attack"] for f in mine], s["found"], strict=False))
    best = strongest(mine, s)
    said = [f"{f['attack']}: {told[f['attack']][1]}" for f in best[:MOST_ATTACKS] if f["attack"] in told]
    skipped = sum(k["release"] == s["release"] for k in page["skipped"])
    title = t("Strongest attacks ({n:,} of {all:,})", n=len(said), all=len(mine))
    if skipped:
        title = t(
            "Strongest attacks ({n:,} of {all:,}; {skipped:,} did not run)",
            n=len(said),
            all=len(mine),
            skipped=skipped,
        )
    if len(page["sections"]) > 1:
        title = f"{title}, {s['release']}"
    return listed(title, said, width)


def _compared(page: Page, width: int) -> list[str]:
    rows = [row["sentence"] for c in page["comparisons"] for row in c["rows"]]
    more = len(rows) - MOST_ROWS
    said = rows[:MOST_ROWS] + [t("{n:,} more: in report.html, or with -v", n=more)] * (more > 0)
    return listed(t("Compared"), said, width)


def _warnings(page: Page, width: int) -> list[str]:
    """What changes how the numbers must be read: the first of each release before the second of any."""
    each = [s["warnings"] for s in page["sections"]]
    in_turn = [w[i] for i in range(max(map(len, each))) for w in each if i < len(w)]
    every = list(dict.fromkeys(in_turn))
    more = len(every) - MOST_WARNINGS
    said = every[:MOST_WARNINGS]
    if more > 0:
        said.append(t("{n:,} more warnings: read them in report.html, or with -v", n=more))
    return listed(t("Read first"), said, width)
