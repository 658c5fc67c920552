"""`confide audit KIND`: one command a kind of release, made from its record and the settings."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click

from confide.audits import KINDS, spec_of
from confide.audits.run import audit as run
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec
from confide.cli.exits import finish, sentences, usable, warn
from confide.cli.flags import GroupedCommand, GroupedOption, filled, options_of, story_of
from confide.core.flags import GET, HOW


class AuditGroup(click.Group):
    """The kinds of release as subcommands, each loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The kinds, in the order in which they are documented."""
        return list(KINDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of one kind; None for an unknown one, which click then names."""
        return command(spec_of(cmd_name)) if cmd_name in KINDS else None


def command(spec: AuditSpec) -> click.Command:
    """The command of this kind: every field of its record and of the settings is an option."""

    @sentences
    def call(out: Path, **given: Any) -> None:
        from confide.cli.progress import progress_bar

        usable(out)
        held, settings = filled(spec.record, given), filled(Settings, given)
        assert isinstance(settings, Settings)
        with progress_bar(f"auditing {spec.name}") as progress:
            done = run(spec, held, settings=replace(settings, progress=progress, tell=warn))
        finish(done, out)

    return GroupedCommand(
        spec.name,
        callback=call,
        params=[*options_of(spec.record), *_settings_options(spec), out_option()],
        help=f"{spec.question}\n\n{story_of(spec.record)}",
        short_help=spec.question,
    )


def _settings_options(spec: AuditSpec) -> list[click.Parameter]:
    """The options of `Settings`, without those of which this kind has none, and with its own examples."""
    taken = {f.name for f in fields(spec.record)}
    made: list[click.Parameter] = []
    for option in options_of(Settings):
        idle = not spec.attacks and getattr(option, "group", "") == HOW  # nothing is played
        if option.name in taken or idle or (option.name == "protect" and not spec.protections):
            continue
        if option.name == "protect" and isinstance(option, click.Option):
            option.help = f"{option.help} One of {', '.join(p.example for p in spec.protections.values())}."
        made.append(option)
    return made


def out_option() -> GroupedOption:
    """Where the report goes."""
    return GroupedOption(
        ["--out"],
        group=GET,
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("confide-report"),
        show_default=True,
        help="Folder for report.html, report.json and evidence.parquet.",
    )
