"""`confide --help` loads no command, and says of each what the command says itself."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from confide.cli import main
from confide.cli.commands import COMMANDS

HEAVY = {"polars", "scipy", "sklearn", "torch", "jinja2", "confide.audits", "confide.report"}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["version"], ["nonsense"]])
def test_what_needs_no_command_loads_none(words: list[str]) -> None:
    call = f"try:\n    main({words!r})\nfinally:\n    print(*sys.modules)"
    code = f"import sys\nfrom confide.cli import main\n{call}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert not HEAVY & set(done.stdout.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None and command.name == name
    assert command.get_short_help_str(limit=200) == COMMANDS[name].says


def test_a_word_that_is_no_command_is_answered_with_the_nearest() -> None:
    done = CliRunner().invoke(main, ["audti"])
    assert done.exit_code == 2 and "Did you mean audit?" in done.stderr


def test_help_lists_every_command() -> None:
    shown = CliRunner().invoke(main, ["--help"]).stdout.split("Commands:\n")[1]
    assert [line.split()[0] for line in shown.splitlines() if line[2:3].strip()] == list(COMMANDS)
