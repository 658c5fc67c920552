"""The first ten minutes: what the page shows is what the program prints, in far less than ten minutes."""

from __future__ import annotations

import re
import shlex
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from confide.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "first-ten-minutes.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

SECONDS = 300.0
"""Of one processor, for all commands: on a slow machine a newcomer still has minutes to read."""


def spoken(text: str) -> str:
    """Without numbers, whose last digits differ between machines, and without line breaks."""
    return re.sub(r"\s+", " ", re.sub(r"\d+(\.\d+)?", "#", text))


@pytest.mark.slow
def test_a_newcomer_sees_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    start, compared = time.process_time(), 0
    for language, text in BLOCKS:
        if language == "python":
            name = re.match(r"# (\w+\.py)\n", text)
            assert name, "each block is a file that the reader saves"
            Path(name[1]).write_text(text)
            if name[1] == "people.py":
                exec(compile(text, name[1], "exec"), {})
            continue
        for command, shown in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
            if command.startswith("pip "):
                continue
            done = CliRunner().invoke(main, shlex.split(command)[1:])
            assert done.exit_code == int("[NO]" in shown), done.output
            assert spoken(shown).strip() in spoken(done.stdout), done.stdout
            compared += bool(shown)
    assert compared == 3
    assert time.process_time() - start < SECONDS
