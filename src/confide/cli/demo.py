"""`confide demo`: the command; what it runs is loaded when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from confide.cli.exits import Done, sentences, usable
from confide.cli.failing import Asked, marking
from confide.cli.flags import FilePath, WholeNumber
from confide.cli.output import output_of, output_options, show


def command() -> click.Command:
    """The command."""
    return click.Command(
        "demo",
        callback=_demo,
        params=[
            click.Option(
                ["--out"],
                type=FilePath(path_type=Path, file_okay=False),
                default=Path("confide-demo"),
                show_default=True,
                metavar="FOLDER",
                help="Folder for report.html, report.json, evidence.parquet and exposed.csv.",
            ),
            click.Option(
                ["--seed"],
                default=7,
                show_default=True,
                type=WholeNumber(0),
                metavar="N",
                help="The same seed gives the same models, evidence and report.",
            ),
            click.Option(
                ["--quick"], is_flag=True, help="Fewer records and reference models: half a minute."
            ),
            *output_options(),
        ],
        help="Fit two models to a sensitive survey, audit both, and write the report.",
        short_help="Audit two models of a made-up survey, to see a report.",
    )


@sentences
def _demo(out: Path, seed: int, quick: bool, **given: Any) -> None:
    from confide.cli.survey import asked, run_demo

    with marking([Asked(given=given, out=out)]):
        usable(out)
        output = output_of(given, out=out)
        done, notice = run_demo(seed=seed, quick=quick, quiet=output.quiet)
        done.save(out)
        output.say(f"{asked(notice)}\n")
        show(done.report, output)
        output.say(f"\nWritten: {', '.join(str(out / name) for name in done.files)}")
    raise Done(done.exit_code)
