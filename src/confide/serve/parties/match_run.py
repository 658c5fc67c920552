"""`confide match`: one party's run of a plan, from its files to its file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.errors import DataError
from confide.core.kept_transcript import write_transcript
from confide.core.paths import is_there
from confide.core.transcript import Transcript
from confide.inputs.plan_files import parsed, placed_in, text_of
from confide.mechanisms.share.matching.party import MatchParty
from confide.mechanisms.share.matching.runs import counted, refuse_spent
from confide.mechanisms.share.messages import Identity as Signer
from confide.releases.join.plan import read_plan, reveals_statistics
from confide.releases.match.listed import check_place, read_list, write_matched
from confide.releases.match.settings import MatchSettings
from confide.releases.match.terms import MatchTerms, read_terms
from confide.serve.parties.keys import place_of, read_identity
from confide.serve.parties.match_statistics import learn_statistics
from confide.serve.parties.matching import MatchEnded, matched
from confide.serve.parties.running import finished

RUNS = "runs"
"""The folder beside a party's key in which it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A match that both sides ended. No size and no identifier is in it, as logs and notebooks show it.

    Args:
        file: of what this party learned; None where the plan says that it learns nothing.
        transcript: the folder of this party's record; None without one.
    """

    file: Path | None
    transcript: Path | None


def take_part(settings: MatchSettings, *, tell: Callable[[str], object]) -> Taken:
    """Take part in a match, and write what this party learns.

    Args:
        settings: of this party.
        tell: shows a line to the user; no size and no identifier is in it.

    Raises:
        ConfideError: for what is wrong; nothing was written then.
    """
    said = parsed(settings.plan, text_of(settings.plan))
    with placed_in(settings.plan):
        statistics = reveals_statistics(said)
    if statistics:
        done = learn_statistics(settings, read_plan(settings.plan), tell=tell)
        tell(f"{done.file}: statistics of the people on both lists. {done.card['exactness']}")
        return Taken(file=done.file, transcript=done.transcript)
    terms = read_terms(settings.plan)
    plan, name = terms.plan, settings.party
    terms.party(name)
    if settings.reveal is not None and settings.reveal != plan.reveal:
        raise DataError(
            f"--reveal is {settings.reveal}, and the plan reveals the {plan.reveal}: agree on one."
        )
    check_place(settings.out, plan, name, force=settings.force)
    refuse_spent(plan, place_of(settings.keys, name) / RUNS)
    if settings.record is not None and is_there(settings.record):
        raise DataError(f"{settings.record} is there already: name a new folder for the transcript.")
    identity = read_identity(settings.keys, name)
    if settings.data is None or settings.id is None:
        raise DataError(f"{name!r:.60} has no list: give it by --data, and its column by --id.")
    mine = read_list(settings.data, settings.id, plan.steps)
    party = MatchParty(plan, Signer(name, identity.signer), mine.identifiers, watch=_Told(tell))
    tell(f"Trust that remains: {_trust(terms, name)}")
    tell(f"{name}: waiting for {party.other}.")
    ended = finished(
        lambda: matched(
            terms,
            identity,
            party,
            counted=lambda: counted(plan, place_of(settings.keys, name) / RUNS),
            listen=settings.listen,
        )
    )
    if settings.record is not None:
        write_transcript(
            _transcript(terms, name, ended, mine.identifiers),
            settings.record,
            beside={"match.json": terms.text, "run.json": json.dumps({"recorded_by": name})},
        )
        tell(f"{settings.record}: the transcript, as secret as your list.")
    if ended.value is None:
        tell(f"{name}: done. The plan lets {party.other} alone learn the {plan.reveal}.")
    else:
        assert settings.out is not None
        write_matched(settings.out, ended.value, mine, plan)
        tell(f"{settings.out}: the {plan.reveal} of what both lists share.")
    return Taken(file=settings.out, transcript=settings.record)


def _trust(terms: MatchTerms, name: str) -> str:
    plan = terms.plan
    other = plan.other(name)
    asks = f"{plan.learns[0]} learns" if len(plan.learns) == 1 else f"{' and '.join(plan.learns)} learn"
    return (
        f"both compute as the plan says, and each list is a true one. {asks} the {plan.reveal}, and "
        f"may ask 'is this person in the other's list?' of up to {plan.most:,} people a run, {plan.times} "
        f"{'run' if plan.times == 1 else 'runs'} in all. {other} learns how many are on your list."
    )


def _transcript(terms: MatchTerms, name: str, ended: MatchEnded, identifiers: tuple[str, ...]) -> Transcript:
    text = "\n".join(identifiers).encode()
    found = ended.value
    published: dict[str, Any] = {} if found is None else {"size": np.array([found.size])}
    if found is not None and found.rows is not None:
        published["rows"] = np.array(found.rows, np.int64)
    return Transcript(
        parties=terms.names,
        messages=list(ended.messages),
        inputs={name: {"identifiers": np.frombuffer(text, np.uint8)}},
        published=published,
    )


class _Told:
    """Progress by tenths: no number of a list is shown."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self.tell = tell
        self.last = ("", 0)

    def __call__(self, what: str, done: int, of: int) -> None:
        """Say of a step how far it is, now and then."""
        tenth = 10 * done // max(of, 1)
        if of > 20_000 and (what, tenth) != self.last:
            self.last = (what, tenth)
            self.tell(f"{what}: {10 * tenth} %")
