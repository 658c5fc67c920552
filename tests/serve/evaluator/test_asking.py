"""Scores over TLS are the plain ones; another plan, key, certificate or server ends in one sentence."""

from __future__ import annotations

import http.client
import json
import logging
import shutil
import ssl
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import polars as pl
import pytest

pytest.importorskip("tenseal")

from tests.releases.outsourcing.plans import write_plan
from tests.serve.evaluator.served import certify, prepare, rows_in, running

from confide.core.errors import DataError
from confide.core.kept_transcript import read_transcript
from confide.mechanisms.encrypt.arithmetic import Arithmetic
from confide.mechanisms.encrypt.messages import read_message
from confide.releases.outsourcing.key_files import make_keys, read_keys
from confide.releases.outsourcing.plan_file import read_plan
from confide.releases.outsourcing.reading import read_arithmetic
from confide.serve.evaluator.app import LOG, Evaluator
from confide.serve.evaluator.asking import Asked, ask
from confide.serve.evaluator.calling import Server
from confide.serve.evaluator.settings import AskSettings
from confide.serve.listening import context_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("evaluator"))


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "own"))


def asked(folder: Path, url: str, **more: object) -> Asked:
    given = {"keys": folder / "client", "ca": folder / "cert.pem", "wait": 0.0, **more}
    settings = AskSettings(url, data=folder / "rows.parquet", out=folder / "scores.parquet", **given)
    return ask(settings, tell=lambda _: None, progress=lambda *_: None)


