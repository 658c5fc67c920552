"""Hostile files end in a result or in one sentence, and the table in SECURITY.md tells how many were tried.

What takes minutes is read in part, and counted in full; `python -m tests.hostile` by hand reads all.
Where a reader is native code a process of its own meets the files: it must not be ended by a signal, and may
not take more than 8 GiB of address space.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from . import table
from .corpus import KINDS
from .kinds import EVERY, Counts, Kind, meet

WRITE = "run `python -m tests.hostile --write` and look at what has changed"


def check(row: str, title: str) -> None:
    assert row == table.rows()[title], WRITE


def check_part(row: str, title: str) -> None:
    """There are as many as the table says, and the part has no fault and the size that it should have."""
    there, refused, read, faults = table.numbers(row)
    assert there == table.numbers(table.rows()[title])[0], WRITE
    assert (refused + read, faults) == (there // EVERY, 0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [k for k in KINDS if not k.alone], ids=lambda kind: kind.title)
def test_what_is_tried_ends_in_a_result_or_one_sentence(kind: Kind, tmp_path: Path) -> None:
    counts = meet(kind, tmp_path)
    assert counts.faults == []
    check(counts.row(kind.title), kind.title)


@pytest.mark.slow
@pytest.mark.parametrize("of", sorted({k.title.split(":")[0] for k in KINDS if k.alone}))
def test_what_is_tried_ends_no_process(of: str) -> None:
    # One process for kinds whose titles begin with the same word: each would import the same.
    kinds = [kind for kind in KINDS if kind.alone and kind.title.startswith(f"{of}:")]
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33)); "
    run = (
        "sys.argv = ['tests.hostile', *sys.argv[1:]]; runpy.run_module('tests.hostile', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited + run, *(kind.title for kind in kinds), "--fail", "--part"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    for kind, row in zip(kinds, done.stdout.splitlines(), strict=True):
        (check_part if kind.parted else check)(row, kind.title)


def test_the_table_has_a_row_for_each_kind_and_no_fault() -> None:
    assert list(table.rows()) == [kind.title for kind in KINDS]
    for tried, refused, read, faults in map(table.numbers, table.rows().values()):
        assert (tried, faults) == (refused + read, 0)


def test_a_fault_and_another_number_fail_the_check_of_a_part() -> None:
    title = next(kind.title for kind in KINDS if kind.parted)
    there = table.numbers(table.rows()[title])[0]
    some = there // EVERY
    check_part(Counts(there, some - 1, 1).row(title), title)
    for row in (Counts(there, some - 1, 0, ["one"]), Counts(there + 1, some, 0), Counts(there, some - 1, 0)):
        with pytest.raises(AssertionError):
            check_part(row.row(title), title)


def test_security_says_which_rows_are_read_in_part() -> None:
    parted = ("Python", "Command line", "Parties")
    assert {kind.title.split(":")[0] for kind in KINDS if kind.parted} == set(parted)
    assert not [kind for kind in KINDS if kind.title.startswith(parted) and not kind.parted]
    rows = "Of the rows *Python*, *Command line* and *Parties*"
    said = f"{rows} continuous integration reads every {EVERY}th input"
    assert said in table.SECURITY.read_text(encoding="utf-8")
