"""A recorded collaboration, who looks at it, and the records that the adversary asks about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any

from confide.core.errors import DataError
from confide.core.fields import check_fields, shown
from confide.core.flags import HOLD, KNOWS, Flag, Held, Table
from confide.core.transcript import EAVESDROPPER, SERVER

CLIENT = "client:"
"""What stands before the name of a client that looks."""


@dataclass(frozen=True, slots=True, eq=False)
class Collaboration:
    """A collaboration that was recorded, as one of its parties saw it, or several that share what they saw.

    The adversary has all that the party had: its own records, the messages that it sent and received, and
    the model. It asks of each record whether a client trained on it. Exposed are records of other clients;
    controls are records like them that no client had, held out before the run.

    Args:
        transcript: The folder that `confide collaborate --record` wrote; in Python also the run itself.
        seen_by: Who looks: server, client:NAME, or eavesdropper; several are parted by commas.
        controls: Records that no client had: .parquet or .csv; in Python also (X, y) as the model takes them.
        records: Records that clients trained on, of which it asks who trained; by default all of those in
            question.
        about: The clients whose records it asks about, parted by commas. By default all others; where the
            party saw each client's own updates, one after the other, and the worst off counts.
        trait: A property of people, COLUMN=VALUE, that updates are asked for: does somebody behind them have
            it? The column stands in the auxiliary records, and need not be one of the schema.
        auxiliary: Records of others that the adversary has, with that column, each person once: .parquet or
            .csv; in Python also (X, y, has).
        inside: The share of a client's people who have the property, in updates that the adversary makes
            itself; in the others nobody has it.
        model: The learner of the clients; only for a run in Python, which does not say how its model is made.

    Raises:
        DataError: for a party that cannot be.

    Source: Nasr, Shokri, Houmansadr 2019 audit collaborations from the view of each party.
    """

    transcript: Held
    _: KW_ONLY
    seen_by: Annotated[str, Flag(group=KNOWS, name="--as", metavar="PARTY")]
    controls: Table
    records: Table | None = None
    about: Annotated[str | None, Flag(group=KNOWS, metavar="CLIENTS")] = None
    trait: Annotated[str | None, Flag(group=KNOWS, name="--property", metavar="COLUMN=VALUE")] = None
    auxiliary: Annotated[Any, Flag(group=KNOWS, metavar="FILE")] = None
    inside: Annotated[float, Flag(group=KNOWS)] = 0.5
    model: Annotated[Any, Flag(group=HOLD, python_only=True)] = None

    def __post_init__(self) -> None:
        check_fields(self)
        given: Any = self.transcript
        if isinstance(given, str):
            object.__setattr__(self, "transcript", Path(given))
        if self.model is not None and not callable(self.modelled):
            raise DataError(f"model is {shown(self.model)}: give the learner that the clients trained with.")
        if not self.parties:
            raise DataError(f"nobody looks: say {SERVER}, {CLIENT}NAME or {EAVESDROPPER}.")
        if EAVESDROPPER in self.parties and len(self.parties) > 1:
            raise DataError(f"an {EAVESDROPPER} is no party, and shares with none: let it look alone.")
        _check_trait(self.trait, self.auxiliary, self.inside)

    @property
    def parties(self) -> tuple[str, ...]:
        """The names of those who look, as they stand in the transcript."""
        return tuple(dict.fromkeys(one.removeprefix(CLIENT) for one in _parted(self.seen_by)))

    @property
    def clients(self) -> tuple[str, ...]:
        """The clients that are asked about; none for those that `about` says by default."""
        return tuple(dict.fromkeys(one.removeprefix(CLIENT) for one in _parted(self.about or "")))

    @property
    def modelled(self) -> Callable[..., Any] | None:
        """What makes a model of its parameters, where the user gave it: a function, or that of a learner."""
        own: Any = getattr(self.model, "model", None)
        return own if callable(own) else self.model


def _check_trait(trait: str | None, auxiliary: Any, inside: float) -> None:
    """Refuse a property that is none, or without records of others to learn it from."""
    if (trait is None) != (auxiliary is None):
        raise DataError(
            "a property needs auxiliary records, and these a property: give both --property COLUMN=VALUE and "
            "--auxiliary FILE, or neither."
        )
    if trait is not None and not all(part.strip() for part in trait.partition("=")):
        raise DataError(f"the property is {trait!r:.60}: write it as COLUMN=VALUE, such as sex=F.")
    if not 0 < inside <= 1:
        raise DataError(f"inside is {inside}: give a share above 0, and 1 at most.")


def _parted(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
