"""Errors in one sentence, places of reports and exit codes, the same for every command."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from tempfile import TemporaryFile
from types import FrameType
from typing import Any

import click

from confide.core.errors import ConfideError, DataError
from confide.core.foreign import disk_full, escaped, in_one_line

BAD_USE, OUR_FAULT, INTERRUPTED, NOBODY_READS, TERMINATED = 2, 3, 130, 141, 143


WRITTEN = "confide.written"
"""Where click's context keeps the command as it was written."""

STOPPED = "\nconfide: stopped; run the same command again to go on from what is finished."


class Done(SystemExit):
    """The end of a command that did what it was asked for, with its exit code."""


def sentences(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn an error that is meant for the user into one sentence and exit code 2, any other into 3."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        terminated: list[int] = []
        try:
            with _terminable(terminated):
                return command(*args, **kwargs)
        except ConfideError as error:
            click.echo(f"confide: {escaped(' '.join((str(error), *_notes(error))), keep=())}", err=True)
        except BrokenPipeError:  # the reader, `head` say, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(NOBODY_READS)
        except KeyboardInterrupt as error:
            said = escaped(" ".join(_notes(error)), keep=())
            click.echo(f"\nconfide: stopped. {said}" if said else STOPPED, err=True)
            sys.exit(TERMINATED if terminated else INTERRUPTED)
        # A full disk or a missing right is no fault of ours: one sentence, and no traceback.
        except OSError as error:
            click.echo(
                f"confide: {in_one_line(error.strerror or error)} "
                f"({escaped(str(error.filename or 'disk'), keep=())}); nothing was written "
                "half: free some room or choose another folder, and run again.",
                err=True,
            )
        except Done:
            raise
        # Nobody but this command may say how it ends: a module of the user's that exits with 0 would look
        # like an audit that found nothing.
        except SystemExit as error:
            click.echo(
                f"confide: something that was called here ended the process (exit code {error.code!r:.50}), "
                "and nothing was written: let it return its answer, or raise an ordinary error.",
                err=True,
            )
        # Anything else is a fault of ours, and its traceback is what we need to mend it.
        # Some are no `Exception`, as the panic of a library in Rust.
        except BaseException as error:
            if why := disk_full(error):  # in the words of another library
                click.echo(
                    f"confide: {why} (disk, or the folder for temporary files); nothing was written half: "
                    "free some room or choose another folder, and run again.",
                    err=True,
                )
                sys.exit(BAD_USE)
            # Escaped, because an error quotes what was read.
            click.echo(escaped(traceback.format_exc()), err=True)
            click.echo("confide: this is a fault of ours; please report it with the lines above.", err=True)
            sys.exit(OUR_FAULT)
        sys.exit(BAD_USE)

    return guarded


def _notes(error: BaseException) -> list[str]:
    """What was added to an error on its way, as what was charged."""
    return getattr(error, "__notes__", [])


class Interruptible(click.Group):
    """A group of commands of which Ctrl-C says the same while one is looked up as while it runs.

    click itself ends with exit code 1 then, which means that a limit is exceeded.
    """

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Keep what was written, before it is taken apart: a report says how it is made again."""
        written = [info_name or "confide", *args]
        context = super().make_context(info_name, args, parent, **extra)
        context.meta[WRITTEN] = written
        return context

    def invoke(self, ctx: click.Context) -> Any:
        """Look the command up and run it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo(STOPPED, err=True)
            sys.exit(INTERRUPTED)


@contextmanager
def _terminable(terminated: list[int]) -> Generator[None]:
    """Treat a SIGTERM as a Ctrl-C: workers end, and drafts and what was shared with workers are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        terminated.append(number)
        press = signal.getsignal(signal.SIGINT)
        if not callable(press):  # started in the background, where Ctrl-C is ignored
            raise KeyboardInterrupt
        press(signal.SIGINT, frame)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def usable(folder: Path, *, public: bool = False) -> Path:
    """A folder that a report can be written to, looked at before any work.

    Args:
        public: whether the report is for the public.

    Raises:
        DataError: if something else stands there, nobody may write, or a public report would stand beside
            the rows of an internal one.
    """
    # Imported here: `confide --help` must not load what makes reports.
    from confide.audits.outcome import ROWS, refuse_beside_rows

    # The folder may not exist yet: the nearest parent that does decides. A link that leads nowhere is there.
    there = next(p for p in (folder, *folder.absolute().parents) if p.exists() or p.is_symlink())
    if not there.is_dir() or not os.access(there, os.W_OK) or not _takes_files(there):
        raise DataError(f"--out {folder}: {there} is no folder that can be written to: choose another.")
    odd = next((p for name in ("report.html", "report.json", *ROWS) if (p := folder / name).is_dir()), None)
    if odd is not None:
        raise DataError(f"--out {folder}: {odd.name} is a folder there, so no file can be: choose another.")
    if public:
        refuse_beside_rows(folder)
    return folder


def _takes_files(folder: Path) -> bool:
    """Whether a file can be made there: some file systems say so to root, and take none."""
    try:
        with TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def as_written() -> str:
    """The command that is running, as a shell would take it again."""
    context = click.get_current_context(silent=True)
    written = [] if context is None else context.meta.get(WRITTEN, [])
    if not written:
        return ""
    # click calls it "python -m confide" where it was started so: three words, and no name with blanks.
    name = Path(written[0]).name
    program = name.split() if name.endswith(" -m confide") else [name]
    return shlex.join([*program, *written[1:]])


def warn(text: str) -> None:
    # On stderr, so that a report that is piped on stays clean.
    click.echo(f"warning: {escaped(text, keep=())}", err=True)


@contextmanager
def in_sentences(tell: Callable[[str], object]) -> Generator[None]:
    """Pass on each warning of other packages once, as one line without its place in their code.

    That columns lack names, or have them, is left out: models are given their own columns in their own order.
    """
    told: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        text = in_one_line(message)
        if text not in told:
            told.add(text)
            tell(text)

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="X (has|does not have valid) feature names")
        warnings.showwarning = show
        yield


def say(text: str, *, err: bool = False) -> None:
    """Print on the standard output, or on the error output; names in it cannot steer the terminal."""
    click.echo(escaped(text), err=err)
