"""A command that runs a plan, with commands beside it; the first word decides, so that a plan needs none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from confide.cli.flags import GroupedCommand


class PlanGroup(click.Group):
    """Runs a plan, or one of its commands; the first word decides, so that a plan needs no word before it.

    Args:
        alone: the command of a plan by itself.
        doors: name -> makes the command; in the order in which they are listed.
    """

    def __init__(self, alone: click.Command, doors: Mapping[str, Callable[[], click.Command]]) -> None:
        super().__init__(alone.name, help=alone.help, short_help=alone.short_help, params=alone.params)
        self.alone = alone
        self.doors = doors

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands beside a plan."""
        return list(self.doors)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        return self.doors[cmd_name]() if cmd_name in self.doors else None

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of a command beside a plan, or of the plan."""
        if args and args[0] in self.doors:
            door = self.doors[args[0]]()
            return door.make_context(f"{info_name} {args[0]}", args[1:], parent=parent, **extra)
        return self.alone.make_context(info_name, args, parent=parent, **extra)


class Alone(GroupedCommand):
    """The command of a plan by itself, whose help lists the commands beside it too."""

    heading = ""
    doors: Mapping[str, Callable[[], click.Command]] = {}

    def listing(self, heading: str, doors: Mapping[str, Callable[[], click.Command]]) -> Alone:
        """The same, with what its help lists, and under which heading."""
        self.heading, self.doors = heading, doors
        return self

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, and the commands."""
        super().format_options(ctx, formatter)
        with formatter.section(self.heading):
            rows = [(f"{name} ...", make().get_short_help_str(90)) for name, make in self.doors.items()]
            formatter.write_dl(rows)
