"""Keys of a deployed collaboration: a certificate authority, the server's certificate, keys of all parties.

The authority signs the server's certificate, and no other: parties are known by their keys, which the plan
pins. The person who makes them holds all keys for a moment: hand each folder to its party, and delete it
here. A party that does not want that makes its own by `party_keys`, and sends the two public lines.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import ipaddress
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from confide.core.atomic import keep_on_disk
from confide.core.drafts import draft_of
from confide.core.errors import DataError
from confide.core.paths import is_there
from confide.core.transcript import SERVER, check_names
from confide.mechanisms.share.messages import Identity
from confide.releases.collaboration.deployed import PINS

AUTHORITY, CERTIFICATE, SERVER_KEY = "ca.crt", "server.crt", "server.key"
NODE, IDENTITY = "node.key", "identity.key"
"""Files of private keys; the public line is beside each, in the same name with .pub."""
DAYS = 398
"""Validity of the server's certificate: above it, some clients refuse."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
"""Of a host, as the DNS has it."""
_OPENSSH = serialization.PrivateFormat.OpenSSH
_PEM = serialization.Encoding.PEM
_LINE = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)


def make_keys(folder: Path, parties: Sequence[str], *, hosts: Sequence[str], days: int = DAYS) -> None:
    """Make all keys of a collaboration in a new folder, whole or not at all.

    Its folder `server` is for the server's machine, and each folder in `parties` for one party; `keys.toml`,
    the public keys of all, is for everybody. The key of
    the authority is nowhere: a certificate that ends, or another host, takes a new authority.

    Args:
        folder: that does not exist yet; only its owner can read it.
        parties: their names.
        hosts: names or addresses by which parties reach the server.
        days: until the certificate ends.

    Raises:
        DataError: if the folder exists, or a name cannot be one of a party and of a folder, or of a host.
    """
    folder = Path(folder)
    if is_there(folder):
        raise DataError(f"{folder} exists, and keys are never written over: name a new folder.")
    for name in check_names((SERVER, *parties)):
        if Path(name).name != name or name in (".", ".."):
            raise DataError(f"{name!r:.60} cannot name a folder: give parties names of letters and digits.")
    if not hosts or not parties:
        raise DataError("no host or no party is named: keys are made for at least one of each.")
    with draft_of(folder) as draft:
        draft.mkdir(mode=0o700)
        # Processes of the server's machine reach it by the address of that machine itself.
        authority, certificate, key = _certified(dict.fromkeys((*hosts, "localhost", "127.0.0.1")), days)
        server = draft / "server"
        server.mkdir(mode=0o700)
        _write_private(server / SERVER_KEY, key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))  # fmt: skip
        (server / CERTIFICATE).write_bytes(certificate)
        (server / AUTHORITY).write_bytes(authority)
        _new_identity(server)
        for name in parties:
            party_keys(draft / "parties" / name)
            (draft / "parties" / name / AUTHORITY).write_bytes(authority)
        (draft / PINS).write_text(pinned_text(draft))
        keep_on_disk(draft)
        draft.rename(folder)


def party_keys(folder: Path) -> None:
    """Make the two keys of one party in a new folder, in the format of OpenSSH, which Flower demands."""
    folder.mkdir(mode=0o700, parents=True)
    _write_pair(folder / NODE, ec.generate_private_key(ec.SECP384R1()))
    _new_identity(folder)


def public_line(path: Path) -> str:
    """The public key beside a private one, as one line of OpenSSH without a comment.

    Raises:
        DataError: if there is none.
    """
    public = path.with_name(f"{path.name}.pub")
    try:
        return " ".join(public.read_text().split()[:2])
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{public} holds no public key: make keys, or copy the whole folder.") from error


def public_of(path: Path) -> str:
    """The public line that belongs to a private key, whatever file is beside it.

    Raises:
        DataError: if the file is no private key of OpenSSH without a password.
    """
    try:
        key = serialization.load_ssh_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path} is no private key of OpenSSH without a password.") from error
    return key.public_key().public_bytes(*_LINE).decode()


