"""`confide audit KIND`: one command a kind of release, made from its record and the settings."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click

from confide.audits import spec_of
from confide.audits.run import audit as run
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec
from confide.cli.exits import Done, as_written, say, sentences, usable, warn
from confide.cli.flags import FilePath, GroupedCommand, GroupedOption, filled, options_of, story_of
from confide.cli.output import output_of, output_options, show
from confide.core.flags import GET, HOW


def command_of(kind: str) -> click.Command:
    """The command that audits this kind of release."""
    return command(spec_of(kind))


def command(spec: AuditSpec) -> click.Command:
    """The command of this kind: every field of its record and of the settings is an option."""

    @sentences
    def call(out: Path, dry_run: bool, **given: Any) -> None:
        from confide.cli.progress import progress_bar

        held, settings = filled(spec.record, given), filled(Settings, given)
        assert isinstance(settings, Settings)
        if dry_run:
            from confide.audits.planning import plan

            say(str(plan(spec, held, settings=replace(settings, tell=warn))))
            raise Done(0)
        # Before hours of work, not after them.
        usable(out, public=settings.audience == "public")
        output = output_of(given, out=out)
        with progress_bar(f"auditing {spec.name}", quiet=output.quiet) as progress:
            told = replace(
                settings, progress=progress, tell=progress.around(warn), command=as_written() or None
            )
            done = run(spec, held, settings=told)
            done.save(out)
        show(done.report, output, shared=settings.share)
        output.say(f"\nWritten to {out}: {', '.join(done.files)}")
        raise Done(done.exit_code)

    return GroupedCommand(
        spec.name,
        callback=call,
        params=[
            *options_of(spec.record),
            *_settings_options(spec),
            _dry_run_option(),
            out_option(),
            *output_options(),
        ],
        help=f"{spec.question}\n\n{story_of(spec.record)}",
        short_help=spec.question,
    )


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


def _dry_run_option() -> GroupedOption:
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
        default=Path("confide-report"),
        show_default=True,
        metavar="FOLDER",
        help="Folder for report.html, report.json, evidence.parquet, exposed.csv and, of tables, "
        "people.parquet.",
    )
