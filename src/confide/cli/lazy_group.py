"""A group of commands that are imported when they are asked for: `confide --help` loads none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from confide.cli.exits import Interruptible


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command that is not loaded yet.

    Args:
        module: where it is.
        name: of the command there, or of a function without arguments that makes it.
        says: what the list of commands says of it; a test holds it to the command's own.
    """

    module: str
    name: str
    says: str

    def load(self) -> click.Command:
        """The command."""
        found: click.Command | Callable[[], click.Command] = getattr(import_module(self.module), self.name)
        return found if isinstance(found, click.Command) else found()


class LazyGroup(Interruptible):
    """A group whose commands are named in a table.

    Args:
        table: name -> the command, in the order in which they are listed.
    """

    def __init__(self, *args: Any, table: Mapping[str, Lazy], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None for another."""
        if cmd_name in self.table and cmd_name not in self.commands:
            self.add_command(self.table[cmd_name].load(), cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the words name.

        Raises:
            click.UsageError: if there is none, with the nearest.
        """
        if args and not args[0].startswith("-") and args[0] not in self.table and not ctx.resilient_parsing:
            near = get_close_matches(args[0], self.table, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r:.40}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by what the table says of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.says) for name, lazy in self.table.items()])
