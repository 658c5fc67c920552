"""`confide audit KIND` and `confide audit NAME`: an audit checked, then run, saved and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from confide.audits import spec_of
from confide.audits.outcome import Audit
from confide.audits.run import audit as run
from confide.audits.settings import Settings
from confide.audits.sources import Sources
from confide.audits.spec import AuditSpec
from confide.cli.audit_options import (
    OUT,
    audit_options,
    configuration_options,
    dry_run_option,
    out_option,
)
from confide.cli.configuration import (
    Configuration,
    Configured,
    check_files,
    import_from,
    in_force,
    of_kind,
    of_release,
    placed_in,
)
from confide.cli.exits import Done, as_written, in_sentences, say, sentences, usable, warn
from confide.cli.failing import Asked, marking
from confide.cli.flags import GroupedCommand, filled, story_of
from confide.cli.output import Output, output_of, output_options, show
from confide.core.errors import DataError
from confide.report.made import COMMAND_LINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An audit of which all is checked that can be before its data are read.

    Args:
        held: the filled-in record.
        out: the folder of the report.
        given: all values, by field.
    """

    spec: AuditSpec
    held: object
    settings: Settings
    out: Path
    output: Output
    given: Mapping[str, Any]


def command_of(kind: str) -> click.Command:
    """The command that audits this kind of release."""
    return command(spec_of(kind))


def command(spec: AuditSpec) -> click.Command:
    """The command of this kind: every field of its record and of the settings is an option."""

    @sentences
    def call(dry_run: bool, **_given: Any) -> None:
        context = click.get_current_context()
        file = in_force(context.parent)
        shared = None if file is None else of_kind(file, spec)
        one(spec, shared, on_command_line(context), dry_run=dry_run)

    return GroupedCommand(
        spec.name,
        callback=call,
        params=_parameters(spec),
        help=f"{spec.question}\n\n{story_of(spec.record)}",
        short_help=spec.question,
    )


def configured_command(file: Configuration, name: str) -> click.Command:
    """The command of a release of the configuration: flags behind its name go before what stands there."""
    spec = spec_of(str(file.releases[name]["kind"]))

    @sentences
    def call(dry_run: bool, **_given: Any) -> None:
        import_from(file.folder)
        given = on_command_line(click.get_current_context())
        one(spec, of_release(file, name, spec), given, dry_run=dry_run)

    # Its data stand in the file, and so does what is required.
    parameters = [p for p in _parameters(spec) if not isinstance(p, click.Argument)]
    for parameter in parameters:
        parameter.required = False
    return GroupedCommand(
        name,
        callback=call,
        params=parameters,
        help=f"The release {name} of {file.path}, of kind {spec.name}. {spec.question}",
    )


def _parameters(spec: AuditSpec) -> list[click.Parameter]:
    own = [*audit_options(spec), dry_run_option(), out_option(), *output_options()]
    taken = {option.name for option in own}
    return [*own, *(option for option in configuration_options() if option.name not in taken)]


def on_command_line(context: click.Context) -> dict[str, Any]:
    """What the command line gave, by field, without defaults."""
    source = context.get_parameter_source
    return {
        name: value for name, value in context.params.items() if source(name) is ParameterSource.COMMANDLINE
    }


def one(spec: AuditSpec, configured: Configured | None, flags: Mapping[str, Any], *, dry_run: bool) -> None:
    """Run one audit, show it, and end with its exit code."""
    with marking([] if dry_run else [asked_of(configured, flags)]):
        ready = checked(spec, configured, flags, write=not dry_run)
        if configured is not None:
            tell_in_force(configured, flags, ready.output)
        if dry_run:
            from confide.audits.planning import plan

            if ready.output.json:
                raise DataError("--dry-run prints a plan, which has no JSON: leave out --json or --dry-run.")
            with in_sentences(warn):
                planned = plan(spec, ready.held, settings=replace(ready.settings, tell=warn))
            say(str(planned))
            raise Done(0)
        done = carried_out(ready, command=as_written())
        present(done, ready)
    raise Done(done.exit_code)


