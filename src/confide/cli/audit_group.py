"""`confide audit`: a kind of release, a release of the configuration file, or all that stand there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from confide.audits import spec_of
from confide.cli.audit import (
    Checked,
    asked_of,
    carried_out,
    checked,
    configured_command,
    present,
    tell_in_force,
)
from confide.cli.configuration import (
    Configuration,
    Configured,
    check_shared,
    import_from,
    in_force,
    named,
    of_release,
)
from confide.cli.exits import BAD_USE, Done, as_written, say, sentences
from confide.cli.failing import Asked, marking
from confide.cli.flags import KindGroup
from confide.core.errors import ConfideError, DataError

RULED = {
    "within": "within the limits",
    "exceeded": "above a limit",
    "not settled": "a limit is not settled",
    "measured": "measured, no limit set",
}
"""Verdict -> how a line says it."""


class AuditGroup(KindGroup):
    """The kinds of release, and beside them the releases that a configuration file names."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the file from wherever it is named: which words are commands depends on it."""
        try:
            return super().parse_args(ctx, hoisted(args))
        except click.NoSuchOption as error:
            raise click.UsageError(
                f"{error.option_name} stands before what is audited. Put it behind the kind or the name of a "
                "release; for `confide audit` alone, which audits all releases, write it into confide.toml: "
                f"{in_file(error.option_name)}.",
                ctx,
            ) from error

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command of a kind, or of a release of the configuration.

        Raises:
            click.UsageError: for a word that is neither.
        """
        release: click.Command | None = None
        if ctx.resilient_parsing:  # a completion, which prints no errors
            file = _quietly(ctx)
            if file is not None and cmd_name in file.releases:
                release = configured_command(file, cmd_name)
        elif cmd_name not in self.kinds:  # the help of a kind needs no file
            release = _release(ctx, cmd_name, self.kinds)
        return super().get_command(ctx, cmd_name) if release is None else release

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The releases of the configuration, then the kinds."""
        file = _quietly(ctx)
        names = [] if file is None else [name for name in file.releases if name.startswith(incomplete)]
        return [*map(CompletionItem, names), *super().shell_complete(ctx, incomplete)]


def _quietly(context: click.Context) -> Configuration | None:
    """The configuration in force, for a completion: none where it cannot be read."""
    try:
        return in_force(context)
    except ConfideError:
        return None


@sentences
def _release(context: click.Context, word: str, kinds: Sequence[str]) -> click.Command | None:
    """The command of a release; None where no file names any."""
    file = in_force(context)
    if file is None:
        return None
    check_shared(file)
    return configured_command(file, named(file, word, kinds)) if file.releases else None


def in_file(option: str) -> str:
    """An option as a line of the configuration file."""
    written = {
        "--limit": 'limits = ["auc=0.6"]',
        "--junit": 'junit = "{name}.xml"',
        "--sarif": 'sarif = "{name}.sarif"',
        "--markdown": 'markdown = "{name}.md"',
        "--dry-run": "no key for it, so name one release: `confide audit NAME --dry-run`",
        "-v": "verbose = true",
    }
    return written.get(option, f"{option.lstrip('-')} = true, or its value")


def hoisted(args: Sequence[str]) -> list[str]:
    """The words with --config FILE and --no-config in front, wherever they stand before a --.

    >>> hoisted(["table", "p.csv", "--config", "c.toml", "--known", "age"])
    ['--config', 'c.toml', 'table', 'p.csv', '--known', 'age']
    """
    end = args.index("--") if "--" in args else len(args)
    front: list[str] = []
    rest: list[str] = []
    words = iter(args[:end])
    for word in words:
        if word == "--config":
            front += [word, *[value for value in [next(words, None)] if value is not None]]
        elif word == "--no-config" or word.startswith("--config="):
            front.append(word)
        else:
            rest.append(word)
    return [*front, *rest, *args[end:]]


