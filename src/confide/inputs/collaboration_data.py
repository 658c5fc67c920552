"""A transcript with its plan, and targets whose membership the referee knows: read, matched and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Array, Bools, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import AccessError, DataError
from confide.core.language import t
from confide.core.transcript import EXCHANGED, SERVER, Seen, Transcript
from confide.core.who import standing
from confide.inputs.collaboration import Collaboration
from confide.inputs.collaboration_records import called, read_records, usable
from confide.inputs.collaboration_trait import TraitData, read_trait
from confide.inputs.overlap import remove_overlap
from confide.inputs.recorded_plan import RecordedPlan, recorded
from confide.views.records import Records

MOST_ASKED = 8
"""Clients that are asked about one by one, those with most records; each takes as long as the first."""
FEWEST_ASKED = 20
"""Records that a client needs to be asked about by itself."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CollaborationData:
    """A recorded run, seen by somebody, and the records in question.

    Args:
        transcript: of the run.
        seen: what these parties saw.
        parties: who looks.
        asked: the clients whose records are asked about, those of each question; one question about nobody
            in particular is about all others.
        targets: members of all questions and others, in an order that says nothing.
        member: bool[n], which a client trained on.
        who: where each stands in the user's files, or with its client.
        rows: the targets of each question, int64 each.
        controls: records that nobody used; who_controls: where each stands.
        model: the model with these parameters.
        learner: how clients train; None where nobody says.
        classes: how many.
        protocol: its name; empty where nobody says.
        promise: of the run; None for none, or where nobody says.
        trusted: against whom the promise does not hold.
        colluding: how many clients together it holds against at most; None for any number.
        said: whether the run says what it promises.
        name: of the release.
        left_out: of the records, a sentence each.
        recorded_by: the party whose machine recorded the run; empty for a simulation, where all is known.
        active: how the server left the protocol, in a rehearsal; empty for one that followed it.
        trait: the property that updates are asked for; None for none.
    """

    transcript: Transcript
    seen: Seen
    parties: tuple[str, ...]
    asked: tuple[tuple[str, ...], ...]
    targets: Records
    member: Bools
    who: pl.DataFrame
    rows: tuple[Ints, ...]
    controls: Records
    who_controls: pl.DataFrame
    model: Callable[[Array], object]
    learner: object | None
    classes: int
    protocol: str
    promise: Budget | None
    trusted: tuple[str, ...]
    colluding: int | None
    said: bool
    name: str
    left_out: tuple[str, ...] = ()
    recorded_by: str = ""
    active: str = ""
    trait: TraitData | None = None

    @property
    def clients(self) -> tuple[str, ...]:
        """All clients."""
        return tuple(party for party in self.transcript.parties if party != SERVER)

    @property
    def exchanged(self) -> bool:
        """Whether parties exchanged predictions on public records, and no updates."""
        return any(message.kind in EXCHANGED for message in self.transcript.messages)

    @property
    def others(self) -> tuple[str, ...]:
        """All clients that do not look themselves."""
        return tuple(name for name in self.clients if name not in self.parties)

    @property
    def alone(self) -> tuple[str, ...]:
        """The clients with records whose own updates were seen, those with most records first."""
        return seen_alone(self.seen, self.records_of(self.others), self.others)

    def records_of(self, clients: Sequence[str]) -> dict[str, Records]:
        """The records of these clients, of those that have some."""
        mine = _records_of(self.transcript, (), needed=False)
        return {name: mine[name] for name in clients if name in mine}

    def promised_to(self, *parties: str) -> Budget | None:
        """The promise that holds against these parties together."""
        return None if set(parties) & set(self.trusted) or self.too_many(*parties) else self.promise

    def too_many(self, *parties: str) -> bool:
        """Whether more clients look together than the promise allows to collude."""
        return self.colluding is not None and len(set(parties) & set(self.clients)) > self.colluding


def read_collaboration(held: Collaboration, *, rng: Rng) -> CollaborationData:
    """Read a transcript, and the records in question.

    Raises:
        DataError: one sentence on what is wrong and what to do.
        AccessError: if there is no such party.
    """
    run = recorded(held)
    seen = run.transcript.seen_by(*held.parties)
    own = _records_of(run.transcript, held.parties, needed=held.records is None)
    others = [name for name in run.transcript.parties if name != SERVER and name not in held.parties]
    questions = _asked(held, seen, own, others)
    about = tuple(dict.fromkeys(name for question in questions for name in question))
    asked = {name: own[name] for name in about or own if name in own}
    notes: list[str] = []
    inside, who_in = _members(held, run, asked, notes)
    everybody = _records_of(run.transcript, (), needed=False)
    everyone = Records.concat([inside, *everybody.values()])
    outside = read_records(held.controls, run, "the controls")
    free = ~np.isin(outside.fingerprints(), everyone.fingerprints())
    if not free.all():
        notes.append(t("{n} controls are records of a client and were left out.", n=int((~free).sum())))
    if not free.any():
        raise DataError("every control is a record of a client: hold others out, which nobody trains on.")
    rows = np.flatnonzero(free)
    sides = remove_overlap(inside, outside.take(rows), None, allow_overlap=True, name="the controls")
    who_out = standing(called(held.controls, "controls"), row=rows + 1)
    both = Records.concat([sides.members, sides.nonmembers])
    who = pl.concat([who_in[sides.member_rows], who_out[sides.nonmember_rows]], how="diagonal")
    trait = read_trait(held, run, everybody, rng=rng.spawn(1)[0])
    order = rng.permutation(len(both))  # their position must not say who is a member
    targets, member = both.take(order), order < len(sides.members)
    questions, each = _each_with_members(questions, own, targets, member)
    return CollaborationData(
        transcript=run.transcript,
        seen=seen,
        parties=held.parties,
        asked=questions,
        targets=targets,
        member=member,
        who=who[order],
        rows=each,
        controls=sides.nonmembers,
        who_controls=who_out[sides.nonmember_rows],
        model=run.model,
        learner=run.learner,
        classes=_classes(run, everyone),
        protocol=run.protocol,
        promise=run.promise,
        trusted=run.trusted,
        colluding=run.colluding,
        said=run.said,
        name=run.name,
        left_out=(*notes, *sides.notes),
        recorded_by=run.recorded_by,
        active=run.active,
        trait=trait,
    )


