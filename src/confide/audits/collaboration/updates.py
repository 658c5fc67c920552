"""Updates that a party can read for records: of one client each, by one step on all that it has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.attacks.membership.updates._steps import vector_of, weight_of
from confide.core.arrays import Array, Ints
from confide.core.errors import AccessError, KnowledgeError
from confide.core.language import keep
from confide.core.transcript import EAVESDROPPER, Message
from confide.inputs.collaboration_data import FEWEST_ASKED, CollaborationData
from confide.learners.local import PlainDescent
from confide.models.plain_layers import plain_layers_of
from confide.views.records import Records
from confide.views.shared_gradient import SharedGradient

MOST_UPDATES = 8
"""Updates that are attacked, those of the fewest records: each takes its time."""
FEWEST_MEASURED = 8
"""Records behind all updates of a question: of fewer no rate is measured."""
MOST_RECORDS = 64
"""Records behind an update that is attacked: of more than that, these attacks find none in reasonable "
"time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadUpdate:
    """An update as it is read by those who look for records.

    Args:
        client: who sent it.
        round: in which.
        view: the gradient, with the network that it was computed on.
        batch: the records behind it.
    """

    client: str
    round: int
    view: SharedGradient
    batch: Records


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadUpdates:
    """The updates that are attacked, and the questions about them.

    Args:
        each: one after another.
        groups: of their positions; each group is one question.
    """

    each: tuple[ReadUpdate, ...]
    groups: tuple[tuple[int, ...], ...]

    @property
    def clients(self) -> tuple[str, ...]:
        """Who sent them."""
        return tuple(dict.fromkeys(one.client for one in self.each))

    @property
    def numbers(self) -> tuple[Ints, ...]:
        """The number of each record behind each update, over all clients."""
        sizes = {one.client: len(one.batch) for one in self.each}
        ends = dict(zip(sizes, np.cumsum(list(sizes.values())), strict=True))
        return tuple(np.arange(ends[one.client] - len(one.batch), ends[one.client]) for one in self.each)


def read_updates(data: CollaborationData) -> ReadUpdates:
    """The first update of each client that was seen by itself and is one step on all of its records.

    At most `MOST_UPDATES`, those of the fewest records, for they give most away. A client of many records is
    a question of its own; those of few stand together, and if they have too few records to measure a rate,
    their later updates are added.

    Raises:
        AccessError: if this party sees no update of a client by itself.
        KnowledgeError: if updates are of a form that cannot be solved for records, with the reason.
    """
    if not data.alone:
        raise AccessError(_unseen(data))
    own = data.records_of([name for question in data.asked for name in question] or data.others)
    fewest = sorted((name for name in data.alone if name in own), key=lambda name: (len(own[name]), name))
    found: list[list[ReadUpdate]] = []
    why: KnowledgeError | None = None
    for client in fewest:
        if len(found) == MOST_UPDATES:
            break
        try:
            found.append(_read(data, client, own[client]))
        except KnowledgeError as error:
            why = why or error
    if not found:
        raise why or AccessError(_unseen(data))
    return _in_questions(found)


def _in_questions(found: list[list[ReadUpdate]]) -> ReadUpdates:
    """Those of many records by themselves, those of few together.

    Raises:
        KnowledgeError: if they are too few to measure anything.
    """
    small = [rounds for rounds in found if len(rounds[0].batch) < FEWEST_ASKED]
    together = [rounds[0] for rounds in small]
    more = [one for k in range(1, MOST_UPDATES) for rounds in small for one in rounds[k : k + 1]]
    while more and sum(len(one.batch) for one in together) < FEWEST_ASKED and len(together) < MOST_UPDATES:
        together.append(more.pop(0))
    alone = [rounds[0] for rounds in found if rounds not in small]
    if sum(len(one.batch) for one in together) < FEWEST_MEASURED:
        together = []
    if not (together or alone):
        raise KnowledgeError(
            keep(
                "not played: fewer than {fewest:,} records are behind all updates together, too few to "
                "measure a rate. An update of few records is the easiest to read",
                fewest=FEWEST_MEASURED,
            )
        )
    groups = [tuple(range(len(together)))] if together else []
    groups += [(len(together) + k,) for k in range(len(alone))]
    return ReadUpdates(each=(*together, *alone), groups=tuple(groups))


