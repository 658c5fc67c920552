"""A party of a deployed collaboration: it answers requests of the server, whatever engine carries them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Rng
from confide.core.errors import DataError, PromiseError
from confide.core.transcript import Payload
from confide.mechanisms.federate.gathered import NO_RECORDS, NOT_FINITE
from confide.mechanisms.federate.protocol import Job
from confide.mechanisms.federate.rounds import worked
from confide.mechanisms.federate.secure_rounds import joined
from confide.mechanisms.share.client import Client
from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.messages import Identity, Message
from confide.mechanisms.share.refusals import RefusedError
from confide.serve.flower.deployment import Deployment
from confide.serve.flower.messages import Reply, Request, message_in, signed
from confide.serve.flower.sums import grid_of, sum_plan
from confide.views.records import Records

Kept = Mapping[str, NDArray[np.generic]]
"""What a party keeps between two requests. It is as secret as its records, and stays on its machine."""
BEYOND = "numbers beyond the plan's limit"
_VECTOR, _LAST, _FORM = "vector", "last sum", "form "


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Party:
    """One party and what it never sends: its records and its private key.

    It follows its own copy of the plan. What the server sends is checked against it: another plan, keys that
    it does not pin, or fewer parties than its cohort are refused, and nothing is sent then.

    Args:
        deployment: its plan.
        name: of this party in it.
        identity: its private key for secure sums; None where the plan has none.
        records: gives its records; called only when they are needed.
    """

    deployment: Deployment
    name: str
    identity: Identity | None
    records: Callable[[], Records]

    def __post_init__(self) -> None:
        if self.name not in self.deployment.parties:
            raise DataError(
                f"the plan has no party {self.name!r:.60}: it has {', '.join(self.deployment.names):.200}."
            )

    def answer(self, request: Request, kept: Kept) -> tuple[Reply, Kept]:
        """The answer to a request, and what to keep for the next.

        Raises:
            RefusedError: if the request is not one that the plan allows.
            DataError: if the records cannot be read.
        """
        protocol = self.deployment.made_protocol()
        if request.digest != self.deployment.digest(protocol):
            raise RefusedError(
                "the server follows another plan, protocol or version than this party: compare the files. "
                "Nothing was sent.",
                parties=["server"],
            )
        if self.name not in request.members or not 1 <= request.round <= self.deployment.rounds:
            raise RefusedError(
                f"round {request.round} of {len(request.members)} parties is none of the plan's in which "
                f"{self.name!r} takes part. Nothing was sent.",
                parties=["server"],
            )
        if request.action == "ended":
            return Reply(), {}
        masked = self.deployment.secure is not None
        if masked == (request.action == "update"):
            raise RefusedError(
                "the plan has a secure sum, and the server asks for the upload itself. Nothing was sent."
                if masked
                else "the server asks for a secure sum, and the plan has none. Nothing was sent.",
                parties=["server"],
            )
        if not masked:
            upload = self._upload(request)
            return (upload if isinstance(upload, Reply) else Reply(arrays=upload)), {}
        if request.action == "keys":
            return self._begun(request, kept)
        return self._continued(request, kept)

    def _begun(self, request: Request, kept: Kept) -> tuple[Reply, Kept]:
        """Train, keep the vector, and send fresh keys for its masks."""
        last = int(kept[_LAST][0]) if _LAST in kept else 0
        past = Past({last: frozenset()}) if last else Past()
        past.refuse_repeated(request.sum)
        upload = self._upload(request)
        if isinstance(upload, Reply):
            return upload, {_LAST: np.array([last])}
        grid, vector = grid_of(self.deployment, request.members), joined(upload)
        if not np.abs(vector).max(initial=0.0) <= grid.limit:
            return Reply(fault=BEYOND), {_LAST: np.array([last])}
        form = {name: upload[name].shape for name in sorted(upload)}
        plan = sum_plan(self.deployment, request.members, form, run=request.run)
        client = Client(plan, self._identity, round=request.sum, past=past)
        message = client.keys()
        shapes = {_FORM + name: np.array(shape, np.int64) for name, shape in form.items()}
        vector = grid.rounded(vector)
        return Reply(arrays=signed(message), form=form), {
            **self._saved(client, request),
            **shapes,
            _VECTOR: vector,
        }

    def _continued(self, request: Request, kept: Kept) -> tuple[Reply, Kept]:
        """The next message of a secure sum that this party takes part in."""
        if _VECTOR not in kept or int(kept[_LAST][0]) != request.sum:
            raise RefusedError(
                f"{self.name!r} has not begun sum {request.sum}, or has restarted since: it takes part in "
                "the next one."
            )
        names = {key.removeprefix(_FORM): key for key in kept if key.startswith(_FORM)}
        form = {name: tuple(int(n) for n in kept[key]) for name, key in names.items()}
        plan = sum_plan(self.deployment, request.members, form, run=request.run)
        saved = {key: np.asarray(value, np.uint8) for key, value in kept.items() if value.dtype == np.uint8}
        client = Client.restored(plan, self._identity, saved)
        message = _next(client, message_in(request.arrays), kept[_VECTOR])
        left = {key: kept[key] for key in names.values()}
        if request.action == "unmask":
            return Reply(arrays=signed(message)), {_LAST: kept[_LAST]}
        # The vector was sent under its masks, and is not needed again.
        vector = np.zeros(0, np.int64) if request.action == "masked" else kept[_VECTOR]
        return Reply(arrays=signed(message)), {**self._saved(client, request), **left, _VECTOR: vector}

    def _upload(self, request: Request) -> Payload | Reply:
        """What this party's records make of the model, or why there is nothing."""
        records = self.records()
        if not len(records):
            return Reply(fault=NO_RECORDS)
        protocol, learner = self.deployment.made_protocol(), self.deployment.made_learner()
        job = Job(request.arrays, {}, records, self._rng(request))
        (done,) = worked(protocol, learner, [job])
        if done.memory:
            raise PromiseError(
                f"parties of {protocol.name} keep a memory between rounds, which a run that goes on after a "
                "crash would lose: choose another protocol, or simulate this one."
            )
        if not all(np.isfinite(array).all() for array in done.upload.values()):
            return Reply(fault=NOT_FINITE)
        return done.upload

    def _rng(self, request: Request) -> Rng:
        if self.deployment.seed is None:
            return np.random.default_rng(secrets.randbits(128))
        place = self.deployment.names.index(self.name)
        return np.random.default_rng((first_seed(self.deployment.seed), request.round, request.turn, place))

    def _saved(self, client: Client, request: Request) -> dict[str, NDArray[np.generic]]:
        return {**client.saved(), _LAST: np.array([request.sum])}

    @property
    def _identity(self) -> Identity:
        if self.identity is None:
            raise DataError(f"{self.name!r} has no key for secure sums: give it, or agree on a plan without.")
        return self.identity


def first_seed(seed: int) -> int:
    """The number that a simulation with this seed draws first, so that both train in the same way."""
    return int(np.random.default_rng(seed).integers(2**63))


def _next(client: Client, message: Message, vector: Array) -> Message:
    match message.kind:
        case "roster":
            return client.share(message)
        case "sealed":
            return client.mask(message, vector)
        case "survivors":
            return client.agree(message)
        case _:
            return client.unmask(message)
