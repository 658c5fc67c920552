"""`confide match`: whom two lists share, by a plan."""

from __future__ import annotations

from typing import Any

import click

from confide.cli.exits import say, sentences
from confide.cli.flags import filled, options_of, story_of
from confide.cli.join import DOORS
from confide.cli.plan_group import Alone, PlanGroup
from confide.releases.match.settings import MatchSettings
from confide.serve.parties.doors import need_match

EXAMPLE = """\
For example, where the keys are made, and on the machine of each party:

\b
  confide match keys keys --parties bank,shop --hosts bank.example.org,shop.example.org
  confide match plan.toml --party bank --data mine.parquet --id email --keys bank --out shared.csv
"""
SHORT = "Find whom two lists share, while nobody sees the rest of the other's."


def command() -> click.Group:
    """The command, with the one that makes keys."""
    alone = Alone(
        "match",
        callback=_matched,
        params=options_of(MatchSettings),
        help=f"{story_of(MatchSettings)}\n\n{EXAMPLE}",
        short_help=SHORT,
    )
    return PlanGroup(alone.listing("Before it", DOORS), DOORS)


@sentences
def _matched(**given: Any) -> None:
    settings = filled(MatchSettings, given)
    assert isinstance(settings, MatchSettings)
    need_match()
    from confide.serve.parties.match_run import take_part

    take_part(settings, tell=say)
