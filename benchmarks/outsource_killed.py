"""What is left of scores on encrypted rows when server or client is killed (kill -9) at a random moment.

python benchmarks/outsource_killed.py [--kills 20] [--write]

`confide outsource serve` and `ask` run on one machine, each in a process of its own; the client asks about
131,040 rows of two columns. The server is killed at a moment drawn evenly from the duration of a run that
nobody disturbs, the shortest of three, and started again half a second later by the same command: the client
must write the scores of the plain model, and no more batches may be answered than there are, but for the one
that was under way. A quarter as often the server stays away: the client must end by one sentence within
`--wait` (3 s) and 3 s more, and write nothing. As often the client is killed: nothing may be left, and the
same command must succeed then. Moments are drawn from the system's source. All logs are searched for inputs
and scores with six decimals, for the secret key in hexadecimal and base64, and for the whole id of the key.
"""

from __future__ import annotations

import base64
import json
import math
import re
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from killed import KILLED, Folder, Page, asked, ended, ports, seconds
from page import head, row
from safetensors.numpy import save_file
from tests.serve.evaluator.served import certify

# Loaded once, before processes are forked.
from confide.mechanisms.encrypt import ckks  # noqa: F401
from confide.releases.outsourcing import planning  # noqa: F401
from confide.serve.evaluator import app, asking, serving  # noqa: F401

ROWS, SEARCHED = 131_040, 640
"""Of as many rows inputs and scores are searched for, evenly from all."""
WEIGHTS, OFFSET = np.array([[0.75, -1.25]]), np.array([0.125])
PRECISION = 1e-4
WAIT, MORE = 3.0, 3.0
AGAIN = 0.5
"""Seconds until a killed server is started again."""


