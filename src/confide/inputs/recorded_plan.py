"""A transcript with what is known of how it was made: its model, its promise, and how records are encoded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from confide.core.access import BlackBox
from confide.core.arrays import Array
from confide.core.budget import Budget, Unit
from confide.core.errors import AccessError, DataError, ModelError
from confide.core.kept_transcript import read_beside, read_transcript
from confide.core.paths import is_folder
from confide.core.transcript import EAVESDROPPER, SERVER, Transcript
from confide.inputs.collaboration import CLIENT, Collaboration
from confide.inputs.local_training import LocalTraining
from confide.inputs.public_schema import PublicSchema, parsed_public
from confide.mechanisms.federate.rounds import Run

RUN, SCHEMA = "run.json", "schema.toml"
"""What stands beside a transcript of a plan."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordedPlan:
    """A transcript, and what is known of how it was made.

    Args:
        transcript: of the run.
        name: of the release.
        model: the model with these parameters.
        learner: how clients train; None where nobody says.
        public: how a table is encoded; None where nobody says.
        label: the column to be predicted.
        protocol: its name; empty where nobody says.
        promise: of the run; None for none.
        trusted: against whom it does not hold.
        colluding: how many clients together it holds against at most; None for any number.
        said: whether the run says what it promises.
        recorded_by: the party whose machine recorded it; empty for a simulation, where all is known.
        active: how its server left the protocol, in a rehearsal; empty for one that followed it.
    """

    transcript: Transcript
    name: str
    model: Callable[[Array], object]
    learner: object | None = None
    public: PublicSchema | None = None
    label: str = ""
    protocol: str = ""
    promise: Budget | None = None
    trusted: tuple[str, ...] = ()
    colluding: int | None = None
    said: bool = False
    recorded_by: str = ""
    active: str = ""


def recorded(held: Collaboration) -> RecordedPlan:
    """The transcript that a user names, and what stands beside it.

    Raises:
        DataError: if it is none, or nothing says how its model is made.
    """
    given: Any = held.transcript
    if isinstance(given, RecordedPlan):
        return given
    if isinstance(given, Run | Transcript):
        return _in_memory(held, given)
    if not isinstance(given, Path):
        raise DataError(
            f"transcript is of type {type(given).__name__}: give the folder of a transcript, or the run."
        )
    if not is_folder(given):
        raise DataError(f"{given!s:.200} is no folder of a transcript: check the path.")
    transcript = read_transcript(given)
    text, schema = read_beside(given, RUN), read_beside(given, SCHEMA)
    if text is None or schema is None:
        if held.modelled is None:
            raise DataError(
                f"{given} does not say how its model is made: give model, the learner of the clients "
                "(in Python)."
            )
        model = _tried(held.modelled, transcript)
        return RecordedPlan(transcript=transcript, name=given.name, model=model, learner=held.model)
    found = _planned(given, transcript, text, schema)
    _check_eyes(held, found.recorded_by)
    return found


def _check_eyes(held: Collaboration, recorded_by: str) -> None:
    """Refuse to look at what one machine recorded with the eyes of another, which saw more.

    Raises:
        AccessError: whose eyes there are.
    """
    allowed = {"": held.parties, SERVER: (SERVER, EAVESDROPPER)}.get(recorded_by, (recorded_by,))
    if unseen := [name for name in held.parties if name not in allowed]:
        whose = SERVER if recorded_by == SERVER else f"{CLIENT}{recorded_by}"
        raise AccessError(
            f"the machine of {recorded_by!r:.60} recorded this run, and what {unseen[0]!r:.60} saw besides "
            f"is not in it: look --as {whose}."
        )


def _in_memory(held: Collaboration, given: Run | Transcript) -> RecordedPlan:
    if held.modelled is None:
        raise DataError("a run says not how its model is made: give model, the learner of the clients.")
    if isinstance(given, Transcript):
        model = _tried(held.modelled, given)
        return RecordedPlan(transcript=given, name="collaboration", model=model, learner=held.model)
    if given.transcript is None:
        raise DataError("this run was not recorded: run it with record=True.")
    return RecordedPlan(
        transcript=given.transcript,
        name="collaboration",
        model=_tried(held.modelled, given.transcript),
        learner=held.model,
        protocol=given.released.maker,
        promise=given.released.budget,
        trusted=given.trusted,
        colluding=given.colluding,
        said=True,
    )


def _tried(model: Callable[[Array], object], transcript: Transcript) -> Callable[[Array], object]:
    """The same function, once it made a model of the published parameters.

    Raises:
        ModelError: if it fails, or makes none.
    """
    parameters = transcript.published.get("parameters")
    if parameters is None:
        raise DataError("the transcript has no published parameters: record a run that publishes a model.")
    try:
        made = model(parameters)
    except Exception as error:
        raise ModelError(
            f"model cannot be called with the published parameters: it gives {type(error).__name__}. Give "
            "the learner that the clients trained with."
        ) from error
    if not isinstance(made, BlackBox):
        raise ModelError(
            f"model makes a {type(made).__name__} of the parameters: give the learner that the clients "
            "trained with."
        )
    return model


def _planned(folder: Path, transcript: Transcript, text: str, schema: str) -> RecordedPlan:
    try:
        card = cast("Mapping[str, Any]", json.loads(text))
        label, promise = str(card["label"]), card["promise"]
        public = parsed_public(schema, label=label, without=card.get("client"), path=folder / SCHEMA)
        training = LocalTraining(**card["learner"])
        learner = training.learner(features=int(card["features"]), classes=len(public.classes))
        epsilon, delta = promise["epsilon"], promise["delta"]
        return RecordedPlan(
            transcript=transcript,
            name=folder.name,
            model=learner.model,
            learner=learner,
            public=public,
            label=label,
            protocol=str(card["protocol"]),
            promise=None if epsilon is None else Budget(float(epsilon), float(delta), _unit(promise)),
            trusted=tuple(map(str, card["trusted"])),
            colluding=None if card.get("colluding") is None else int(card["colluding"]),
            said=True,
            recorded_by=str(card.get("recorded_by", "")),
            active=str(card.get("active", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{folder / RUN} is no card of a run: record the run again.") from error


def _unit(promise: Mapping[str, Any]) -> Unit:
    """What a promise hides: a client, but for those that say a record."""
    return Unit.record() if promise.get("unit") == "record" else Unit.client()
