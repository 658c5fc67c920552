"""`confide protect KIND`: one command a kind, made from the same record as its audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click

from confide.audits.settings import Settings
from confide.cli.audit_options import examples
from confide.cli.exits import Done, as_written, sentences, usable, warn
from confide.cli.failing import Asked, marking
from confide.cli.flags import FilePath, GroupedCommand, GroupedOption, filled, options_of, story_of
from confide.cli.output import Output, output_of, output_options, show
from confide.core.errors import DataError
from confide.core.flags import GET
from confide.releases import spec_of
from confide.releases.run import protect as run
from confide.releases.settings import ONLY_SOME, ReleaseSettings
from confide.releases.spec import ReleaseSpec
from confide.releases.written import Written

IDLE = ("released", "key", "made_by", "protect", "show_rows")
"""Fields of a record and of the settings that say nothing here: what is protected is the records."""

SAFER = """\
Write the safer file of {kind}, verify it, and audit it against the original.

{form}

What was written is read again. If it is not what the protections claim, nothing is kept. Then it is audited:
the exit code is that of the audit, and FILE is there also where a limit is exceeded.

Beside FILE stands FILE.confide.json, its sidecar: what was done, with which settings and promise, by which
version. `confide audit {kind} ... --released FILE` reads it, because the adversary knows how a release was
made.
"""
"""The head of the help page of each kind."""


def command_of(kind: str) -> click.Command:
    """The command that protects this kind of data."""
    return command(spec_of(kind))


def command(spec: ReleaseSpec) -> click.Command:
    """The command of this kind: the options of its audit, and those of a release."""

    @sentences
    def call(report: Path | None, **given: Any) -> None:
        with marking([Asked(given=given, out=report)]):
            _protected(spec, report, given)

    taken = {f.name for f in fields(spec.audit.record)}
    options = [
        *options_of(spec.audit.record),
        *options_of(ReleaseSettings),
        *(option for option in options_of(Settings) if option.name not in taken),
    ]
    for option in options:
        if option.name == "protections" and isinstance(option, click.Option):
            option.help = f"{option.help} {examples(spec.audit)}"
            option.required = "recipe" not in spec.takes
    idle = {*IDLE, *(name for name in ONLY_SOME if name not in spec.takes)}
    return GroupedCommand(
        spec.audit.name,
        callback=call,
        # An option that would do nothing is not offered.
        params=[*(o for o in options if o.name not in idle), _report_option(), *output_options()],
        help=f"{SAFER.format(kind=spec.audit.name, form=spec.form)}\n{story_of(spec.audit.record)}",
    )


def _protected(spec: ReleaseSpec, report: Path | None, given: Mapping[str, Any]) -> None:
    from confide.cli.progress import progress_bar

    held, release = filled(spec.audit.record, given), filled(ReleaseSettings, given)
    settings = filled(Settings, given)
    assert isinstance(release, ReleaseSettings) and isinstance(settings, Settings)
    if report is not None:
        usable(report, public=settings.audience == "public")
        if report.resolve().is_relative_to(release.out.resolve()):
            raise DataError(f"--report {report} is inside the release, and not to be published: move it.")
    output = output_of(given, out=report)
    with progress_bar("auditing what was written", quiet=output.quiet) as progress:
        told = replace(settings, progress=progress, tell=progress.around(warn), command=as_written() or None)
        done = run(spec, held, release=release, settings=told)
    _finish(done, report, output, shared=settings.share)


def _report_option() -> GroupedOption:
    return GroupedOption(
        ["--report"],
        group=GET,
        type=FilePath(path_type=Path, file_okay=False),
        default=None,
        metavar="FOLDER",
        help="Folder for report.html, report.json, evidence.parquet, exposed.csv and, of tables, "
        "people.parquet of the audit of the written file.",
    )


def _finish(done: Written, report: Path | None, output: Output, *, shared: bool) -> None:
    """Say what was written and found, and end with the exit code of the audit."""
    for note in done.notes:
        warn(note)
    side = done.sidecar
    output.say("\n".join(f"Verified: {text}." for text in side.verified))
    if side.promise is not None:
        output.say(f"Promised: {side.promise}. Noise: {side.noise}.")
    before = {name: f"{n:,}" for name, n in side.before.items()}
    output.say("; ".join(f"{name}: {before.get(name, 'few')} -> {n:,}" for name, n in side.after.items()))
    output.say("")
    show(done.audit.report, output, shared=shared)
    output.say(f"\nWritten: {done.out}, {done.out}.confide.json")
    if report is not None:
        done.audit.save(report)
        output.say(f"Report: {', '.join(str(report / name) for name in done.audit.files)}")
    # The audit's code, so that a script stops where the protected file exceeds a limit.
    raise Done(done.exit_code)
