"""What a user fills in to serve outsourced scores and to ask for them; the fields are options."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any

from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, Flag, Held
from confide.core.paths import can_be_named, is_there
from confide.releases.outsourcing.settings import check_place, span_of

CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 "
    "-keyout key.pem -out cert.pem -subj /CN=HOST -addext subjectAltName=DNS:HOST"
)
"""How a certificate is made that the client can be given by --ca."""


WAIT = 120.0
"""Seconds for which a server that does not answer is tried again."""


def tls_of(text: str) -> tuple[Path, Path]:
    """Certificate and key from a text such as cert.pem,key.pem.

    Raises:
        DataError: for anything else.
    """
    certificate, comma, key = text.partition(",")
    if not (certificate and comma and key) or "," in key:
        raise DataError(f"{text!r:.80} is no certificate with its key: write cert.pem,key.pem.")
    return Path(certificate), Path(key)


@dataclass(frozen=True, slots=True)
class EvaluatorSettings:
    """Serve scores of a model on encrypted rows, which this server cannot read.

    It holds the client's kit and no secret key: it learns how many batches are asked about, and nothing of
    the rows. It is trusted to compute as told. Scores are seen by the client alone, and never come back.

    Args:
        plan: The plan, which the client has too.
        model: The model of the plan: a file, or mypkg.net:net.
        architecture: The module that the weights of a .safetensors file belong to, mypkg.net:build.
        kit: The folder of the client's kit.
        tls: Certificate and key in PEM, cert.pem,key.pem. The client trusts the certificate by its --ca.
        host: The address of this machine on which it listens. Other machines reach none of the loopback.
        port: On which it listens; 0 for any that is free.
        record: A new folder for the transcript: every message with its bytes, written when it is stopped.

    Raises:
        DataError: for settings that cannot be.
    """

    plan: Held
    _: KW_ONLY
    model: Annotated[Any, Flag(group=HOLD, metavar="MODEL")]
    architecture: Annotated[Any, Flag(group=HOLD, metavar="MODULE:FUNCTION", parse=str)] = None
    kit: Annotated[Path, Flag(group=HOLD, metavar="FOLDER")]
    tls: Annotated[tuple[Path, Path] | None, Flag(group=HOLD, metavar="CERT,KEY", parse=tls_of)] = None
    host: Annotated[str, Flag(group=GET, metavar="ADDRESS")] = "127.0.0.1"
    port: Annotated[int, Flag(group=GET, least=0, most=65_535)] = 8_443
    record: Annotated[Path | None, Flag(group=GET, metavar="FOLDER")] = None

    def __post_init__(self) -> None:
        for name in ("plan", "kit"):
            object.__setattr__(self, name, Path(getattr(self, name)))
        check_fields(self)
        if self.tls is None:
            raise DataError(
                "--tls is missing: batches go over TLS alone. Give --tls cert.pem,key.pem; to make them: "
                f"{CERTIFICATE}"
            )
        check_new(self.record)


@dataclass(frozen=True, slots=True)
class AskSettings:
    """Ask a server for scores of rows that it cannot read, and write them whole or not at all.

    Rows are encrypted here, in batches; each batch holds one row twice, in random slots, and where the two
    scores disagree, or one leaves the announced range, the run ends and nothing is written. A server that is
    started again meanwhile goes on with the batches that are left.

    Args:
        url: Of the server, https://HOST:8443.
        keys: The folder of `confide outsource keys`.
        data: The rows, .parquet or .csv: the columns of the plan, or as many as the model has inputs.
        out: The scores, .parquet or .csv, in the order of the rows.
        force: Put the new scores in the place of those that are there.
        ca: The certificate that the server's is signed by, or its own; by default those of the system.
        wait: How long a server that does not answer is tried again, 2min.
        record: A new folder for the transcript: rows, scores and every message; as secret as the rows.

    Raises:
        DataError: for settings that cannot be.
    """

    url: Annotated[str, Flag(group=HOLD, argument=True)]
    _: KW_ONLY
    keys: Annotated[Path, Flag(group=HOLD, metavar="FOLDER")]
    data: Annotated[Any, Flag(group=HOLD, metavar="FILE")]
    out: Annotated[Path, Flag(group=GET, metavar="FILE")]
    force: Annotated[bool, Flag(group=GET)] = False
    ca: Annotated[Path | None, Flag(group=HOLD, metavar="FILE")] = None
    wait: Annotated[float, Flag(group=GET, metavar="SPAN", parse=span_of)] = WAIT
    record: Annotated[Path | None, Flag(group=GET, metavar="FOLDER")] = None

    def __post_init__(self) -> None:
        for name in ("keys", "out"):
            object.__setattr__(self, name, Path(getattr(self, name)))
        object.__setattr__(self, "url", str(self.url))
        check_fields(self)
        check_place(self.out, force=self.force, suffixes=(".parquet", ".csv"))
        check_new(self.record)


def check_new(folder: Path | None) -> None:
    """Check the place of a transcript before any work.

    Raises:
        DataError: if it cannot be called so, or something is there.
    """
    if folder is not None and (not can_be_named(folder) or is_there(folder)):
        raise DataError(f"{folder} is there already, or no folder can be called so: name a new --record.")
