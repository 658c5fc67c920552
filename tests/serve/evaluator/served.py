"""An evaluator on this machine: certificate, model, plan and keys in a folder, and a server in a thread."""

from __future__ import annotations

import datetime
import ipaddress
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from safetensors.numpy import save_file
from tests.releases.outsourcing.plans import write_plan

from confide.releases.outsourcing.key_files import make_keys
from confide.releases.outsourcing.reading import read_arithmetic
from confide.serve.evaluator.app import Evaluator
from confide.serve.evaluator.recording import Recorder
from confide.serve.evaluator.serving import opened, serve, served
from confide.serve.evaluator.settings import EvaluatorSettings
from confide.serve.listening import context_of, listening

WEIGHTS, OFFSET = np.array([[0.75, -1.25]]), np.array([0.125])
BOUND = 2.0


def prepare(folder: Path) -> Path:
    """Model, certificate, plan and keys in a folder."""
    certify(folder)
    save_file({"weight": WEIGHTS, "bias": OFFSET}, folder / "net.safetensors", metadata={"link": "sigmoid"})
    model = read_arithmetic(folder / "net.safetensors")
    made = write_plan(model, folder / "plan.json", bound=BOUND, columns=("age", "income"))
    make_keys(made, folder / "client")
    return folder


def rows_in(folder: Path, count: int, *, seed: int = 0) -> np.ndarray:
    """Rows in a file, and the plain probabilities of the model."""
    rows = np.random.default_rng(seed).uniform(-BOUND, BOUND, (count, 2))
    pl.DataFrame(rows, schema=["age", "income"]).write_parquet(folder / "rows.parquet")
    return 1 / (1 + np.exp(-(rows @ WEIGHTS.T + OFFSET)))[:, 0]


def certify(folder: Path) -> None:
    """A certificate that names this machine, as the message of the command says how to make one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(here), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, True, False, False, False), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))


def settings_of(folder: Path, port: int, *, plan: str = "plan.json", kit: str = "client/kit"):
    """What a user fills in to serve the files of this folder."""
    return EvaluatorSettings(
        folder / plan,
        model=str(folder / "net.safetensors"),
        kit=folder / kit,
        tls=(folder / "cert.pem", folder / "key.pem"),
        port=port,
    )


def serve_here(folder: Path, port: int) -> None:
    """Serve in this process until it is killed."""
    serve(settings_of(folder, port), tell=lambda _: None)


@contextmanager
def running(
    folder: Path,
    *,
    plan: str = "plan.json",
    kit: str = "client/kit",
    port: int = 0,
    changed: Callable[[Evaluator], None] = lambda _: None,
) -> Generator[str]:
    """The address of a server of these files, in a thread of this process; `changed` may break it."""
    _, evaluator = opened(settings_of(folder, 0, plan=plan, kit=kit), Recorder(None))
    changed(evaluator)
    context = context_of(folder / "cert.pem", folder / "key.pem")
    assert context is not None
    server = uvicorn.Server(served(evaluator, context))
    with listening("127.0.0.1", port) as door:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"https://localhost:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
