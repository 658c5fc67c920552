"""The two apps that Flower runs: the ClientApp of a party and the ServerApp, both thin.

Flower sends the code of an app from the server to the parties and runs it there: who may submit a run can run
code on every party's machine. The app is three lines that name this module (`starting.write_app`); a party
that wants to be sure starts its SuperNode with `--trusted-entities`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.core.nouns import Rehearsal
from confide.models.factories import made
from confide.models.importing import import_object
from confide.serve.flower import keys, records
from confide.serve.flower.coordinator import Coordinator
from confide.serve.flower.deployment import Deployment, read_deployment
from confide.serve.flower.logbook import note
from confide.serve.flower.messages import ACTIONS, Reply, Request
from confide.serve.flower.nodes import Nodes
from confide.serve.flower.party import Party
from confide.serve.flower.tap import note_reply, note_request
from confide.views.records import Records

if TYPE_CHECKING:
    from flwr.app import Context, Message  # pyright: ignore[reportMissingImports]
    from flwr.clientapp import ClientApp  # pyright: ignore[reportMissingImports]
    from flwr.serverapp import Grid, ServerApp  # pyright: ignore[reportMissingImports]

    from confide.account.ledger import Ledger

MODEL, CARD, CHECKPOINT = "model.npz", "model.json", "checkpoint.npz"
TRANSCRIPT = "transcript"
SERVER_LOG, PARTY_LOG = "run.log", "party.log"
_KEPT = "confide"
"""The name under which a party's state stands in `Context.state`, which never leaves its machine."""
FAILED = "failed there: its own log says why"


def client_app(*mods: Any) -> ClientApp:
    """The ClientApp of a party; plan, keys and records are named by the node's own configuration.

    Where that names a folder `tap` too, all messages of the party are recorded there.

    Args:
        mods: further ones of Flower, each `mod(message, context, call_next) -> message`.
    """
    from flwr.clientapp import ClientApp  # pyright: ignore[reportMissingImports]

    app = ClientApp(mods=list(mods))
    for action in ACTIONS:
        app.train(action)(_answered)
    return app


def server_app() -> ServerApp:
    """The ServerApp; plan, keys and folder are named by the configuration of the run."""
    from flwr.serverapp import ServerApp  # pyright: ignore[reportMissingImports]

    app = ServerApp()
    app.main()(_conducted)
    return app


def party_of(config: Mapping[str, Any]) -> Party:
    """The party that a node's configuration describes.

    Args:
        config: `plan`, `party`, `keys` (its folder of keys) and `records` (an import path); it may name a
            file `log`, and a folder `tap`.

    Raises:
        DataError: with the entry that is missing.
    """
    for name in ("plan", "party", "keys", "records"):
        if name not in config:
            raise DataError(f"the node's configuration lacks {name!r}: it is given by --node-config.")
    deployment, name = read_deployment(Path(str(config["plan"]))), str(config["party"])
    identity = None
    if deployment.secure is not None:
        identity = keys.read_identity(Path(str(config["keys"])) / keys.IDENTITY, name)
    return Party(
        deployment=deployment,
        name=name,
        identity=identity,
        records=lambda: records_at(str(config["records"])),
    )


def records_at(path: str) -> Records:
    """The records that an import path names, or that the function there makes.

    Raises:
        DataError: if it gives no records.
    """
    found = made(import_object(path), path, what="the records")
    if not isinstance(found, Records):
        raise DataError(f"{path} gives {type(found).__name__}: let it give confide.views.records.Records.")
    return found


def _answered(message: Message, context: Context) -> Message:
    """One answer. Whatever goes wrong, the server learns that it did, and never a value."""
    from flwr.app import Message  # pyright: ignore[reportMissingImports]

    kept = records.arrays_in(context.state[_KEPT]) if _KEPT in context.state else {}
    _, _, action = message.metadata.message_type.partition(".")
    try:
        request = records.request_in(message.content, action=action, run=str(context.run_id))
        party, folder = party_of(context.node_config), str(context.node_config.get("tap", ""))
        if folder:
            note_request(Path(folder), party.name, request)
        reply, kept = party.answer(request, kept)
        if folder:
            note_reply(Path(folder), party.name, request.round, reply)
        context.state[_KEPT] = records.array_record(kept)
    except Exception as error:  # its text may hold a value of somebody's record
        _noted(context.node_config, f"{action}: {type(error).__name__}: {error}")
        reply = Reply(fault=FAILED)
    return Message(records.packed_reply(reply), reply_to=message)


def _conducted(grid: Grid, context: Context) -> None:
    config = context.run_config
    folder = Path(str(config["folder"]))
    deployment = read_deployment(Path(str(config["plan"])))
    run = str(context.run_id)
    said = partial(note, folder / SERVER_LOG)

    def exchange(requests: Mapping[str, Request], *, seconds: float) -> dict[str, Reply]:
        found = nodes.asked(requests, seconds=seconds)
        if config.get("record"):
            _recorded(folder / TRANSCRIPT, requests, found)
        return found

    nodes = Nodes(grid, deployment, said)
    coordinator = Coordinator(
        deployment=deployment, exchange=exchange, run=run, checkpoint=folder / CHECKPOINT,
        identity=_server_identity(deployment, config), ledger=_ledger(deployment, config),
        said=said,
    )  # fmt: skip
    try:
        finished = coordinator.conduct(resume=bool(config.get("resume", False)))
    except Exception as error:
        said(f"the run stops: {error}")
        raise
    # Only now: no model of a run that stopped is ever there. The card is there before its model.
    card = {
        "protocol": finished.released.maker,
        "rounds": deployment.rounds,
        "rehearsal": isinstance(finished.released, Rehearsal),
        "promise": None if finished.released.budget is None else str(finished.released.budget),
        "plan": finished.digest,
    }
    with atomic_write(folder / CARD) as draft:
        draft.write_text(json.dumps(card, indent=1) + "\n")
    with atomic_write(folder / MODEL) as draft, draft.open("wb") as file:
        np.savez(file, **finished.released.view)  # pyright: ignore[reportArgumentType]


def _recorded(folder: Path, requests: Mapping[str, Request], replies: Mapping[str, Reply]) -> None:
    for name, request in requests.items():
        note_request(folder, name, request)
    for name, reply in replies.items():
        note_reply(folder, name, requests[name].round, reply)


def _noted(config: Mapping[str, Any], text: str) -> None:
    """Note what goes wrong at a party beside its keys, unless it names a file."""
    keys_of_party = str(config.get("keys", ""))
    place = str(config.get("log", "")) or (keys_of_party and str(Path(keys_of_party) / PARTY_LOG))
    if place:
        note(Path(place), text)


def _server_identity(deployment: Deployment, config: Mapping[str, Any]) -> Any:
    if deployment.secure is None:
        return None
    return keys.read_identity(Path(str(config["keys"])) / keys.IDENTITY, "server")


def _ledger(deployment: Deployment, config: Mapping[str, Any]) -> Ledger | None:
    """The ledger of the collaboration, whose budget is the protocol's."""
    address = str(config.get("ledger", ""))
    if not address:
        return None
    from confide.account.opening import open_ledger

    budget = deployment.made_protocol().budget
    return open_ledger(address, data=deployment.people(), budget=budget)
