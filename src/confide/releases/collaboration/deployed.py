"""What a plan says of machines: where the server is, and the keys by which all parties know each other."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confide.core.errors import DataError
from confide.core.fields import check_fields, shown
from confide.core.version import VERSION
from confide.inputs.domain_columns import refuse_unknown

PINS = "keys.toml"
"""The file of public keys that `confide collaborate keys` writes."""
MISSING = (
    "the plan names no machines: make keys by `confide collaborate keys`, and add a table [deployed] with "
    f'address = "HOST:PORT" (of the server), version = "{VERSION}" and keys = "{PINS}" (the file that it '
    "writes)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The table `[deployed]` of a plan; a simulation needs none.

    Args:
        address: of the server, as HOST:PORT.
        version: of confide, the same for all.
        keys: the file of all public keys, beside the plan on every machine.
    """

    address: str
    version: str
    keys: Path

    def __post_init__(self) -> None:
        check_fields(self)
        host, _, port = self.address.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65_536:
            raise DataError(f"the address {self.address!r:.60} is none: write it as HOST:PORT.")

    @property
    def port(self) -> int:
        """At which the server listens."""
        return int(self.address.rpartition(":")[2])

    def check_version(self) -> None:
        """Refuse another version than the plan's.

        Raises:
            DataError: what to install.
        """
        if self.version != VERSION:
            raise DataError(
                f"the plan is for confide {self.version}, and this is {VERSION}: install the plan's version, "
                "so that all parties compute the same."
            )


def deployed_of(said: Mapping[str, Any], folder: Path) -> Deployed | None:
    """The table of a plan; None where there is none.

    Args:
        said: the table.
        folder: from which its path goes out.

    Raises:
        DataError: for a key that is missing, unknown or no text.

    >>> deployed_of({}, Path()) is None
    True
    """
    if not said:
        return None
    refuse_unknown(said, ("address", "version", "keys"), "deployed")
    for name in ("address", "version", "keys"):
        if not isinstance(said.get(name), str) or not said[name]:
            told = f"is {shown(said[name])}" if name in said else "is missing"
            raise DataError(f"{name} {told}: [deployed] has address, version and keys, each a text.")
    return Deployed(address=said["address"], version=said["version"], keys=folder / said["keys"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedParty:
    """The keys by which the others know a party: compare their fingerprints by telephone.

    Args:
        node: its key on Flower's network, one line of OpenSSH (ecdsa-sha2-nistp384).
        identity: its key in secure sums, one line of OpenSSH (ssh-ed25519).
    """

    node: str
    identity: str


@dataclass(frozen=True, slots=True)
class Pins:
    """All public keys of a collaboration.

    Args:
        server: the server's key in secure sums, one line of OpenSSH.
        parties: the keys of each party, in the order of the plan.
    """

    server: str
    parties: Mapping[str, PinnedParty]


def read_pins(path: Path, names: tuple[str, ...]) -> Pins:
    """Read the public keys of all parties of a plan.

    Raises:
        DataError: if the file is none, or has other parties than the plan.
    """
    try:
        said: Mapping[str, Any] = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(
            f"{path} is no file of public keys ({getattr(error, 'strerror', None) or error!s:.80}): copy the "
            f"{PINS} that `confide collaborate keys` wrote."
        ) from error
    if set(said) != {"server", "parties"} or not isinstance(said["parties"], dict):
        raise DataError(f"{path} has {', '.join(said):.100}: a file of keys has server and [parties.NAME].")
    if set(said["parties"]) != set(names):
        odd = sorted(set(said["parties"]) ^ set(names))[0]
        where = "no keys there" if odd in names else "keys there, and is no party of the plan"
        raise DataError(f"{path}: {odd!r:.60} has {where}: make keys for exactly the parties of the plan.")
    parties = {name: _pinned(name, said["parties"][name], path) for name in names}
    return Pins(str(said["server"]), parties)


def _pinned(name: str, given: Any, path: Path) -> PinnedParty:
    if not isinstance(given, Mapping) or set(given) != {"node", "identity"}:
        raise DataError(f"{path}: party {name!r:.60} needs a node key and an identity, and nothing else.")
    return PinnedParty(node=str(given["node"]), identity=str(given["identity"]))
