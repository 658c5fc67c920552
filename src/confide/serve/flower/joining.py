"""A party's command of a deployed collaboration: it checks, and takes part until the run ends."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from confide.core.errors import DataError
from confide.core.transcript import Payload
from confide.releases.collaboration.parties import read_party, read_public_part
from confide.releases.collaboration.places import check_places
from confide.releases.collaboration.plan import read_plan
from confide.releases.collaboration.written import Written
from confide.serve.flower import starting
from confide.serve.flower.app import PARTY_LOG, TRANSCRIPT
from confide.serve.flower.checking import Wrong, check_party
from confide.serve.flower.deployment import deployment_of
from confide.serve.flower.ended import END, read_end
from confide.serve.flower.processes import answers, follower, free_port, last_line, started
from confide.serve.flower.serving import finish
from confide.serve.flower.settings import StartSettings, keys_at
from confide.views.records import Records

PAUSE = 2.0
"""Seconds between two looks at the server."""


def join(settings: StartSettings, *, tell: Callable[[str], object]) -> Written:
    """Take part in a run from a party's machine, and write the model that it ends with.

    Args:
        settings: of the command.
        tell: hears in sentences what happens.

    Raises:
        DataError: what is wrong with the party, or that the server is gone.
    """
    plan = read_plan(settings.plan)
    deployment = deployment_of(plan, seed=settings.rehearse)
    check_places(settings)
    place, keys = settings.place, keys_at(settings.keys, settings.who)
    config = {
        "plan": str(plan.path.absolute()),
        "party": settings.who,
        "keys": str(keys.absolute()),
        "folder": str(place),
        "log": str(place / PARTY_LOG),
        "rehearse": "" if settings.rehearse is None else str(settings.rehearse),
        "tap": "" if settings.record is None else str(place / TRANSCRIPT),
    }
    _await_right(config, seconds=settings.seconds, tell=tell)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    (place / END).unlink(missing_ok=True)
    log, follow = place / "flower.log", follower(place / PARTY_LOG, tell)
    command = starting.supernode(keys, address=deployment.address, port=free_port(), config=config)
    host, _, port = deployment.address.rpartition(":")
    seen = time.monotonic()
    with started(command, home=place / "flower", log=log) as process:
        tell(f"{settings.who} takes part, until the run ends or Ctrl-C.")
        while (ended := read_end(place)) is None:
            follow()
            if process.poll() is not None:
                raise DataError(f"the process of {settings.who} has ended: {last_line(log)}.")
            now = time.monotonic()
            if answers(host.strip("[]"), int(port)):
                seen = now
            elif now - seen > settings.seconds:
                raise DataError(
                    f"nobody answers at {deployment.address} since {now - seen:.0f} s: ask there whether "
                    "the run goes on, and start again when it does."
                )
            time.sleep(PAUSE)
        follow()
        time.sleep(PAUSE)  # the answer to the last message is on its way
    test = plan.test if plan.test is not None and plan.test.exists() else None
    parties = read_public_part(plan, test=test)
    return finish(settings, plan, parties, deployment, ended, _held(read_party(plan, settings.who)))


def _await_right(config: dict[str, str], *, seconds: float, tell: Callable[[str], object]) -> None:
    """Check the party; what a server that is about to start sets right is waited for."""
    until, told = time.monotonic() + seconds, ""
    while wrong := check_party(config):
        if not all(one.passes for one in wrong) or time.monotonic() > until:
            raise DataError(said_of(wrong))
        if wrong[0].text != told:
            told = wrong[0].text
            tell(f"waiting: {told}")
        time.sleep(PAUSE)


def said_of(wrong: list[Wrong]) -> str:
    """All that is wrong, as one text."""
    return " ".join(f"{one.what}: {one.text}" for one in wrong)


def _held(records: Records) -> Payload:
    return {"x": np.asarray(records.x), "y": np.asarray(records.y)}
