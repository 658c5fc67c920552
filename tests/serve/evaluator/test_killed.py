"""Real processes: a killed server is waited for, a killed client leaves nothing, and logs hold no secret."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pytest

pytest.importorskip("tenseal")

from tests.serve.evaluator.served import prepare, rows_in, serve_here

from confide.core.kept_transcript import read_transcript
from confide.releases.outsourcing.key_files import read_keys
from confide.serve.evaluator.asking import ask
from confide.serve.evaluator.settings import AskSettings

pytestmark = pytest.mark.slow
BATCHES = 60
KILLS = 20
LONGEST = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("processes"))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return door.getsockname()[1]


@contextmanager
def started(folder: Path, log: str, *words: str) -> Generator[subprocess.Popen[bytes]]:
    """A process of `confide outsource`, whose outputs go to a file; killed at the end if it still runs."""
    command = [sys.executable, "-m", "confide", "outsource", *words]
    with (folder / log).open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, stdout=out, stderr=out, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def serving(folder: Path, log: str, port: int, *more: str):
    return started(
        folder, log, "serve", "plan.json", "--model", "net.safetensors", "--kit", "client/kit",
        "--tls", "cert.pem,key.pem", "--port", str(port), *more,
    )  # fmt: skip


def asking(folder: Path, log: str, port: int, out: str):
    return started(
        folder, log, "ask", f"https://localhost:{port}", "--keys", "client", "--data", "rows.parquet",
        "--out", out, "--ca", "cert.pem", "--wait", "60s",
    )  # fmt: skip


def until(folder: Path, log: str, words: str) -> None:
    end = time.monotonic() + LONGEST
    while words not in (folder / log).read_text():
        assert time.monotonic() < end, (folder / log).read_text()
        time.sleep(0.002)


def scores(folder: Path, name: str) -> np.ndarray:
    return pl.read_parquet(folder / name)["score"].to_numpy()


def test_killed_servers_and_clients(folder: Path) -> None:
    """One story, because each process takes seconds to start."""
    _, secret = read_keys(folder / "client")
    plain = rows_in(folder, BATCHES * secret.plan.rows_a_batch)
    port = free_port()
    with asking(folder, "client.log", port, "cut.parquet") as client:
        with serving(folder, "server1.log", port) as server:
            until(folder, "server1.log", "batch 2:")
            server.send_signal(signal.SIGKILL)
            server.wait()
        assert client.poll() is None, (folder / "client.log").read_text()
        assert not (folder / "cut.parquet").exists()
        with serving(folder, "server2.log", port, "--record", "transcript") as server:
            assert client.wait(LONGEST) == 0, (folder / "client.log").read_text()
            with asking(folder, "killed.log", port, "killed.parquet") as killed:
                done = (folder / "server2.log").read_text().count("batch ")
                until(folder, "server2.log", f"batch {done + 2}:")
                killed.send_signal(signal.SIGKILL)
                assert killed.wait() == -signal.SIGKILL
            server.send_signal(signal.SIGTERM)
            assert server.wait(LONGEST) == 143
    found = scores(folder, "cut.parquet")
    assert len(found) == len(plain) and np.abs(found - plain).max() < secret.plan.precision
    batches = [(folder / log).read_text().count("batch ") for log in ("server1.log", "server2.log")]
    assert batches[0] >= 2 and batches[1] > BATCHES - batches[0]
    assert "the server does not answer" in (folder / "client.log").read_text()
    kept = read_transcript(folder / "transcript").seen_by("server")
    assert len(kept.received("rows")) == batches[1] == len(kept.sent("scores"))
    assert set(kept.inputs["server"]) == {"kit"}
    assert "Batches answered: " in (ended := (folder / "server2.log").read_text())
    assert "stopped. Start the server again by the same command" in ended
    left = {path.name for path in folder.iterdir()}
    assert "killed.parquet" not in left and not [name for name in left if "scores" in name]
    said = "".join(path.read_text() for path in folder.glob("server*.log"))
    assert secret.key not in said and secret.key[:8] not in said
    assert not [n for n in [*plain[:2000], *found[:2000]] if f"{n:.7f}" in said]


def test_a_server_that_is_killed_at_random_moments_loses_no_batch(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("confide.serve.evaluator.calling.PAUSE", 0.02)
    _, secret = read_keys(folder / "client")
    plain = rows_in(folder, BATCHES * secret.plan.rows_a_batch, seed=1)
    settings = AskSettings(
        url=f"https://localhost:{(port := free_port())}",
        keys=folder / "client",
        data=folder / "rows.parquet",
        out=folder / "random.parquet",
        ca=folder / "cert.pem",
        wait=float(LONGEST),
    )
    # Servers come from one process that has loaded everything, and are real processes all the same.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.serve.evaluator.served", "confide.serve.evaluator.app"])
    moments, kills = np.random.default_rng(2), 0
    with ThreadPoolExecutor(1) as pool:
        client = pool.submit(ask, settings, tell=lambda _: None, progress=lambda *_: None)
        while not client.done():
            server = processes.Process(target=serve_here, args=(folder, port), daemon=True)
            server.start()
            if kills < KILLS:
                while not answers(port):
                    time.sleep(0.002)
                time.sleep(moments.uniform(0, 0.08))
                server.kill()
                kills += not client.done()
            else:
                wait([client], LONGEST)
                server.kill()
            server.join()
        assert client.result().batches == BATCHES
    assert kills >= KILLS // 2
    assert np.abs(scores(folder, "random.parquet") - plain).max() < secret.plan.precision


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_a_server_that_stays_away_ends_the_client_without_a_file(folder: Path) -> None:
    rows_in(folder, 10)
    begun = time.monotonic()
    words = ("ask", f"https://localhost:{free_port()}", "--keys", "client", "--data", "rows.parquet")
    more = ("--out", "none.parquet", "--ca", "cert.pem", "--wait", "2s")
    with started(folder, "away.log", *words, *more) as client:
        assert client.wait(LONGEST) == 2
    said = (folder / "away.log").read_text()
    assert "did not answer for 2 s" in said and "nothing was written" in said
    assert not (folder / "none.parquet").exists() and time.monotonic() - begun < LONGEST
