"""Files of evidence: the table, and what is kept beside its rows, which anybody may have written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from confide.core.diagnostics import Diagnostics
from confide.core.errors import DataError, EvidenceError
from confide.core.foreign import in_one_line
from confide.core.lazily import Lazily
from confide.core.parquet import library_errors, read_parquet
from confide.core.paths import is_there
from confide.core.schema import fault, parsed

if TYPE_CHECKING:
    import polars as pl
else:
    pl = Lazily("polars")


_CURVE = {
    "type": "object",
    "required": ["title", "x_title", "y_title", "x", "y", "chosen"],
    "properties": {
        **{name: {"type": "string"} for name in ("title", "x_title", "y_title")},
        **{name: {"type": "array", "items": {"type": "number"}} for name in ("x", "y")},
        "chosen": {"anyOf": [{"type": "number"}, {"type": "null"}]},
    },
}
_WORDS = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
_KEPT = {
    "type": "object",
    "required": ["text", "values", "of"],
    "properties": {
        "text": {"type": "string"},
        "values": {
            "type": "object",
            "additionalProperties": {"anyOf": [*_WORDS["anyOf"], {"type": "number"}]},
        },
        "of": {"type": "string"},
    },
    "additionalProperties": False,
}
_DIAGNOSTICS = {
    "type": "object",
    "properties": {
        "remarks": {
            "type": "array",
            "items": {"anyOf": [*_WORDS["anyOf"][:1], {"type": "array", "items": _WORDS}, _KEPT]},
        },
        "conclusive": {"type": "boolean"},
        "curves": {"type": "array", "items": _CURVE},
    },
}
_ABOUT = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in ("access", "game", "no_coin")},
        **{name: {"type": "boolean"} for name in ("randomised", "crossed")},
        "excluded": {"type": "integer", "minimum": 0},
        "seconds": {"type": "number", "minimum": 0},
        # Files of versions before 0.2 call them `workings`.
        **{name: {"type": "array", "items": _DIAGNOSTICS} for name in ("diagnostics", "workings")},
    },
    "additionalProperties": False,
}
"""What is kept of an attack."""


def read_file(path: Path, kind: str, *, ours: bool) -> tuple[pl.DataFrame, dict[str, dict[str, Any]]]:
    """The table, and the fields of the evidence of each attack that stand beside it.

    Args:
        path: the file.
        kind: ".parquet" or ".csv".
        ours: whether a seal shows that this user wrote the file: then it need not be tried first.

    Raises:
        DataError: if it is no such file.
        EvidenceError: if something else than the fields of evidence stands beside the rows.
    """
    if not is_there(path):
        raise DataError(f"{path} does not exist: check the path.")
    try:
        if kind == ".csv":
            # None reads all rows before it decides: a score column may start with a thousand whole numbers.
            return pl.read_csv(path, infer_schema_length=None, glob=False), {}
        todo = "save the evidence as .parquet or .csv"
        table = pl.read_parquet(path, glob=False) if ours else read_parquet(path, todo=todo)
        about = parsed(pl.read_parquet_metadata(path).get("confide", "{}"))
    except (OSError, ValueError, *library_errors()) as error:
        raise DataError(
            f"{path} is not a readable file of evidence ({in_one_line(error)}): save the evidence as "
            ".parquet or .csv."
        ) from error
    said = fault(about, {"type": "object", "additionalProperties": _ABOUT})
    if said:
        raise EvidenceError(
            f"{path}: beside its rows stands what confide does not write there ({in_one_line(said)}): save "
            "the rows alone."
        )
    kept = cast(dict[str, dict[str, Any]], about)
    return table, {attack: _fields(record) for attack, record in kept.items()}


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    noticed = record.pop("diagnostics", None) or record.pop("workings", ())
    return {**record, "diagnostics": tuple(Diagnostics.of(one) for one in noticed)}
