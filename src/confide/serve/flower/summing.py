"""The server's side of a secure sum over an exchange: it asks, takes answers, and names who is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from confide.core.transcript import Payload
from confide.mechanisms.federate.secure_rounds import apart
from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.messages import Identity
from confide.mechanisms.share.refusals import RefusedError, listed
from confide.mechanisms.share.server import Server
from confide.serve.flower.deployment import Deployment
from confide.serve.flower.messages import Action, Exchange, Reply, Request, message_in, signed
from confide.serve.flower.sums import grid_of, sum_plan

DROPPED = "dropped out of the sum"


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """A turn of a round: who is asked, and how.

    Args:
        request: the first one, without a payload.
        exchange: carries it.
        seconds: that a step may take.
        fewest: parties without whom the round stops.
        said: hears what is refused.
    """

    request: Request
    exchange: Exchange
    seconds: float
    fewest: int
    said: Callable[[str], None]

    @property
    def members(self) -> tuple[str, ...]:
        """The parties of this turn."""
        return self.request.members

    @property
    def round(self) -> int:
        """The number of the round."""
        return self.request.round

    def replies(self, sent: Mapping[str, Payload], action: Action | None = None) -> Mapping[str, Reply]:
        """The answers to an action, the first one by default, of those that answer in time."""
        asked = self.request if action is None else replace(self.request, action=action)
        return self.exchange(
            {name: replace(asked, arrays=arrays) for name, arrays in sent.items()}, seconds=self.seconds
        )


def secure_total(
    deployment: Deployment, identity: Identity, asking: Asking, sent: Mapping[str, Payload]
) -> tuple[Payload, tuple[str, ...], dict[str, str]]:
    """The sum of a turn's uploads, whose it is, and why others are not in it.

    Args:
        deployment: the plan.
        identity: of the server.
        asking: the turn.
        sent: what the protocol sends to each party.

    Raises:
        RefusedError: if fewer remain than the plan demands, with the names.
        PromiseError: if a sum of so few is never computed.
    """
    replies = asking.replies(sent)
    out = {name: reply.fault for name, reply in replies.items() if reply.fault}
    begun = {name: reply for name, reply in replies.items() if not reply.fault}
    if len(begun) < asking.fewest:
        _refuse_few(asking, begun, out)
    # Those of another form than most follow another plan of the sum, and are refused by it.
    form = dict(Counter(tuple(sorted(reply.form.items())) for reply in begun.values()).most_common(1)[0][0])
    plan = sum_plan(deployment, asking.members, form, run=asking.request.run)
    number = asking.request.sum
    # A run that goes on counts further, so that no number is given twice.
    past = Past({number - 1: frozenset()}) if number > 1 else Past()
    server = Server(plan, identity, round=number, past=past)
    _taken(server, begun, asking)
    while True:
        messages = server.close()
        if server.step == "over":
            break
        payloads = {name: signed(message) for name, message in messages.items()}
        _taken(server, asking.replies(payloads, cast(Action, server.step)), asking)
    assert server.summed is not None  # `close` raises otherwise
    survivors = server.summed.survivors
    out |= {name: DROPPED for name in asking.members if name not in survivors and name not in out}
    total = apart(grid_of(deployment, asking.members).floats(server.summed.total), form)
    return total, survivors, out


def _taken(server: Server, replies: Mapping[str, Reply], asking: Asking) -> None:
    for name, reply in replies.items():
        try:
            message = message_in(reply.arrays)
            if message.sender != name:
                raise RefusedError(f"{name!r} sent a message of {message.sender!r}: it is not used.")
            server.take(message)
        except RefusedError as refused:
            asking.said(f"refused from {name}: {refused}")


def _refuse_few(asking: Asking, begun: Mapping[str, Reply], out: Mapping[str, str]) -> None:
    missing = sorted(set(asking.members) - set(begun))
    reasons = ", ".join(f"{name}: {reason}" for name, reason in sorted(out.items()))
    raise RefusedError(
        f"only {len(begun)} of {len(asking.members)} parties began the sum of round {asking.round}, and the "
        f"cohort is {asking.fewest}: missing are {listed(missing)}"
        + (f" ({reasons:.200})" if reasons else "")
        + ". The run stops, and can go on from the round before.",
        parties=missing,
    )