def refused(folder: Path, url: str, words: str, **more: object) -> None:
    """Nothing is written then."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(DataError, match=words):
        asked(folder, url, **more)
    assert sorted(folder.rglob("*")) == before


def test_scores_are_those_of_the_plain_model_and_are_for_their_owner(folder: Path) -> None:
    plain = rows_in(folder, 5000)
    with running(folder) as url:
        done = asked(folder, url, record=folder / "transcript")
    scores = pl.read_parquet(folder / "scores.parquet")["score"].to_numpy()
    plan = read_plan(folder / "plan.json").plan
    assert done.batches == -(-5000 // plan.rows_a_batch) > 1
    assert np.abs(scores - plain).max() < plan.precision
    assert not (folder / "scores.parquet").stat().st_mode & 0o077
    kept = read_transcript(folder / "transcript")
    assert [m.kind for m in kept.seen_by("server").messages] == ["rows", "scores"] * done.batches
    assert "server" not in kept.inputs, "what the server sees holds no score in the clear"


def test_one_row_a_batch_gives_the_same_scores(folder: Path) -> None:
    plain = rows_in(folder, 3)
    model = read_arithmetic(folder / "net.safetensors")
    made = write_plan(model, folder / "rows.json", bound=2.0, layout="rows")
    make_keys(made, folder / "single")
    with running(folder, plan="rows.json", kit="single/kit") as url:
        assert asked(folder, url, keys=folder / "single").batches == 3
    scores = pl.read_parquet(folder / "scores.parquet")["score"].to_numpy()
    assert np.abs(scores - plain).max() < made.plan.precision


def test_no_log_holds_a_row_a_score_or_an_id(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows_in(folder, 50)
    LOG.setLevel(logging.INFO)
    with caplog.at_level(logging.DEBUG), running(folder) as url:
        asked(folder, url)
        posted(folder, url, b"no message", read_keys(folder / "client")[1].key)
    said = "\n".join(record.getMessage() + str(record.exc_info or "") for record in caplog.records)
    assert "batch 1:" in said and "refused a message (422)" in said
    _, client = read_keys(folder / "client")
    numbers = [*pl.read_parquet(folder / "rows.parquet").to_numpy().ravel()]
    numbers += [*pl.read_parquet(folder / "scores.parquet").to_numpy().ravel()]
    assert client.key not in said and client.key[:8] not in said
    assert not [n for n in numbers if f"{n:.6f}"[:8] in said]


def posted(folder: Path, url: str, body: bytes, key: str) -> tuple[int, str]:
    """What the server answers to any message."""
    tls = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    line = http.client.HTTPSConnection(url.removeprefix("https://"), context=tls, timeout=20)
    try:
        line.request("POST", "/v1/rows", body, {"x-confide-key": key})
        got = line.getresponse()
        raw = got.read()
        return got.status, "scores" if got.status == 200 else str(json.loads(raw)["detail"])
    finally:
        line.close()


def test_the_server_refuses_what_is_no_batch_of_this_plan_and_key(folder: Path) -> None:
    planned_here, client = read_keys(folder / "client")
    make_keys(planned_here, folder / "stranger")
    _, stranger = read_keys(folder / "stranger")
    rows = np.zeros((3, 2))
    sent = client.encrypt(rows)
    with running(folder) as url:
        assert posted(folder, url, sent, stranger.key)[0] == 403
        assert "another key" in posted(folder, url, stranger.encrypt(rows), client.key)[1]
        assert "length" in posted(folder, url, sent[:-9], client.key)[1]
        assert "damaged" in posted(folder, url, sent[:-1] + b"x", client.key)[1]
        status, words = posted(folder, url, b"0" * 3_000_000, client.key)
        assert status == 413 and "a batch of this plan is shorter" in words
        assert posted(folder, url, sent, client.key) == (200, "scores")
        assert "came before" in posted(folder, url, sent, client.key)[1]


def other_plan(folder: Path) -> None:
    """The same model under another bound, with keys of its own."""
    made = write_plan(read_arithmetic(folder / "net.safetensors"), folder / "other.json", bound=3.0)
    make_keys(made, folder / "others")


def test_a_server_of_another_plan_or_key_is_refused_before_a_row_is_sent(folder: Path) -> None:
    rows_in(folder, 10)
    other_plan(folder)
    make_keys(read_plan(folder / "plan.json"), folder / "stranger")
    with running(folder, plan="other.json", kit="others/kit") as url:
        refused(folder, url, "the server's plan changed")
    with running(folder, kit="stranger/kit") as url:
        refused(folder, url, "the server has the kit of another key")


def test_a_server_whose_plan_changes_between_two_batches_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows_in(folder, 5000)
    other_plan(folder)
    before = sorted(folder.rglob("*"))
    once, batches = Server.answered, []
    with ExitStack() as first, ExitStack() as second:
        url = first.enter_context(running(folder))
        port = urlsplit(url).port or 0

        def answered(server: Server, make: Callable[[], bytes]) -> bytes:
            if batches:
                server.close()
                first.close()
                second.enter_context(running(folder, plan="other.json", kit="others/kit", port=port))
            batches.append(once(server, make))
            return batches[-1]

        monkeypatch.setattr(Server, "answered", answered)
        with pytest.raises(DataError, match=r"the server's plan changed .* nothing was written"):
            asked(folder, url, wait=20.0)
    assert sorted(folder.rglob("*")) == before and len(batches) == 1


def test_a_batch_that_must_be_discarded_ends_the_run_and_is_not_asked_for_again(folder: Path) -> None:
    """Which of its answers are asked for again would tell a server about the key."""
    rows_in(folder, 10)
    answers = []

    def damaged(evaluator: Evaluator) -> None:
        sound = evaluator.kit.evaluate

        def evaluate(model: Arithmetic, raw: bytes) -> bytes:
            answer = read_message(
                sound(model, raw), kind="scores", plan=evaluator.plan.hash, key=evaluator.kit.key, parts=1
            )
            part = bytearray(answer.parts[0])
            part[len(part) // 2] ^= 16
            answers.append(replace(answer, parts=(bytes(part),)).to_bytes())
            return answers[-1]

        evaluator.kit.evaluate = evaluate  # pyright: ignore[reportAttributeAccessIssue]

    with running(folder, changed=damaged) as url:
        refused(folder, url, "discarded", wait=20.0)
    assert len(answers) == 1


def test_a_server_that_is_not_trusted_or_not_there_is_refused(folder: Path) -> None:
    rows_in(folder, 10)
    (folder / "stranger").mkdir()
    certify(folder / "stranger")
    with running(folder) as url:
        refused(folder, url, "certificate of .* is not trusted", ca=folder / "stranger" / "cert.pem")
        refused(folder, url, "certificate of .* is not trusted", ca=None)
        refused(folder, url.replace("https", "http"), "is no address with TLS")
        refused(folder, url, "is no certificate in PEM", ca=folder / "plan.json")
    refused(folder, url, "did not answer for 0 s")


def test_a_server_of_something_else_is_refused(folder: Path) -> None:
    rows_in(folder, 10)

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>welcome</html>" * 1000)

        def log_message(self, *_: object) -> None:
            pass

    tls = context_of(folder / "cert.pem", folder / "key.pem")
    assert tls is not None
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        refused(folder, f"https://localhost:{server.server_port}", "is no evaluator of confide")
        thread.join(20)


def test_a_model_of_another_digest_is_not_served(folder: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"weight": np.ones((1, 2))}, folder / "net.safetensors")
    with pytest.raises(DataError, match=r"is not the model of .*plan\.json"), running(folder):
        pass


def test_a_server_without_tls_is_told_how_a_certificate_is_made(folder: Path) -> None:
    from click.testing import CliRunner

    from confide.cli import main

    given = ["--model", "net.safetensors", "--kit", str(folder / "client" / "kit")]
    done = CliRunner().invoke(main, ["outsource", "serve", str(folder / "plan.json"), *given])
    assert done.exit_code == 2 and "openssl req -x509" in done.output
