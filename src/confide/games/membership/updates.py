"""Membership in a collaboration: was this record among those of the honest clients?

`RecordedRun` is a run that was recorded: one world, whose exposed targets are records that clients trained
on and whose controls were never used; `RecordedClients` asks about one client after the other.
`CollaborationWorlds` runs the collaboration in every world, and a fair
coin says of each candidate whether its client has it. In both the adversary is a party, or several that share
what they saw: the server, a client, or a listener.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Protocol

import numpy as np

from confide.core.arrays import Array, Bools, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import DataError, EvidenceError
from confide.core.nouns import Case, World
from confide.core.transcript import Seen, Transcript
from confide.games.membership.models import Membership
from confide.knowledge.models import Background
from confide.knowledge.updates import SupervisedUpdatesBackground, UpdatesBackground
from confide.views.records import Records

UpdatesWorld = World[Seen, UpdatesBackground, Records, Bools]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordedRun(Membership):
    """One recorded run, seen by one party or by several that collude; no coin decided who is in.

    The controls must be exchangeable with the clients' records, which the blind attack checks. Records of the
    adversary's own parties are no targets: it has them.

    Args:
        transcript: of the run.
        parties: who looks, at least one.
        targets: records of honest clients and records that nobody used, in an order that says nothing.
        member: bool[n], who was used.
        model: the model with these parameters, which every party can build.
        about: the clients whose records these are; none stands for all.
        background: what the adversary knows besides.
        told: the share of the targets whose membership a supervised adversary knows.
        ids: int64[n], the number of each target; None for 0..n-1.
    """

    transcript: Transcript
    parties: tuple[str, ...]
    targets: Records
    member: Bools
    model: Callable[[Array], object]
    about: tuple[str, ...] = ()
    background: Background = field(default_factory=Background)
    told: float = 0.0
    ids: Ints | None = None

    def __post_init__(self) -> None:
        if self.member.shape != (len(self.targets),):
            raise DataError(
                f"member is {self.member.shape} for {len(self.targets)} targets: give one truth each."
            )
        check_parties(self.parties, self.about)
        self.transcript.seen_by(*self.parties)  # refuse an unknown name before anything is played

    @property
    def randomised(self) -> bool:
        """Nobody tossed a coin about a run that was recorded."""
        return False

    def deal(self, world: int, *, rng: Rng) -> UpdatesWorld:
        """The run as these parties saw it."""
        if world:
            raise EvidenceError(f"world {world} of one recorded run: there is world 0 only, so play 1 world.")
        known = told_of(self.background, self.model, self.about, self.member, self.told, rng=rng)
        case = Case(self.transcript.seen_by(*self.parties), known, self.targets)
        return World(case, self.member, self.member, ids=self.ids)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordedClients(Membership):
    """The same recorded run, once for each of several clients that are asked about: a world each.

    Args:
        runs: the run with its question, at least one.
    """

    runs: tuple[RecordedRun, ...]

    def __post_init__(self) -> None:
        if not self.runs:
            raise DataError("there is no client to ask about: give at least one recorded run.")

    @property
    def randomised(self) -> bool:
        """Nobody tossed a coin about a run that was recorded."""
        return False

    def deal(self, world: int, *, rng: Rng) -> UpdatesWorld:
        """The run, with the question about client number `world`."""
        if world >= len(self.runs):
            raise EvidenceError(f"world {world} of {len(self.runs)} clients: play as many worlds.")
        return self.runs[world].deal(0, rng=rng)


class Collaborating(Protocol):
    """Runs a collaboration on these records by client, and records it."""

    def __call__(self, clients: Mapping[str, Records], *, rng: Rng) -> Transcript: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CollaborationWorlds(Membership):
    """Each world tosses a fair coin for each candidate, and runs the collaboration with those that fell "in".

    Args:
        run: the collaboration, recorded.
        candidates: by client, the records for which the coins are tossed; these clients are asked about.
        always: by client, records that are in every world; also those of clients that are not asked about.
        parties: who looks, at least one, and none of those asked about.
        model: the model with these parameters, which every party can build.
        background: what the adversary knows besides.
        told: the share of the targets whose membership a supervised adversary knows.
        promise: what the collaboration promises for one record, if anything.
    """

    run: Collaborating
    candidates: Mapping[str, Records]
    always: Mapping[str, Records] = field(default_factory=dict)
    parties: tuple[str, ...]
    model: Callable[[Array], object]
    background: Background = field(default_factory=Background)
    told: float = 0.0
    promise: Budget | None = None

    def __post_init__(self) -> None:
        if not any(len(records) for records in self.candidates.values()):
            raise DataError("there is no candidate: give records for which coins can be tossed.")
        check_parties(self.parties, tuple(self.candidates))

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each candidate."""
        return True

    def deal(self, world: int, *, rng: Rng) -> UpdatesWorld:
        """Toss the coins, run the collaboration, and show what these parties saw."""
        coins, running, telling = rng.spawn(3)
        # A client with candidates alone may get none; the collaboration leaves it out then.
        member = {name: coins.random(len(own)) < 0.5 for name, own in self.candidates.items()}
        clients = dict(self.always)
        for name, own in self.candidates.items():
            mine = own.take(np.flatnonzero(member[name]))
            clients[name] = Records.concat([clients[name], mine]) if name in clients else mine
        transcript = self.run(clients, rng=running)
        exposed = np.concatenate(list(member.values()))
        known = told_of(self.background, self.model, tuple(self.candidates), exposed, self.told, rng=telling)
        targets = Records.concat(list(self.candidates.values()))
        case = Case(transcript.seen_by(*self.parties), known, targets)
        return World(case, exposed, exposed, promise=self.promise)


def check_parties(parties: tuple[str, ...], about: tuple[str, ...]) -> None:
    """Refuse an adversary that is nobody, or that is asked about itself.

    Raises:
        DataError: with the name.
    """
    if not parties:
        raise DataError("nobody looks: name a party, such as `parties=('server',)`.")
    if both := [name for name in parties if name in about]:
        raise DataError(
            f"{both[0]!r:.60} looks and is asked about: a party knows its own records, so ask about others."
        )


def told_of(
    background: Background,
    model: Callable[[Array], object],
    about: tuple[str, ...],
    member: Bools,
    share: float,
    *,
    rng: Rng,
) -> UpdatesBackground:
    """The same knowledge, with the model's form, and the membership of a random share of the targets."""
    same = {f.name: getattr(background, f.name) for f in fields(Background)}
    if not share:
        return UpdatesBackground(**same, model=model, about=about)
    told: Ints = np.sort(rng.permutation(len(member))[: round(share * len(member))])
    return SupervisedUpdatesBackground(**same, model=model, about=about, told=told, member=member[told])
