"""`confide collaborate`: one model of several parties, by a plan."""

from __future__ import annotations

from typing import Any

from confide.cli.exits import say, sentences, warn
from confide.cli.flags import GroupedCommand, filled, options_of, story_of
from confide.releases.collaboration.settings import CollaborateSettings

EXAMPLE = """\
For example:

\b
  confide collaborate plan.toml --simulate --record transcript
  confide audit collaboration transcript --as server --controls holdout.parquet
"""


def command() -> GroupedCommand:
    """The command."""
    return GroupedCommand(
        "collaborate",
        callback=_collaborated,
        params=options_of(CollaborateSettings),
        help=f"{story_of(CollaborateSettings)}\n\n{EXAMPLE}",
        short_help="Train one model of several parties that keep their records, by a plan.",
    )


@sentences
def _collaborated(**given: Any) -> None:
    from confide.releases.collaboration.run import carried_out

    settings = filled(CollaborateSettings, given)
    assert isinstance(settings, CollaborateSettings)
    if settings.rehearse is not None:
        warn("this is a rehearsal: noise comes from a seed, the model keeps no promise, nothing is charged")
    done = carried_out(settings)
    if done.created:
        warn("a new ledger was made, with the whole budget of the plan")
    say(str(done))
    if done.ledger:
        say(done.ledger)
    if done.transcript is not None:
        say(f"{done.transcript}: the transcript, for you alone. What did the parties learn of each other?")
        say(f"  confide audit collaboration {done.transcript} --as server --controls FILE")
