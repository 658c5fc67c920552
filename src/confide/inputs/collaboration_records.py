"""Records beside a transcript, of members, controls or others: read in the form that the model takes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from confide.core.arrays import Bools
from confide.core.errors import DataError
from confide.core.fields import shown
from confide.core.transcript import Payload
from confide.inputs.learner import encoded
from confide.inputs.public_cells import read_public_rows
from confide.inputs.recorded_plan import RecordedPlan
from confide.inputs.tables import read_table
from confide.views.records import Records

TOLD = "told"
"""The column of truths that stand beside arrays."""


def read_records(given: Any, run: RecordedPlan, what: str) -> Records:
    """Records in the form that the model takes, as those of the clients are.

    Raises:
        DataError: if they cannot be read, or are of another form.
    """
    return read_table_of(given, run, what)[0]


def read_table_of(given: Any, run: RecordedPlan, what: str) -> tuple[Records, pl.DataFrame | None]:
    """The same, with the table that they were read from; that of arrays has nothing but truths beside them.

    Raises:
        DataError: as `read_records`.
    """
    if isinstance(given, Records):
        return _same_form(given.x, given.y, run, what), None
    several: Any = given
    if isinstance(given, tuple) and len(several) in (2, 3):
        records = _same_form(several[0], several[1], run, what)
        return records, _told(several[2], len(records), what) if len(several) == 3 else None
    if run.public is None:
        raise DataError(
            f"{what} are {shown(given)}, and the run does not say how a table is encoded: give "
            "confide.Records or (X, y), as the clients' are."
        )
    read = partial(read_public_rows, public=run.public, label=run.label)
    frame = read(Path(given)) if isinstance(given, str | Path) else read_table(several, name=what).frame
    for column in (run.label, *run.public.columns.columns):
        if column not in frame.columns:
            raise DataError(
                f"{what} have no column {column!r:.60}: they have {', '.join(frame.columns)[:200]}."
            )
    made = encoded(frame, run.public, label=run.label, name=what)
    return _same_form(made.x, made.y, run, what), frame


def usable(given: Payload) -> bool:
    """Whether what a party put in are records."""
    return "x" in given and "y" in given and len(given["y"]) > 0


def called(given: Any, otherwise: str) -> str:
    """The name of a file; another word for what is none."""
    return Path(given).name if isinstance(given, str | Path) else otherwise


def _told(has: Any, records: int, what: str) -> pl.DataFrame:
    truths: Bools = np.asarray(has)
    if truths.dtype != np.bool_ or truths.shape != (records,):
        raise DataError(
            f"{what} are {records:,} records with {shown(has)} beside them: say of each, True or False, "
            "whether it has the property."
        )
    return pl.DataFrame({TOLD: truths})


def _same_form(x: Any, y: Any, run: RecordedPlan, what: str) -> Records:
    """The same, of the types and shape of the clients' records, so that equal ones are equal to the bit."""
    one = next((given for given in run.transcript.inputs.values() if usable(given)), {"x": x, "y": y})
    try:
        made = Records(np.asarray(x, one["x"].dtype), np.asarray(y, one["y"].dtype))
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} are no arrays of numbers: give them as the clients' are.") from error
    if np.shape(made.x)[1:] != one["x"].shape[1:]:
        raise DataError(
            f"a record of {what} has the shape {np.shape(made.x)[1:]}, and those of clients "
            f"{one['x'].shape[1:]}: give them as the clients' are."
        )
    return made
