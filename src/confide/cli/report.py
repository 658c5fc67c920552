"""`confide report`: a saved report, shown and drawn again, with the exit code that its audit had."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from confide.cli.exits import Done, sentences
from confide.cli.failing import Asked, marking
from confide.cli.flags import FilePath
from confide.cli.output import output_of, output_options, show
from confide.core.paths import is_folder


def command() -> click.Command:
    """The command."""
    return click.Command(
        "report",
        callback=_again,
        params=[
            click.Argument(["where"], metavar="FOLDER", type=FilePath(path_type=Path)),
            click.Option(["--show-rows"], is_flag=True, help="Print the tables that point at people too."),
            click.Option(
                ["--for", "purpose"],
                metavar="PURPOSE",
                help="Write a document for a purpose too: dpia (facts for a data-protection impact "
                "assessment) or model-card (the privacy section of one), as .md and .html; the report is not "
                "printed then.",
            ),
            *output_options(),
        ],
        help=HELP,
        short_help="Show a saved report again, and redraw it.",
    )


HELP = """\
Show the report of an audit again, and write its report.html again from report.json.

FOLDER is where the audit wrote them (--out), or the .json file itself: then the page is written beside it,
with .html at its end. The exit code is that of the audit.
"""


@sentences
def _again(where: Path, show_rows: bool, purpose: str | None, **given: Any) -> None:
    kept = where if where.suffix.lower() == ".json" and not is_folder(where) else where / "report.json"
    # The report itself stays what it is.
    with marking([Asked(given={**given, "kept": kept}, out=kept.parent, makes=False)]):
        _shown(kept, show_rows, purpose, given)


def _shown(kept: Path, show_rows: bool, purpose: str | None, given: Mapping[str, Any]) -> None:
    from confide.core.atomic import atomic_write
    from confide.report import Report

    output = output_of({**given, "kept": kept}, out=kept.parent)
    again = Report.load(kept, show_rows=show_rows)
    # As open to others as the file that it is made from.
    shared = bool(kept.stat().st_mode & 0o044)
    if purpose is not None:
        made = again.document(purpose)
        for suffix, text in ((".md", made.markdown()), (".html", made.html())):
            with atomic_write(kept.with_name(f"{purpose}{suffix}"), shared=shared) as draft:
                draft.write_text(text, encoding="utf-8")
        show(again, output, shared=shared, printed=False)
        output.say(f"Written: {kept.with_name(f'{purpose}.md')} and {kept.with_name(f'{purpose}.html')}.")
        raise Done(again.exit_code)
    again.save(kept.with_suffix(".html"), shared=shared)
    show(again, output, shared=shared)
    raise Done(again.exit_code)
