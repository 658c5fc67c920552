"""Records of a computation: which one it was, who kept them, and what those who look saw together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from confide.core.errors import DataError
from confide.core.kept_transcript import read_beside, read_transcript
from confide.core.transcript import Message, Payload, Transcript

Kind: TypeAlias = Literal["join", "outsource", "match"]
PLANS: Mapping[str, Kind] = {"joint.json": "join", "plan.json": "outsource", "match.json": "match"}
"""The plan's file in a record -> the command that kept it."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Recorded:
    """A computation, as those who look and the referee have it.

    Args:
        kind: of the computation.
        plan: what its plan says.
        text: of the plan.
        kept: party -> its record.
        looking: who looks; nobody for an analyst.
    """

    kind: Kind
    plan: Mapping[str, Any]
    text: str
    kept: Mapping[str, Transcript]
    looking: tuple[str, ...]

    @property
    def parties(self) -> tuple[str, ...]:
        """Of the computation, in its order."""
        return next(iter(self.kept.values())).parties

    @property
    def others(self) -> tuple[str, ...]:
        """Who does not look."""
        return tuple(party for party in self.parties if party not in self.looking)

    @property
    def received(self) -> tuple[Message, ...]:
        """What those who look received from the others."""
        seen = [self.kept[party].seen_by(party).received() for party in self.looking]
        return tuple(m for one in seen for m in one if m.sender not in self.looking)

    @property
    def published(self) -> Payload:
        """The result; nothing where none of the records has it."""
        return next((record.published for record in self.kept.values() if record.published), {})

    def held_by(self, party: str) -> Payload:
        """What a party put in, where its record was given; for the referee, or the party itself."""
        return self.kept[party].inputs.get(party, {}) if party in self.kept else {}


def read_records(folders: Sequence[Path], looking: tuple[str, ...] | None) -> Recorded:
    """Read the records of one run.

    Args:
        folders: one of each party that kept a record.
        looking: who looks; None for an analyst.

    Raises:
        DataError: if one is no record of a computation, two are of other runs or of one party, or one
            of those who look kept none.
    """
    kept: dict[str, Transcript] = {}
    kind: Kind | None = None
    text = ""
    for folder in folders:
        transcript = read_transcript(folder)
        mine, said = _plan_in(folder)
        if kind is not None and (mine, said) != (kind, text):
            raise DataError(f"{folder} is of another plan than {folders[0]}: give the records of one run.")
        kind, text = mine, said
        owner = _owner(folder, transcript)
        if owner in kept:
            raise DataError(f"{folder} is a second record of {owner!r:.60}: give one of each party.")
        kept[owner] = transcript
    assert kind is not None
    _refuse_other_runs(kept)
    lacking = [party for party in looking or () if party not in kept]
    if lacking:
        known = ", ".join(kept)
        raise DataError(f"no record of {lacking[0]!r:.60} was given: those given are by {known:.200}.")
    return Recorded(kind=kind, plan=json.loads(text), text=text, kept=kept, looking=looking or ())


def _refuse_other_runs(kept: Mapping[str, Transcript]) -> None:
    """What one record says was sent has to be what the other says was received.

    The truth of another run would make every attack look harmless.
    """
    for one in kept:
        for two in kept:
            sent, came = (
                [_content(m) for m in kept[party].messages if (m.sender, m.receiver) == (one, two)]
                for party in (one, two)
            )
            if sent != came:
                raise DataError(
                    f"the records of {one!r:.60} and {two!r:.60} do not fit: what one sent is not what the "
                    "other received. Give the records of one run."
                )


def _content(message: Message) -> tuple[str, dict[str, bytes]]:
    return message.kind, {name: array.tobytes() for name, array in message.payload.items()}


def _plan_in(folder: Path) -> tuple[Kind, str]:
    for name, kind in PLANS.items():
        text = read_beside(folder, name)
        if text is not None:
            return kind, text
    raise DataError(
        f"{folder} is no record of `confide join`, `match` or `outsource`: name the folder that --record "
        "wrote; a collaboration has `confide audit collaboration`."
    )


def _owner(folder: Path, transcript: Transcript) -> str:
    """Whose record it is: the party that every message goes to or comes from."""
    said = read_beside(folder, "run.json")
    if said is not None:
        return str(cast(Mapping[str, Any], json.loads(said))["recorded_by"])
    if len(transcript.inputs) == 1:
        return next(iter(transcript.inputs))
    raise DataError(f"{folder} does not say who kept it: it is of another version.")
