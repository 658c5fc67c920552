"""`confide attacks`, `explain`, `identifiers` and `estimate`: what is looked up without an audit."""

from __future__ import annotations

from pathlib import Path

import click

from confide.cli.exits import say, sentences
from confide.cli.flags import FilePath


@click.command(short_help="List the attacks, what each needs, and its paper.")
def attacks() -> None:
    """List the attacks, what each needs to see, and the paper it comes from."""
    # Imported here and below when it is asked for: `confide --help` must not load every attack.
    from confide.cli.explain import attack_table

    click.echo(attack_table())


@click.command(short_help="Explain an attack or a protection.")
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


@click.command(short_help="Find direct identifiers of a table, and propose what others may know.")
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


@click.command(short_help="Estimate what a randomised column held.")
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
