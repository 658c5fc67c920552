"""Sockets that listen, and TLS on them: address, port and certificate, checked before anything is made."""

from __future__ import annotations

import logging
import os
import socket
import ssl
import sys
from pathlib import Path

from confide.core.errors import DataError
from confide.core.foreign import in_one_line


def log_lines(log: logging.Logger) -> None:
    """Print a log on the standard error, each line with its time, and nowhere else."""
    if not log.handlers:
        shown = logging.StreamHandler(sys.stderr)
        shown.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        log.addHandler(shown)
    log.setLevel(logging.INFO)
    log.propagate = False


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens, before anything else is done.

    Raises:
        DataError: if the port is in use, or the address is none of this machine.
    """
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        door = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise DataError(f"{host!r:.80} is no address of this machine: give --host 127.0.0.1.") from error
    try:
        if os.name == "posix":
            # A port that was in use a moment ago is free at once; one that is in use is refused all the same.
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(where)
        door.listen(128)
    except (OSError, OverflowError) as error:
        door.close()
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise DataError(
            f"port {port} of {host} cannot be used ({why}): stop what listens there, or give another --port."
        ) from error
    return door


def address_of(door: socket.socket, *, secure: bool) -> str:
    """What to type into a browser."""
    host, port = door.getsockname()[:2]
    shown = socket.gethostname() if host in ("0.0.0.0", "::") else str(host)
    if ":" in shown:
        shown = f"[{shown}]"
    return f"{'https' if secure else 'http'}://{shown}:{port}/"


def context_of(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """The TLS of a certificate and its key; None for neither.

    Raises:
        DataError: for one without the other, or two that do not belong together.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        given, lacking = ("--key", "--cert") if certificate is None else ("--cert", "--key")
        raise DataError(f"{given} is given without {lacking}: TLS needs the certificate and its key.")
    for path in (certificate, key):
        if not path.is_file():
            raise DataError(f"{path} is no file: name the certificate and its key.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2

    def refused() -> str:
        raise DataError(f"{key} is locked by a password: give a key without one, that only you can read.")

    try:
        context.load_cert_chain(certificate, key, password=refused)
    except (ssl.SSLError, OSError) as error:
        why = in_one_line(getattr(error, "reason", None) or error)
        raise DataError(
            f"{certificate} and {key} are no certificate with its key ({why}): give both in PEM."
        ) from error
    return context