def _unseen(data: CollaborationData):
    if data.exchanged and data.parties != (EAVESDROPPER,):
        return keep("not played: parties exchanged predictions or votes, and there are no updates to read")
    if data.parties == (EAVESDROPPER,):
        return keep("not played: an eavesdropper sees sizes and times of messages alone")
    return keep("not played: this party saw no update of a client by itself, but sums of several or models")


def _read(data: CollaborationData, client: str, batch: Records) -> list[ReadUpdate]:
    """The updates of a client, the first one first.

    Raises:
        KnowledgeError: if none can be read.
    """
    if len(batch) > MOST_RECORDS:
        raise KnowledgeError(
            keep(
                "not played: {records:,} records are behind an update, and these attacks are tried on up to "
                "{most:,}. That is no sign that records are safe",
                records=len(batch),
                most=MOST_RECORDS,
            )
        )
    return [_one(data, start, sent, batch) for start, sent in _rounds(data, client)[:MOST_UPDATES]]


def _one(data: CollaborationData, start: Message, sent: Message, batch: Records) -> ReadUpdate:
    weights, whole = vector_of(start.payload, None), data.transcript.published["parameters"]
    there = weights is not None and weights.shape == whole.shape
    layers = plain_layers_of(data.model(weights)) if weights is not None and there else None
    if layers is None or not isinstance(batch.x, np.ndarray):
        raise KnowledgeError(
            keep(
                "not played: the network is no sequence of linear layers and convolutions whose loss is the "
                "cross-entropy. That is no sign that records are safe"
            )
        )
    name = "gradient" if "gradient" in sent.payload else "update"
    rate = None if name == "gradient" else _rate(data, len(batch))
    shared = _plain(sent, name, len(whole))
    view = SharedGradient.of_vector(layers, shared, records=len(batch), rate=rate)
    return ReadUpdate(client=sent.sender, round=sent.round, view=view, batch=batch)


def _rounds(data: CollaborationData, client: str) -> list[tuple[Message, Message]]:
    """The models that a client was sent, and what it made of each."""
    models = {m.round: m for m in data.seen.messages if m.kind == "model" and m.receiver == client}
    found = [
        (models[m.round], m)
        for m in data.seen.messages
        if m.kind == "update" and m.sender == client and m.round in models
    ]
    if not found:
        raise KnowledgeError(
            keep("not played: this party did not see the model that an update was computed on")
        )
    return found


def _rate(data: CollaborationData, records: int) -> float:
    """The learning rate of the one local step.

    Raises:
        KnowledgeError: if there are several, or another way of training.
    """
    learner = data.learner
    if not isinstance(learner, PlainDescent) or learner.rate is None:
        raise KnowledgeError(
            keep("not played: an update of another training than plain gradient descent cannot be solved")
        )
    steps = learner.steps(records)
    if steps > 1:
        raise KnowledgeError(
            keep(
                "not played: an update sums up {steps:,} local steps, and these attacks solve one. That is "
                "no sign that records are safe",
                steps=steps,
            )
        )
    return learner.rate


def _plain(sent: Message, name: str, size: int) -> Array:
    """What was sent of all parameters, without the client's weight, in the precision of the message."""
    found = sent.payload.get(name)
    if found is None or found.shape != (size,) or found.dtype.kind != "f" or not np.isfinite(found).all():
        raise KnowledgeError(keep("not played: an upload names some of the parameters alone, or none"))
    return (found / weight_of(sent.payload)).astype(found.dtype)
