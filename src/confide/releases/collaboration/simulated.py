"""Simulates a collaboration: all clients on this machine, each by itself, and everybody's messages kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import DataError, PromiseError
from confide.core.transcript import Payload
from confide.inputs.local_training import need
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.clipped_updates import TOLERATED
from confide.mechanisms.federate.distributed_dp_fedavg import DistributedDPFedAvg
from confide.mechanisms.federate.exchange import Exchange
from confide.mechanisms.federate.protocol import AnyCollaboration, NeedsSum, SecureSum, Summed
from confide.mechanisms.federate.rounds import Map, Run
from confide.mechanisms.federate.rounds import collaborate as run
from confide.mechanisms.federate.standing import Keeping
from confide.views.records import Records

if TYPE_CHECKING:
    from confide.account.ledger import Ledger
    from confide.mechanisms.share.secure_sum import SecureSum as Masked

FEWEST = 3
"""Clients in a secure sum: of two, each knows the other's numbers from the sum."""


def collaborate(
    learner: LocalLearner,
    clients: Mapping[str, Any],
    protocol: AnyCollaboration,
    *,
    rounds: int,
    rng: Rng,
    secure: Masked | SecureSum | None = None,
    limit: float | None = None,
    map: Map = map,  # noqa: A002
    ledger: Ledger | None = None,
    analyst: str | None = None,
    record: bool = True,
    watch: Callable[[int, Payload], None] | None = None,
    keep: Keeping | None = None,
) -> Run:
    """Run a protocol on clients that keep their records, all of them on this machine.

    The plan is checked against the protocol's budget, and charged to the ledger, before the first message.
    Uploads that cannot be used, and clients without records, are left out and counted (`Run.left_out`). In
    a round with too few clients for a secure sum none is made: that round is lost, and counted.

    Args:
        learner: what clients train, such as `TorchLocal(TorchLearner(...))`.
        clients: the records of each, by its name: `Records`, or (X, y).
        protocol: such as `FedAvg()`, or `DPFedAvg(budget=..., clip=..., sample=...)`.
        rounds: how many.
        rng: all randomness, but for noise and keys from the system's cryptographic source.
        secure: a `SecureSum`, so that the server sees the sum of the uploads of a round alone.
        limit: of a secure sum, the largest absolute value of a number in an upload; None for the clip of the
            protocol.
        map: where clients work, such as `confide.scale.processes(2)`.
        ledger: pays for the promise; None for nobody.
        analyst: whose part of the ledger pays.
        record: whether to keep the transcript, which an audit needs. It is as secret as the records.
        watch: called after each round with its number and the model as it is then.
        keep: keeps where the run stands, so that it goes on after a crash; None for no such run.

    Raises:
        DataError: if no client has records, or a secure sum has no limit.
        PromiseError: if the promise cannot be kept, or the sum cannot protect its clients: what to change.
        BudgetError: if the ledger does not pay; no message was sent then.

    >>> from confide.collaboration import FedAvg, SecureSum
    >>> from confide.inputs.local_training import LocalTraining
    >>> rng = np.random.default_rng(0)
    >>> clients = {name: (rng.normal(size=(20, 3)), rng.integers(0, 2, 20)) for name in "abcd"}
    >>> learner = LocalTraining().learner(features=3, classes=2)
    >>> done = collaborate(learner, clients, FedAvg(), secure=SecureSum(), limit=100.0, rounds=2, rng=rng)
    >>> sorted({m.kind for m in done.transcript.seen_by("server").messages} & {"model", "update"})
    ['model']
    """
    held = {name: _records(name, given) for name, given in clients.items()}
    return run(
        protocol,
        learner,
        held,
        rounds=rounds,
        rng=rng,
        map=map,
        secure=secured(secure, protocol, held, limit=limit),
        ledger=ledger,
        analyst=analyst,
        record=record,
        watch=watch,
        keep=keep,
    )


