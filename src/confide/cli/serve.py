"""`confide serve`: a page on which analysts explore data about people, under a budget."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from confide.cli.exits import say, sentences, warn
from confide.cli.flags import GroupedCommand, filled, options_of, story_of
from confide.core.atomic import atomic_write
from confide.serve.explorer.settings import ServeSettings
from confide.serve.explorer.starting import serve

if TYPE_CHECKING:
    from confide.serve.explorer.starting import Fresh

EXAMPLE = """\
For example:

\b
  confide serve people.parquet --unit user_id:20 --budget 1,1e-6 --schema schema.toml --analyst ada:0.25
"""


def command() -> GroupedCommand:
    """The command."""
    return GroupedCommand(
        "serve",
        callback=_served,
        params=options_of(ServeSettings),
        help=f"{story_of(ServeSettings)}\n\n{EXAMPLE}",
        short_help="Open a page on which analysts explore data, under a budget.",
    )


@sentences
def _served(**given: Any) -> None:
    settings = filled(ServeSettings, given)
    assert isinstance(settings, ServeSettings)
    serve(
        settings, tell=say, hand=lambda fresh: _hand(fresh, settings.tokens_file.with_suffix(".new-tokens"))
    )


def _hand(fresh: list[Fresh], file: Path) -> None:
    """Show new tokens once: on a terminal, else in a file of the owner, because an output can be a log."""
    if sys.stdout.isatty():
        click.echo("New tokens, shown once. Give each to its person, and to nobody else:")
        for one in fresh:
            click.echo(f"  {one.name}: {one.token}")
        return
    held = file.read_text(encoding="utf-8") if file.exists() else ""
    with atomic_write(file) as draft:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            written.write(held + "".join(f"{one.name} {one.token}\n" for one in fresh))
    warn(f"new tokens are in {file}, which only you can read: hand them out, and remove the file.")
