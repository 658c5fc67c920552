"""Audits that fail: no file that they were to replace goes on saying what an earlier one found."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from confide.cli.exits import BAD_USE, INTERRUPTED, OUR_FAULT, Done
from confide.cli.output import output_of
from confide.core.errors import ConfideError

WITHOUT_WORDS = "The audit failed; the output of the command says why."
"""For the public: an error may name files, and quote what stands in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an audit was to write.

    Args:
        given: all values, by field.
        out: the folder of the report; None for none.
        makes: whether the report there is to be replaced, and not read alone.
        stem: of the files of the report.
    """

    given: Mapping[str, Any]
    out: Path | None
    makes: bool = True
    stem: str = "report"


@contextmanager
def marking(asked: Iterable[Asked]) -> Generator[None]:
    """Mark, where something fails, all that is asked for as failed.

    Args:
        asked: looked at when something failed: what is done can be taken out until then.
    """
    try:
        yield
    # It ended as it was to, or all was written and its reader has seen enough.
    except (Done, BrokenPipeError):
        raise
    except BaseException as error:
        for one in asked:
            with suppress(OSError):
                _mark(one, error)
        raise


def _mark(asked: Asked, error: BaseException) -> None:
    from confide.core.version import VERSION
    from confide.report.failure import FAILED, RENDERS, Failure

    said, exit_code = _said(error)
    public = asked.given.get("audience") == "public"
    failure = Failure(
        sentence=WITHOUT_WORDS if public else said,
        exit_code=exit_code,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        version=VERSION,
    )
    shared = bool(asked.given.get("share"))
    # An empty folder has nothing that could be taken for a result.
    there = asked.out is not None and any(
        (asked.out / f"{asked.stem}.{end}").is_file() for end in ("json", "html")
    )
    if asked.out is not None and asked.makes and there:
        # Two kinds of reports in one folder fail by themselves.
        failed = FAILED if asked.stem == "report" else f"{asked.stem}-{FAILED}"
        _replace(asked.out / failed, failure.text, shared=shared)
    for name, path in _files(asked).items():
        render = RENDERS[name]
        _replace(path, lambda render=render: render(failure), shared=shared)


def _files(asked: Asked) -> Mapping[str, Path]:
    """The files for other programs; none where one of them is not to be replaced, such as an input."""
    try:
        printed = {"json": False, "quiet": False, "verbose": False}
        return output_of({**asked.given, **printed}, out=asked.out).files
    except ConfideError:
        return {}


def _replace(path: Path, text: Callable[[], str], *, shared: bool) -> None:
    from confide.core.atomic import atomic_write

    try:
        with atomic_write(path, shared=shared) as draft:
            draft.write_text(text(), encoding="utf-8")
    except OSError:  # a full disk, say: no file is better than one that says what is not so
        path.unlink(missing_ok=True)


def _said(error: BaseException) -> tuple[str, int]:
    """What is said of an error, and the exit code of the command."""
    if isinstance(error, KeyboardInterrupt):
        return "The audit was stopped before its end.", INTERRUPTED
    if isinstance(error, ConfideError):
        return " ".join((str(error), *getattr(error, "__notes__", []))), BAD_USE
    if isinstance(error, OSError):
        return f"{error.strerror or error} ({error.filename or 'disk'})", BAD_USE
    if isinstance(error, SystemExit):
        return "Something that was called by the audit ended the process.", BAD_USE
    return f"A fault of confide: {type(error).__name__}.", OUR_FAULT
