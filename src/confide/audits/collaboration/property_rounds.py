"""Rounds whose updates can be asked for a property: of single clients, or the sums that a party saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

from confide.attacks.membership.updates._steps import Step, spread, steps_seen
from confide.core.arrays import Floats, Ints
from confide.core.errors import AccessError, KnowledgeError
from confide.core.language import keep
from confide.core.transcript import EAVESDROPPER, SERVER, sum_in
from confide.inputs.collaboration_data import CollaborationData
from confide.knowledge.client_training import ClientMix, ClientTraining, counts_of, directions
from confide.learners.local import LocalLearner
from confide.views.shared_round import SharedRound

MOST_ROUNDS = 3
"""Rounds that are asked about, spread evenly over the run: for each the adversary makes its own updates."""
MOST_PARAMETERS = 100_000
"""Of a model: the adversary keeps 600 updates in memory."""
CLIPPING = ("DP-FedAvg", "DP-FTRL")
"""Protocols whose clients shorten a change and add nothing: its direction is what a client trained."""
PLAIN = ("", "FedAvg", "FedSGD")
"""Protocols whose sum is that of what clients trained."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PropertyRound:
    """The updates of one round, as a party saw them.

    Args:
        round: its number.
        clients: who sent each of them; none where there is one sum of all.
        updates: the updates, or the one sum.
        labels: how many records of each class are behind each, int64[t, C]; None where nobody says.
        training: makes such updates.
    """

    round: int
    clients: tuple[str, ...]
    updates: SharedRound
    labels: Ints | None
    training: ClientTraining


def property_rounds(data: CollaborationData) -> tuple[PropertyRound, ...]:
    """The rounds that are asked about, the first and the last among them.

    Raises:
        AccessError: if this party saw no update, and no step between two models.
        KnowledgeError: if its updates cannot be made by the adversary itself, with the reason.
    """
    if data.parties == (EAVESDROPPER,):
        raise AccessError(keep("not played: an eavesdropper sees sizes and times of messages alone"))
    learner = data.learner
    if learner is None or not hasattr(learner, "train"):
        raise KnowledgeError(
            keep("not played: how clients train is not known, so that no update can be made like theirs")
        )
    published = data.transcript.published.get("parameters")
    if published is not None and len(published) > MOST_PARAMETERS:
        raise KnowledgeError(
            keep(
                "not played: the model has more than {most:,} parameters, and 600 updates of it are held in "
                "memory. That is no sign that the property is safe",
                most=MOST_PARAMETERS,
            )
        )
    assert data.trait is not None
    # All of them: membership is asked of some alone, since each of its questions takes as long as the first.
    named = data.trait.about
    alone = [name for name in data.alone if not named or name in named]
    found = _of_clients(data, alone) if alone else _of_sums(data)
    return tuple(spread(found, MOST_ROUNDS))


def _of_clients(data: CollaborationData, clients: Sequence[str]) -> list[PropertyRound]:
    """The rounds in which these clients' updates were seen, each by itself."""
    if data.protocol not in (*PLAIN, *CLIPPING):
        raise _not_simulated(data)
    by_round: dict[int, list[tuple[Step, str]]] = {}
    for name in clients:
        for step in _steps(data, name):
            by_round.setdefault(step.round, []).append((step, name))
    found: list[PropertyRound] = []
    for number, each in sorted(by_round.items()):
        # Of one model: another one makes other updates of the same people.
        start = each[0][0].start
        same = [(step, name) for step, name in each if np.array_equal(step.start, start)]
        names = tuple(name for _, name in same)
        sizes = [_size(data, number, name) for name in names]
        mix = ClientMix(sizes=tuple(sorted(sizes)), inside=_inside(data))
        changes = np.stack([step.change for step, _ in same])
        found.append(_round(data, number, names, start, changes, mix))
    if not found:
        raise KnowledgeError(
            keep("not played: this party did not see the model that an update was computed on")
        )
    return found


def _of_sums(data: CollaborationData) -> list[PropertyRound]:
    """The rounds whose sum the server knows, or that a client sees between two models."""
    if data.protocol not in PLAIN:
        raise _not_simulated(data)
    held, found = data.records_of(data.clients), list[PropertyRound]()
    for step in steps_seen(data.seen, (), "property-forest"):
        total = sum_in(data.seen.inputs, step.round)
        clients = int(total["clients"]) if total and SERVER in data.parties else len(held)
        size = int(np.mean([len(one) for one in held.values()])) if held else _of_total(total, clients)
        if clients < 1 or size < 1:
            raise KnowledgeError(_unknown_sizes())
        mix = ClientMix(sizes=(size,), inside=_inside(data), clients=clients)
        found.append(_round(data, step.round, (), step.start, step.change[None], mix))
    return found


def _round(
    data: CollaborationData,
    number: int,
    clients: tuple[str, ...],
    start: Floats,
    changes: Floats,
    mix: ClientMix,
) -> PropertyRound:
    held = data.records_of(clients)
    told = bool(clients) and all(name in held for name in clients)
    training = ClientTraining(
        learner=cast("LocalLearner", data.learner),
        start=start.astype(np.float32),
        sends=_sends(data),
        classes=data.classes,
        mix=mix,
    )
    return PropertyRound(
        round=number,
        clients=clients,
        updates=SharedRound(layers=(), gradients=directions(changes), records=None),
        labels=np.stack([counts_of(held[name], data.classes) for name in clients]) if told else None,
        training=training,
    )


def _steps(data: CollaborationData, name: str) -> list[Step]:
    """The changes of one client by itself; none where it names some of the parameters alone."""
    steps = steps_seen(data.seen, (name,), "property-forest")
    return [step for step in steps if step.clients == (name,)]


def _sends(data: CollaborationData) -> Literal["update", "gradient"]:
    """What clients send, by what was seen of it, or by the name of the protocol."""
    seen = next((m for m in data.seen.messages if m.kind == "update"), None)
    if seen is not None:
        return "gradient" if "gradient" in seen.payload else "update"
    return "gradient" if data.protocol == "FedSGD" else "update"


def _size(data: CollaborationData, number: int, name: str) -> int:
    """How many records a client has: as it was recorded, or by the weight that it sent.

    Raises:
        KnowledgeError: if neither says.
    """
    held = data.records_of((name,))
    if held:
        return len(held[name])
    sent: Any = next(m for m in data.seen.messages if (m.round, m.kind, m.sender) == (number, "update", name))
    weight = float(sent.payload.get("records", np.array(0.0)))
    # One that is weighted as everybody else says nothing.
    if weight < 2 or weight != int(weight):
        raise KnowledgeError(_unknown_sizes())
    return int(weight)


def _of_total(total: Any, clients: int) -> int:
    """The mean number of records of the clients of a sum; 0 where the weights do not say it."""
    weight = float(total["records"]) if total and "records" in total else 0.0
    mean = weight / max(clients, 1)
    return round(mean) if mean >= 2 else 0


def _inside(data: CollaborationData) -> float:
    assert data.trait is not None
    return data.trait.inside


def _unknown_sizes():
    return keep("not played: how many records are behind an update is not known")


def _not_simulated(data: CollaborationData) -> KnowledgeError:
    return KnowledgeError(
        keep(
            "not played: in {protocol} clients send something else than what they trained, or noise is added "
            "before this party sees it, and this attack does not make such updates. That is no sign that the "
            "property is safe",
            protocol=data.protocol,
        )
    )
