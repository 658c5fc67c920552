"""Parties of a plan, each with an address and a certificate that the file of keys pins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from confide.core.errors import DataError
from confide.core.fields import shown
from confide.core.transcript import check_names
from confide.inputs.plan_files import Said, parsed, text_of, words_in
from confide.mechanisms.share.joint.plan import Party

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PINS = "keys.toml"
"""The file of certificates that `confide join keys` and `confide match keys` write."""


def parties_of(said: Said, pins: Path, helpers: Sequence[str] = ()) -> tuple[Party, ...]:
    """The parties of a plan, with the certificates that its file of keys pins.

    Args:
        said: name -> address.
        pins: the file.
        helpers: who holds no records.

    Raises:
        DataError: if one has no address or no certificate.
    """
    check_names(tuple(said))
    if odd := [name for name in helpers if name not in said]:
        raise DataError(f"helpers names {odd[0]!r:.60}, which is no party: give its address here.")
    certificates = parsed(pins, text_of(pins))
    found: list[Party] = []
    for name, address in said.items():
        host, port = address_of(address, name)
        pinned = certificates.get(name)
        if not isinstance(pinned, Mapping) or set(cast(Said, pinned)) != {"certificate"}:
            raise DataError(f"{pins} has no certificate of {name!r:.60}: put the lines of its {PINS} there.")
        certificate = words_in(cast(Said, pinned), "certificate").strip() + "\n"
        role = "helper" if name in helpers else "owner"
        found.append(Party(name=name, host=host, port=port, certificate=certificate, role=role))
    places = [(party.host, party.port) for party in found]
    for party in found:
        if places.count((party.host, party.port)) > 1:
            raise DataError(
                f"two parties listen at {party.host}:{party.port}, {party.name!r:.60} is one: give each an "
                "address of its own."
            )
    if strangers := [name for name in certificates if name not in said]:
        raise DataError(f"{pins} has a certificate of {strangers[0]!r:.60}, which is no party of the plan.")
    return tuple(found)


def address_of(given: object, name: str) -> tuple[str, int]:
    """Host and port of a party.

    Raises:
        DataError: if it is no address.

    >>> address_of("a.example.org:7443", "a")
    ('a.example.org', 7443)
    """
    host, _, port = given.rpartition(":") if isinstance(given, str) else ("", "", "")
    digits = port.isascii() and port.isdigit() and len(port) < 6
    if not host or not digits or not 0 < int(port) < 65_536:
        raise DataError(f'the address of {name!r:.60} is {shown(given)}: write it as "HOST:PORT".')
    return host.strip("[]"), int(port)


def public_key(certificate: str, party: str) -> Ed25519PublicKey:
    """The key of a pinned certificate.

    Raises:
        DataError: if it is no certificate of an Ed25519 key.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise DataError(
            f"the certificate of {party!r:.60} is none of an Ed25519 key: make keys by confide, and "
            "paste the certificate from BEGIN to END."
        )
    return key
