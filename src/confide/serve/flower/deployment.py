"""What all parties of a deployed collaboration agree on, made from the one plan file and its public keys."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from confide.core.errors import DataError, PromiseError
from confide.core.transcript import SERVER, check_names
from confide.core.version import VERSION
from confide.inputs.plan_files import placed_in
from confide.inputs.public_schema import parsed_public, schema_text
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.protocol import AnyCollaboration
from confide.mechanisms.noise.source import Noise
from confide.releases.collaboration.deployed import MISSING, PinnedParty, read_pins
from confide.releases.collaboration.exchanges import exchange_of
from confide.releases.collaboration.parties import read_public_part
from confide.releases.collaboration.plan import PlanFile, read_plan
from confide.releases.collaboration.protocols import PROTOCOLS, exchange_in
from confide.releases.collaboration.simulated import clip_of

STEPS = 5
"""Messages of a round with a secure sum, each of which may take its part of the round's time."""
ROUND = 600.0
"""Seconds that a round may take where the plan does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secure:
    """Secure aggregation in a deployed collaboration.

    Args:
        limit: the largest absolute value of a number in an upload, weights included.
        threshold: how many parties of a round must remain; None is the least above two thirds of them.
        colluding: how many parties may tell the server all they know.
        neighbours: with how many others a party shares masks; None for all.
    """

    limit: float
    threshold: int | None = None
    colluding: int = 0
    neighbours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What all parties of a deployed collaboration agree on beforehand.

    Args:
        address: of the server, as HOST:PORT.
        rounds: how many.
        cohort: the fewest parties whose uploads make a round. Below it the run stops, with the names. Of a
            protocol that draws fewer than that for a round, all that were drawn must answer.
        deadline: seconds that a step of a round may take.
        learner, protocol: make what parties train, and what happens in a round.
        server: the server's key in secure sums, one line of OpenSSH.
        parties: the parties in their order, each with its keys.
        said: everything else that the plan and its schema say, as text.
        seed: for rehearsals: all randomness follows from it, and anyone with the plan knows who is sampled.
            None for a real run.
        secure: adds up uploads so that the server sees their sum alone; None sends each upload to it.
        end: seconds that the run may take; None for any.
    """

    address: str
    rounds: int
    cohort: int
    deadline: float
    learner: Callable[[], LocalLearner]
    protocol: Callable[[], AnyCollaboration]
    server: str
    parties: Mapping[str, PinnedParty]
    said: str = ""
    seed: int | None = None
    secure: Secure | None = None
    end: float | None = None

    def __post_init__(self) -> None:
        check_names((SERVER, *self.parties))
        if self.rounds < 1 or not self.deadline > 0:
            raise DataError(
                f"there are {self.rounds} rounds and a deadline of {self.deadline:g} seconds: give at least "
                "one round, and a deadline above 0."
            )
        if not 1 <= self.cohort <= len(self.parties):
            raise DataError(
                f"the cohort is {self.cohort} of {len(self.parties)} parties: give 1 to {len(self.parties)}."
            )
        if self.seed is not None and self.seed < 0:
            raise DataError(
                f"the seed is {self.seed}: give a whole number from 0 on, or none for a real run."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The parties in the order of the plan; a party's position in it is its number in the protocol."""
        return tuple(self.parties)

    @property
    def name(self) -> str:
        """By which keys of secure sums are bound to this collaboration."""
        return self._sha256()[:16]

    def made_learner(self) -> LocalLearner:
        """The learner of the plan."""
        return self.learner()

    def made_protocol(self) -> AnyCollaboration:
        """The protocol of the plan."""
        return self.protocol()

    def digest(self, protocol: AnyCollaboration) -> str:
        """SHA-256 of all terms, and of the protocol's settings; no paths of private keys, and no deadlines.

        A run that is too slow for its deadlines may go on with longer ones, and is charged once.
        """
        return self._sha256(repr(protocol))

    def people(self) -> str:
        """SHA-256 of who takes part: to what a ledger of the collaboration is bound."""
        return hashlib.sha256(json.dumps(self._pinned).encode()).hexdigest()

    def _sha256(self, *more: str) -> str:
        terms = {
            "version": VERSION, "address": self.address, "rounds": self.rounds, "cohort": self.cohort,
            "server": self.server, "seed": self.seed,
            "parties": self._pinned, "secure": repr(self.secure), "said": self.said, "more": more,
        }  # fmt: skip
        return hashlib.sha256(json.dumps(terms, sort_keys=True).encode()).hexdigest()

    @property
    def _pinned(self) -> list[list[str]]:
        return [[name, own.node, own.identity] for name, own in self.parties.items()]


def read_deployment(path: Path, *, seed: int | None = None) -> Deployment:
    """Read the plan at a path as that of a deployment.

    Raises:
        DataError: if the file is none, or names no machines or keys.
    """
    return deployment_of(read_plan(path), seed=seed)


def deployment_of(plan: PlanFile, *, seed: int | None = None) -> Deployment:
    """What the parties of a plan agree on, where each is a machine of its own.

    Args:
        plan: that was read. A simulation of it trains in the same way.
        seed: of a rehearsal, the same for all.

    Raises:
        DataError: if the plan has no table `[deployed]`, is for another version of confide, or its keys are
            those of other parties.
        ConfideError: for a protocol that cannot be.
    """
    with placed_in(plan.path):
        if plan.deployed is None:
            raise DataError(MISSING)
        if plan.records is not None:
            raise DataError(
                "records names one file of all clients, and no machine has it: name each client with the "
                "file on its own machine, in [parties]."
            )
    with placed_in(plan.path, "deployed"):
        plan.deployed.check_version()
        pins = read_pins(plan.deployed.keys, tuple(plan.parties))
    with placed_in(plan.path):
        schema = schema_text(plan.schema)
        public = parsed_public(schema, label=plan.label, path=plan.schema)
    noise: Noise = "secure" if seed is None else "rehearsal"
    exchange, shared = exchange_in(plan.protocol), ""
    protocol: Callable[[], AnyCollaboration] = partial(plan.made, noise)
    if exchange is not None:
        protocol, shared = _exchange(plan, noise)
    _ = protocol()  # one that cannot be is refused now
    if exchange is None and PROTOCOLS[plan.protocol["name"]].remembers:
        with placed_in(plan.path, "protocol"):
            raise PromiseError(
                f"clients of {plan.protocol['name']} keep a memory between rounds, and a run that goes on "
                "after a crash would lose it: choose another protocol, or simulate this one."
            )
    if (
        plan.protocol.get("mean", "plain") != "plain"
        and plan.cohort is not None
        and plan.cohort < len(plan.parties)
    ):
        with placed_in(plan.path, "protocol"):
            raise PromiseError(
                f"with a cohort of {plan.cohort} of {len(plan.parties)} silent parties are left out of a "
                "round, and of those that remain more may lie than a robust mean withstands. Leave cohort "
                "out, so that a round takes all of them, or leave out mean."
            )
    # As it was parsed: comments and ends of lines are no terms.
    # Nor are deadlines.
    terms = {name: value for name, value in tomllib.loads(plan.text).items() if name != "deadlines"}
    said = json.dumps([terms, tomllib.loads(schema), *[shared] * bool(shared)], default=str)
    seconds = ROUND if plan.deadline is None else plan.deadline
    with placed_in(plan.path):
        return Deployment(
            address=plan.deployed.address,
            rounds=plan.rounds,
            cohort=len(plan.parties) if plan.cohort is None else plan.cohort,
            deadline=seconds if plan.adding is None else seconds / STEPS,
            learner=partial(
                plan.learner.learner, features=len(public.columns.names), classes=len(public.classes)
            ),
            protocol=protocol,
            server=pins.server,
            parties=pins.parties,
            said=said,
            seed=seed,
            secure=_secure(plan, protocol),
            end=plan.end,
        )


def _exchange(plan: PlanFile, noise: Noise) -> tuple[Callable[[], AnyCollaboration], str]:
    """Makes the protocol of an exchange of predictions; and the digest of the public records.

    Every machine has a copy of these, and one with other records follows another plan.
    """
    name = plan.protocol["name"]
    with placed_in(plan.path, "protocol"):
        if name == "pate":
            raise PromiseError(
                "pate has to know how many records all parties hold, and no machine does: simulate the "
                "plan, or choose votes."
            )
        if plan.adding is not None:
            raise PromiseError(
                f"{name} is added up by a secure sum in simulations alone so far: leave out [secure], or "
                "simulate the plan."
            )
    with placed_in(plan.path):
        parties = read_public_part(plan, test=None)
    assert parties.published is not None, "a plan of an exchange names public records"
    return partial(exchange_of, plan, parties, noise), parties.published.digest


def _secure(plan: PlanFile, protocol: Callable[[], AnyCollaboration]) -> Secure | None:
    how = plan.adding
    if how is None:
        return None
    return Secure(
        limit=how.limit if how.limit is not None else clip_of(protocol()),
        threshold=how.threshold,
        colluding=how.colluding,
        neighbours=how.neighbours,
    )
