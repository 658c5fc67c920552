"""The two apps that Flower runs: the ClientApp of a party and the ServerApp, both thin.

Flower sends the code of an app from the server to the parties and runs it there: who may submit a run can run
code on every party's machine. The app is a few lines that name this module (`starting.write_app`); a party
that wants to be sure starts its SuperNode with `--trusted-entities`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confide.core.errors import DataError
from confide.core.transcript import SERVER
from confide.mechanisms.share.messages import Identity
from confide.mechanisms.share.refusals import listed
from confide.releases.collaboration.ledger import ledger_of
from confide.releases.collaboration.parties import read_party
from confide.releases.collaboration.plan import PlanFile, read_plan
from confide.serve.flower import keys, records
from confide.serve.flower.coordinator import Coordinator, Finished
from confide.serve.flower.deployment import Deployment, deployment_of
from confide.serve.flower.ended import Ended, running, write_end
from confide.serve.flower.logbook import note
from confide.serve.flower.messages import ACTIONS, Reply, Request
from confide.serve.flower.nodes import Nodes
from confide.serve.flower.party import Party
from confide.serve.flower.tap import note_reply, note_request, note_sum

if TYPE_CHECKING:
    from flwr.app import Context, Message  # pyright: ignore[reportMissingImports]
    from flwr.clientapp import ClientApp  # pyright: ignore[reportMissingImports]
    from flwr.serverapp import Grid, ServerApp  # pyright: ignore[reportMissingImports]

CHECKPOINT, TRANSCRIPT = "checkpoint.npz", "transcript"
SERVER_LOG, PARTY_LOG = "run.log", "party.log"
_KEPT = "confide"
"""The name under which a party's state stands in `Context.state`, which never leaves its machine."""
LEAVING = 60.0
"""Seconds that an earlier process of the same run has to end."""
FAREWELL = 60.0
"""Seconds that parties have to receive the model."""
STOPS = "the run stops: "
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
        config: `plan`, `party` and `keys` (its folder of keys); it may name `folder` (for the end of the
            run), `rehearse` (a seed), a file `log`, and a folder `tap`.

    Raises:
        DataError: with the entry that is missing.
    """
    for name in ("plan", "party", "keys"):
        if name not in config:
            raise DataError(f"the node's configuration lacks {name!r}: it is given by --node-config.")
    plan, name = read_plan(Path(str(config["plan"]))), str(config["party"])
    deployment = deployment_of(plan, seed=seed_in(config))
    identity = None
    if deployment.secure is not None:
        identity = keys.read_identity(Path(str(config["keys"])) / keys.IDENTITY, name)
    return Party(deployment=deployment, name=name, identity=identity, records=lambda: read_party(plan, name))


def seed_in(config: Mapping[str, Any]) -> int | None:
    """The seed of a rehearsal that a configuration names; None for a real run."""
    given = str(config.get("rehearse", ""))
    return int(given) if given else None


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
        if request.action == "ended" and (end := str(context.node_config.get("folder", ""))):
            write_end(Path(end), Ended(model=request.arrays))
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
    said = partial(note, folder / SERVER_LOG)
    with running(folder, seconds=LEAVING):
        try:
            plan = read_plan(Path(str(config["plan"])))
            deployment = deployment_of(plan, seed=seed_in(config))
            nodes = Nodes(grid, deployment, said)
            nodes.await_all(seconds=float(str(config["wait"])), fewest=deployment.cohort)
            finished = _finished(plan, deployment, nodes, context)
        except Exception as error:
            said(f"{STOPS}{error}")
            write_end(folder, Ended(stopped=str(error)))
            raise
        try:
            _tell(nodes, deployment, finished, run=str(context.run_id))
        except Exception as error:  # the model is there, even so
            said(f"the model could not be sent to the parties: {error}")
        # Only now: no model of a run that stopped is ever there.
        write_end(folder, Ended(model=finished.released.view, left_out=finished.left_out))
        said("the run has ended.")


def _finished(plan: PlanFile, deployment: Deployment, nodes: Nodes, context: Context) -> Finished:
    """All rounds, or those that a run before this one did not end."""
    config, folder = context.run_config, Path(str(context.run_config["folder"]))

    def exchange(requests: Mapping[str, Request], *, seconds: float) -> dict[str, Reply]:
        found = nodes.asked(requests, seconds=seconds)
        if config.get("record"):
            _recorded(folder / TRANSCRIPT, requests, found)
        return found

    with ExitStack() as open_while:
        ledger = None
        if deployment.seed is None and plan.paying.ledger is not None:
            ledger = ledger_of(plan, deployment.people(), open_while)
        coordinator = Coordinator(
            deployment=deployment, exchange=exchange, run=str(context.run_id),
            checkpoint=folder / CHECKPOINT, identity=server_identity(deployment, Path(str(config["keys"]))),
            ledger=ledger, analyst=plan.paying.analyst, said=nodes.said,
            summed=partial(note_sum, folder / TRANSCRIPT) if config.get("record") else None,
        )  # fmt: skip
        return coordinator.conduct(resume=bool(config.get("resume", False)))


def _tell(nodes: Nodes, deployment: Deployment, finished: Finished, *, run: str) -> None:
    """Give the model to all parties that are online; those that are not are not waited for."""
    last = Request(
        action="ended", digest=finished.digest, run=run, round=deployment.rounds, turn=0,
        members=deployment.names, arrays=finished.released.view,
    )  # fmt: skip
    there = set(nodes.online())
    heard = nodes.asked(dict.fromkeys(there, last), seconds=min(deployment.deadline, FAREWELL))
    if missing := sorted(set(deployment.names) - {name for name, reply in heard.items() if not reply.fault}):
        nodes.said(f"the model did not reach {listed(missing)}.")


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


def server_identity(deployment: Deployment, folder: Path) -> Identity | None:
    """The server's key for secure sums; None where the plan has none."""
    if deployment.secure is None:
        return None
    return keys.read_identity(folder / keys.IDENTITY, SERVER)
