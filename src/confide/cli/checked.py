"""Commands of audits by checks: no kind of release, and no limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import click

from confide.cli.exits import Done, as_written, sentences, usable
from confide.cli.failing import Asked, marking
from confide.cli.flags import FilePath, GroupedCommand, GroupedOption, filled, options_of, story_of
from confide.cli.output import Output, output_of, output_options
from confide.core.errors import DataError
from confide.core.flags import GET


class Shared(Protocol):
    """Settings of such an audit."""

    @property
    def share(self) -> bool: ...


class Audited(Protocol):
    """What such an audit gives."""

    @property
    def exit_code(self) -> int: ...
    @property
    def files(self) -> tuple[str, ...]: ...
    def save(self, folder: Path) -> None: ...
    def json(self) -> str: ...
    def markdown(self) -> str: ...
    def text(self, *, verbose: bool = False) -> str: ...


def command_of(
    kind: str,
    record: type,
    *,
    question: str,
    example: str,
    audited: Callable[..., Audited],
    held: str,
) -> click.Command:
    """The command of an audit by checks.

    Args:
        kind: its word, which names its files.
        record: settings.
        question: that it answers.
        example: of its use.
        audited: audits by filled-in settings; imports what it needs.
        held: the field of what is audited, which is no option.
    """
    out = GroupedOption(
        ["--out"],
        group=GET,
        type=FilePath(path_type=Path, file_okay=False),
        default=Path(f"confide-{kind}"),
        show_default=True,
        metavar="FOLDER",
        help=f"Folder for {kind}.html and {kind}.json.",
    )
    # There are no limits that a test case or a place in code could stand for.
    output = output_options(taken=("junit", "sarif"))
    for option in output:
        if option.name == "json" and isinstance(option, click.Option):
            option.help = f"Print the content of {kind}.json, and all else on the error output."

    @sentences
    def audit(out: Path, **given: Any) -> None:
        asked = {name: value for name, value in given.items() if name != held}
        with marking([Asked(given={**asked, "out": out}, out=out, stem=kind)]):
            settings: Any = filled(record, given)
            _run(settings, out, output=_output(asked, out, kind), audited=audited)

    return GroupedCommand(
        kind,
        callback=audit,
        params=[*options_of(record), out, *output],
        help=f"{question}\n\n{story_of(record)}\n\n{example}",
        short_help=question,
    )


def _output(given: Mapping[str, Any], out: Path, kind: str) -> Output:
    output = output_of(given, out=out)
    for name, path in output.files.items():
        if path.resolve() in {(out / file).resolve() for file in (f"{kind}.html", f"{kind}.json")}:
            raise DataError(f"--{name} {path!s:.200}: that is a file of the report; choose another name.")
    return output


def _run(settings: Shared, out: Path, *, output: Output, audited: Callable[..., Audited]) -> None:
    from confide.core.atomic import atomic_write

    usable(out)
    done = audited(settings, command=as_written())
    done.save(out)
    if output.markdown is not None:
        with atomic_write(output.markdown, shared=settings.share) as draft:
            draft.write_text(done.markdown(), encoding="utf-8")
    if output.json:
        click.echo(done.json(), nl=False)
    output.say(done.text(verbose=output.verbose))
    output.say(f"\nWritten to {out}: {', '.join(done.files)}")
    raise Done(done.exit_code)
