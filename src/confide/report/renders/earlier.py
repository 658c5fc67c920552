"""Reports of earlier schemas, brought to the present one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from confide.core.language import written_in
from confide.report import readings
from confide.report.glance import glance, nothing_yet
from confide.report.goals import GOALS, Goal
from confide.report.page_types import ExhibitRecord, LineRecord, Page, PlotRecord, TableRecord
from confide.report.rates import one_in
from confide.report.reading_rate import reading_rate
from confide.report.renders.agreeing import decided

FIRST = "confide.report/1"
SECOND = "confide.report/2"
THIRD = "confide.report/3"
SINCE_FOURTH = {"language", "glance", "made", "allow_unsettled", "decision", "opening"}
NEW = ("schema", "language", "made", "decision", "opening")
EARLIER = {
    FIRST: {"comparisons", *SINCE_FOURTH},
    SECOND: {"comparisons", *SINCE_FOURTH},
    THIRD: SINCE_FOURTH,
}
"""Earlier schemas, and what their pages lack."""

OLD_GOALS = {"recognition": "linkage of images"}
"""A goal of the first schema -> the name of its words now."""

Kept = dict[str, Any]
"""A record of a file: whatever somebody kept, which no type promises."""


def lifted(page: Mapping[str, object]) -> Page:
    """A page of an earlier schema as one of the present.

    Up to the third one there was no first screen, which is made from what the page holds, nobody kept where
    the report came from, and a limit that was not settled passed, unless the audit was strict. In the second
    schema one goal alone could be compared.

    In the first one the comparison of kinds of access and the gradient norms were parts of their own;
    now they are a table and a plot.
    """
    third = _sampled(_ruled(_third(cast(Kept, page))))
    # What the file has wins over what its schema did not know yet.
    decision = third["verdict_sentence"] if decided(cast(Page, third)) else None
    new = {
        "language": "en",
        "opening": list[TableRecord](),
        "glance": nothing_yet(),
        "made": None,
        "decision": decision,
        **third,
        "schema": "confide.report/4",
    }
    with written_in("en"):  # no earlier report was in another language
        return cast(Page, {"glance": glance(cast(Page, new)), **third, **{k: new[k] for k in NEW}})


def _ruled(old: Kept) -> Kept:
    """With what is said of limits now; the exit code stays what it was."""
    strict = old["strict"]
    if not isinstance(strict, bool):
        raise TypeError(f"strict is {strict!r:.40}")
    kept = {name: part for name, part in old.items() if name != "strict"}
    return {**kept, "allow_unsettled": not strict, "limits": [_limit(row) for row in old["limits"]]}


def _sampled(old: Kept) -> Kept:
    """With what nobody kept: whether an attack was asked about a sample alone, and how many tie."""
    sections = [{"worst_off_tied": 0, **s, "finding": _of_all(s["finding"])} for s in old["sections"]]
    return {**old, "findings": [_of_all(f) for f in old["findings"]], "sections": sections}


def _of_all(f: Kept) -> Kept:
    why = {"sample_of": "an earlier version did not keep it", **f["why"]}
    return f if "sample_of" in f else {**f, "sample_of": None, "why": why}


def _limit(row: Kept) -> Kept:
    words = f"{row['limit']}: {row['verdict']}. {row['reason']}".rstrip()
    return {"allows": row["limit"], "found": "", "words": words, **row}


def _third(old: Kept) -> Kept:
    """A page of an earlier schema as one of the third."""
    if old["schema"] == THIRD:
        return old
    if old["schema"] == SECOND:
        compared = old["comparison"]
        since = {"comparisons": [] if compared is None else [compared]}
        return {name: part for name, part in old.items() if name != "comparison"} | since
    # These become plots of their sections.
    charts = [_chart(c, old) for c in old["charts"] if c["name"] != "gradient_norms"]
    return {
        **old,
        "findings": [_finding(f) for f in old["findings"]],
        "skipped": [{"lack": "other", **k} for k in old["skipped"]],
        "sections": [_section(s, old["charts"]) for s in old["sections"]],
        "charts": charts,
        "comparisons": [],
    }


def _finding(f: Kept) -> Kept:
    # What the file has wins over what its schema did not know yet.
    return {"told": "", "conclusive": True, "remarks": [], "asked": f["targets"], **f}


def _words(s: Kept) -> Goal:
    name = str(s.get("goal", "membership"))
    return GOALS[OLD_GOALS.get(name, name)]


def _section(s: Kept, charts: list[Kept]) -> Kept:
    goal, finding = _words(s), _finding(s["finding"])
    fpr = reading_rate([cast(Any, finding)])
    norms = [c for c in charts if c["name"] == "gradient_norms" and c["release"] == s["release"]]
    ladder = s.get("ladder")
    exhibits: list[ExhibitRecord] = [_access(ladder)] if ladder else []
    exhibits += [_norms(c) for c in norms]
    kept = {name: part for name, part in s.items() if name != "ladder"}
    return {
        **kept,
        "goal": goal.name,
        "finding": finding,
        "labels": readings.labels(goal, rate="" if fpr is None else one_in(fpr)),
        "fpr": fpr,
        "worst_off": [{"who": f"target {r['target']}", **r} for r in s.get("worst_off", [])],
        "exhibits": [*exhibits, *(_exhibit(e) for e in s.get("exhibits", []))],
    }


def _access(ladder: Kept) -> ExhibitRecord:
    """What each kind of access gives, as a table."""
    fprs = [at["fpr"] for at in ladder["rungs"][0]["tpr_at"]]
    return {
        "kind": "table",
        "internal": False,
        "title": "What each kind of access gives",
        "reading": " ".join([*ladder["sentences"], ladder["note"]]),
        "head": ["access", "accuracy", "AUC", *(f"found at {one_in(fpr)}" for fpr in fprs)],
        "rows": [
            [
                f"{r['access']}: {r['means']} ({r['attack']})" + "; not conclusive" * (not r["conclusive"]),
                r["balanced_accuracy"],
                r["auc"],
                *(at["rate"] for at in r["tpr_at"]),
            ]
            for r in ladder["rungs"]
        ],
    }


def _norms(chart: Kept) -> PlotRecord:
    """Gradient norms over training, as a plot."""
    records = chart["records"]
    groups = dict.fromkeys(r["group"] for r in records)
    return {
        "kind": "plot",
        "title": chart["title"],
        "reading": chart["how_to_read"],
        "x_title": "state of the training run",
        "y_title": "norm of a person's gradient",
        "log_x": False,
        "log_y": True,
        "named": False,
        "places": list(dict.fromkeys(r["state"] for r in records)),
        "lines": [_norm_line(str(g), [r for r in records if r["group"] == g]) for g in groups],
        "why": chart["why"],
    }


def _norm_line(name: str, records: list[Kept]) -> LineRecord:
    ends = (("lowest", "highest"), ("low", "high"))
    return {
        "name": name,
        "x": [float(r["at"]) for r in records],
        "y": [r["middle"] for r in records],
        "low": [],
        "high": [],
        "x_low": [],
        "x_high": [],
        "bands": [{"low": [r[a] for r in records], "high": [r[b] for r in records]} for a, b in ends],
        "labels": [],
        "joined": True,
    }


def _exhibit(e: Kept) -> Kept:
    if e["kind"] == "table":
        # What no version marked may point at people: it is not printed unasked.
        return {"internal": True, **e}
    new = {"log_y": False, "named": False, "places": [], "why": "it has no point to draw"}
    since = {"bands": [], "x_low": [], "x_high": []}
    return {**new, **e, "lines": [{**since, **line} for line in e["lines"]]}


def _chart(c: Kept, page: Kept) -> Kept:
    section = next(s for s in page["sections"] if s["release"] == c["release"])
    goal = _words(section)
    words = readings.chart_words(goal).get(c["name"])
    titles = {"x_title": words.x_title, "y_title": words.y_title} if words else {"x_title": "", "y_title": ""}
    if c["name"] != "scores":
        return {"attack": "", **titles, **c}
    # Groups were written exposed first.
    sides = list(dict.fromkeys(r["group"] for r in c["records"]))
    records = [{"side": ("exposed", "control")[sides.index(r["group"])], **r} for r in c["records"]]
    return {"attack": "", **titles, **c, "records": records}
