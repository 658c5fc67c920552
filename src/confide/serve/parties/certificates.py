"""Certificates of parties: made by each for itself, pinned in the plan, compared byte for byte."""

from __future__ import annotations

import datetime
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from confide.core.errors import DataError
from confide.inputs.pinned_parties import public_key
from confide.mechanisms.share.joint.plan import Party
from confide.mechanisms.share.refusals import RefusedError


class Meeting(Protocol):
    """What parties need of a plan to meet: who they are, where, and how long to wait."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def parties(self) -> tuple[Party, ...]: ...
    @property
    def arrival(self) -> float: ...
    def party(self, name: str) -> Party:
        """The party of this name."""
        ...


YEARS = 5
"""A certificate is good for."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A party's key and certificate, in PEM. The key never leaves the party.

    >>> Identity.new("a").certificate.splitlines()[0]
    '-----BEGIN CERTIFICATE-----'
    """

    certificate: str
    key: str

    def __repr__(self) -> str:
        return "Identity(certificate=..., key=...)"

    @classmethod
    def new(cls, name: str) -> Identity:
        """A new Ed25519 key, and a certificate that it signs itself."""
        key = Ed25519PrivateKey.generate()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=365 * YEARS))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(key, None)
        )
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(made.public_bytes(serialization.Encoding.PEM).decode(), secret.decode())

    def check(self) -> None:
        """Check that key and certificate belong together.

        Raises:
            DataError: if they do not, or one of them is none.
        """
        try:
            key = serialization.load_pem_private_key(self.key.encode(), password=None)
            made = x509.load_pem_x509_certificate(self.certificate.encode())
        except (ValueError, TypeError):
            raise DataError("the key or the certificate of this party is no PEM: make them again.") from None
        if key.public_key() != made.public_key():
            raise DataError(
                "the key of this party is not that of its certificate: take both from one folder."
            )

    def sign(self, text: bytes) -> bytes:
        """An Ed25519 signature of this text."""
        return self.signer.sign(text)

    @property
    def signer(self) -> Ed25519PrivateKey:
        """The private key."""
        return cast(Ed25519PrivateKey, serialization.load_pem_private_key(self.key.encode(), password=None))


def check_signed(signature: bytes, text: bytes, *, certificate: str, party: str) -> None:
    """Check that a party signed this text with the key of its pinned certificate.

    Raises:
        RefusedError: if it did not.
    """
    try:
        public_key(certificate, party).verify(signature, text)
    except InvalidSignature:
        raise RefusedError(
            f"party {party!r:.60} signed another handshake than ours, or with another key: somebody stands "
            "between the parties, or one of them mixes two runs.",
            parties=(party,),
        ) from None


def der(certificate: str) -> bytes:
    """The bytes of a certificate in PEM.

    Raises:
        DataError: if it is none.
    """
    try:
        return ssl.PEM_cert_to_DER_cert(certificate)
    except ValueError:
        raise DataError("a certificate in the plan is no PEM: paste it from BEGIN to END.") from None


def contexts(plan: Meeting, identity: Identity, *, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS 1.3 for listening and for connecting, both of which ask for a certificate of the plan.

    Raises:
        DataError: if the identity is not the one that the plan has for this name.
    """
    if der(plan.party(name).certificate) != der(identity.certificate):
        raise DataError(
            f"the certificate given is not the one that the plan pins for {name!r:.60}: give its own."
        )
    both = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    with (
        tempfile.TemporaryDirectory() as folder
    ):  # readable by the owner alone; OpenSSL loads from files only
        held = Path(folder) / "identity.pem"
        held.touch(0o600)
        held.write_text(identity.key + identity.certificate)
        for context in both:
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.check_hostname = False  # the whole certificate is compared instead
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_cert_chain(held)
            context.load_verify_locations(cadata="".join(party.certificate for party in plan.parties))
    return both
