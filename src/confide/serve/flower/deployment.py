"""The plan of a deployed collaboration: one file that every party reads for itself and compares."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confide.core.errors import DataError
from confide.core.paths import is_there
from confide.core.transcript import SERVER, check_names
from confide.core.version import VERSION
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.protocol import AnyCollaboration
from confide.models.factories import made
from confide.models.importing import import_object

_NEEDED = {
    "version": str, "name": str, "address": str, "rounds": int, "cohort": int, "deadline": (int, float),
    "learner": str, "protocol": str, "server": str, "parties": dict,
}  # fmt: skip
_OPTIONAL = {"seed": int, "secure": dict}


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedParty:
    """The keys by which the others know a party: compare their fingerprints by telephone.

    Args:
        node: its key on Flower's network, one line of OpenSSH (ecdsa-sha2-nistp384).
        identity: its key in secure sums, one line of OpenSSH (ssh-ed25519).
    """

    node: str
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Secure:
    """Secure aggregation in a deployed collaboration.

    Args:
        limit: the largest absolute value of a number in an upload, weights included.
        threshold: how many parties of a round must remain; None is the least above two thirds of them.
        colluding: how many parties may tell the server all they know.
    """

    limit: float
    threshold: int | None = None
    colluding: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What all parties of a deployed collaboration agree on beforehand.

    Args:
        version: of confide, the same for all.
        name: of the collaboration; the keys of secure sums are bound to it.
        address: of the server, as HOST:PORT.
        rounds: how many.
        cohort: the fewest parties whose uploads make a round. Below it the run stops, with the names. Of a
            protocol that draws fewer than that for a round, all that were drawn must answer.
        deadline: seconds that a step of a round may take.
        learner, protocol: import paths, such as mypkg.plan:learner, of objects or of functions that make
            them.
        server: the server's key in secure sums, one line of OpenSSH.
        parties: the parties in their order, each with its keys.
        seed: for rehearsals: all randomness but noise follows from it, and anyone with the plan knows who is
            sampled. None for a real run.
        secure: adds up uploads so that the server sees their sum alone; None sends each upload to it.
    """

    version: str
    name: str
    address: str
    rounds: int
    cohort: int
    deadline: float
    learner: str
    protocol: str
    server: str
    parties: Mapping[str, PinnedParty]
    seed: int | None = None
    secure: Secure | None = None

    def __post_init__(self) -> None:
        check_names((SERVER, *self.parties))
        if self.version != VERSION:
            raise DataError(
                f"the plan is for confide {self.version}, and this is {VERSION}: install the plan's version, "
                "so that all parties compute the same."
            )
        if not self.name or self.rounds < 1 or not self.deadline > 0:
            raise DataError(
                f"the plan {self.name!r:.40} has {self.rounds} rounds and a deadline of {self.deadline:g} "
                "seconds: give a name, at least one round, and a deadline above 0."
            )
        if not 1 <= self.cohort <= len(self.parties):
            raise DataError(
                f"the cohort is {self.cohort} of {len(self.parties)} parties: give 1 to {len(self.parties)}."
            )
        if self.seed is not None and self.seed < 0:
            raise DataError(
                f"the seed is {self.seed}: give a whole number from 0 on, or none for a real run."
            )
        host, _, port = self.address.rpartition(":")
        if not host or not port.isdigit():
            raise DataError(f"the address {self.address!r:.60} is none: write it as HOST:PORT.")

    @property
    def names(self) -> tuple[str, ...]:
        """The parties in the order of the plan; a party's position in it is its number in the protocol."""
        return tuple(self.parties)

    def made_learner(self) -> LocalLearner:
        """The learner that the plan names."""
        return made(import_object(self.learner), self.learner, what="the learner")  # pyright: ignore[reportReturnType]

    def made_protocol(self) -> AnyCollaboration:
        """The protocol that the plan names."""
        return made(import_object(self.protocol), self.protocol, what="the protocol")  # pyright: ignore[reportReturnType]

    def digest(self, protocol: AnyCollaboration) -> str:
        """SHA-256 of all terms and of the protocol's settings, which may be in another file."""
        terms = {
            "version": self.version, "name": self.name, "address": self.address, "rounds": self.rounds,
            "cohort": self.cohort, "deadline": self.deadline, "learner": self.learner,
            "protocol": [self.protocol, repr(protocol)], "server": self.server, "seed": self.seed,
            "parties": [[name, own.node, own.identity] for name, own in self.parties.items()],
            "secure": repr(self.secure),
        }  # fmt: skip
        return hashlib.sha256(json.dumps(terms, sort_keys=True).encode()).hexdigest()

    def people(self) -> str:
        """SHA-256 of who takes part: to what a ledger of the collaboration is bound."""
        listed = [[name, own.node, own.identity] for name, own in self.parties.items()]
        return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def read_deployment(path: Path) -> Deployment:
    """Read a plan.

    Raises:
        DataError: if the file is none, or says what a plan cannot say.
    """
    path = Path(path)
    if not is_there(path):
        raise DataError(f"there is no plan {path}: name the file that all parties agreed on.")
    try:
        said = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path} is no TOML file ({error!s:.100}).") from error
    return deployment_of(said, str(path))


def deployment_of(said: Mapping[str, Any], source: str) -> Deployment:
    """The plan that a table says.

    Args:
        said: as a TOML file gives it.
        source: its name, for messages.

    Raises:
        DataError: with the entry that is missing, unknown or of another type.
    """
    for name in said:
        if name not in _NEEDED and name not in _OPTIONAL:
            known = ", ".join((*_NEEDED, *_OPTIONAL))
            raise DataError(f"{source} says {name!r:.40}, which no plan has: it has {known}.")
    for name, kind in _NEEDED.items():
        if name not in said:
            raise DataError(f"{source} lacks {name!r}: every plan has {', '.join(_NEEDED)}.")
        _of_type(said, name, kind, source)
    for name, kind in _OPTIONAL.items():
        if name in said:
            _of_type(said, name, kind, source)
    parties = {name: _pinned(name, given, source) for name, given in said["parties"].items()}
    terms = {name: value for name, value in said.items() if name not in ("parties", "secure")}
    return Deployment(**terms, parties=parties, secure=_secure(said.get("secure"), source))


def _of_type(said: Mapping[str, Any], name: str, kind: Any, source: str) -> None:
    if not isinstance(said[name], kind) or isinstance(said[name], bool):
        raise DataError(f"{source} says {name} = {said[name]!r:.60}: another type is expected.")


def _pinned(name: str, given: Any, source: str) -> PinnedParty:
    if not isinstance(given, Mapping) or set(given) != {"node", "identity"}:
        raise DataError(f"{source}: party {name!r:.60} needs a node key and an identity, and nothing else.")
    return PinnedParty(node=str(given["node"]), identity=str(given["identity"]))


def _secure(given: Any, source: str) -> Secure | None:
    if given is None:
        return None
    known = {"limit": (int, float), "threshold": int, "colluding": int}
    for name in given:
        if name not in known:
            raise DataError(f"{source}: secure says {name!r:.40}; it has {', '.join(known)}.")
        _of_type(given, name, known[name], f"{source}: secure")
    if "limit" not in given:
        raise DataError(f"{source}: secure lacks 'limit', the largest number in an upload.")
    return Secure(**given)
