"""A few inputs of each reader, the same each time; and readers with a fault, which the fuzz must find.

`make fuzz` draws others for ten minutes.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import strategies as st

from confide.core.errors import DataError
from confide.inputs.reading import Reading
from confide.inputs.tables import Table
from confide.inputs.times import Times, read_times

from . import evidence, npz, reports, skops, skops_models, tables, times
from .apart import fuzz_apart
from .given import File
from .oracle import AS_WRITTEN, REFUSED, Fault, judged
from .running import Counts, Reader, fuzz

READERS = (tables.READER, times.READER, evidence.READER, reports.READER, skops.READER, npz.READER)
FEW = 50


@pytest.fixture(autouse=True)
def _few_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fitting models takes longer than reading them."""
    monkeypatch.setattr(skops_models, "MODELS", 3)


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_few_inputs_end_in_a_result_or_one_sentence(reader: Reader[Any], tmp_path: Path) -> None:
    counts = fuzz(reader, tmp_path, number=7, most=FEW)
    assert counts.faults == {}
    assert counts.tried == FEW
    # Both happen, or the inputs are all of one kind.
    assert counts.outcomes[REFUSED] and counts.outcomes[AS_WRITTEN]


def found(reader: Reader[Any], broken: Callable[..., Any], folder: Path, *, most: int = 100) -> Counts:
    """What is found in a reader that is broken."""
    broken_reader = replace(reader, meet=partial(reader.meet, read=broken))
    return fuzz(broken_reader, folder, number=7, most=most, failures=folder / "failures")


@pytest.mark.slow
def test_a_reader_that_loses_a_zero_is_found_and_its_input_is_small(tmp_path: Path) -> None:
    def careless(path: Path, **given: Any) -> Table:
        return Table(pl.read_csv(path, infer_schema_length=None), path.name, "csv", path)

    def column(values: list[str]) -> File:
        content = "\n".join(["w", *values]).encode()
        return File("a column", content, ".csv", asked=(Reading(), ()), written=[("w", "code", values)])

    of_codes = st.lists(st.from_regex(r"0[0-9]{1,3}", fullmatch=True), min_size=1, max_size=4).map(column)
    faults = found(replace(tables.READER, inputs=lambda: of_codes), careless, tmp_path).faults
    assert list(faults) == ["wrong value: other values of a code"]
    (kept,) = (tmp_path / "failures").glob("*.csv")
    assert kept.read_text() == "w\n00", "the smallest column that is read wrongly"


@pytest.mark.slow
def test_a_reader_that_raises_something_else_is_found(tmp_path: Path) -> None:
    def careless(frame: pl.DataFrame, column: str, **given: Any) -> Times:
        if frame[column].dtype == pl.String and frame[column].str.contains("Z").any():
            raise KeyError("Z")
        return read_times(frame, column, **given)

    counts = found(replace(times.READER, inputs=times.iso), careless, tmp_path)
    assert [kind.partition(" at ")[0] for kind in counts.faults] == ["KeyError"]
    assert counts.tried > len(counts.faults) + counts.again, "the fuzz goes on after a fault"
    assert list((tmp_path / "failures").iterdir())


@pytest.mark.slow
def test_a_reader_that_is_an_hour_off_is_found(tmp_path: Path) -> None:
    def careless(frame: pl.DataFrame, column: str, **given: Any) -> Times:
        right = read_times(frame, column, **given)
        return replace(right, seconds=right.seconds + 3_600 * (right.form.zone is not None))

    assert any(
        "other instants" in kind
        for kind in found(replace(times.READER, inputs=times.clocked), careless, tmp_path).faults
    )


def test_a_model_that_runs_something_is_found(tmp_path: Path) -> None:
    def careless(path: Path) -> Any:
        (path.parent / "marker").write_text("a marker")
        raise DataError("refused, but too late")

    faults = found(skops.READER, careless, tmp_path, most=3).faults
    assert any("a model does what no model may" in kind for kind in faults)


@pytest.mark.slow
def test_an_input_that_ends_the_process_is_kept_and_the_fuzz_goes_on(tmp_path: Path) -> None:
    counts = fuzz_apart("tests.fuzz.dying", seconds=12, number=7, failures=tmp_path)
    assert list(counts.faults) == [f"ended by signal {signal.SIGSEGV.value}"]
    assert counts.again, "another process went on"
    assert all(len(path.read_bytes()) > 5 for path in tmp_path.glob("signal-*.bin"))
    assert list(tmp_path.glob("signal-*.bin"))


@pytest.mark.parametrize(
    ("text", "kind"), [("a" * 801, "many characters"), ("  ", "no or many"), ("a\x1b[2J", "signs that act")]
)
def test_a_refusal_is_one_sentence(text: str, kind: str) -> None:
    class OddError(DataError):
        """An error that does without the care of its class."""

        def __str__(self) -> str:
            return text

    def refuse() -> str:
        raise OddError

    with pytest.raises(Fault, match=kind):
        judged(refuse, most=2**30)


def test_a_reader_that_takes_more_memory_than_it_may_is_found() -> None:
    def greedy() -> str:
        return str(len(b"x" * 2**27))

    with pytest.raises(Fault, match=r"memory: .* where 67,108,864 may be taken"):
        judged(greedy, most=2**26)