@sentences
def audit_all(context: click.Context) -> None:
    """Audit every release of a configuration file; the exit code is the worst of theirs.

    Raises:
        DataError: for anything that is wrong with any of them, before the first is read; where there is
            nothing to audit, so that a file that is lost is no audit that passed.
    """
    file = in_force(context)
    if file is None:
        raise DataError(
            "there is no confide.toml here, and none in the folders above up to the repository's: name what "
            "to audit (`confide audit --help` lists the kinds of release), or give the file by --config."
        )
    check_shared(file)
    if not file.releases:
        raise DataError(f"{file.path} names no release to audit: add one under [{file.table}release.NAME].")
    import_from(file.folder)
    given = {name: of_release(file, name, spec_of(str(r["kind"]))) for name, r in file.releases.items()}
    waiting = [asked_of(configured, {}, beside=given.values()) for configured in given.values()]
    documents: dict[str, Any] = {}
    lines: list[str] = []
    codes: list[int] = []
    # Where the whole ends early, what was not audited any more must not look as if it had been.
    with marking(waiting):
        every = _checked_all(file, given)
        for name, ready in every.items():
            ready.output.say(f"== {name} ==")
            code, line = _one_of(name, ready, waiting[0], documents)
            del waiting[0]
            codes.append(code)
            lines.append(line)
            ready.output.say("")
    outputs = [ready.output for ready in every.values()]
    if outputs[0].json:
        click.echo(json.dumps(documents, indent=1, ensure_ascii=False))
    loud = next((output for output in outputs if not output.quiet), outputs[0])
    for line in lines:
        loud.say(line)
    raise Done(max(codes))


def _one_of(name: str, ready: Checked, asked: Asked, documents: dict[str, Any]) -> tuple[int, str]:
    """Run one of several audits: its exit code, and a line on it. That one fails does not stop the others."""
    try:
        # A report names the command that makes it alone again.
        written = as_written()
        with marking([asked]):
            done = carried_out(ready, command=f"{written} {name}" if written else "")
            present(done, ready, document=lambda text: documents.update({name: json.loads(text)}))
    except ConfideError as error:
        say(f"confide: {name}: {error}", err=True)
        documents[name] = {"error": str(error)}
        return BAD_USE, f"{name}: could not be audited (exit code {BAD_USE})"
    return done.exit_code, f"{name}: {RULED[done.verdict]} (exit code {done.exit_code}), {ready.out}"


def _checked_all(file: Configuration, given: Mapping[str, Configured]) -> Mapping[str, Checked]:
    """All releases, checked before the first of them runs."""
    every: dict[str, Checked] = {}
    for name, configured in given.items():
        every[name] = checked(spec_of(configured.kind), configured, {})
        tell_in_force(configured, {}, every[name].output)
    _refuse_same_place(file, every)
    # One standard output: either all of it is JSON, or nothing.
    as_json = any(ready.output.json for ready in every.values())
    return {name: replace(ready, output=replace(ready.output, json=as_json)) for name, ready in every.items()}


def _refuse_same_place(file: Configuration, every: Mapping[str, Checked]) -> None:
    """Refuse two releases of which one would replace what the other writes or reads."""
    taken: dict[str, str] = {}
    for name, ready in every.items():
        for path in (ready.out, *ready.output.files.values()):
            place = str(path.resolve()).lower()  # one file, on some disks
            if place in taken:
                raise DataError(f"{file.path}: the releases {taken[place]} and {name} both write {path}.")
            taken[place] = name
    for name, ready in every.items():
        for path in _inputs(ready):
            writer = taken.get(str(path.resolve()).lower())
            if writer is not None:
                raise DataError(f"{file.path}: the release {writer} writes {path}, which {name} reads.")


def _inputs(ready: Checked) -> list[Path]:
    from confide.inputs.named_files import named_files

    return [path for paths in named_files(ready.held).values() for path in paths]
