"""`confide train`: a model under a budget, from a file."""

from __future__ import annotations

from typing import Any

from confide.cli.exits import say, sentences, warn
from confide.cli.flags import GroupedCommand, filled, options_of, story_of
from confide.releases.training.settings import TrainSettings

EXAMPLE = """\
For example:

\b
  confide train people.parquet --label income --schema schema.toml --epsilon 1 --delta 1e-6
    --ledger sqlite:///people.ledger --budget 3,1e-5 --out model
"""


def command() -> GroupedCommand:
    """The command."""
    return GroupedCommand(
        "train",
        callback=_trained,
        params=options_of(TrainSettings),
        help=f"{story_of(TrainSettings)}\n\n{EXAMPLE}",
        short_help="Train a model that hides individuals, and charge a ledger for it.",
    )


@sentences
def _trained(**given: Any) -> None:
    from confide.releases.training.run import train

    settings = filled(TrainSettings, given)
    assert isinstance(settings, TrainSettings)
    if settings.rehearse is not None:
        warn("this is a rehearsal: the noise comes from a seed, and the model keeps no promise")
    elif settings.ledger is None:
        warn("no --ledger is given: this training is charged to no budget, and none will know of it")
    done = train(settings, told=say, warned=warn)
    if done.created:
        warn(f"a new ledger was made, with the whole budget: {settings.ledger}")
    say(str(done))
    if done.ledger:
        say(done.ledger)
