"""The commands: what you hold, audited; what the attacks are; the demo."""

from __future__ import annotations

from pathlib import Path

import click

from confide import audits, releases
from confide.cli.audit import command_of as audit_of
from confide.cli.audit_group import AuditGroup, audit_all
from confide.cli.audit_options import configuration_options
from confide.cli.budget import budget
from confide.cli.cache import cache
from confide.cli.compare import compare
from confide.cli.demo import command as demo_command
from confide.cli.domain import command as domain_command
from confide.cli.exits import Interruptible, say, sentences
from confide.cli.flags import FilePath, KindGroup
from confide.cli.frontier import command as frontier_command
from confide.cli.ledger import ledger
from confide.cli.protect import command_of as protect_of
from confide.cli.query import command as query_command
from confide.cli.report import command as report_command
from confide.cli.serve import command as serve_command
from confide.cli.synthesize import command as synthesize_command
from confide.cli.train import command as train_command
from confide.core.version import VERSION


@click.group(
    cls=Interruptible, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(VERSION, message="confide %(version)s", help="Show the version and exit.")
def main() -> None:
    """Measure what a release gives away about the people behind it, and write a safer one.

    `confide demo` shows what a report looks like. `confide audit --help` lists the kinds of release, and
    `confide audit KIND --help` what an audit of that kind needs and gives.

    Exit code: 0 within the limits, 1 above a limit, where one is not settled (--allow-unsettled lets it pass)
    or a promise is shown to be broken, 2 for bad use or bad data, 3 for a fault of confide.
    """


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(f"confide {VERSION}")


@main.group(
    cls=AuditGroup,
    kinds=audits.KINDS,
    command_of=audit_of,
    params=configuration_options(),
    invoke_without_command=True,
)
@click.pass_context
def audit(context: click.Context, **_options: object) -> None:
    """Play the adversary against what you are about to publish.

    The report says how much the adversary learns because these people were in the data. For example:

    \b
      confide audit ratings ratings.parquet --user user --item item --protect rare:20

    Without KIND it audits all releases that confide.toml names; `confide audit NAME` audits one of them, and
    options behind it go before what stands there.
    """
    if context.invoked_subcommand is None:
        audit_all(context)


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


main.add_command(report_command())


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


main.add_command(compare)
main.add_command(budget)
main.add_command(ledger)
main.add_command(cache)
main.add_command(demo_command())
