"""Options of `confide audit KIND`: those of the record, of the settings, and where the report goes."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import click

from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec
from confide.cli.flags import FilePath, GroupedOption, options_of
from confide.core.flags import GET, HOW

OUT = Path("confide-report")
"""Where a report goes by default."""


def audit_options(spec: AuditSpec) -> list[click.Parameter]:
    """The arguments and options of a kind's record, then those of the settings."""
    return [*options_of(spec.record), *_settings_options(spec)]


def _settings_options(spec: AuditSpec) -> list[click.Parameter]:
    """The options of `Settings`, without those of which this kind has none, and with its own examples."""
    # A record's own field hides the setting of its name.
    taken = {f.name for f in fields(spec.record)}
    made: list[click.Parameter] = []
    for option in options_of(Settings):
        idle = not spec.attacks and getattr(option, "group", "") == HOW  # nothing is played
        if option.name in taken or idle or (option.name == "protect" and not spec.protections):
            continue
        if option.name == "protect" and isinstance(option, click.Option):
            option.help = f"{option.help} {examples(spec)}"
        made.append(option)
    return made


def examples(spec: AuditSpec) -> str:
    """The protections of a kind, each with settings that it could have."""
    can = ", ".join(p.example for p in spec.protections.values())
    return f"There are, with settings for example: {can}. `confide explain NAME` says what one does."


def dry_run_option() -> GroupedOption:
    """Whether to say what would be done, and no more."""
    return GroupedOption(
        ["--dry-run", "dry_run"],
        group=GET,
        is_flag=True,
        help="Read and check the input, print the plan and, of a model, about how long it takes and how much "
        "memory; play nothing and write nothing.",
    )


def out_option() -> GroupedOption:
    """Where the report goes."""
    return GroupedOption(
        ["--out"],
        group=GET,
        type=FilePath(path_type=Path, file_okay=False),
        default=OUT,
        show_default=True,
        metavar="FOLDER",
        help="Folder for report.html, report.json, evidence.parquet, exposed.csv and, of tables, "
        "people.parquet.",
    )


def configuration_options() -> list[click.Parameter]:
    """Which configuration file is in force, or none; they may stand anywhere behind `confide audit`."""
    return [
        click.Option(
            ["--config"],
            type=FilePath(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Settings and releases, in TOML; by default confide.toml, or [tool.confide] of "
            "pyproject.toml, here or in a parent folder.",
        ),
        click.Option(
            ["--no-config", "no_config"],
            is_flag=True,
            help="Take nothing from a configuration file.",
        ),
    ]
