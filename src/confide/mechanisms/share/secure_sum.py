"""Bonawitz et al.: Practical Secure Aggregation for Privacy-Preserving Machine Learning (CCS 2017).

*What the adversary learns.* The server, and up to `SumPlan.colluding` clients that tell it all they know,
learn the sum of the survivors' vectors and nothing else about the others: from it and their own vectors they
know the sum of the honest survivors. That holds for a server that follows the protocol and for one that does
not, as long as the identities in the plan are the clients' own. **It hides the client, not the people**: the
sum itself tells who was in it (membership inference on a sum works). For that, add noise
(`mechanisms/share/distributed_gaussian.py`).

*How.* Each pair of neighbours derives a mask that one adds and the other takes away; each client adds a mask
of its own besides. The secrets behind both are shared among the neighbours (Shamir). For a survivor, they
return shares of its own mask, for a client that dropped out, of the key of its pairwise masks: never both,
which would show one vector. Before that, more than two thirds sign who dropped out. Two groups of that size
have an honest client in common, and it signs once, so no server can tell two stories. Keys are new in each
round and bound to plan, run, round and both names.

*What it does not do.* It does not check that a vector is honest: a client may send any words. A client that
does not follow the protocol can stop a round, and is named where it can be found out. Who took part, and how
long they needed, is not hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.mechanisms.share.client import Client
from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.masks import centred, checked_words
from confide.mechanisms.share.messages import Identity, Message
from confide.mechanisms.share.plan import SERVER, SumPlan, two_thirds
from confide.mechanisms.share.refusals import RefusedError, listed
from confide.mechanisms.share.server import Server, Summed

Vectors = Mapping[str, Array]
"""The vector of each client, by name: whole numbers, int[words]."""
Stage = Literal["shares", "masked", "agreed", "unmask"]
Observer = Callable[[Message], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecureSum:
    """Secure aggregation with pairwise masks, for vectors of whole numbers modulo 2^32.

    Args:
        threshold: how many clients must remain; above two thirds of them. None is the least.
        cohort: the fewest clients whose sum may be shown; None is the threshold.
        colluding: how many clients may tell the server all they know.
        neighbours: with how many others a client shares masks (Bell et al. 2020), even; None is all.
        fresh_inputs: whether each round's vectors are new (`SumPlan`).

    >>> vectors = {name: np.full(3, i) for i, name in enumerate("abcd")}
    >>> found = SecureSum().simulate(vectors, bound=10, dropped=["b"])
    >>> found.total, found.dropped
    (array([5, 5, 5]), ('b',))
    """

    threshold: int | None = None
    cohort: int | None = None
    colluding: int = 0
    neighbours: int | None = None
    fresh_inputs: bool = False

    def plan(
        self, parties: Mapping[str, bytes], *, run: str, server: bytes, words: int, bound: int
    ) -> SumPlan:
        """The plan for these parties; its arguments are those of `SumPlan`.

        Raises:
            PromiseError: if it cannot protect its clients.
        """
        return SumPlan(
            run=run,
            parties=dict(parties),
            server=server,
            words=words,
            bound=bound,
            threshold=two_thirds(len(parties)) if self.threshold is None else self.threshold,
            cohort=self.cohort,
            colluding=self.colluding,
            neighbours=self.neighbours,
            fresh_inputs=self.fresh_inputs,
        )

    def simulate(
        self,
        vectors: Vectors,
        *,
        bound: int,
        dropped: Collection[str] = (),
        at: Stage = "masked",
        run: str = "simulation",
        round: int = 1,  # noqa: A002 - the word of the protocol
        past: Past | None = None,
        observe: Observer | None = None,
    ) -> Summed:
        """A whole round on this machine, with all keys, signatures and masks.

        Args:
            vectors: of all clients.
            bound: the largest absolute value in them.
            dropped: clients that are silent from the step `at` on. One that sent its masked vector before is
                in the sum.
            at: the step whose message is missing.
            run, round, past: as of `Client`; all parties have the same past here.
            observe: sees every message, in order.

        Raises:
            PromiseError: if the plan cannot protect its clients.
            DataError: if a vector is not whole numbers within the bound.
            RefusedError: if too many dropped out.
        """
        own = {name: Identity.new(name) for name in vectors}
        server_id = Identity.new(SERVER)
        words = _words_of(vectors)
        parties = {name: identity.public for name, identity in own.items()}
        plan = self.plan(parties, run=run, server=server_id.public, words=words, bound=bound)
        start = past or Past()
        server = Server(plan, server_id, round=round, past=start)
        clients = {name: Client(plan, own[name], round=round, past=start) for name in plan.names}
        return played(server, clients, vectors, dropped=set(dropped), at=at, observe=observe)

    def ideal(self, vectors: Vectors, *, bound: int, dropped: Collection[str] = ()) -> Summed:
        """The same outcome as `simulate`, without any protection: for simulations of many rounds.

        Raises:
            As `simulate`, but for what the random graph decides.
        """
        stand_ins = {name: bytes([1, *i.to_bytes(31, "big")]) for i, name in enumerate(vectors)}
        plan = self.plan(stand_ins, run="ideal", server=bytes(32), words=_words_of(vectors), bound=bound)
        gone = set(dropped)
        survivors = tuple(name for name in plan.names if name not in gone)
        if len(survivors) < plan.least:
            raise RefusedError(
                f"only {len(survivors)} of {len(plan.names)} clients remain, and {plan.least} are needed: "
                f"missing are {listed(gone)}.",
                parties=sorted(gone),
            )
        total = np.zeros(plan.words, np.uint32)
        for name in survivors:
            np.add(total, checked_words(vectors[name], plan), out=total)
        return Summed(centred(total), survivors, tuple(name for name in plan.names if name in gone))


def played(
    server: Server,
    clients: Mapping[str, Client],
    vectors: Vectors,
    *,
    dropped: set[str],
    at: Stage = "masked",
    observe: Observer | None = None,
) -> Summed:
    """Carry the messages of one round between a server and its clients.

    Args:
        dropped: clients that are silent from the step `at` on.
        observe: sees every message, in order.

    Raises:
        RefusedError: what a party refuses.
    """
    silent = False
    inbox: dict[str, Message] = {}
    while server.step != "over":
        silent = silent or server.step == at
        for name in inbox or clients:
            if silent and name in dropped:
                continue
            answer = _answer(clients[name], inbox.get(name), vectors)
            if observe is not None:
                observe(answer)
            server.take(answer)
        inbox = server.close()
        if observe is not None:
            for message in inbox.values():
                observe(message)
    assert server.summed is not None  # `close` raises otherwise
    return server.summed


def _answer(client: Client, message: Message | None, vectors: Vectors) -> Message:
    if message is None:
        return client.keys()
    match message.kind:
        case "roster":
            return client.share(message)
        case "sealed":
            return client.mask(message, vectors[client.name])
        case "survivors":
            return client.agree(message)
        case _:
            return client.unmask(message)


def _words_of(vectors: Vectors) -> int:
    shapes = {np.shape(vector) for vector in vectors.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise DataError(f"the vectors have shapes {sorted(shapes)}: give each client one of the same length.")
    return next(iter(shapes))[0]