def prepare(path: Path) -> tuple[Folder, np.ndarray, list[str]]:
    """Model, certificate, plan, keys and rows; the plain scores; and what no log may hold."""
    folder = Folder(path)
    certify(path)
    save_file({"weight": WEIGHTS, "bias": OFFSET}, path / "net.safetensors", metadata={"link": "sigmoid"})
    made = ["--rows", str(ROWS), "--bound", "2", "--columns", "age,income", "--out", "plan.json"]
    folder.run("plan", "outsource", "plan", "--model", "net.safetensors", *made)
    folder.run("keys", "outsource", "keys", "plan.json", "--out", "client")
    rows = np.random.default_rng(3).uniform(-2, 2, (ROWS, 2)).round(6)
    text = [f"{age:.6f},{income:.6f}" for age, income in rows]
    (path / "rows.csv").write_text("\n".join(["age,income", *text]) + "\n")
    plain = 1 / (1 + np.exp(-(rows @ WEIGHTS.T + OFFSET)))[:, 0]
    secret = (path / "client" / "secret.key").read_bytes()
    # Of the key, parts of a line's length.
    parts = [secret[at : at + 48] for at in range(0, len(secret) - 48, 4_801)]
    words = [part.hex() for part in parts] + [base64.b64encode(part).decode() for part in parts]
    some = slice(None, None, ROWS // SEARCHED)
    words += [f"{abs(value):.6f}" for value in (*rows[some].ravel(), *plain[some])]
    words.append(json.loads((path / "client" / "keys.json").read_text())["key"])
    return folder, plain, words


def serve(folder: Folder, log: str, port: int) -> BaseProcess:
    """A server that answers already."""
    files = ["--model", "net.safetensors", "--kit", "client/kit", "--tls", "cert.pem,key.pem"]
    process = folder.start(log, "outsource", "serve", "plan.json", *files, "--port", str(port))
    while not answers(port):
        assert process.is_alive(), folder.log(log)
        time.sleep(0.002)
    return process


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def one(folder: Folder, name: str, *, wait: float = 60.0) -> Generator[tuple[BaseProcess, BaseProcess, int]]:
    """A server and a client that asks it; both are ended at the end."""
    (port,) = ports(1)
    server = serve(folder, f"{name}-server0", port)
    where = ["--keys", "client", "--data", "rows.csv", "--out", f"{name}.csv", "--ca", "cert.pem"]
    command = ["outsource", "ask", f"https://localhost:{port}", *where, "--wait", f"{wait:g}s"]
    client = folder.start(f"{name}-client", *command)
    try:
        yield server, client, port
    finally:
        for process in (server, client):
            process.kill()
            process.join()


def right(folder: Folder, name: str, plain: np.ndarray) -> bool:
    """Whether the scores are those of the plain model, all of them."""
    path = folder.path / f"{name}.csv"
    found = np.loadtxt(path, skiprows=1) if path.exists() else np.empty(0)
    return found.shape == plain.shape and bool(np.abs(found - plain).max() < PRECISION)


def planned(folder: Folder, name: str) -> int:
    """Batches that a client says it asked in."""
    said = re.search(r"batch [\d,]+ of ([\d,]+)", folder.log(f"{name}-client"))
    return int(said.group(1).replace(",", "")) if said else 0


def answered(folder: Folder, name: str) -> int:
    """Batches that the servers of a run answered."""
    logs = folder.path.glob(f"{name}-server*.log")
    return sum(len(re.findall(r"\bbatch \d+: ", path.read_text())) for path in logs)


def undisturbed(folder: Folder, plain: np.ndarray, name: str) -> float:
    """Seconds of the client in a run that nobody disturbs."""
    with one(folder, name) as (_, client, _port):
        taken = seconds(lambda: ended(client))
        assert client.exitcode == 0 and right(folder, name, plain), folder.log(f"{name}-client")
    return taken


def restarted(folder: Folder, plain: np.ndarray, name: str, moment: float) -> tuple[float, str]:
    """Seconds that the client took after the kill, and how it ended."""
    with one(folder, name) as (server, client, port):
        time.sleep(moment)
        server.kill()
        server.join()
        began, done = time.monotonic(), answered(folder, name)
        time.sleep(AGAIN)
        second = serve(folder, f"{name}-server1", port)
        code = ended(client)
        taken = time.monotonic() - began
        second.kill()
        second.join()
    batches, least = answered(folder, name), planned(folder, name)
    if code == 0 and right(folder, name, plain) and least <= batches <= least + 1:
        return taken, f"whole, {done} and {batches - done} batches"
    return taken, f"wrong: exit {code}, {batches} batches, {folder.last(f'{name}-client'):.100}"


def away(folder: Folder, _plain: np.ndarray, name: str, moment: float) -> tuple[float, str]:
    """Seconds that the client took after the server was killed for good, and how it ended."""
    with one(folder, name, wait=WAIT) as (server, client, _):
        time.sleep(moment)
        server.kill()
        began = time.monotonic()
        code = ended(client)
        taken = time.monotonic() - began
    there, last = (folder.path / f"{name}.csv").exists(), folder.last(f"{name}-client")
    if code == 2 and not there and "did not answer for 3 s" in last and "nothing was written" in last:
        return taken, "one sentence, no file"
    return taken, f"wrong: exit {code}, {'a' if there else 'no'} file, {last:.100}"


def cut(folder: Folder, plain: np.ndarray, name: str, moment: float) -> tuple[float, str]:
    """Seconds that the same command takes after the client was killed, and how it ended."""
    before = set(folder.path.iterdir())
    with one(folder, name) as (_, client, _port):
        time.sleep(moment)
        client.kill()
        client.join()
    left = [path.name for path in set(folder.path.iterdir()) - before if path.suffix != ".log"]
    if client.exitcode != KILLED or left:
        return math.nan, f"wrong: exit {client.exitcode}, left {left}"
    try:
        return undisturbed(folder, plain, name), "nothing left; whole in another run"
    except AssertionError as error:
        return math.nan, f"wrong: another run: {error!s:.100}"


KINDS: tuple[tuple[str, str, Callable[..., tuple[float, str]]], ...] = (
    ("server, started again", "whole", restarted),
    ("server, for good", "one sentence", away),
    ("client", "nothing left", cut),
)


def main() -> None:
    kills, write = asked(__doc__ or "")
    rng, about = np.random.default_rng(), __doc__ or ""
    page = Page(
        "outsource_killed", "A server or a client killed while encrypted rows are scored", about, kills
    )
    counts = (kills, max(1, kills // 4), max(1, kills // 4))
    with TemporaryDirectory() as name:
        folder, plain, secrets = prepare(Path(name))
        whole = min(undisturbed(folder, plain, f"undisturbed{number}") for number in range(3))
        page.lines += [f"A run that nobody disturbs took the client {whole:.1f} s.", ""]
        page.lines += head("killed", "after", "the client ended", "how")
        ends: dict[str, list[tuple[float, str]]] = {}
        for (what, _, kind), count in zip(KINDS, counts, strict=True):
            for number, moment in enumerate(np.sort(rng.uniform(0, whole, count))):
                end = kind(folder, plain, f"{kind.__name__}{number}", float(moment))
                ends.setdefault(what, []).append(end)
                page.lines.append(row(what, f"{moment:.2f} s", f"{end[0]:.2f} s later", end[1]))
        found = folder.found(secrets)
    for what, how, _ in KINDS:
        good = sum(end[1].startswith(how) for end in ends[what])
        page.checks.append((f"{what}: {how} in {good} of {len(ends[what])}", good == len(ends[what])))
    slowest = max(end[0] for end in ends["server, for good"])
    page.checks += [
        (
            f"a client without a server ended within {WAIT + MORE:g} s ({slowest:.2f} s)",
            slowest <= WAIT + MORE,
        ),
        (f"none of {len(secrets):,} inputs, scores and parts of the key stands in a log", not found),
    ]
    page.publish(write=write)


if __name__ == "__main__":
    main()
