"""The commands: what you hold, audited; what the attacks are; the demo."""

from __future__ import annotations

from pathlib import Path

import click

from confide.cli.audit import AuditGroup
from confide.cli.exits import sentences, usable
from confide.cli.protect import ProtectGroup
from confide.core.version import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Measure what a release gives away about the people behind it."""


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(f"confide {VERSION}")


@main.group(cls=AuditGroup)
def audit() -> None:
    """Play the adversary against what you are about to publish."""


@main.group(cls=ProtectGroup)
def protect() -> None:
    """Write the safer file: protected, verified, and audited against the original."""


@main.command()
def attacks() -> None:
    """List the attacks, what each needs to see, and the paper it comes from."""
    from confide.cli.explain import attack_table

    click.echo(attack_table())


@main.command()
@click.argument("name")
@sentences
def explain(name: str) -> None:
    """Tell what an attack does, its settings and how to cite it."""
    from confide.cli.explain import explanation

    click.echo(explanation(name))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@sentences
def report(folder: Path) -> None:
    """Show the report in FOLDER again, and write its report.html again from report.json."""
    from confide.report import Report

    again = Report.load(folder / "report.json")
    again.save(folder / "report.html")
    click.echo(str(again))


@main.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("confide-demo"),
    show_default=True,
    help="Folder for the report.",
)
@click.option("--seed", default=7, show_default=True, type=click.IntRange(0))
@click.option("--quick", is_flag=True, help="Fewer records and references: half a minute.")
@sentences
def demo(out: Path, seed: int, quick: bool) -> None:
    """Fit two models to a sensitive survey, audit both, and write the report."""
    from confide.cli.demo import run_demo

    usable(out)
    click.echo(run_demo(out, seed=seed, quick=quick))
