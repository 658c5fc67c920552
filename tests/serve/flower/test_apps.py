"""What travels in Flower's messages, what a tap records of them, and what an error lets the server know."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("flwr", reason="runs in the environment of `make flower`")

import httpx
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.supercore.task_identity import TaskIdentity
from flwr.superlink import extensions
from flwr.superlink.main import create_app
from starlette.middleware import Middleware
from tests.serve.flower.made_up import NAMES
from tests.serve.flower.plans import HERE, write_plan

import confide
from confide.mechanisms.share.refusals import RefusedError
from confide.serve.flower import keys, records
from confide.serve.flower.app import FAILED, client_app
from confide.serve.flower.deployment import read_deployment
from confide.serve.flower.guarded import LocalOnly
from confide.serve.flower.messages import ACTIONS, Reply, Request
from confide.serve.flower.tap import read_tap, tap

ASKED = Request(
    action="keys", digest="d", run="7", round=3, turn=1, members=("a", "b"), sum=5,
    arrays={"parameters": np.arange(3, dtype=np.float32), "clip": np.array(0.5), "none": np.zeros((0, 4))},
)  # fmt: skip


@pytest.fixture(autouse=True)
def _as_in_an_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who runs, as Flower sets it in the process of an app."""
    for name in ("_run_id", "_task_id", "_node_id"):
        monkeypatch.setattr(TaskIdentity, name, 1)


def test_requests_and_replies_come_back_as_they_were_sent() -> None:
    found = records.request_in(records.packed_request(ASKED), action="keys", run="7")
    assert (found.digest, found.round, found.turn, found.sum, found.members) == ("d", 3, 1, 5, ("a", "b"))
    for name, array in ASKED.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array, strict=True)
    reply = records.reply_in(
        records.packed_reply(Reply(form={"update": (3, 2), "records": ()}, fault="x" * 99))
    )
    assert (reply.form, reply.fault) == ({"update": (3, 2), "records": ()}, "x" * 80)


def test_messages_of_other_apps_are_refused() -> None:
    with pytest.raises(RefusedError, match="no request of this version"):
        records.request_in(RecordDict(), action="keys", run="7")
    with pytest.raises(RefusedError, match="no reply of this version"):
        records.reply_in(RecordDict())
    with pytest.raises(RefusedError, match="asks for 'everything'"):
        records.request_in(records.packed_request(ASKED), action="everything", run="7")


def test_every_action_has_a_function_and_a_tap_sees_both_ways(tmp_path: Path) -> None:
    folder = tmp_path / "transcript"
    for action in ACTIONS:
        client_app(tap(folder))(_message(action), _context(log=str(tmp_path / "log")))
    seen = read_tap(folder).seen_by("a")
    assert [m.kind for m in seen.received()] == [f"train.{action}" for action in ACTIONS]
    assert len(seen.sent()) == len(ACTIONS)
    np.testing.assert_array_equal(seen.received()[0].payload["arrays.parameters"], [0, 1, 2])
    assert {m.round for m in seen.messages} == {3}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_an_app_of_somebody_else_is_recorded_by_one_line(tmp_path: Path) -> None:
    app = ClientApp(mods=[confide.tap(tmp_path / "transcript")])

    @app.train()
    def train(message: Message, context: Context) -> Message:
        (weights,) = message.content["model"].to_numpy_ndarrays()
        found = RecordDict({"update": ArrayRecord([weights + 1]), "measured": MetricRecord({"loss": 0.25})})
        return Message(found, reply_to=message)

    sent = RecordDict(
        {"model": ArrayRecord([np.arange(3.0)]), "how": ConfigRecord({"rate": 0.1, "say": "x"})}
    )
    reply = app(Message(sent, 1, "train", group_id="2"), Context(1, 2, {}, RecordDict(), {}, 0))
    np.testing.assert_array_equal(reply.content["update"].to_numpy_ndarrays()[0], [1, 2, 3])
    seen = read_tap(tmp_path / "transcript")
    assert seen.parties == ("server", "2")  # a node without a name has its number
    down, up = seen.messages
    assert (down.round, down.sender, down.receiver, down.kind) == (2, "server", "2", "train")
    assert set(down.payload) == {"model.0", "how.rate"}  # text carries no update
    np.testing.assert_array_equal(down.payload["model.0"], [0, 1, 2])
    np.testing.assert_array_equal(up.payload["update.0"], [1, 2, 3])
    assert up.payload["measured.loss"] == 0.25


def test_a_tap_changes_nothing_of_another_app(tmp_path: Path) -> None:
    message, reply = _message("update"), Message(RecordDict(), reply_to=_message("update"))
    assert tap(tmp_path / "t")(message, _context(), lambda m, c: reply if m is message else message) is reply


def test_the_server_never_sees_the_text_of_an_error(
    tmp_path: Path,
) -> None:
    keys.make_keys(tmp_path / "keys", NAMES, hosts=["localhost"])
    plan = write_plan(tmp_path, learner=f'model = "{HERE}:leaking"')
    deployment = read_deployment(plan)
    config = {"plan": str(plan), "keys": str(tmp_path)}
    asked = Request(
        action="update", digest=deployment.digest(deployment.made_protocol()), run="7", round=1, turn=0,
        members=("a", "b"), arrays={"parameters": np.zeros(12, np.float32)},
    )  # fmt: skip
    message = Message(records.packed_request(asked), 1, "train.update", group_id="1")
    answer = client_app()(message, _context(**config))
    assert records.reply_in(answer.content).fault == FAILED
    assert "3141592" not in str(answer.content)
    assert "3141592" in (tmp_path / "party.log").read_text()  # the party's own log has it


@pytest.mark.parametrize("guarded", [True, False])
def test_only_this_machine_may_submit_runs(guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if guarded:
        monkeypatch.setattr(extensions, "get_middleware", lambda: (Middleware(LocalOnly),))
    app = create_app()
    paths = ("/v1/control/start-run", "/v1/control/register-node", "/v1/runtime/pull-task-input", "/docs")
    hosts = ("10.0.0.7", "127.0.0.1")
    for host in hosts:
        for path in (*paths, "/v1/fleet/pull-messages"):
            refused = guarded and host == "10.0.0.7" and path in paths
            # Without the gate Flower answers everybody, if only that it does not understand.
            assert (asyncio.run(_status(app, path, host)) == 403) == refused, (host, path)


async def _status(app: object, path: str, host: str) -> int:
    way = httpx.ASGITransport(app=app, client=(host, 5), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=way, base_url="https://server") as client:
        return (await client.post(path)).status_code


def _message(action: str) -> Message:
    return Message(records.packed_request(ASKED), 1, f"train.{action}", group_id="3")


def _context(**config: str) -> Context:
    return Context(1, 2, {"party": "a", **config}, RecordDict(), {}, 0)