def _records_of(transcript: Transcript, parties: Sequence[str], *, needed: bool) -> dict[str, Records]:
    """The records of each client that is none of these parties and has some, as far as they are there.

    A machine of its own records what it saw itself: the transcript of a server has nobody's records.
    """
    found = {
        name: Records(given["x"], given["y"])
        for name, given in transcript.inputs.items()
        if name not in parties and usable(given)
    }
    if needed and not found:
        raise DataError(
            "the transcript holds no records of other clients: give those that clients trained on as "
            "records, or record a simulation of two clients or more."
        )
    return found


def seen_alone(seen: Seen, own: Mapping[str, Records], others: Sequence[str]) -> tuple[str, ...]:
    """Those of these clients whose own updates were seen, those with most records first."""
    alone = {m.sender for m in seen.messages if m.kind == "update"} & set(own or others)
    return tuple(sorted(alone, key=lambda name: (-len(own.get(name, ())), name)))


def _asked(
    held: Collaboration, seen: Seen, own: Mapping[str, Records], others: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """The clients of each question: those that are named; each whose own updates were seen; or all."""
    known = own or dict.fromkeys(others)
    if lost := [name for name in held.clients if name not in known]:
        raise AccessError(
            f"nobody can be asked about {lost[0]!r:.60}: it is no client with records that does not look "
            f"itself. Choose from {', '.join(known):.300}."
        )
    if held.clients:
        return (held.clients,)
    if not own:  # whose records these are, the transcript does not say
        return ((),)
    alone = seen_alone(seen, own, others)
    large = [name for name in alone if len(own[name]) >= FEWEST_ASKED]
    # Of one with few records nothing could be measured: those stand together.
    small = tuple(name for name in alone if name not in large)
    return (*((name,) for name in large[:MOST_ASKED]), *((small,) if small else ())) or ((),)


def _each_with_members(
    questions: Sequence[tuple[str, ...]], own: Mapping[str, Records], targets: Records, member: Bools
) -> tuple[tuple[tuple[str, ...], ...], tuple[Ints, ...]]:
    """The questions that have members among the targets, and the targets of each: its members, all others."""
    prints = targets.fingerprints()
    found: list[tuple[tuple[str, ...], Ints]] = []
    for question in questions:
        mine = [own[name].fingerprints() for name in question or own if name in own]
        inside = member & np.isin(prints, np.concatenate(mine)) if mine else member
        if inside.any():
            found.append((question, np.flatnonzero(inside | ~member)))
    return tuple(question for question, _ in found), tuple(rows for _, rows in found)


def _members(
    held: Collaboration, run: RecordedPlan, asked: Mapping[str, Records], notes: list[str]
) -> tuple[Records, pl.DataFrame]:
    """Records that these clients trained on, and where each stands."""
    if not asked:  # whose records these are, the transcript does not say
        given = read_records(held.records, run, "the records")
        return given, standing(called(held.records, "records"), row=np.arange(1, len(given) + 1))
    mine = Records.concat(list(asked.values()))
    if held.records is None:
        names = [name for name, own in asked.items() for _ in range(len(own))]
        rows = np.concatenate([np.arange(1, len(own) + 1) for own in asked.values()])
        return mine, standing(names, row=rows)
    given = read_records(held.records, run, "the records")
    used = np.isin(given.fingerprints(), mine.fingerprints())
    if not used.any():
        raise DataError(
            f"none of the {len(given):,} records is one of {', '.join(asked):.200}: give records that these "
            "clients trained on, or leave records out to ask about all of them."
        )
    if not used.all():
        notes.append(t("{n} records are of no client in question and were left out.", n=int((~used).sum())))
    rows = np.flatnonzero(used)
    return given.take(rows), standing(called(held.records, "records"), row=rows + 1)


def _classes(run: RecordedPlan, everyone: Records) -> int:
    if run.public is not None:
        return len(run.public.classes)
    return int(np.max(everyone.y)) + 1 if everyone.y.dtype.kind in "iub" else 1