def read_identity(path: Path, name: str) -> Identity:
    """A party's private key for secure sums.

    Raises:
        DataError: if the file is no Ed25519 key without a password.
    """
    try:
        key = serialization.load_ssh_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path} is no private key of OpenSSH without a password.") from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise DataError(f"{path} is no Ed25519 key: the identity of a party is one.")
    return Identity(name, key)


def raw_identity(line: str, name: str) -> bytes:
    """The 32 bytes of an Ed25519 public key that a plan pins.

    Raises:
        DataError: if the line is none.
    """
    key = _loaded(line, name)
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise DataError(f"the identity of {name!r:.60} in the plan is no Ed25519 key.")
    return key.public_bytes_raw()


def node_pem(line: str, name: str) -> bytes:
    """A node's public key as PEM, in which Flower names it.

    Raises:
        DataError: if the line is no key on a NIST curve.
    """
    key = _loaded(line, name)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise DataError(f"the node key of {name!r:.60} in the plan is no key on a NIST curve.")
    return key.public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def fingerprint(line: str) -> str:
    """The fingerprint of a public line, as `ssh-keygen -l` prints it.

    >>> fingerprint("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    'SHA256:kmYcvdi2GkPeWxB6XLjrZB8JHsy2Hm8luHMFp9GMvqk'
    """
    found = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return "SHA256:" + base64.b64encode(found).decode().rstrip("=")


def certificate_fingerprint(path: Path) -> str:
    """The SHA-256 of a certificate, as `openssl x509 -fingerprint -sha256` prints it."""
    found = x509.load_pem_x509_certificate(path.read_bytes()).fingerprint(hashes.SHA256())
    return found.hex(":").upper()


def pinned_text(folder: Path) -> str:
    """The lines of a plan that pin all keys in a folder that `make_keys` made."""
    lines = [f'server = "{public_line(folder / "server" / IDENTITY)}"']
    for party in sorted((folder / "parties").iterdir()):
        lines += [
            "",
            f'[parties."{party.name}"]',
            f'node = "{public_line(party / NODE)}"',
            f'identity = "{public_line(party / IDENTITY)}"',
        ]
    return "\n".join(lines) + "\n"


def fingerprints(folder: Path) -> dict[str, str]:
    """All fingerprints to read out over the telephone, by what they are of."""
    found = {"certificate authority": certificate_fingerprint(folder / "server" / AUTHORITY)}
    found["server, identity"] = fingerprint(public_line(folder / "server" / IDENTITY))
    for party in sorted((folder / "parties").iterdir()):
        for what, name in (("node", NODE), ("identity", IDENTITY)):
            found[f"{party.name}, {what}"] = fingerprint(public_line(party / name))
    return found


def _loaded(line: str, name: str) -> object:
    try:
        return serialization.load_ssh_public_key(line.encode())
    except ValueError as error:
        raise DataError(f"a key of {name!r:.60} in the plan is no public line of OpenSSH.") from error


def _certified(hosts: Iterable[str], days: int) -> tuple[bytes, bytes, ec.EllipticCurvePrivateKey]:
    """Certificates of an authority and of a server, and the server's key; the authority's is dropped."""
    own, key = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())
    now = dt.datetime.now(dt.UTC)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "confide collaboration CA")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "confide collaboration server")])

    def builder(whose: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(whose)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))  # clocks of parties differ
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(own.public_key()), critical=False
            )
        )

    authority = (
        builder(issuer, own.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(own, hashes.SHA384())
    )
    certificate = (
        builder(subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        .sign(own, hashes.SHA384())
    )
    return authority.public_bytes(_PEM), certificate.public_bytes(_PEM), key


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        if len(host) > 253 or not _NAME.fullmatch(host):
            raise DataError(
                f"{host!r:.60} is no name or address of a host: give one such as fl.example.org, without "
                "scheme and port; letters beyond a to z as the DNS has them (xn--...)."
            ) from None
        return x509.DNSName(host)


def _new_identity(folder: Path) -> None:
    _write_pair(folder / IDENTITY, ed25519.Ed25519PrivateKey.generate())


def _write_pair(path: Path, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> None:
    _write_private(path, key.private_bytes(_PEM, _OPENSSH, serialization.NoEncryption()))
    path.with_name(f"{path.name}.pub").write_bytes(key.public_key().public_bytes(*_LINE) + b"\n")


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)
