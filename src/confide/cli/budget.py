"""`confide budget`: which epsilon a limit asks for, and what an epsilon leaves an adversary."""

from __future__ import annotations

from typing import Any, cast

import click

from confide.cli.exits import say, sentences
from confide.cli.flags import WholeNumber

MECHANISMS = ("gaussian", "laplace", "sampled", "any")


@click.command(short_help="Turn a limit into an epsilon, and an epsilon into what an adversary may find.")
@click.option(
    "--limit", metavar="TEXT", help="What an adversary may reach: tpr@0.01=0.03 or rebuilt@0.1=0.2."
)
@click.option("--epsilon", metavar="X", type=float, help="Of a promise: what does it leave an adversary?")
@click.option("--delta", metavar="X", type=float, default=1e-5, show_default=True, help="Of the promise.")
@click.option(
    "--mechanism",
    type=click.Choice(MECHANISMS),
    default="gaussian",
    show_default=True,
    help="Whose trade-off curve is read; any is the worst that keeps the promise.",
)
@click.option("--rate", metavar="X", type=float, help="Of sampled: the chance that a step takes a record.")
@click.option("--steps", metavar="N", type=WholeNumber(1), help="Of sampled: the number of steps.")
@click.option(
    "--prior", metavar="X", type=float, help="A chance to guess a record right without the release."
)
@sentences
def budget(limit: str | None, mechanism: str, **options: Any) -> None:
    """Turn a limit into the largest epsilon that keeps it, or an epsilon into what it leaves an adversary.

    The bounds hold for every attack on one record, and come from the mechanism's own trade-off curve. Give
    either --limit or --epsilon. For example:

    \b
      confide budget --limit tpr@0.01=0.03
      confide budget --epsilon 1 --delta 1e-6 --prior 0.2
      confide budget --epsilon 3 --mechanism sampled --rate 0.01 --steps 1000
    """
    from confide.report.advice import MechanismName, budget_advice

    say(str(budget_advice(limit, mechanism=cast(MechanismName, mechanism), **options)))
