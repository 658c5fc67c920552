"""Keys of parties on disk: a private key and a certificate of each, and the file that pins all of these."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from confide.core.atomic import keep_on_disk
from confide.core.drafts import draft_of
from confide.core.errors import DataError
from confide.core.paths import is_folder, is_there
from confide.core.transcript import check_names
from confide.inputs.pinned_parties import PINS, address_of
from confide.serve.parties.certificates import Identity, der

KEY, CERTIFICATE, PARTIES = "party.key", "party.crt", "parties"
FIRST_PORT = 7443
"""Where the first party listens by itself; the next ones follow."""


def make_keys(folder: Path, parties: Sequence[str], *, hosts: Sequence[str] = ()) -> dict[str, str]:
    """Make a key and a certificate for each party in a new folder, whole or not at all.

    Args:
        folder: that does not exist yet; only its owner can read it.
        parties: their names.
        hosts: where they listen, HOST or HOST:PORT each; this machine without any.

    Returns:
        Addresses by party, for the plan.

    Raises:
        DataError: if the folder exists, a name cannot be one of a folder, or there are not as many hosts.
    """
    if is_there(folder):
        raise DataError(f"{folder} exists, and keys are never written over: name a new folder.")
    if not parties:
        raise DataError("no party is named: give their names, parted by commas.")
    for name in check_names(parties):
        if Path(name).name != name or name in (".", ".."):
            raise DataError(f"{name!r:.60} cannot name a folder: give parties names of letters and digits.")
    addresses = _addresses(parties, hosts)
    with draft_of(folder) as draft:
        draft.mkdir(mode=0o700)
        pins: list[str] = []
        for name in parties:
            own, place = Identity.new(name), draft / PARTIES / name
            place.mkdir(mode=0o700, parents=True)
            (place / KEY).touch(mode=0o600)
            (place / KEY).write_text(own.key)
            (place / CERTIFICATE).write_text(own.certificate)
            pins.append(f'[{json.dumps(name)}]\ncertificate = """\n{own.certificate}"""\n')
        (draft / PINS).write_text("\n".join(pins))
        keep_on_disk(draft)
        draft.rename(folder)
    return addresses


def read_identity(folder: Path, name: str) -> Identity:
    """The key and certificate of a party, in its own folder or in the whole folder that was made.

    Raises:
        DataError: if there is none.
    """
    place = place_of(folder, name)
    try:
        own = Identity((place / CERTIFICATE).read_text(), (place / KEY).read_text())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise DataError(
            f"{place} has no {KEY} and {CERTIFICATE} of {name!r:.60} that can be read ({why}): give the "
            "folder that `confide join keys` made for this party."
        ) from error
    if os.name == "posix" and (place / KEY).stat().st_mode & 0o077:  # other systems have no such bits
        raise DataError(
            f"others on this machine may read {place / KEY}, and could come as {name!r:.60}: take their "
            f"rights by `chmod -R go= {place}`, and make new keys if somebody did read it."
        )
    own.check()
    return own


def place_of(folder: Path, name: str) -> Path:
    """The folder of a party: the one given, or its own in the whole folder that was made."""
    within = folder / PARTIES / name
    return within if is_folder(within) else folder


def fingerprint(certificate: str) -> str:
    """The SHA-256 of a certificate, as `openssl x509 -fingerprint -sha256` prints it."""
    return hashlib.sha256(der(certificate)).digest().hex(":").upper()


def _addresses(parties: Sequence[str], hosts: Sequence[str]) -> dict[str, str]:
    given = hosts or [f"127.0.0.1:{FIRST_PORT + place}" for place in range(len(parties))]
    if len(given) != len(parties):
        raise DataError(f"{len(given)} hosts for {len(parties)} parties: give one for each, in their order.")
    found: dict[str, str] = {}
    for name, host in zip(parties, given, strict=True):
        named = host if ":" in host.rpartition("]")[2] else f"{host}:{FIRST_PORT}"
        address_of(named, name)
        found[name] = named
    return found
