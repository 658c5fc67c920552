"""`confide join`: one figure of several parties' records, by a plan, computed on shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import polars as pl

from confide.cli.exits import say, sentences, warn
from confide.cli.flags import GroupedCommand, filled, options_of, story_of
from confide.cli.plan_group import Alone, PlanGroup
from confide.inputs.local_training import need
from confide.releases.join.settings import JoinKeysSettings, JoinSettings
from confide.serve.flower.settings import parted
from confide.serve.parties.doors import need_join

EXAMPLE = """\
For example, where the keys are made, and then on each party's machine:

\b
  confide join keys keys --parties north,south,east --hosts a.example.org,b.example.org,c.example.org
  confide join plan.toml --party north --data north.parquet --keys north
"""
SHOWN = 30
"""Rows of a result that are printed; the file has all."""


def command() -> click.Group:
    """The command, with the one that makes keys."""
    alone = Alone(
        "join",
        callback=_joined,
        params=options_of(JoinSettings),
        help=f"{story_of(JoinSettings)}\n\n{EXAMPLE}",
        short_help="Compute one figure of several parties' records, and show nobody another's.",
    )
    return PlanGroup(alone.listing("Before it", DOORS), DOORS)


@sentences
def _joined(**given: Any) -> None:
    settings = filled(JoinSettings, given)
    assert isinstance(settings, JoinSettings)
    need_join()
    from confide.serve.parties.joining import join

    done = join(settings, tell=say)
    if done.created:
        warn("a new ledger was made, with the whole budget of --budget")
    with pl.Config(
        tbl_rows=SHOWN,
        tbl_cols=12,
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
        tbl_formatting="ASCII_MARKDOWN",
        float_precision=6,
    ):
        say(str(done.frame))
    say(done.card["exactness"])
    say(f"{done.file}: the result, which every party has. This one sent {done.sent:,} bytes.")
    if done.ledger:
        say(done.ledger)
    if done.transcript is not None:
        say(f"{done.transcript}: what this party put in, sent, received and learned, for you alone.")


@sentences
def _made(**given: Any) -> None:
    settings = filled(JoinKeysSettings, given)
    assert isinstance(settings, JoinKeysSettings)
    need("cryptography", "a joint computation", extra="share")
    from confide.inputs.pinned_parties import PINS
    from confide.serve.parties.keys import CERTIFICATE, PARTIES, fingerprint, make_keys

    folder = settings.folder
    addresses = make_keys(folder, parted(settings.parties), hosts=parted(settings.hosts or ""))
    say(f"{folder}: a key and a certificate of {len(addresses)} parties.")
    say("Fingerprints, to be compared by telephone:")
    for name in addresses:
        say(f"  {name}: {fingerprint((folder / PARTIES / name / CERTIFICATE).read_text())}")
    say(f"Give each folder in {folder / PARTIES} to its party, so that nobody else reads it;")
    say(f"{folder / PINS} to all, beside the plan. Then delete {folder} here. The plan needs these lines:")
    say(f'  keys = "{PINS}"\n  [parties]')
    for name, address in addresses.items():
        say(f'  {name} = "{address}"')


DOORS: dict[str, Callable[[], click.Command]] = {
    "keys": lambda: GroupedCommand(
        "keys",
        callback=_made,
        params=options_of(JoinKeysSettings),
        help=story_of(JoinKeysSettings),
        short_help="Make a key and a certificate for each party.",
    )
}
"""What is done before a plan runs."""
