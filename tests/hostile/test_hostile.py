"""Hostile files end in a result or in one sentence, and the table in SECURITY.md tells how many were tried.

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
from .kinds import Kind, meet


def check(row: str, title: str) -> None:
    assert row == table.rows()[title], "run `python -m tests.hostile --write` and look at what has changed"


@pytest.mark.slow
@pytest.mark.parametrize("kind", [k for k in KINDS if not k.slow], ids=lambda kind: kind.title)
def test_what_is_tried_ends_in_a_result_or_one_sentence(kind: Kind, tmp_path: Path) -> None:
    counts = meet(kind, tmp_path)
    assert counts.faults == []
    check(counts.row(kind.title), kind.title)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [k for k in KINDS if k.slow], ids=lambda kind: kind.title)
def test_what_is_tried_ends_no_process(kind: Kind) -> None:
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33)); "
    run = (
        "sys.argv = ['tests.hostile', *sys.argv[1:]]; runpy.run_module('tests.hostile', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited + run, kind.title, "--fail"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stderr[-2000:]}"
    check(done.stdout.strip(), kind.title)


def test_the_table_has_a_row_for_each_kind() -> None:
    assert list(table.rows()) == [kind.title for kind in KINDS]
