"""Pre-flight of a party: says which of version, data, key, certificate or address is wrong."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np

from confide.core.errors import ConfideError
from confide.releases.collaboration.parties import read_party
from confide.releases.collaboration.plan import PlanFile, placed_in, read_plan
from confide.serve.flower import keys
from confide.serve.flower.app import seed_in
from confide.serve.flower.deployment import Deployment, deployment_of
from confide.serve.flower.sums import refuse_unprotected

FLOWER = "1.42"
"""The version of Flower whose processes are started; its messages have changed with every line so far."""
SECONDS = 10.0
CHECKED = ("plan", "version", "data", "key", "certificate", "address")
"""What is checked, in the order in which it is said."""
_UNAUTHORISED = 401
_EXPIRED, _HOST = (10,), (62, 64)
"""Codes of OpenSSL for a certificate that has ended, and for one of another host or address."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that keeps a party from taking part.

    Args:
        what: which.
        text: what is wrong, and what to do.
        passes: whether it is over once the server has started and registered this party.
    """

    what: Literal["plan", "version", "data", "key", "certificate", "address"]
    text: str
    passes: bool = False


def check_party(config: Mapping[str, Any], *, online: bool = True) -> list[Wrong]:
    """All that is wrong with a party; nothing that is sent tells anybody about its records.

    Args:
        config: plan, party, keys, and the seed of a rehearsal, as the node's configuration.
        online: whether to ask the server too.
    """
    try:
        plan = read_plan(Path(str(config["plan"])))
        deployment = deployment_of(plan, seed=seed_in(config))
        with placed_in(plan.path, "secure"):
            refuse_unprotected(deployment)
    except ConfideError as error:
        return [Wrong("version" if "is for confide" in str(error) else "plan", str(error))]
    name, folder = str(config["party"]), Path(str(config["keys"]))
    if name not in deployment.parties:
        return [
            Wrong("plan", f"the plan has no party {name!r:.60}: it has {', '.join(deployment.names):.200}.")
        ]
    missing = list(flower_version())
    wrong = [*missing, *_data(plan, name), *_keys(deployment, name, folder)]
    if online:
        # Flower's own classes ask the server about the key.
        asks = not missing and not any(found.what == "key" for found in wrong)
        wrong += _server(deployment, folder, known=asks)
    return wrong


def flower_version() -> Iterator[Wrong]:
    """What is wrong with the Flower of this environment."""
    try:
        found = version("flwr")
    except PackageNotFoundError:
        yield Wrong(
            "version",
            "Flower is not installed: `pip install 'confide[flower]'` in an environment of its own.",
        )
        return
    if not found.startswith(f"{FLOWER}."):
        yield Wrong("version", f"Flower {found} is installed, and all parties run {FLOWER}: install that.")


def _data(plan: PlanFile, name: str) -> Iterator[Wrong]:
    path = plan.parties[name]
    try:
        records = read_party(plan, name)
    except ConfideError as error:
        yield Wrong("data", str(error))
        return
    if not len(records):
        yield Wrong("data", f"{path} holds no record: this party would be left out of every round.")
    elif not np.isfinite(records.x).all():
        yield Wrong("data", f"{path} gives features that are not finite: look for NaN and fill them.")


def _keys(deployment: Deployment, name: str, folder: Path) -> Iterator[Wrong]:
    pinned = deployment.parties[name]
    for file, line, what in (
        (keys.NODE, pinned.node, "node key"),
        (keys.IDENTITY, pinned.identity, "identity"),
    ):
        try:
            mine = keys.public_of(folder / file)
        except ConfideError as error:
            yield Wrong("key", str(error))
            continue
        if mine.split()[:2] != line.split()[:2]:
            yield Wrong(
                "key",
                f"the {what} in {folder} is {keys.fingerprint(mine)}, and the plan pins "
                f"{keys.fingerprint(line)} for {name!r:.60}: take the right folder, or correct the plan.",
            )


def _server(deployment: Deployment, folder: Path, *, known: bool) -> Iterator[Wrong]:
    host, _, port = deployment.address.rpartition(":")
    authority = folder / keys.AUTHORITY
    try:
        context = ssl.create_default_context(cafile=str(authority))
    except (OSError, ssl.SSLError):
        yield Wrong(
            "certificate", f"{authority} is no certificate of an authority: copy it from who made it."
        )
        return
    try:
        with (
            socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host.strip("[]")),
        ):
            pass
    except ssl.SSLCertVerificationError as error:
        yield Wrong("certificate", _certificate(error, deployment.address, authority))
        return
    except ssl.SSLError as error:
        yield Wrong(
            "certificate", f"{deployment.address} speaks no TLS ({error.reason}): is that the server's port?"
        )
        return
    except OSError as error:
        yield Wrong(
            "address",
            f"nobody answers at {deployment.address} ({error.strerror or error}): start the server, and look "
            "for a wrong port or a firewall.",
            passes=True,
        )
        return
    if known:
        yield from _registered(deployment, folder)


def _certificate(error: ssl.SSLCertVerificationError, address: str, authority: Path) -> str:
    if error.verify_code in _EXPIRED:
        return f"the certificate of {address} has ended: make new keys, or look at this machine's clock."
    if error.verify_code in _HOST:
        return f"the certificate of {address} is for another host: make keys with `hosts` that name it."
    return (
        f"the certificate of {address} is not signed by the authority in {authority}, whose fingerprint is "
        f"{keys.certificate_fingerprint(authority)}: compare it by telephone; somebody may stand in between."
    )


def _registered(deployment: Deployment, folder: Path) -> Iterator[Wrong]:
    line = keys.public_of(folder / keys.NODE)
    match _asked_about_key(deployment.address, folder):
        case "known":
            return
        case "unauthorised":
            yield Wrong(
                "key",
                "the server refuses what this party signs: compare the clocks of both machines, by UTC.",
            )
        case _:
            yield Wrong(
                "key",
                f"the server does not know the node key {keys.fingerprint(line)} yet: it may still be "
                "starting, and registers the keys of its own plan then. If this lasts, that plan's file of "
                "keys is another than here: compare both.",
                passes=True,
            )


def _asked_about_key(address: str, folder: Path) -> Literal["known", "unknown", "unauthorised"]:
    """Whether the server knows a node's key.

    It is asked to activate the node with a pause between signs of life that it does not allow. It looks for
    the key first and for the pause then, so that nothing changes there, whatever it answers.
    """
    import httpx  # pyright: ignore[reportMissingImports]
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key
    from flwr.proto.fleet_pb2 import ActivateNodeRequest  # pyright: ignore[reportMissingImports]
    from flwr.supercore.error import ApiErrorCode, FlowerError  # pyright: ignore[reportMissingImports]
    from flwr.supercore.interceptors.http.runtime_version import (  # pyright: ignore[reportMissingImports]
        RuntimeVersionHttpInterceptor,
    )
    from flwr.supernode.fleet_http_client import FleetHttpClient  # pyright: ignore[reportMissingImports]
    from flwr.supernode.node_auth_http_interceptor import (  # pyright: ignore[reportMissingImports]
        NodeAuthHttpInterceptor,
    )

    private = load_ssh_private_key((folder / keys.NODE).read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)  # `_keys` has compared it with the plan
    signing = [
        RuntimeVersionHttpInterceptor(component_name="SuperNode"),
        NodeAuthHttpInterceptor(private, private.public_key()),
    ]
    public = keys.node_pem(keys.public_of(folder / keys.NODE), "this party")
    asked = ActivateNodeRequest(public_key=public, heartbeat_interval=0.0)
    authority = (folder / keys.AUTHORITY).read_bytes()
    with FleetHttpClient.from_server_address(address, False, authority, interceptors=signing) as client:
        try:
            client.ActivateNode(asked)
        except httpx.HTTPStatusError as error:
            if error.response.status_code == _UNAUTHORISED:
                return "unauthorised"
            found = FlowerError.from_json(error.response.text)
            if found is None or found.code != ApiErrorCode.FLEET_INVALID_HEARTBEAT_INTERVAL:
                return "unknown"
    return "known"