def asked_of(
    configured: Configured | None, flags: Mapping[str, Any], *, beside: Iterable[Configured] = ()
) -> Asked:
    """What an audit is to write, as it is given and not yet checked.

    Args:
        beside: further releases, whose inputs are not to be replaced either.
    """
    read = [one.values.get(field) for one in beside for field in one.inputs]
    several = [value if isinstance(value, list) else [value] for value in read]
    given = {**_given(configured, flags), "read beside": [value for values in several for value in values]}
    return Asked(given=given, out=given["out"])


def _given(configured: Configured | None, flags: Mapping[str, Any]) -> Mapping[str, Any]:
    """All values, by field: those of the command line go before those of the file."""
    if configured is None:
        return {"out": OUT, **flags}
    given = {"out": OUT, **configured.values, **flags}
    # A release is called as it is there; but its name may say to the public whose data it holds.
    if configured.release and given.get("audience") != "public":
        given = {"name": configured.release, **given}
    # The file itself is read: no output may replace it.
    return {**given, "configuration": configured.file.path}


def _unlimited(configured: Configured, flags: Mapping[str, Any]) -> bool:
    return configured.unlimited and not flags.get("limits")


def checked(
    spec: AuditSpec, configured: Configured | None, flags: Mapping[str, Any], *, write: bool = True
) -> Checked:
    """Check an audit, before hours of work and not after them.

    Args:
        configured: what a configuration file gives.
        flags: what the command line gives, which goes before it.
        write: whether anything will be written.

    Raises:
        ConfideError: with the place in the file, where the release stands in one.
    """
    if configured is None:
        sources = Sources(by=dict.fromkeys(flags, COMMAND_LINE))
        return _checked(spec, _given(None, flags), sources, write=write)
    file = configured.file
    by = {**dict.fromkeys(configured.values, file.path.name), **dict.fromkeys(flags, COMMAND_LINE)}
    sources = Sources(by=by, file=file.path.name, sha256=file.sha256, unlimited=_unlimited(configured, flags))
    with placed_in(configured.heading, only=bool(configured.release)):
        check_files(configured)
        return _checked(spec, _given(configured, flags), sources, write=write)


def _checked(spec: AuditSpec, given: Mapping[str, Any], sources: Sources, *, write: bool) -> Checked:
    held, settings = filled(spec.record, given), filled(Settings, {**given, "sources": sources})
    assert isinstance(settings, Settings)
    spec.check(settings)
    out = given["out"]
    if write:
        usable(out, public=settings.audience == "public")
    output = output_of(given, out=out)
    return Checked(spec=spec, held=held, settings=settings, out=out, output=output, given=given)


def tell_in_force(configured: Configured, flags: Mapping[str, Any], output: Output) -> None:
    """Say what of a configuration file is in force in an audit that does not name it, and what is not."""
    for key in configured.left_out:
        warn(f"{configured.file.heading()}: an audit of kind {configured.kind} has no {key}; it is left out.")
    if _unlimited(configured, flags):
        warn(f"{configured.heading}: this release has no limits, though the file shares some.")
    shared = {field: value for field, value in configured.values.items() if field not in flags}
    if configured.release or not shared or output.quiet:
        return
    told = "; ".join(f"{field.replace('_', '-')} {_in_words(value)}" for field, value in shared.items())
    say(f"In force from {configured.file.path}: {told} (--no-config leaves this out).", err=True)


def _in_words(value: Any) -> str:
    each = value if isinstance(value, list) else [value]
    return ", ".join(str(part).lower() if isinstance(part, bool) else str(part) for part in each) or "none"


def carried_out(ready: Checked, *, command: str) -> Audit:
    """Run a checked audit, and save its report."""
    from confide.cli.progress import progress_bar

    with progress_bar(f"auditing {ready.spec.name}", quiet=ready.output.quiet) as progress:
        settings = replace(
            ready.settings, progress=progress, tell=progress.around(warn), command=command or None
        )
        with in_sentences(progress.around(warn)):
            done = run(ready.spec, ready.held, settings=settings)
            done.save(ready.out)
    return done


def present(done: Audit, ready: Checked, *, document: Callable[[str], object] | None = None) -> None:
    """Print a report that was saved, and write the files for other programs."""
    show(done.report, ready.output, shared=ready.settings.share, document=document)
    ready.output.say(f"\nWritten to {ready.out}: {', '.join(done.files)}")
