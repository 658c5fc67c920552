"""`confide advise`: which mechanism fits a case."""

from __future__ import annotations

from typing import Any

from confide.cli.exits import Done, say, sentences
from confide.cli.flags import GroupedCommand, filled, options_of, story_of
from confide.releases.advising.situation import Situation

EXAMPLE = """\
The exit code is 1 where nothing fits. For example:

\b
  confide advise --want model --records rows --parties 4
  confide advise --want scores --model another --features 91 --rows 4096
  confide advise --want sums --records rows --learns parties --parties 3
"""


def command() -> GroupedCommand:
    """The command."""
    return GroupedCommand(
        "advise",
        callback=_advised,
        params=options_of(Situation),
        help=f"{story_of(Situation)}\n\n{EXAMPLE}",
        short_help="Name the mechanism that fits: who holds what, what is wanted, who may learn it.",
    )


@sentences
def _advised(**given: Any) -> None:
    from confide.releases.advising.choosing import advise

    situation = filled(Situation, given)
    assert isinstance(situation, Situation)
    advice = advise(situation)
    say(str(advice))
    if not advice.mechanism:
        raise Done(1)
