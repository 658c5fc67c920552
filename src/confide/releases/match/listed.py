"""A party's list for a match, and what it learned, as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from confide.core.atomic import atomic_write
from confide.core.drafts import try_place
from confide.core.errors import DataError
from confide.core.paths import is_there
from confide.inputs.tables import read_table
from confide.mechanisms.share.matching.identifiers import in_one_form
from confide.mechanisms.share.matching.match_plan import MatchPlan
from confide.mechanisms.share.matching.party import Matched

SUFFIXES = {"size": (".json",), "ids": (".csv", ".parquet")}
"""What is revealed -> how the name of its file ends."""


@dataclass(frozen=True, slots=True, eq=False)
class MatchList:
    """A party's list.

    Args:
        frame: as it was read.
        identifiers: of each row, in the plan's form.
    """

    frame: pl.DataFrame
    identifiers: tuple[str, ...]


def read_list(path: Path, column: str, steps: Sequence[str]) -> MatchList:
    """Read a list, and bring its identifiers into the plan's form.

    Raises:
        DataError: if the column is missing or holds no identifiers, or some are empty or double.
    """
    frame = read_table(path, name="data", ids=(column,)).frame
    if column not in frame.columns:
        raise DataError(f"{path} has no column {column!r:.60}: name one of {', '.join(frame.columns):.300}.")
    found = frame[column]
    if not (found.dtype == pl.String or found.dtype.is_integer()):
        raise DataError(
            f"column {column!r:.60} holds {found.dtype}, which two parties may write in two ways: give "
            "text, or whole numbers."
        )
    return MatchList(frame, in_one_form(found.cast(pl.String).to_list(), steps=steps))


def check_place(out: Path | None, plan: MatchPlan, party: str, *, force: bool) -> None:
    """Refuse a place that cannot take what this party learns, before anything begins.

    Raises:
        DataError: with what to change.
    """
    if party not in plan.learns:
        if out is not None:
            raise DataError(f"by the plan {party!r:.60} learns nothing: leave --out out.")
        return
    suffixes = SUFFIXES[plan.reveal]
    if out is None or out.suffix not in suffixes:
        told = "--out is missing" if out is None else f"--out is {out!s:.200}"
        raise DataError(
            f"{told}: the plan reveals the {plan.reveal}, so name a file in {' or '.join(suffixes)}."
        )
    if is_there(out) and not force:
        raise DataError(f"{out} is there already: name another file, or add --force.")
    try_place(out)


def write_matched(out: Path, found: Matched, mine: MatchList, plan: MatchPlan) -> None:
    """Write what a party learned, whole or not at all, for its owner to read.

    Rows are sorted by the identifier in the plan's form: where both learn them, both files have the same
    people in the same order.
    """
    with atomic_write(out) as draft:
        if found.rows is None:
            draft.write_text(json.dumps({"match": plan.name, "plan": plan.digest.hex(), "size": found.size}))
            return
        ordered = sorted(found.rows, key=lambda row: mine.identifiers[row])
        frame = mine.frame[np.array(ordered, np.int64)]
        if out.suffix == ".csv":
            frame.write_csv(draft)
        else:
            frame.write_parquet(draft)
