"""`confide domain`: the beginning of a domain file, which says what each column may hold."""

from __future__ import annotations

from typing import Any

from confide.cli.exits import say, sentences, warn
from confide.cli.flags import GroupedCommand, filled, options_of, story_of
from confide.releases.synthesis.domain_settings import DomainSettings

EXAMPLE = """\
For example:

\b
  confide domain people.csv --out domain.toml
  confide domain people.csv --private 0.1 --delta 1e-9 --ledger sqlite:///people.ledger --budget 2,1e-8
    --out domain.toml
"""


def command() -> GroupedCommand:
    """The command."""
    return GroupedCommand(
        "domain",
        callback=_begun,
        params=options_of(DomainSettings),
        help=f"{story_of(DomainSettings)}\n\n{EXAMPLE}",
        short_help="Begin a domain file: what each column of a synthetic table may hold.",
    )


@sentences
def _begun(**given: Any) -> None:
    from confide.releases.synthesis.domain_file import write_domain

    settings = filled(DomainSettings, given)
    assert isinstance(settings, DomainSettings)
    if settings.rehearse is not None:
        warn("this is a rehearsal: the noise comes from a seed, and the file keeps no promise")
    elif settings.private is not None and settings.ledger is None:
        warn("no --ledger is given: what is spent is charged to no budget, and none will know of it")
    done = write_domain(settings)
    if done.created:
        warn(f"a new ledger was made, with the whole budget: {settings.ledger}")
    say(str(done))
    if done.ledger:
        say(done.ledger)
