"""The commands: what you hold, audited; what the attacks are; the demo."""

from __future__ import annotations

import click

from confide.cli.lazy_group import Lazy, LazyGroup
from confide.core.version import VERSION

COMMANDS = {
    "advise": Lazy(
        "confide.cli.advise",
        "command",
        "Name the mechanism that fits: who holds what, what is wanted, who may learn it.",
    ),
    "audit": Lazy("confide.cli.groups", "audit", "Play the adversary against what you are about to publish."),
    "compare": Lazy(
        "confide.cli.compare",
        "compare",
        "Compare two audits: is the second worse, by how much, and how sure?",
    ),
    "report": Lazy("confide.cli.report", "command", "Show a saved report again, and redraw it."),
    "protect": Lazy(
        "confide.cli.groups", "protect", "Write the safer file, and audit it against the original."
    ),
    "frontier": Lazy(
        "confide.cli.frontier", "command", "Compare budgets: what each leaves of accuracy, and of risk."
    ),
    "budget": Lazy(
        "confide.cli.budget",
        "budget",
        "Turn a limit into an epsilon, and an epsilon into what an adversary may find.",
    ),
    "train": Lazy(
        "confide.cli.train", "command", "Train a model that hides individuals, and charge a ledger for it."
    ),
    "collaborate": Lazy(
        "confide.cli.collaborate",
        "command",
        "Train one model of several parties that keep their records, by a plan.",
    ),
    "join": Lazy(
        "confide.cli.join",
        "command",
        "Compute one figure of several parties' records, and show nobody another's.",
    ),
    "match": Lazy(
        "confide.cli.match",
        "command",
        "Find whom two lists share, while nobody sees the rest of the other's.",
    ),
    "domain": Lazy(
        "confide.cli.domain",
        "command",
        "Begin a domain file: what each column of a synthetic table may hold.",
    ),
    "synthesize": Lazy(
        "confide.cli.synthesize",
        "command",
        "Write synthetic records that hide individuals, and charge a ledger for it.",
    ),
    "query": Lazy(
        "confide.cli.query", "command", "Ask a question about people, answered with noise under a budget."
    ),
    "serve": Lazy(
        "confide.cli.serve", "command", "Open a page on which analysts explore data, under a budget."
    ),
    "outsource": Lazy(
        "confide.cli.outsource",
        "outsource",
        "Get scores of a model on rows that its owner never sees, encrypted.",
    ),
    "ledger": Lazy(
        "confide.cli.ledger",
        "ledger",
        "Look at the ledger of a budget, verify it, export it, and admit or revoke analysts.",
    ),
    "identifiers": Lazy(
        "confide.cli.lookups",
        "identifiers",
        "Find direct identifiers of a table, and propose what others may know.",
    ),
    "estimate": Lazy("confide.cli.lookups", "estimate", "Estimate what a randomised column held."),
    "attacks": Lazy("confide.cli.lookups", "attacks", "List the attacks, what each needs, and its paper."),
    "explain": Lazy("confide.cli.lookups", "explain", "Explain an attack or a protection."),
    "cache": Lazy(
        "confide.cli.cache", "cache", "See and clear what is kept so that an interrupted audit goes on."
    ),
    "demo": Lazy("confide.cli.demo", "command", "Audit two models of a made-up survey, to see a report."),
    "version": Lazy("confide.cli.commands", "version", "Print the version."),
}
"""Every command, in the order in which they are listed."""


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(VERSION, message="confide %(version)s", help="Show the version and exit.")
def main() -> None:
    """Measure what a release gives away about the people behind it, and write a safer one.

    `confide demo` shows what a report looks like. `confide audit --help` lists the kinds of release, and
    `confide audit KIND --help` what an audit of that kind needs and gives.

    Exit code: 0 within the limits, 1 above a limit, where one is not settled (--allow-unsettled lets it pass)
    or a promise is shown to be broken, 2 for bad use or bad data, 3 for a fault of confide.
    """


@click.command()
def version() -> None:
    """Print the version."""
    click.echo(f"confide {VERSION}")
