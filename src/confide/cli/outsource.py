"""`confide outsource`: scores of a model on rows that its owner never sees."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from typing import Any

import click

from confide.cli.exits import say, sentences, warn
from confide.cli.flags import GroupedCommand, filled, options_of, story_of
from confide.cli.progress import EVERY
from confide.releases.outsourcing.settings import OutsourceKeysSettings, OutsourcePlanSettings
from confide.serve.evaluator.settings import AskSettings, EvaluatorSettings


class Doors(click.Group):
    """The commands in the order in which they are used.

    Args:
        doors: name -> makes the command.
    """

    def __init__(self, *args: Any, doors: dict[str, Callable[[], click.Command]], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.doors = doors

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(self.doors)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        return self.doors[cmd_name]() if cmd_name in self.doors else None


@sentences
def _planned(**given: Any) -> None:
    from confide.releases.outsourcing.planning import make_plan

    settings = filled(OutsourcePlanSettings, given)
    assert isinstance(settings, OutsourcePlanSettings)
    say(str(make_plan(settings)))


@sentences
def _made(**given: Any) -> None:
    from confide.releases.outsourcing.key_files import make_keys
    from confide.releases.outsourcing.plan_file import read_plan

    settings = filled(OutsourceKeysSettings, given)
    assert isinstance(settings, OutsourceKeysSettings)
    say(str(make_keys(read_plan(settings.plan), settings.out)))


@sentences
def _served(**given: Any) -> None:
    from confide.serve.evaluator.serving import serve

    settings = filled(EvaluatorSettings, given)
    assert isinstance(settings, EvaluatorSettings)
    serve(settings, tell=say)


@sentences
def _asked(**given: Any) -> None:
    from confide.serve.evaluator.asking import ask

    settings = filled(AskSettings, given)
    assert isinstance(settings, AskSettings)
    say(str(ask(settings, tell=warn, progress=_now_and_then())))


def _now_and_then(every: float = EVERY) -> Callable[[int, int], None]:
    """Say how many batches are done: the first, the last, and one every half minute."""
    told = -inf

    def said(done: int, of: int) -> None:
        nonlocal told
        now = time.monotonic()
        if done == of or now - told >= every:
            say(f"batch {done:,} of {of:,}", err=True)
            told = now

    return said


def _door(name: str, callback: Callable[..., None], record: type, example: str, short: str) -> click.Command:
    text = f"{story_of(record)}\n\nFor example:\n\n\b\n{example}"
    return GroupedCommand(name, callback=callback, params=options_of(record), help=text, short_help=short)


DOORS: dict[str, Callable[[], click.Command]] = {
    "plan": lambda: _door(
        "plan",
        _planned,
        OutsourcePlanSettings,
        "  confide outsource plan --model net.safetensors --rows 4096 --bound 4 --out plan.json",
        "Plan scores on encrypted rows, and say what they cost.",
    ),
    "keys": lambda: _door(
        "keys",
        _made,
        OutsourceKeysSettings,
        "  confide outsource keys plan.json --out client",
        "Make the client's keys, and the server's kit without a secret key.",
    ),
    "serve": lambda: _door(
        "serve",
        _served,
        EvaluatorSettings,
        "  confide outsource serve plan.json --model net.safetensors --kit kit --tls cert.pem,key.pem",
        "Compute scores on rows that this machine cannot read.",
    ),
    "ask": lambda: _door(
        "ask",
        _asked,
        AskSettings,
        "  confide outsource ask https://host:8443 --keys client --data rows.parquet --out scores.parquet",
        "Encrypt rows, ask for their scores, and decrypt them.",
    ),
}
"""In the order in which they are used."""


@click.group(
    cls=Doors, doors=DOORS, short_help="Get scores of a model on rows that its owner never sees, encrypted."
)
def outsource() -> None:
    """Get scores of a model on rows that its owner never sees, encrypted.

    The owner of the model makes a plan; the client makes keys for it and hands over the kit; the owner
    serves; the client asks. Encryption hides the rows, and not what the scores say. For example:

    \b
      confide outsource plan --model net.safetensors --rows 4096 --bound 4 --out plan.json
      confide outsource keys plan.json --out client
      confide outsource serve plan.json --model net.safetensors --kit client/kit --tls cert.pem,key.pem
      confide outsource ask https://host:8443 --keys client --data rows.parquet --out scores.parquet
    """
