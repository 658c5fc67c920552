"""`confide collaborate`: one model of several parties, by a plan, simulated or on machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from confide.cli.exits import say, sentences, warn
from confide.cli.flags import GroupedCommand, filled, options_of, story_of
from confide.cli.plan_group import Alone, PlanGroup
from confide.core.errors import DataError
from confide.core.version import VERSION
from confide.inputs.local_training import need
from confide.releases.collaboration.settings import CollaborateSettings
from confide.serve.flower.settings import CheckSettings, KeysSettings, StartSettings, keys_at

if TYPE_CHECKING:
    from pathlib import Path

    from confide.releases.collaboration.written import Written

EXAMPLE = """\
For example:

\b
  confide collaborate plan.toml --simulate --record transcript
  confide audit collaboration transcript --as server --controls holdout.parquet
"""
ON_MACHINES = """\
For example, where the keys are made, on the server, and on a party's machine:

\b
  confide collaborate keys keys --nodes north,south,east --hosts fl.example.org
  confide collaborate start plan.toml --as server --keys server
  confide collaborate start plan.toml --party north --keys north
"""
RESUME = """\
Go on with a run that crashed or stopped, from the last round that ended: nothing is charged again.

Give on each machine the options with which it was started there. A plan that has changed since is refused:
the promise would be void. A party whose command still runs need do nothing.
"""


def command() -> click.Group:
    """The command, with those beside it."""
    alone = Alone(
        "collaborate",
        callback=_collaborated,
        params=options_of(CollaborateSettings),
        help=f"{story_of(CollaborateSettings)}\n\n{EXAMPLE}",
        short_help="Train one model of several parties that keep their records, by a plan.",
    )
    return PlanGroup(alone.listing("On machines of their own", DOORS), DOORS)


@sentences
def _collaborated(**given: Any) -> None:
    from confide.releases.collaboration.run import carried_out

    settings = filled(CollaborateSettings, given)
    assert isinstance(settings, CollaborateSettings)
    _warn_of_rehearsal(settings.rehearse)
    if settings.active is None:
        _tell(carried_out(settings), "server")
        return
    from confide.releases.collaboration.active import deceived

    say(str(deceived(settings)))
    _tell_of(settings.record, "server")


@sentences
def _made(**given: Any) -> None:
    settings = filled(KeysSettings, given)
    assert isinstance(settings, KeysSettings)
    _need_keys()
    from confide.serve.flower.keys import PINS, fingerprints, make_keys
    from confide.serve.flower.settings import parted

    folder = settings.folder
    make_keys(folder, settings.parties, hosts=parted(settings.hosts), days=settings.days)
    say(f"{folder}: keys of the server and of {len(settings.parties)} parties, for {settings.days} days.")
    say("Fingerprints, to be compared by telephone:")
    for what, found in fingerprints(folder).items():
        say(f"  {what}: {found}")
    say(f"Give {folder / 'server'} to the server, and each folder in {folder / 'parties'} to its party,")
    say(f"so that nobody else reads it; {folder / PINS} to all, beside the plan. Then delete {folder} here.")
    say("The plan needs these lines, with the address of the server:")
    say(f'  [deployed]\n  address = "HOST:PORT"\n  version = "{VERSION}"\n  keys = "{PINS}"')


@sentences
def _checked(**given: Any) -> None:
    settings = filled(CheckSettings, given)
    assert isinstance(settings, CheckSettings)
    _need_keys()
    from confide.serve.flower.checking import CHECKED, check_party
    from confide.serve.flower.joining import said_of

    config = {
        "plan": str(settings.plan),
        "party": settings.party,
        "keys": str(keys_at(settings.keys, settings.party)),
        "rehearse": "" if settings.rehearse is None else str(settings.rehearse),
    }
    wrong = check_party(config, online=not settings.offline)
    if wrong:
        raise DataError(said_of(wrong))
    asked = [what for what in CHECKED if not (settings.offline and what in ("certificate", "address"))]
    say(f"{settings.party}: all right ({', '.join(asked)}).")


@sentences
def _started(**given: Any) -> None:
    _run(given, resume=False)


@sentences
def _resumed(**given: Any) -> None:
    _run(given, resume=True)


def _run(given: dict[str, Any], *, resume: bool) -> None:
    settings = filled(StartSettings, given)
    assert isinstance(settings, StartSettings)
    _need_keys()
    _warn_of_rehearsal(settings.rehearse)
    if settings.party is None:
        from confide.serve.flower.serving import lead

        _tell(lead(settings, resume=resume, tell=say), settings.who)
    else:
        from confide.serve.flower.joining import join

        _tell(join(settings, tell=say), f"client:{settings.who}")


def _need_keys() -> None:
    """Keys are read before Flower is looked for, whose own sentence comes with everything else."""
    need("cryptography", "a collaboration of machines", extra="flower")


def _warn_of_rehearsal(seed: int | None) -> None:
    if seed is not None:
        warn("this is a rehearsal: noise comes from a seed, the model keeps no promise, nothing is charged")


def _tell(done: Written, who: str) -> None:
    """What a run gave, in the same words whether it was simulated or not."""
    if done.created:
        warn("a new ledger was made, with the whole budget of the plan")
    say(str(done))
    if done.ledger:
        say(done.ledger)
    _tell_of(done.transcript, who)


def _tell_of(transcript: Path | None, who: str) -> None:
    """Where a transcript is, and how it is audited."""
    if transcript is not None:
        say(f"{transcript}: the transcript, for you alone. What did the parties learn of each other?")
        say(f"  confide audit collaboration {transcript} --as {who} --controls FILE")


def _door(name: str, callback: Callable[..., None], record: type, text: str, short: str) -> click.Command:
    """A command beside a plan, whose options are the fields of a record."""
    return GroupedCommand(name, callback=callback, params=options_of(record), help=text, short_help=short)


DOORS: dict[str, Callable[[], click.Command]] = {
    "keys": lambda: _door(
        "keys", _made, KeysSettings, story_of(KeysSettings), "Make the keys of all machines."
    ),
    "check": lambda: _door(
        "check",
        _checked,
        CheckSettings,
        f"{story_of(CheckSettings)}\n\nThe exit code is 0 if all is right, else 2.",
        "Check whether a party can take part: key, certificate, version, data, address.",
    ),
    "start": lambda: _door(
        "start",
        _started,
        StartSettings,
        f"{story_of(StartSettings)}\n\n{ON_MACHINES}",
        "Run the plan, as the server or as a party.",
    ),
    "resume": lambda: _door(
        "resume", _resumed, StartSettings, RESUME, "Go on with a run that crashed, from its checkpoint."
    ),
}
"""What is done with a plan on machines, in the order in which it is done."""
