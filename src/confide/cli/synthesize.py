"""`confide synthesize`: synthetic records under a budget, from a file and a public domain."""

from __future__ import annotations

from typing import Any

from confide.cli.exits import say, sentences, warn
from confide.cli.flags import GroupedCommand, filled, options_of, story_of
from confide.releases.synthesis.settings import SynthesizeSettings

EXAMPLE = """\
For example:

\b
  confide domain people.parquet --out domain.toml        (then fill in bounds and categories)
  confide synthesize people.parquet --domain domain.toml --epsilon 1 --delta 1e-9
    --ledger sqlite:///people.ledger --budget 3,1e-6 --out synthetic.parquet
  confide synthesize patients.parquet --domain patients.toml --children stays.parquet
    --children-domain stays.toml --link patient --at-most 5 --given age,sex --epsilon 1
    --delta 1e-9 --out patients-made.parquet --children-out stays-made.parquet
  confide audit synthetic --real people.parquet --synthetic synthetic.parquet --out report
"""


def command() -> GroupedCommand:
    """The command."""
    return GroupedCommand(
        "synthesize",
        callback=_synthesized,
        params=options_of(SynthesizeSettings),
        help=f"{story_of(SynthesizeSettings)}\n\n{EXAMPLE}",
        short_help="Write synthetic records that hide individuals, and charge a ledger for it.",
    )


@sentences
def _synthesized(**given: Any) -> None:
    from confide.releases.synthesis.run import foretell, synthesize

    settings = filled(SynthesizeSettings, given)
    assert isinstance(settings, SynthesizeSettings)
    if settings.plan:
        say(foretell(settings))
        return
    if settings.rehearse is not None:
        warn("this is a rehearsal: the noise comes from a seed, and the file keeps no promise")
    elif settings.ledger is None:
        warn("no --ledger is given: these records are charged to no budget, and none will know of them")
    done = synthesize(settings)
    if done.created:
        warn(f"a new ledger was made, with the whole budget: {settings.ledger}")
    say(str(done))
    if done.ledger:
        say(done.ledger)