def secured(
    secure: Masked | SecureSum | None,
    protocol: AnyCollaboration,
    clients: Mapping[str, Records],
    *,
    limit: float | None,
) -> SecureSum | None:
    """How the uploads of a round are added up; None where the server sees each of them.

    Raises:
        PromiseError: if fewer clients take part than the sum needs, with what to change.
        DataError: if nothing bounds an upload.
    """
    if secure is None:
        if isinstance(protocol, NeedsSum):
            raise PromiseError(
                f"{protocol.name} keeps its promise over a secure sum alone, as each upload has a part of "
                "the noise: add [secure] to the plan, or give secure=SecureSum()."
            )
        return None
    need("cryptography", "a secure sum", extra="collaborate")
    from confide.mechanisms.federate.secure_rounds import SecureRounds
    from confide.mechanisms.share.plan import two_thirds
    from confide.mechanisms.share.secure_sum import SecureSum as MaskedSum

    if not isinstance(secure, MaskedSum):
        return secure
    if isinstance(protocol, DistributedDPFedAvg):
        return _noised(secure, protocol)
    needed = max(FEWEST, secure.threshold or 0, secure.cohort or 0)
    holding = sum(len(records) > 0 for records in clients.values())
    expected = holding * _share_of(protocol)
    if needed > expected:
        few = "have records" if needed > holding else "work in a round, as is to be expected"
        raise PromiseError(
            f"the secure sum needs {needed:,} clients, and {expected:g} {few}: lower its threshold and "
            "cohort, let more clients work in a round, or find more of them."
        )
    least = two_thirds(holding)
    if secure.threshold is not None and secure.threshold < least and _share_of(protocol) == 1:
        raise PromiseError(
            f"the threshold is {secure.threshold:,} of {holding:,} clients: with two thirds of them or less, "
            "a server could tell two groups two stories and read the numbers of one client. Give "
            f"{least:,} or more."
        )
    if isinstance(protocol, Exchange) and protocol.whole:
        if limit is not None:
            raise DataError("votes are whole numbers, and are not rounded: leave limit out.")
        bound = None
    else:
        bound = limit if limit is not None else clip_of(protocol)
    how = replace(secure, fresh_inputs=True)  # every round trains new updates
    return _Enough(SecureRounds(limit=bound, clients=len(clients), how=how), needed)


def _noised(secure: Masked, protocol: DistributedDPFedAvg) -> SecureSum:
    """A secure sum that shows no less noise than the protocol's promise needs.

    Raises:
        PromiseError: for terms of its own that differ from the protocol's.
    """
    from confide.mechanisms.federate.secure_rounds import SecureRounds

    for name, given, wanted in (
        ("cohort", secure.cohort, protocol.least),
        ("colluding", secure.colluding or None, protocol.colluding),
    ):
        if given is not None and given != wanted:
            raise PromiseError(
                f"{name} of the secure sum is {given:,}, and noise is made for {wanted:,}: leave it out "
                "there, and give it to the protocol."
            )
    how = replace(secure, cohort=protocol.least, colluding=protocol.colluding, fresh_inputs=True)
    return SecureRounds(clients=protocol.cohort, how=how)


@dataclass(frozen=True, slots=True)
class _Enough:
    """Adds up the uploads of a round by masks, if there are enough; else the round is lost.

    Args:
        rounds: that adds up, with the threshold that is asked for.
        needed: the fewest clients.
    """

    rounds: Any
    needed: int

    def __call__(self, uploads: Mapping[str, Payload], *, number: int, rng: Rng) -> Summed:
        """The sum; of nobody, where too few take part."""
        from confide.mechanisms.share.plan import two_thirds

        if len(uploads) < self.needed:
            return Summed({}, (), ())
        # How many take part differs from round to round, and two thirds of them must remain.
        threshold = max(self.rounds.how.threshold or 0, two_thirds(len(uploads)))
        how = replace(self.rounds.how, threshold=threshold)
        return replace(self.rounds, how=how)(uploads, number=number, rng=rng)


def _share_of(protocol: AnyCollaboration) -> float:
    """The share of the clients that work in a round, as is to be expected."""
    if isinstance(separation := getattr(protocol, "separation", None), int):
        return 1 / separation  # groups of one size take turns
    share: float = getattr(protocol, "sample", getattr(protocol, "share", 1.0))
    return share


def clip_of(protocol: AnyCollaboration) -> float:
    """The clip of a protocol, which bounds every number of an upload.

    Raises:
        DataError: if it has none.
    """
    clip = getattr(protocol, "clip", None)
    if isinstance(clip, int | float):
        return float(clip) * (1 + TOLERATED)
    raise DataError(
        f"nothing bounds an upload of {protocol.name}, and the ring of a secure sum is finite: give limit, "
        "the largest absolute value of a number in an upload. FedAvg with weights by records multiplies an "
        "update by their number, and sends that too."
    )


def _records(name: str, given: Any) -> Records:
    """The records of a client.

    Raises:
        DataError: if they are neither records nor (X, y).
    """
    if isinstance(given, Records):
        return given
    if isinstance(given, tuple) and len(given) == 2:
        return Records(np.asarray(given[0], np.float32), np.asarray(given[1], np.int64))
    raise DataError(
        f"the records of {name!r:.60} are of type {type(given).__name__}: give confide.Records, or (X, y) "
        "with a row of features and a class number each."
    )
