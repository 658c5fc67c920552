"""Steps of a collaboration: how parameters changed in a round, as a party could see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from confide.core.arrays import Array, Floats
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.transcript import Message, Payload, Seen, sum_in

T = TypeVar("T")
# A gradient goes the other way than the change that is made of it.
WAYS = {"update": 1.0, "gradient": -1.0}


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A change of the parameters.

    Args:
        round: in which it was made, or began.
        clients: whose change it is; none where it is the server's, of all clients together.
        start: the parameters before, float64[p].
        change: what was added, float64[p].
    """

    round: int
    clients: tuple[str, ...]
    start: Floats
    change: Floats


def steps_seen(seen: Seen, about: Sequence[str], attack: str, rounds: Sequence[int] = ()) -> list[Step]:
    """The steps that say most of these clients, in the order of rounds.

    In a round in which their own updates were seen it is the mean of those; of a secure sum the server knows
    the mean of all; in another round it is the step from the model that was sent to the next that was seen.
    Without named rounds only the first kind is looked at, where there is any.

    Args:
        seen: all that the adversary saw.
        about: the clients; none stands for all.
        attack: for messages.
        rounds: the rounds to look at; none stands for all.

    Raises:
        KnowledgeError: if there is no step, or none in a round that is named.
    """
    models = {m.round: m for m in reversed(seen.messages) if m.kind == "model"}  # the first of a round
    found: dict[int, Step] = {}
    for number in sorted(models):
        step = _of_clients(seen, number, about) or _of_sum(seen, models, number)
        step = step or _of_all(seen, models, number)
        if step is not None:
            found[number] = step
    if not found:
        raise KnowledgeError(
            keep(
                "{attack} needs a change of the model, and this party saw none: who sees neither updates nor "
                "two models in a row learns nothing from them.",
                attack=attack,
            )
        )
    if missing := [number for number in rounds if number not in found]:
        raise KnowledgeError(
            keep(
                "{attack} looks at round {round:d}, in which this party saw no change of the model: choose "
                "other rounds, or none for all that it saw.",
                attack=attack,
                round=int(missing[0]),
            )
        )
    if rounds:
        return [found[number] for number in rounds]
    # Where their own updates were seen, a round without one is a round in which they took no part.
    return [found[n] for n in sorted(found) if found[n].clients] or [found[n] for n in sorted(found)]


def spread(steps: list[T], most: int) -> list[T]:
    """At most this many of them, spread evenly, with the first and the last.

    >>> spread(list("abcdefg"), 3)
    ['a', 'd', 'g']
    """
    if len(steps) <= most:
        return steps
    if most == 1:
        return steps[-1:]  # the last says most of what was learned
    return [steps[k] for k in np.unique(np.linspace(0, len(steps) - 1, most).round().astype(int))]


def _of_clients(seen: Seen, number: int, about: Sequence[str]) -> Step | None:
    """The mean change of those of the clients whose updates were seen in this round; never one's own."""
    here = [m for m in seen.messages if m.round == number]
    models = {m.receiver: vector_of(m.payload, None) for m in here if m.kind == "model"}
    starts = {name: start for name, start in models.items() if start is not None}
    changes: dict[str, tuple[Floats, float]] = {}
    for message in here:
        start, name = starts.get(message.sender), message.sender
        if message.kind != "update" or start is None or name in seen.parties or (about and name not in about):
            continue
        change = vector_of(message.payload, len(start))
        if change is not None and len(change) == len(start) and np.isfinite(change).all():
            changes[name] = change, weight_of(message.payload)
    if not changes:
        return None
    total: Floats = np.sum([change for change, _ in changes.values()], axis=0)
    # Clients of one turn got the same model; where they got others, the mean start stands for them.
    start = np.mean([starts[name] for name in changes], axis=0)
    return Step(number, tuple(changes), start, total / sum(weight for _, weight in changes.values()))


def _of_sum(seen: Seen, models: Mapping[int, Message], number: int) -> Step | None:
    """The mean change that a secure sum told the server, which may add noise to it before others see it."""
    total = sum_in(seen.inputs, number)
    start = vector_of(models[number].payload, None)
    if not total or start is None:
        return None
    change = vector_of(total, len(start))
    if change is None or len(change) != len(start):
        return None
    weight = weight_of(total) if "records" in total else float(total["clients"])
    return Step(number, (), start, change / weight)


def _of_all(seen: Seen, models: Mapping[int, Message], number: int) -> Step | None:
    """From the model of this round to the next one that was seen, which may be the published one."""
    later = [n for n in models if n > number]
    after = models[min(later)].payload if later else seen.published
    start, end = vector_of(models[number].payload, None), vector_of(after, None)
    if start is None or end is None or len(start) != len(end):
        return None
    return Step(number, (), start, end - start)


def vector_of(payload: Payload, size: int | None) -> Floats | None:
    """What a payload says of the parameters, float64[p]; None where it says nothing that is readable.

    Args:
        payload: of a message.
        size: the number p, for a payload that names only some of them; None if it must name all.
    """
    if "positions" in payload and "values" in payload:
        positions, values = payload["positions"], payload["values"]
        dense = np.zeros(len(positions) if size is None else size)
        # A download of some parameters says nothing of the others; an upload leaves them as they are.
        if positions.shape != values.shape or (len(positions) and not 0 <= positions.max() < len(dense)):
            return None
        dense[positions] = values
        return dense
    name = next((one for one in ("parameters", *WAYS) if one in payload), None)
    if name is None or payload[name].dtype.kind != "f" or payload[name].ndim != 1:
        return None
    found: Array = payload[name].astype(np.float64)
    return found * WAYS.get(name, 1.0)


def weight_of(payload: Payload) -> float:
    """By how much a client multiplied its change, 1 where it does not say."""
    weight = payload.get("records")
    return 1.0 if weight is None or weight.shape or not float(weight) > 0 else float(weight)
