"""What a command that ends in a report prints, and the files that it writes for other programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click

from confide.cli.colour import painter
from confide.cli.exits import say
from confide.cli.flags import filled, options_of
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, Flag
from confide.core.paths import is_there

if TYPE_CHECKING:
    from confide.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What is printed of a report, and what is written for other programs.

    Args:
        junit: Also write the verdict on each limit as a JUnit report, which services for continuous
            integration show.
        sarif: Also write what is not within the limits as SARIF 2.1.0, for code scanning.
        markdown: Also write a summary for a pull request.
        json: Print the content of report.json on the standard output, and all else on the error output.
        quiet: Print nothing but warnings and errors.
        verbose: Print the whole report, not its first page alone.

    Raises:
        DataError: for contradictions, such as quiet and verbose.
    """

    junit: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    sarif: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    markdown: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    json: Annotated[bool, Flag(group=GET)] = False
    quiet: Annotated[bool, Flag(group=GET)] = False
    verbose: Annotated[bool, Flag(group=GET, short="-v")] = False

    def __post_init__(self) -> None:
        check_fields(self)
        if self.quiet and self.verbose:
            raise DataError("--quiet prints nothing and --verbose all: give one of them.")

    @property
    def files(self) -> dict[str, Path]:
        """The files by the render that is written to each."""
        given = {"junit": self.junit, "sarif": self.sarif, "markdown": self.markdown}
        return {name: path for name, path in given.items() if path is not None}

    def say(self, text: str) -> None:
        """Print a line beside the report: on the error output where the standard one holds JSON."""
        if not self.quiet:
            say(text, err=self.json)


def output_options(taken: Iterable[str] = ()) -> list[click.Parameter]:
    """The options of `Output`, for a command that has options of these names already without them."""
    names = set(taken)
    return [option for option in options_of(Output) if option.name not in names]


def output_of(given: Mapping[str, Any], *, out: Path | None = None) -> Output:
    """What the command line asks for; every file is looked at before any work.

    Args:
        given: all that the command line gave: no file that is read is written to.
        out: the folder of the report, whose own files are not to be replaced.

    Raises:
        DataError: with the first file that cannot be written.
    """
    output = filled(Output, given)
    assert isinstance(output, Output)
    # `junit` is given as an option, and is no input.
    asked = {field.name for field in fields(Output)}
    inputs = [path for name, value in given.items() if name not in asked for path in _paths(value)]
    _check_files(output.files, out=out, inputs=inputs)
    return output


def _paths(value: Any) -> list[Path]:
    several = value if isinstance(value, list | tuple) else (value,)
    # A model is a file or an import path, and so a text.
    return [Path(one) for one in several if isinstance(one, Path) or _is_file(one)]


def _is_file(value: object) -> bool:
    return isinstance(value, str) and is_there(Path(value))


def _check_files(files: Mapping[str, Path], *, out: Path | None, inputs: Sequence[Path]) -> None:
    """Refuse a file that cannot be written, that is read here, or that two renders would share.

    Raises:
        DataError: for the first of them.
    """
    from confide.audits.outcome import OWN

    taken = {path.resolve(): "is read here" for path in inputs}
    taken |= {(out / name).resolve(): "is a file of the report" for name in OWN} if out else {}
    for name, path in files.items():
        said, there = f"--{name} {path!s:.200}", path.resolve()
        if there in taken:
            raise DataError(f"{said}: that file {taken[there]}; choose another name.")
        if there.is_dir() or path.is_symlink() or (there.exists() and not there.is_file()):
            raise DataError(f"{said}: that is a folder, a link or a device; give the name of a plain file.")
        folder = next(p for p in there.parents if p.exists())
        if folder != there.parent and not (out and _made_with(out.resolve(), there)):
            raise DataError(f"{said}: there is no folder {path.parent!s:.200}; make it first.")
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise DataError(f"{said} cannot be written: choose a folder that can be written to.")
        taken[there] = f"is that of another option, --{name}"


def _made_with(out: Path, file: Path) -> bool:
    """Whether the folder of a file is made with that of the report: one of the two holds the other."""
    return file.is_relative_to(out) or out.is_relative_to(file.parent)


def _print(text: str) -> None:
    click.echo(text, nl=False)


def show(
    report: Report,
    output: Output,
    *,
    shared: bool = False,
    printed: bool = True,
    document: Callable[[str], object] | None = None,
) -> None:
    """Print a report and write its further files, as the options ask.

    Args:
        shared: whether others on this machine may read the files.
        printed: whether its text is printed.
        document: takes the JSON instead of the standard output, where it is a part of something larger.
    """
    for name, path in output.files.items():
        report.write(name, path, shared=shared)
    if output.json:
        (document or _print)(report.json())
    if output.quiet or not printed:
        return
    stream = sys.stderr if output.json else sys.stdout
    if output.verbose or report.show_rows:
        output.say(report.text())
        return
    # Escaped line by line before it is painted: an escape of a name would be shown, one of ours obeyed.
    paint = painter(report.page["verdict"], stream)
    click.echo(report.brief(paint=paint), err=output.json, color=True)
