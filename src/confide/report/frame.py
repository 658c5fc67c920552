"""Tidy frame of a report: one row for each release and attack, for further work with its numbers.

| column | what it is |
| --- | --- |
| `release`, `goal` | what was attacked, and what the adversary was after |
| `attack`, `title` | the attack's name, and the same in words |
| `access`, `game` | what the attack sees, and what was played |
| `headline` | does the report lead with it? |
| `auc`, `auc_low`, `auc_high` | with the ends of its interval; so have all that follow "with ends" |
| `advantage`, with ends | right claims about the exposed minus claims about control people, as shares |
| `tpr@0.1`, with ends | the true-positive rate at a false-positive rate, named as limits name it |
| `tpr@0.01`, `tpr@0.001`, `tpr@0.0001` | the same at these, and at any other that the report has |
| `blind`, with ends | the AUC of an adversary that never saw the release |
| `epsilon`, `epsilon_ceiling` | the lower bound on epsilon, and the largest that could have been shown |
| `epsilon_certified` | is that bound certified? |
| `delta`, `promise` | of that bound; the epsilon that the release promises |
| `confidence` | of the intervals, each corrected for how many attacks might have been tried |
| `people`, `exposed`, `control` | asked about, each counted once; ever in the data; ever outside |
| `worlds`, `excluded` | rounds that were played; how many people the attack could not score |
| `conclusive` | did the attack's own check hold? If not, a low number says nothing |
| `seconds` | that the attack took |
| `verdict` | over all limits of the release: the same in all its rows |
| `skipped` | why the attack did not run; then its numbers are null, and never 0 |

A cell is null where there is no such number: too few people for a rate, no blind adversary, a proof in place
of a game, or something that the public must not see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from confide.report.page_types import FindingRecord, Page, SectionRecord, SkippedRecord
from confide.report.record_types import EstimateRecord

RATES = (0.1, 0.01, 0.001, 0.0001)
"""The false-positive rates that every frame has columns for, so that frames of audits can be put together."""

Row = dict[str, str | float | bool | None]


def frame(page: Page) -> pl.DataFrame:
    """The findings of a page, and the attacks that did not run, as one row each."""
    columns = schema(_rates(page["findings"]))
    rows = [
        {**dict.fromkeys(columns), **row}
        for s in page["sections"]
        for row in (
            *(_found(f, s) for f in page["findings"] if f["release"] == s["release"]),
            *(_skipped(k, s) for k in page["skipped"] if k["release"] == s["release"]),
        )
    ]
    return pl.DataFrame(rows, schema=columns)


def schema(rates: Sequence[float] = RATES) -> dict[str, pl.DataType]:
    """The columns of a frame and their types.

    Args:
        rates: the false-positive rates that it has columns for.
    """
    text, number, whole, yes = pl.String(), pl.Float64(), pl.Int64(), pl.Boolean()
    named = ("release", "goal", "attack", "title", "access", "game")
    estimates = ("auc", "advantage", *map(_at, rates), "blind")
    return {
        **dict.fromkeys(named, text),
        "headline": yes,
        **{f"{e}{end}": number for e in estimates for end in ("", "_low", "_high")},
        "epsilon": number,
        "epsilon_ceiling": number,
        "epsilon_certified": yes,
        **dict.fromkeys(("delta", "promise", "confidence"), number),
        **dict.fromkeys(("people", "exposed", "control", "worlds", "excluded"), whole),
        "conclusive": yes,
        "seconds": number,
        "verdict": text,
        "skipped": text,
    }


def _rates(findings: Sequence[FindingRecord]) -> list[float]:
    """The usual rates and those of the findings, the largest first."""
    return sorted({*RATES, *(at["fpr"] for f in findings for at in f["tpr_at"])}, reverse=True)


def _at(fpr: float) -> str:
    """A rate's column, spelled as limits are.

    >>> _at(0.0001), _at(0.05)
    ('tpr@0.0001', 'tpr@0.05')
    """
    return f"tpr@{fpr:.10f}".rstrip("0")


def _found(f: FindingRecord, s: SectionRecord) -> Row:
    bound = f["epsilon"]
    row: Row = {
        "release": s["release"],
        "goal": s["goal"],
        "attack": f["attack"],
        "title": f["title"],
        "access": f["access"],
        "game": f["game"],
        "headline": f["attack"] == s["finding"]["attack"],
        **_ends("auc", f["auc"]),
        **_ends("advantage", f["advantage"]),
        **_ends("blind", f["blind"]),
        "promise": _promise(s),
        "confidence": f["confidence"],
        "people": f["targets"],
        "exposed": f["exposed_count"],
        "control": f["control_count"],
        "worlds": f["worlds"],
        "excluded": f["excluded"],
        "conclusive": f["conclusive"],
        "seconds": f["seconds"],
        "verdict": s["verdict"],
    }
    for at in f["tpr_at"]:
        row |= _ends(_at(at["fpr"]), at["rate"])
    if bound is not None:
        row |= {"epsilon": bound["low"], "epsilon_ceiling": bound["ceiling"], "delta": bound["delta"]}
        row["epsilon_certified"] = bound["certified"]
    return row


def _ends(name: str, e: EstimateRecord | None) -> Mapping[str, float | None]:
    if e is None:
        return {}
    return {name: e["value"], f"{name}_low": e["low"], f"{name}_high": e["high"]}


def _promise(s: SectionRecord) -> float | None:
    return None if s["promise"] is None else s["promise"]["epsilon"]


def _skipped(k: SkippedRecord, s: SectionRecord) -> Row:
    return {
        "release": s["release"],
        "goal": s["goal"],
        "attack": k["attack"],
        "headline": False,
        "promise": _promise(s),
        "verdict": s["verdict"],
        "skipped": k["why"] or k["lack"],
    }
