"""The commands: what you hold, audited; what the attacks are; the demo."""

from __future__ import annotations

from pathlib import Path

import click

from confide import audits, releases
from confide.cli.audit import command_of as audit_of
from confide.cli.budget import budget
from confide.cli.cache import cache
from confide.cli.domain import command as domain_command
from confide.cli.exits import Interruptible, say, sentences, usable
from confide.cli.flags import FilePath, KindGroup, WholeNumber
from confide.cli.frontier import command as frontier_command
from confide.cli.ledger import ledger
from confide.cli.protect import command_of as protect_of
from confide.cli.query import command as query_command
from confide.cli.serve import command as serve_command
from confide.cli.synthesize import command as synthesize_command
from confide.cli.train import command as train_command
from confide.core.paths import is_folder
from confide.core.version import VERSION


@click.group(
    cls=Interruptible, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
def main() -> None:
    """Measure what a release gives away about the people behind it, and write a safer one.

    `confide demo` shows what a report looks like. `confide audit --help` lists the kinds of release, and
    `confide audit KIND --help` what an audit of that kind needs and gives.

    Exit code: 0 within the limits, 1 above a limit or where a promise is shown to be broken, 2 for bad use or
    bad data, 3 for a fault of confide.
    """


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(f"confide {VERSION}")


@main.group(cls=KindGroup, kinds=audits.KINDS, command_of=audit_of)
def audit() -> None:
    """Play the adversary against what you are about to publish.

    The report says how much the adversary learns because these people were in the data. For example:

    \b
      confide audit ratings ratings.parquet --user user --item item --protect rare:20
    """


@main.group(
    cls=KindGroup,
    kinds=releases.KINDS,
    command_of=protect_of,
    short_help="Write the safer file, and audit it against the original.",
)
def protect() -> None:
    """Write the safer file: protected, verified, and audited against the original.

    It takes the options of the audit of that kind, and some of its own. For example:

    \b
      confide protect ratings ratings.parquet --user user --item item --with rare:20 --out safer.parquet
    """


main.add_command(query_command())
main.add_command(serve_command())
main.add_command(train_command())
main.add_command(synthesize_command())
main.add_command(domain_command())
main.add_command(frontier_command())


@main.command(short_help="List the attacks, what each needs, and its paper.")
def attacks() -> None:
    """List the attacks, what each needs to see, and the paper it comes from."""
    # Imported here and below when it is asked for: `confide --help` must not load every attack.
    from confide.cli.explain import attack_table

    click.echo(attack_table())


@main.command(short_help="Explain an attack or a protection.")
@click.argument("name")
@sentences
def explain(name: str) -> None:
    """Explain an attack or a protection: what it does, its settings, and how it is cited or asked for.

    `confide attacks` lists the attacks, `confide audit KIND --help` names the protections. For example:

    \b
      confide explain lira
      confide explain rare
    """
    from confide.cli.explain import explanation

    click.echo(explanation(name))


@main.command(short_help="Show a saved report again, and redraw it.")
@click.argument("where", metavar="FOLDER", type=FilePath(path_type=Path))
@click.option("--show-rows", is_flag=True, help="Print the tables that point at people too.")
@click.option(
    "--for",
    "purpose",
    metavar="PURPOSE",
    help="Write a document for a purpose instead: dpia (facts for a data-protection impact assessment) or "
    "model-card (the privacy section of one), as .md and .html.",
)
@sentences
def report(where: Path, show_rows: bool, purpose: str | None) -> None:
    """Show the report of an audit again, and write its report.html again from report.json.

    FOLDER is where the audit wrote them (--out), or the .json file itself: then the page is written beside
    it, with .html at its end.
    """
    from confide.core.atomic import atomic_write
    from confide.report import Report

    kept = where if where.suffix.lower() == ".json" and not is_folder(where) else where / "report.json"
    again = Report.load(kept, show_rows=show_rows)
    # As open to others as the file that it is made from.
    shared = bool(kept.stat().st_mode & 0o044)
    if purpose is not None:
        made = again.document(purpose)
        for suffix, text in ((".md", made.markdown()), (".html", made.html())):
            with atomic_write(kept.with_name(f"{purpose}{suffix}"), shared=shared) as draft:
                draft.write_text(text, encoding="utf-8")
        say(f"Written: {kept.with_name(f'{purpose}.md')} and {kept.with_name(f'{purpose}.html')}.")
        return
    again.save(kept.with_suffix(".html"), shared=shared)
    say(str(again))


@main.command(short_help="Find direct identifiers of a table, and propose what others may know.")
@click.argument("table", metavar="TABLE", type=FilePath(path_type=Path))
@click.option("--separator", metavar="TEXT", help="What stands between the values of a csv file.")
@click.option("--decimal", metavar="TEXT", help="The decimal sign of a csv file, . or a comma.")
@click.option(
    "--presidio/--no-presidio",
    default=None,
    help="Search cells by presidio's patterns too, which takes seconds.  [default: where it is installed]",
)
@sentences
def identifiers(table: Path, separator: str | None, decimal: str | None, presidio: bool | None) -> None:
    """Find direct identifiers and free text in TABLE, and propose which columns others may know.

    TABLE is a .parquet or .csv file of people. Columns are judged by name, form, check digits and uniqueness,
    and with confide[presidio] by what their cells hold. No value is printed. For example:

    \b
      confide identifiers people.parquet
    """
    from confide.cli.tables import identifiers_of
    from confide.inputs.reading import Reading

    reading = Reading(separator=separator, decimal=decimal)
    say(identifiers_of(table, reading=reading, presidio=presidio))


@main.command(short_help="Estimate what a randomised column held.")
@click.argument("released", metavar="RELEASED", type=FilePath(path_type=Path))
@click.argument("column", metavar="COLUMN")
@click.option("--values", default="", metavar="VALUES", help="Values to look for (RAPPOR), parted by commas.")
@click.option(
    "--confidence",
    default=0.95,
    show_default=True,
    type=float,
    metavar="X",
    help="Of each interval by itself.",
)
@sentences
def estimate(released: Path, column: str, values: str, confidence: float) -> None:
    """Estimate what COLUMN held before it was randomised, without bias and with intervals.

    RELEASED is a file that `confide protect table` wrote; its sidecar stands beside it. For example:

    \b
      confide estimate randomised.parquet region
    """
    from confide.cli.tables import estimate_of

    say(estimate_of(released, column, values=values, confidence=confidence))


main.add_command(budget)
main.add_command(ledger)
main.add_command(cache)


@main.command(short_help="Audit two models of a made-up survey, to see a report.")
@click.option(
    "--out",
    type=FilePath(path_type=Path, file_okay=False),
    default=Path("confide-demo"),
    show_default=True,
    metavar="FOLDER",
    help="Folder for report.html, report.json, evidence.parquet and exposed.csv.",
)
@click.option(
    "--seed",
    default=7,
    show_default=True,
    type=WholeNumber(0),
    metavar="N",
    help="The same seed gives the same models, evidence and report.",
)
@click.option("--quick", is_flag=True, help="Fewer records and reference models: half a minute.")
@sentences
def demo(out: Path, seed: int, quick: bool) -> None:
    """Fit two models to a sensitive survey, audit both, and write the report."""
    from confide.cli.demo import run_demo

    usable(out)
    click.echo(run_demo(out, seed=seed, quick=quick))
